"""Nights end to end: a real edge with few places, real people and hostile senders, the verdict by the command.

``python -m tests.support.real_nights`` does all of them, one after the other, and writes docs/reference/nights.md.
Truth is the senders' ledger, which the product never sees.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stentor.evidence.load import FEWEST, HELD_BACK, NEARLY
from stentor.evidence.sources import CONNECTION_US, REQUEST_US
from stentor.evidence.verdict import LEAST_SHARE, NightVerdict, Outcome
from tests.support.senders import ATTACKS, PLACES_ATTACK, Order, Second
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "nights.md"
PLACES = 60
SECONDS, LONGER = 22.0, 30.0
"""Who takes nothing is known sixteen seconds after it began."""
LISTENER_US = 9
HEAD = """# Nights end to end

`make proof-nights` does {count} nights, one after the other, and writes this page: a whole Stentor with one edge that
has {places} places; people with pages, streams and HLS, monitors, and hostile senders, all real clients with addresses
of their own in 127.0.0.0/8, 22 or 30 s each. The truth is [the senders' ledger](../../tests/support/senders.py): who
wanted to hear, who held a place, what was sent. The verdict is that of `stentor evidence verdict ROWS.jsonl`.
Commit `{commit}`.

Only places are few enough to be filled on a machine that does other things, too: floods of requests are absorbed here.
Where the audience fills
the places and nobody is hostile, the number was set too low, since the machine has little to do: SELF-INFLICTED. That
processor and connections get full is in the [replays](verdicts.md).
"""


@dataclass(frozen=True)
class Truth:
    """Shares of the places over the seconds in which they were full."""

    finding: Outcome
    absorbed: bool
    audience: float
    hostile: float
    border: bool


@dataclass(frozen=True)
class Judged:
    order: Order
    truth: Truth
    verdict: NightVerdict

    @property
    def absorbed(self) -> bool:
        return self.verdict.finding is Outcome.NOTHING_WAS_FULL and self.verdict.accuses

    @property
    def right(self) -> bool:
        same = self.verdict.finding is self.truth.finding
        return same or (self.truth.border and self.verdict.finding is Outcome.MIXED)

    @property
    def slandered(self) -> bool:
        """Somebody is accused, and nobody was hostile."""
        return self.verdict.accuses and not self.order.attack


def nights() -> Iterator[Order]:
    """Crowds alone, each kind of attack beside a crowd that fits, slow readers in all mixes, floods of a full house."""

    def night(people: int, crowd: str = "push", **given: object) -> Order:
        seconds = LONGER if given.get("attack") == PLACES_ATTACK else SECONDS
        return msgspec.convert(
            {"number": 0, "port": 0, "space": "", "seconds": seconds, "people": people, "crowd": crowd, **given}, Order
        )

    for crowd in ("push", "school", "steady", "flash"):
        yield night(30, crowd)
        yield night(130, crowd)
    sources = {"many houses": 180, "connect and hold": 12, "slow heads": 12}
    for attack in ATTACKS:
        if attack != PLACES_ATTACK:
            yield night(30, "steady", attack=attack, hostile=sources.get(attack, 8))
    for people, hostile in ((15, 50), (15, 80), (35, 40), (45, 25), (110, 20), (140, 40), (60, 12), (20, 10), (0, 70)):
        yield night(people, "push", attack=PLACES_ATTACK, hostile=hostile)
    yield night(20, "school", attack=PLACES_ATTACK, hostile=60)
    yield night(45, "school", attack=PLACES_ATTACK, hostile=30)
    for attack in ("page flood", "404 scan", "connect and close", "one request a connection"):
        yield night(130, "push", attack=attack, hostile=6)
    for crowd in ("push", "school"):
        yield night(40, crowd, hasty_pages=True)


def truth(order: Order, seconds: Sequence[Second]) -> Truth:
    """By the definitions of docs/explanation/verdict.md, from the ledger alone."""
    cost = [
        sum(
            REQUEST_US * one.requests[side] / len(seconds) + CONNECTION_US * one.connections[side] / len(seconds)
            for one in seconds[-1:]
        )
        + sum(LISTENER_US * one.hears[side] for one in seconds) / len(seconds)
        for side in (0, 1)
    ]
    share_of_cost = cost[1] / max(1e-9, sum(cost))
    full = [
        one
        for one in seconds
        if sum(one.hears) >= NEARLY * PLACES
        or (sum(one.hears) >= HELD_BACK * PLACES and one.wants[0] - one.hears[0] > 0.05 * PLACES)
    ]
    if order.hasty_pages:
        return Truth(Outcome.SELF_INFLICTED, False, 0.0, 0.0, border=False)
    if len(full) < FEWEST:
        near = len(full) >= FEWEST - 2 or abs(share_of_cost - LEAST_SHARE) < 0.03
        return Truth(Outcome.NOTHING_WAS_FULL, share_of_cost >= LEAST_SHARE, 0.0, share_of_cost, near)
    audience = sum(one.wants[0] for one in full) / PLACES / len(full)
    hostile = sum(one.hears[1] for one in full) / PLACES / len(full)
    used = sum(sum(one.hears) for one in full) / PLACES / len(full)
    border = (
        len(full) <= FEWEST + 1
        or abs(audience - 1.0) <= 0.1
        or (audience < 1.0 and abs(hostile - audience) <= 0.1)
        or abs(hostile / used - LEAST_SHARE) <= 0.03
    )
    if hostile < LEAST_SHARE * used:
        finding = Outcome.SELF_INFLICTED
    elif audience >= 1.0:
        finding = Outcome.POPULARITY
    else:
        finding = Outcome.ATTACK if hostile > audience else Outcome.MIXED
    return Truth(finding, False, audience, hostile, border)


async def held(house: Whole, order: Order, folder: Path) -> Judged:
    """One night in a space of its own."""
    await house.space(order.space)
    await _on_air(house, order.space)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.senders", msgspec.json.encode(order).decode(), stdout=subprocess.PIPE
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), order.seconds + 30)
    finally:
        if process.returncode is None:
            process.kill()
    rows = folder / f"{order.space}.jsonl"
    rows.write_bytes(await _command("rows", order.space, "--data", house.settings.data))
    rows.with_suffix(".ledger").write_bytes(out)
    await house.call("POST", f"/spaces/{order.space}/end")
    said = msgspec.json.decode(await _command("verdict", str(rows), "--json"), type=NightVerdict)
    return Judged(order, truth(order, msgspec.json.decode(out, type=list[Second])), said)


async def _on_air(house: Whole, space: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await house.client.get(house.audience(space, "/hls/index.m3u8"))).status_code != 200:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.2)
        await asyncio.sleep(1.0)


async def _command(*words: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stentor", "evidence", *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, error = await process.communicate()
    assert process.returncode == 0, error.decode()
    return out


def page(found: Sequence[Judged]) -> Iterator[str]:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    yield HEAD.format(count=len(found), places=PLACES, commit=commit)
    clear = [one for one in found if not one.truth.border]
    yield (
        f"- {len(found)} nights, {len(clear)} not at a border: {sum(one.right for one in clear)} of these right; "
        f"at the border {sum(one.right for one in found if one.truth.border)} of {len(found) - len(clear)}."
    )
    yield f"- Somebody was accused though nobody was hostile: {sum(one.slandered for one in found)} times."
    absorbed = [one for one in found if one.truth.absorbed]
    yield (
        f"- In {len(absorbed)} nights nothing was full though hostile senders had a tenth of the cost and more; the "
        f"sentence says that it was absorbed in {sum(one.absorbed for one in absorbed)}: where it took a tenth of what "
        "was used of something, and for a minute a tenth of all that there is. The others are among the signs."
    )
    yield ""
    yield "| people, crowd | hostile | truth | said | places: audience, said | places (or cost): hostile, said | |"
    yield "|---|---|---|---|---|---|---|"
    for one in found:
        order, told = one.order, one.verdict
        who = f"{order.hostile} × {order.attack}" if order.attack else "own pages" if order.hasty_pages else "–"
        load = told.loads[0]
        mark = "" if one.right else "border" if one.truth.border else "**wrong**"
        yield (
            f"| {order.people}, {order.crowd} | {who} | {_named(one.truth.finding, one.truth.absorbed)} "
            f"| {_named(told.finding, one.absorbed)} | {one.truth.audience:.2f}, {load.audience.value:.2f} "
            f"| {one.truth.hostile:.2f}, {load.hostile.value:.2f} | {mark} |"
        )


def _named(finding: Outcome, absorbed: bool) -> str:
    return f"{finding.value}{', absorbed' if absorbed else ''}"


async def all_of(orders: Sequence[Order], keep: Path | None) -> list[Judged]:
    found: list[Judged] = []
    with tempfile.TemporaryDirectory() as name:
        rows = keep or Path(name)
        async with whole(Path(name), edges=1, edge_listeners=PLACES) as house:
            for number, order in enumerate(orders):
                given = msgspec.structs.replace(
                    order, number=number, space=f"night-{number}", port=house.settings.audience_port
                )
                with suppress(TimeoutError):
                    found.append(await held(house, given, rows))
                    print([*page(found)][-1], "" if found[-1].right else found[-1].verdict.reason, flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="folder for the rows")
    parser.add_argument("--only", type=int, nargs="*", help="nights by their number, and nothing is written")
    given = parser.parse_args()
    orders = list(nights())
    if given.only is not None:
        asyncio.run(all_of([orders[number] for number in given.only], given.keep))
        return
    found = asyncio.run(all_of(orders, given.keep))
    PAGE.write_text("\n".join(page(found)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
