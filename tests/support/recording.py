"""Records what real crowds and real senders make a real edge write, each alone: ``python -m tests.support.recording``.

Every take is one crowd or one kind of attack, so that all that its rows tell of is known to be that one's; beside the
rows stands the senders' ledger. Crowds are recorded with room for all, with too few places and with too few
connections: what those do who are outside is recorded, too. Writes tests/data/nights/takes.xz, of which
``tests.support.mixed`` makes nights.
"""

from __future__ import annotations

import argparse
import asyncio
import lzma
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stentor.evidence.row import EdgeSecond, SpaceSecond, read_line
from tests.support.certified import small_edges
from tests.support.real_nights import held
from tests.support.senders import ATTACKS, CROWDS, PLACES_ATTACK, Order, Second
from tests.support.whole import whole

FILE = Path(__file__).parents[1] / "data" / "nights" / "takes.xz"
ROOMY, PLACES, CONNECTIONS = 1000, 40, 130
SOURCES = {"many houses": 180, "connect and hold": 12, "slow heads": 12, PLACES_ATTACK: 40}


class Take(msgspec.Struct, frozen=True):
    """One crowd or attack, a row and a ledger's line for each second."""

    name: str
    way: str
    """``room``, ``places``, ``connections`` or ``attack``."""
    rows: list[EdgeSecond]
    ledger: list[Second]


def orders() -> Iterator[tuple[str, Order]]:
    """With the way."""

    def order(seconds: float, **given: object) -> Order:
        return msgspec.convert({"number": 0, "port": 0, "space": "", "seconds": seconds, "people": 0, **given}, Order)

    for crowd in CROWDS:
        yield "room", order(30, people=40, crowd=crowd)
    for crowd in CROWDS:
        yield "places", order(24, people=100, crowd=crowd)
    for crowd in ("push", "school", "hotel"):
        yield "connections", order(24, people=160, crowd=crowd)
    for attack in ATTACKS:
        seconds = 30 if attack == PLACES_ATTACK else 22
        yield "attack", order(seconds, attack=attack, hostile=SOURCES.get(attack, 8), robots=0)


def taken(way: str, order: Order, lines: bytes, ledger: list[Second]) -> Take:
    """The rows of the seconds that the ledger tells of, each with the line that is nearest; without what no verdict
    reads, which is names of networks and sketches of who came."""
    rows, told = [], []
    for each in lines.splitlines():
        row = read_line(each)
        nearest = min(ledger, key=lambda second: abs(second.at_ms - row.at_ms))
        if abs(nearest.at_ms - row.at_ms) <= 1000 and row.at_ms <= ledger[-1].at_ms:  # then they all leave
            rows.append(_bare(row))
            told.append(nearest)
    return Take(order.attack or order.crowd, way, rows, told)


def _bare(row: EdgeSecond) -> EdgeSecond:
    (one,) = row.spaces.values()
    kept = SpaceSecond(
        one.hearing, one.asking, one.lobby, one.joins, one.sound_chunks, parts=one.parts, turned_away=one.turned_away
    )
    return msgspec.structs.replace(row, spaces={"": kept}, prefixes=[], kernel=None)


async def record(ways: tuple[str, ...], folder: Path, only: str = "") -> list[Take]:
    """All takes of these ways, one after the other, on one Stentor."""
    found = []
    places = PLACES if ways == ("places",) else ROOMY
    async with whole(folder, edges=1, edge_listeners=places) as house:
        for number, (way, order) in enumerate(
            each for each in orders() if each[0] in ways and only in each[1].attack + each[1].crowd
        ):
            given = msgspec.structs.replace(
                order, number=number, space=f"take-{number}", port=house.settings.audience_port
            )
            await held(house, given, folder)
            lines = (folder / f"{given.space}.jsonl").read_bytes()
            ledger = msgspec.json.decode((folder / f"{given.space}.ledger").read_bytes(), type=list[Second])
            found.append(taken(way, given, lines, ledger))
            print(way, found[-1].name, len(found[-1].rows), "rows", flush=True)
    return found


def keep(takes: list[Take], file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(lzma.compress(msgspec.msgpack.encode(takes), preset=9))


def kept(file: Path = FILE) -> list[Take]:
    return msgspec.msgpack.decode(lzma.decompress(file.read_bytes()), type=list[Take])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", default=["room", "attack"], help="of one Stentor")
    parser.add_argument("--only", default="", help="those whose names have this")
    parser.add_argument("--out", type=Path, default=FILE)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if "connections" in given.ways:
            small_edges(patch, CONNECTIONS)
        takes = asyncio.run(record(tuple(given.ways), Path(folder), given.only))
    now = {(one.way, one.name) for one in takes}
    before = kept(given.out) if given.out.exists() else []
    keep([one for one in before if (one.way, one.name) not in now] + takes, given.out)
    print(f"{given.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
