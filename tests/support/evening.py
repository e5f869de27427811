"""A recorded evening with a real voice, and all that a listener cut leaves out: lobby, pause, outage, gap, the end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from stentor.archive.edition import Cutter
from stentor.archive.recorder import Recorder
from stentor.archive.stored import RecordingStore
from stentor.audio.encoder import ProgrammeEncoder
from stentor.audio.pcm import Samples
from stentor.base import grid
from stentor.base.rendition import RENDITIONS, Source
from stentor.spaces.model import Trim
from stentor.store.editions import CutOrder, EditionState
from stentor.store.objects import Objects
from stentor.wire.chunk import Chunk
from stentor.wire.edits import CutReason, EditList
from tests.support.edge import DOORS_OPEN_MS, SPACE
from tests.support.recorded import spoken
from tests.support.speech import voice

Part = tuple[Source, str, int]
"""Where it comes from, what it is, and how many chunks long."""
EVENING: Sequence[Part] = (
    (Source.HOLD, "music", 20),
    (Source.STAGE, "ada", 20),
    (Source.STAGE, "quiet", 30),
    (Source.STAGE, "bob", 20),
    (Source.FILLER, "music", 10),
    (Source.STAGE, "ada", 14),
    (Source.GAP, "", 4),
    (Source.STAGE, "bob", 14),
    (Source.HOLD, "music", 12),
)
LEFT_OUT = [CutReason.LOBBY, CutReason.SILENCE, CutReason.OUTAGE, CutReason.OUTAGE, CutReason.AFTER]
CHUNKS = sum(chunks for _, _, chunks in EVENING)
SOFTER = 0.4
"""The voices are much softer than a listener cut has them."""


@cache
def sound() -> Samples:
    """All of it before it was encoded; a gap is silence."""
    noise = (np.random.default_rng(1).standard_normal(30 * grid.CHUNK_SAMPLES) * 1e-4).astype(np.float32)
    time = np.arange(30 * grid.CHUNK_SAMPLES) / grid.SAMPLE_RATE_HZ
    sources: dict[str, Samples] = {
        "music": (0.1 * np.sin(2 * np.pi * 440 * time)).astype(np.float32),
        "quiet": noise,
        "ada": voice("reader") * np.float32(SOFTER),
        "bob": voice("cards") * np.float32(SOFTER),
        "": np.zeros_like(noise),
    }
    taken = dict.fromkeys(sources, 0)
    parts = []
    for _, name, chunks in EVENING:
        start = taken[name] if name in ("ada", "bob") else 0
        parts.append(sources[name][start : start + chunks * grid.CHUNK_SAMPLES])
        taken[name] = start + chunks * grid.CHUNK_SAMPLES
    whole: Samples = np.concatenate(parts)
    whole.flags.writeable = False
    return whole


@cache
def chunks() -> list[Chunk]:
    """As the programme publishes them: nothing for the gap."""
    encoders = [ProgrammeEncoder(rendition) for rendition in RENDITIONS]
    told = [(source, name) for source, name, count in EVENING for _ in range(count)]
    found = []
    for number, block in enumerate(sound().reshape(-1, grid.CHUNK_SAMPLES)):
        frames = {encoder.rendition.name: encoder.encode(block) for encoder in encoders}
        source, name = told[number]
        if source is Source.GAP:
            continue
        talking = [name] if name in ("ada", "bob") else []
        at_ms = DOORS_OPEN_MS + (number + 1) * grid.CHUNK_MS
        beat = spoken(number, *talking, source=source)
        found.append(Chunk(SPACE, number, DOORS_OPEN_MS, source, at_ms, 0, beat, frames))
    return found


async def record(objects: Objects) -> None:
    """Stores it as the archive does."""
    recorder, shelf = Recorder(SPACE, DOORS_OPEN_MS), RecordingStore(objects, SPACE)
    for chunk in chunks():
        for segment in recorder.add(shelf.unnamed(chunk)):
            await shelf.keep(segment)
    for segment in recorder.finish(CHUNKS - 1):
        await shelf.keep(segment)


def order(trim: Trim | None = None) -> CutOrder:
    return CutOrder(space=SPACE, asked_ms=1, doors_open_ms=DOORS_OPEN_MS, trim=trim)


async def cut(objects: Objects, trim: Trim | None = None, *, free_bytes: int | None = None) -> EditList:
    """Makes the listener cut, in this process."""

    async def told(_state: EditionState, _done: float) -> None:
        """Nobody asks."""

    return await Cutter(objects, order(trim), told, free_bytes=lambda: free_bytes).make(lambda: 7)
