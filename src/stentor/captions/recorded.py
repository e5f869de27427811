"""The words of a recording, long after they were said: out of the mix, with the speakers that the pulses name.

Two who talk at once are one sound here, and the one who talks longest in an utterance is named for it. What is
recognised while it is said (``seat``) is better.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

import numpy as np

from stentor.audio import pcm
from stentor.audio.excise import silent_segment
from stentor.audio.media import StreamDecoder
from stentor.audio.narrow import Narrower
from stentor.audio.pcm import Samples
from stentor.audio.utterance import Utterance, Utterances
from stentor.audio.voice import TalkDetector
from stentor.base import grid
from stentor.base.rendition import BY_NAME, Source
from stentor.base.units import SeatId, SpaceId
from stentor.captions.engine import Transcriber
from stentor.spaces import names, pulse
from stentor.spaces.names import Names
from stentor.wire import cue as wire_cue
from stentor.wire import emsg
from stentor.wire.cue import Cue
from stentor.wire.demux import Demuxer
from stentor.wire.manifest import Entry
from stentor.wire.mp4 import AAC_CONFIG
from stentor.wire.speech import TICK_SAMPLES

RENDITION = BY_NAME["aac-64"]
TICKS_PER_PART = grid.TICKS_PER_CHUNK * grid.CHUNKS_PER_PART
Get = Callable[[str], Awaitable[bytes]]


class CreditedSpeaker(NamedTuple):
    """Empty when nobody knows who spoke."""

    seat: str
    name: str


NOBODY = CreditedSpeaker("", "")


class Recorded:
    """A recording, segment after segment, on its way into utterances."""

    def __init__(self, known: Names) -> None:
        self._known = known
        self._decoder = StreamDecoder("aac", AAC_CONFIG)
        self._narrower = Narrower()
        self._detector = TalkDetector()
        self._utterances = Utterances(TICK_SAMPLES)
        self._talking: dict[int, list[CreditedSpeaker]] = {}
        """By part: a segment has a pulse for each of its parts."""

    def add(self, entry: Entry, segment: bytes) -> list[Utterance]:
        """The utterances that end in it; raises :class:`~stentor.base.errors.Malformed` for a damaged segment."""
        for message in emsg.pulses(segment):
            told = names.given(pulse.read(message), self._known)
            self._talking[grid.part_of(told.chunk)] = [
                CreditedSpeaker(seat.id, seat.name) for seat in told.seats if seat.talking
            ]
        frames = [frame for fragment in Demuxer().feed(segment) for frame in fragment.frames]
        sound = np.concatenate([self._decoder.decode(frame) for frame in frames])
        blocks = self._narrower.narrow(_sized(sound, entry.chunks * grid.CHUNK_SAMPLES))
        first = entry.first_chunk * grid.TICKS_PER_CHUNK
        stage = _on_stage(entry)
        talking = [talks and on for talks, on in zip(self._talks(blocks), stage, strict=True)]
        return self._utterances.put(first, talking, blocks)

    def close(self) -> list[Utterance]:
        """What is open at the end."""
        return self._utterances.close()

    def speaker(self, utterance: Utterance) -> CreditedSpeaker:
        """Who talks in most of it."""
        parts = range(utterance.start // TICKS_PER_PART, -(-utterance.end // TICKS_PER_PART))
        heard = Counter(speaker for part in parts for speaker in self._talking.get(part, []))
        return heard.most_common(1)[0][0] if heard else NOBODY

    def _talks(self, samples: Samples) -> list[bool]:
        levels = [pcm.level_dbfs(block) for block in samples.reshape(-1, TICK_SAMPLES)]
        return [self._detector.update(level).talking for level in levels]


def _sized(sound: Samples, size: int) -> Samples:
    """A decoder may give a frame less at the beginning; the grid is what counts."""
    return np.pad(sound[:size], (0, max(0, size - sound.size)))


def _on_stage(entry: Entry) -> list[bool]:
    """Whether each tick of a segment came from the stage: nobody wants the words of the music."""
    return [
        run.source is Source.STAGE
        for run in entry.runs
        for _ in range((run.last - run.first) * grid.TICKS_PER_CHUNK)
    ]  # fmt: skip


async def cues(
    space: SpaceId,
    entries: Sequence[Entry],
    get: Get,
    engine: Transcriber,
    *,
    known: Names,
    language: str,
    made_ms: int,
) -> AsyncIterator[tuple[Entry, list[Cue]]]:
    """Each segment of a recording with the cues that end in it; ``get`` reads an object, and may raise NotFound.

    ``entries`` are those that are left: without a key there is silence.
    """
    recorded = Recorded(known)
    origin_ms = entries[0].start_ms - entries[0].first_chunk * grid.CHUNK_MS

    def recognise(utterance: Utterance) -> list[Cue]:
        seat, name = recorded.speaker(utterance)
        heard = engine.transcribe(utterance.samples, language)
        start_ms, end_ms = (round(tick * grid.TICK_S * 1000) for tick in (utterance.start, utterance.end))
        return [
            Cue(space, origin_ms, start, end, SeatId(seat), name, text, heard.language, made_ms)
            for start, end, text in wire_cue.lines(heard.text, start_ms, end_ms)
        ]

    for entry in entries:
        utterances = []
        if RENDITION.name in entry.renditions:
            key = entry.renditions[RENDITION.name].key
            segment = await get(key) if key else silent_segment(RENDITION, entry.first_chunk, entry.chunks)
            utterances = await asyncio.to_thread(recorded.add, entry, segment)
        if entry is entries[-1]:
            utterances += recorded.close()
        yield entry, [cue for each in utterances for cue in await asyncio.to_thread(recognise, each)]
