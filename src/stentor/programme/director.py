"""What is heard when: the hold loop before the talk, the stage while it is live, the loop again when the stage is lost.

Pure. What a chunk sounds like follows from its number, the times of the space and the ticks that came: two programmes
that see the same make the same samples. A change of state takes effect at the beginning of a chunk, computed from
``live_ms`` and ``ended_ms``, whenever the news arrives.

==================== =======================================================================
what happens         what is heard
==================== =======================================================================
doors open           the hold loop, at the place that the chunk's number gives
live                 the loop goes on until the stage's first tick, then fades to it in 1 s
a tick is missing    silence, without a click; marked as filler
50 ticks are missing the loop fades in within 0.5 s (filler)
the stage is back    fades to it in 0.3 s
ended                the last chunk fades out
==================== =======================================================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np

from stentor.audio.fade import DECLICK_SAMPLES, equal_power, linear
from stentor.audio.limiter import CEILING
from stentor.audio.pcm import SILENCE, Block, Samples, from_int16
from stentor.base import grid
from stentor.base.rendition import Source
from stentor.wire.tick import Tick

FILLER_AFTER_TICKS: Final = 50
"""One second without the stage: longer than any pause a speaker makes in a sentence, shorter than doubt."""
MARKED_TICKS: Final = 5
"""A chunk that lacks 0.1 s of the stage is marked, so that every hole of 0.2 s is, though it spans two chunks."""
LIVE_FADE_S: Final = 1.0
BACK_FADE_S: Final = 0.3
"""A speaker who is back is in the middle of a word: nobody wants to miss more of it."""
FILLER_FADE_S: Final = 0.5


class Loop(Protocol):
    """What the director needs of ``audio.hold.HoldLoop``."""

    def chunk_pcm(self, chunk: int) -> Samples:
        """The loop's 15,360 samples in chunk ``chunk``."""
        ...


class Directed(NamedTuple):
    """One chunk of the programme: ``pcm`` is float32 ``(15360,)`` within ±0.97; ``delay_ms`` that of the newest
    sound from the stage, 0 without any; ``music`` says that the loop is heard at its end, or fades in.
    """

    pcm: Samples
    source: Source
    delay_ms: int
    music: bool


