"""What listeners are told."""

from __future__ import annotations

import json
import math

import msgspec
import pytest

from stentor.bus.status import SeatStatus, SpaceStatus, Status, Statuses
from stentor.spaces import commands as c
from stentor.spaces.model import Space, State
from stentor.spaces.pulse import WITNESS_CHUNKS, WITNESSED_CHUNKS, build, gist, read
from tests.support.spaces import ANNA, BEN, HOST, do, with_guests

LIVE = with_guests(State.LIVE)


def pulse(space: Space, *seats: SeatStatus, source: str = "stage", music: bool = False) -> dict[str, object]:
    document = build(
        space,
        chunk=7,
        at_ms=1234,
        source=source,
        listeners=1000,
        seats=seats,
        delay_ms=42,
        reactions={"clap": 3},
        music=music,
    )
    fields = json.loads(document)
    assert isinstance(fields, dict)
    return fields


def test_document() -> None:
    """The document has the fields that are promised, in the order of the seats."""
    ben = SeatStatus(id=BEN, name="B", role="host", talking=True, level_dbfs=-20.4)
    host = SeatStatus(id=HOST, name="H", role="host", muted=True)
    assert pulse(LIVE, ben, host) == {
        "v": 1,
        "space": "talk",
        "title": "A talk",
        "state": "live",
        "chunk": 7,
        "at": 1234,
        "source": "stage",
        "listeners": 1000,
        "pinned": 0,
        "asked": 0,
        "seats": [
            {"id": "host", "name": "Hedda", "role": "host", "talking": False, "muted": True, "level": -96},
            {"id": "ben", "name": "Ben", "role": "speaker", "talking": True, "muted": False, "level": -20},
        ],
        "delay": 42,
        "reactions": {"clap": 3},
    }


@pytest.mark.parametrize(
    ("state", "source", "music", "talks"),
    [
        (State.DOORS_OPEN, "hold", True, False),
        (State.LIVE, "hold", True, False),
        (State.LIVE, "stage", False, True),
        (State.LIVE, "filler", False, True),
        (State.LIVE, "filler", True, False),
        (State.LIVE, "gap", False, False),
        (State.INTERRUPTED, "filler", True, False),
        (State.INTERRUPTED, "stage", False, True),
    ],
)
def test_nobody_talks_while_music_plays(state: State, source: str, music: bool, talks: bool) -> None:
    """The audience sees who is in the green room, never who talks there or how loud. A short hole mutes nobody."""
    ben = SeatStatus(id=BEN, name="B", role="host", talking=True, level_dbfs=-20.4)
    assert pulse(with_guests(state), ben, source=source, music=music)["seats"] == [
        {
            "id": "ben",
            "name": "Ben",
            "role": "speaker",
            "talking": talks,
            "muted": False,
            "level": -20 if talks else -96,
        }
    ]


def test_removed_seat_is_gone_at_once() -> None:
    """Who was removed is not shown, even while the stage still has the connection."""
    space = do(LIVE, c.RemoveSeat(ANNA))
    assert pulse(space, SeatStatus(id=ANNA, name="Anna", role="co_host"))["seats"] == []


@pytest.mark.parametrize(
    ("level", "shown"), [(-math.inf, -96), (math.inf, 0), (math.nan, -96), (3.0, 0), (-0.2, 0), (-96.6, -96)]
)
def test_odd_levels(level: float, shown: int) -> None:
    """Levels stay between -96 and 0 whatever the stage measured."""
    seats = pulse(LIVE, SeatStatus(id=BEN, name="Ben", role="speaker", level_dbfs=level))["seats"]
    assert isinstance(seats, list)
    assert [seat["level"] for seat in seats] == [shown]


def test_every_ten_minutes_it_witnesses_the_recording() -> None:
    """For ten seconds, and never before anything is recorded; it makes no pulse news."""

    def at(chunk: int, witness: str = "ab" * 32) -> bytes:
        return build(LIVE, chunk=chunk, at_ms=0, source="stage", listeners=0, seats=(), witness=witness)

    told = [chunk for chunk in range(3 * WITNESS_CHUNKS) if read(at(chunk)).witness is not msgspec.UNSET]
    assert told == [number * WITNESS_CHUNKS + chunk for number in (1, 2) for chunk in range(WITNESSED_CHUNKS)]
    assert read(at(WITNESS_CHUNKS)).witness == "ab" * 32
    assert b"witness" not in at(WITNESS_CHUNKS, "")
    assert gist(at(WITNESS_CHUNKS)) == gist(at(WITNESS_CHUNKS - 1))


async def test_the_hash_is_that_of_the_archive_that_has_most() -> None:
    """One that stands by, or has begun anew, is behind."""
    statuses = Statuses(lambda: 0.0)
    for name, chunk in (("archive-0", 90), ("archive-1", 30)):
        seen = SpaceStatus(chunk=chunk, last_hash=f"hash {chunk}")
        statuses._hear("", msgspec.json.encode(Status("archive", name, 0, 1, {"talk": seen})))
    assert statuses.last_hash("talk", 0.0) == "hash 90"
    assert statuses.last_hash("other", 0.0) == ""


def test_size() -> None:
    """A pulse with 13 people takes less than 2 kB: it goes out three times a second."""
    space = do(LIVE, *(c.GiveSeat(f"s{n}", f"Guest number {n}") for n in range(10)))  # type: ignore[arg-type]
    seats = [SeatStatus(id=seat.id, name=seat.name, role=seat.role) for seat in space.seats.values()]
    assert len(seats) == 13
    assert len(build(space, chunk=10_000, at_ms=1_800_000_000_000, source="stage", listeners=10**6, seats=seats)) < 2000
