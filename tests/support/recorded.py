"""A recording as the archive makes it, of a talk in which the tests say who speaks when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stentor.archive.recorder import Recorder
from stentor.archive.stored import RecordingStore
from stentor.base import grid
from stentor.base.rendition import Source
from stentor.spaces import pulse
from stentor.spaces.model import Role, Seat, Space, State
from stentor.store.objects import Objects
from stentor.wire.chunk import Chunk
from tests.support.edge import DOORS_OPEN_MS, SPACE, VOICE_CHUNKS, encoded, live_space

ADA, BOB = Seat("ada", "Ada", Role.HOST), Seat("bob", "Bob", Role.SPEAKER)  # type: ignore[arg-type]
LOUD_DBFS, SOFT_DBFS = -20.0, -50.0


@dataclass(frozen=True)
class OnStage:
    """A seat as the stage would report it."""

    id: str
    talking: bool
    level_dbfs: float
    muted: bool = False
    self_muted: bool = False


def recorded_space(**changes: object) -> Space:
    """A space whose recording is complete, with Ada and Bob on the stage."""
    seats = {seat.id: seat for seat in (ADA, BOB)}
    return live_space(**({"state": State.REPLAY, "ended_ms": DOORS_OPEN_MS + 60_000, "seats": seats} | changes))


def spoken(number: int, *talking: str, source: Source = Source.STAGE, loud_dbfs: float = LOUD_DBFS) -> bytes:
    """The pulse of a chunk in which these seats talk; the first is the loudest."""
    seats = [OnStage(seat.id, seat.id in talking, loud_dbfs if seat.id in talking[:1] else SOFT_DBFS)
             for seat in (ADA, BOB)]  # fmt: skip
    at_ms = DOORS_OPEN_MS + (number + 1) * grid.CHUNK_MS
    return pulse.build(recorded_space(), chunk=number, at_ms=at_ms, source=source, listeners=1, seats=seats)


async def record(
    objects: Objects,
    chunks: int,
    speakers: Mapping[range, str],
    *,
    missing: range = range(0),
    nameless: bool = True,
    loud_dbfs: Callable[[int], float] = lambda number: LOUD_DBFS,
) -> None:
    """Stores a complete recording: music where nobody is named, a gap where chunks are missing.

    ``loud_dbfs`` says of the number of a chunk how loud who talks in it is. Without ``nameless`` the names stand inside
    the sound, as in recordings of before.
    """
    recorder, shelf = Recorder(SPACE, DOORS_OPEN_MS), RecordingStore(objects, SPACE)
    for number in (number for number in range(chunks) if number not in missing):
        who = next((name for numbers, name in speakers.items() if number in numbers), "")
        chunk = heard(number, who, loud_dbfs(number))
        for segment in recorder.add(shelf.unnamed(chunk) if nameless else chunk):
            await shelf.keep(segment)
    for segment in recorder.finish(chunks - 1):
        await shelf.keep(segment)


async def keep(objects: Objects, newest: Callable[[], int]) -> None:
    """Records as the programme goes on, up to its ``newest`` chunk; for ever."""
    recorder, shelf = Recorder(SPACE, DOORS_OPEN_MS), RecordingStore(objects, SPACE)
    following = 0
    while True:
        for number in range(following, newest() + 1):
            for segment in recorder.add(heard(number, "ada")):
                await shelf.keep(segment)
            following = number + 1
        await asyncio.sleep(0.1)


def heard(number: int, who: str, loud_dbfs: float = LOUD_DBFS) -> Chunk:
    """A chunk in which ``who`` talks, of music for nobody."""
    source = Source.STAGE if who else Source.HOLD
    frames = {name: pieces[number % VOICE_CHUNKS] for name, pieces in encoded().items()}
    at_ms = DOORS_OPEN_MS + (number + 1) * grid.CHUNK_MS
    return Chunk(
        SPACE, number, DOORS_OPEN_MS, source, at_ms, 0, spoken(number, who, source=source, loud_dbfs=loud_dbfs), frames
    )