class Director:
    """One space's sound, chunk after chunk. ``joining`` says that the talk is under way already (a late programme)."""

    def __init__(self, loop: Loop, *, joining: bool = False) -> None:
        self._loop = loop
        self._previous: Loop | None = None
        self._stage = 0.0
        """How far the stage is faded in, 0 to 1: an angle, so that equal power follows from sine and cosine."""
        self._music = 1.0
        self._fade_s = LIVE_FADE_S
        self._opened = joining
        """The stage has been heard once."""
        self._on_stage = False
        """The stage is heard, or was within the last second."""
        self._missing = FILLER_AFTER_TICKS if joining else 0
        self._last_sample = 0.0

    def change_loop(self, loop: Loop) -> None:
        """The host chose other music: it fades in over the next chunk."""
        if self._previous is None:
            self._previous = self._loop
        self._loop = loop

    def chunk(self, number: int, *, live: int | None, last: int | None, ticks: Sequence[Tick | None]) -> Directed:
        """Chunk ``number`` from its 16 ticks. ``live`` is ``Space.live_chunk``, ``last`` is ``Space.last_chunk``.

        Call it for every number in turn. Raises ValueError for another count of ticks. About 0.5 ms.
        """
        if len(ticks) != grid.TICKS_PER_CHUNK:
            raise ValueError(f"A chunk has {grid.TICKS_PER_CHUNK} ticks, not {len(ticks)}.")
        talking = live is not None and number >= live
        whole = [tick for tick in ticks if tick is not None] if talking else []
        if len(whole) == grid.TICKS_PER_CHUNK and self._only_stage:
            pcm, sources = from_int16(b"".join(tick.samples for tick in whole)), [Source.STAGE]
            self._last_sample = float(pcm[-1])
        else:
            pcm, sources = self._mixed(self._music_of(number), ticks, talking)
        if number == last:
            pcm *= equal_power(grid.CHUNK_SAMPLES)[0]
        # Each source is limited by itself; only two at once, in the middle of a fade, ever come near this.
        np.clip(pcm, -CEILING, CEILING, out=pcm)
        source = _source_of(sources)
        delays = [tick.delay_ms for tick in ticks if tick is not None] if source is Source.STAGE else []
        return Directed(pcm, source, delays[-1] if delays else 0, not self._on_stage)

    @property
    def _only_stage(self) -> bool:
        """The stage is heard as loud as it is, without a hole or a fade, and nothing else."""
        fading = self._stage < 1.0 or self._music > 0.0 or self._previous is not None
        return self._on_stage and not fading and not self._missing

    def _mixed(self, music: Samples, ticks: Sequence[Tick | None], talking: bool) -> tuple[Samples, list[Source]]:
        """Both sources tick by tick, and what each tick is called."""
        blocks: list[Block] = []
        sources: list[Source] = []
        for place, tick in enumerate(ticks):
            start = place * grid.TICK_SAMPLES
            block, source = self._tick(music[start : start + grid.TICK_SAMPLES], tick if talking else None, talking)
            blocks.append(block)
            sources.append(source)
        return np.concatenate(blocks), sources

    def _music_of(self, number: int) -> Samples:
        music = self._loop.chunk_pcm(number)
        if self._previous is not None:
            fade_out, fade_in = equal_power(grid.CHUNK_SAMPLES)
            music = self._previous.chunk_pcm(number) * fade_out + music * fade_in
            self._previous = None
        return music

    def _tick(self, music: Block, tick: Tick | None, talking: bool) -> tuple[Block, Source]:
        """20 ms of both sources, each as loud as it is now."""
        fresh = self._missing > 0
        if tick is not None:
            self._missing = 0
            if not self._on_stage:
                self._on_stage = True
                self._fade_s = BACK_FADE_S if self._opened else LIVE_FADE_S
                self._opened = True
        elif talking:
            self._missing += 1
            if self._missing == FILLER_AFTER_TICKS:
                self._on_stage = False
                self._fade_s = FILLER_FADE_S
        stage = self._stage_block(tick, fresh=fresh)
        step = grid.TICK_S / self._fade_s * (1 if self._on_stage else -1)
        stage_gain, self._stage = _gain(self._stage, step)
        music_gain, self._music = _gain(self._music, -step)
        return stage * stage_gain + music * music_gain, self._source(tick, talking)

    def _source(self, tick: Tick | None, talking: bool) -> Source:
        """A tick that the stage did not send is filler, also while it is still silence: the recording must say so."""
        if self._on_stage:
            return Source.FILLER if talking and tick is None else Source.STAGE
        return Source.FILLER if talking and self._missing >= FILLER_AFTER_TICKS else Source.HOLD

    def _stage_block(self, tick: Tick | None, *, fresh: bool) -> Block:
        """The stage's sound; where it breaks off it runs out to zero within 5 ms, and comes in as softly."""
        fade_out, fade_in = linear(DECLICK_SAMPLES)
        if tick is None:
            if self._last_sample == 0.0:
                return SILENCE
            block = SILENCE.copy()
            block[:DECLICK_SAMPLES] = self._last_sample * fade_out
            self._last_sample = 0.0
            return block
        block = from_int16(tick.samples)
        if fresh:
            block[:DECLICK_SAMPLES] *= fade_in
        self._last_sample = float(block[-1])
        return block


def _source_of(sources: Sequence[Source]) -> Source:
    """What a chunk is called: filler for a hole that can be heard, else as most of its ticks, the later in a tie."""
    if sources.count(Source.FILLER) >= MARKED_TICKS:
        return Source.FILLER
    return Counter(reversed(sources)).most_common(1)[0][0]


def _gain(place: float, step: float) -> tuple[Samples | float, float]:
    """The gain over a tick that starts at ``place`` and moves by ``step``; and where it ends."""
    end = min(1.0, max(0.0, place + step))
    if place == end:
        return (1.0 if place == 1.0 else float(np.sin(place * np.pi / 2))), end
    places = np.linspace(place, end, grid.TICK_SAMPLES + 1, dtype=np.float64)[1:]
    return np.sin(places * (np.pi / 2)).astype(np.float32), end
