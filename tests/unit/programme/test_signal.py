"""The seam between the loop's own frames and encoded sound."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext

from stentor.audio import hold
from stentor.audio.encoder import AAC_DELAY_SAMPLES, OPUS_DELAY_SAMPLES, ProgrammeEncoder
from stentor.audio.hold import HoldLoop
from stentor.audio.pcm import Samples, to_int16
from stentor.base import grid
from stentor.base.grid import CHUNK_SAMPLES
from stentor.base.rendition import RENDITIONS, Codec, Rendition, Source
from stentor.programme.signal import Frames, Signal
from stentor.wire.tick import Tick
from tests.support.speech import voice

NOTHING: list[Tick | None] = [None] * grid.TICKS_PER_CHUNK
BEFORE, AFTER = 6, 4
"""Chunks around a seam that are decoded."""


@pytest.fixture(scope="module")
def loop() -> HoldLoop:
    """Speech with its pauses: loud and quiet places."""
    return hold.build(hold.fit_loop(voice("reader")), "reader")


def decoded(rendition: Rendition, frames: list[bytes]) -> Samples:
    """What a listener hears, at its place on the grid."""
    decoder = av.CodecContext.create("aac" if rendition.codec is Codec.AAC else "libopus", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.sample_rate, decoder.layout = grid.SAMPLE_RATE_HZ, "mono"
    if rendition.codec is Codec.AAC:
        decoder.extradata = ProgrammeEncoder(rendition).aac_config()
    found = [np.ravel(frame.to_ndarray()) for each in frames for frame in decoder.decode(av.Packet(each))]
    delay = AAC_DELAY_SAMPLES if rendition.codec is Codec.AAC else OPUS_DELAY_SAMPLES
    return np.concatenate(found).astype(np.float32)[delay:]


def error_rms(heard: Samples, loop: HoldLoop, first: int, place: slice) -> float:
    sound = np.concatenate([loop.chunk_pcm(number) for number in range(first, first + BEFORE + AFTER)])
    return float(np.sqrt(np.mean((heard[place] - sound[: heard.size][place]) ** 2)))


def spoken(number: int) -> list[Tick | None]:
    """The ticks of a chunk in which somebody speaks."""
    pcm = to_int16(voice("reader")[number * CHUNK_SAMPLES : (number + 1) * CHUNK_SAMPLES])
    size = grid.TICK_SAMPLES * 2
    first = number * grid.TICKS_PER_CHUNK
    return [Tick(first + n, 40, 1, pcm[n * size : (n + 1) * size]) for n in range(grid.TICKS_PER_CHUNK)]


@pytest.mark.parametrize("rendition", RENDITIONS, ids=lambda each: each.name)
def test_nobody_hears_the_seam(loop: HoldLoop, rendition: Rendition) -> None:
    """Over a seam the sound is as true as an encoding in one piece, in loud places and in quiet ones."""
    for live in (12, 57, 102, 147, 191):
        signal = Signal(loop)
        frames: list[bytes] = []
        for number in range(live - BEFORE, live + AFTER):
            _, made = signal.chunk(number, live=live, last=None, ticks=NOTHING)
            frames += made[rendition.name]
        whole = [f for n in range(live - BEFORE, live + AFTER) for f in loop.chunk_frames(n)[rendition.name]]
        seam = BEFORE * CHUNK_SAMPLES
        place = slice(seam - 2 * AAC_DELAY_SAMPLES, seam + CHUNK_SAMPLES)
        spliced = error_rms(decoded(rendition, frames), loop, live - BEFORE, place)
        in_one = error_rms(decoded(rendition, whole), loop, live - BEFORE, place)
        assert spliced <= 1.15 * in_one + 1e-4, (live, spliced, in_one)


def test_a_space_that_waits_is_the_loop(loop: HoldLoop) -> None:
    """Before the seam every frame is the loop's own, whatever the stage says."""
    signal = Signal(loop)
    for number in (0, 1, 500):
        directed, frames = signal.chunk(number, live=None, last=None, ticks=spoken(1))
        assert (directed, frames) == (None, loop.chunk_frames(number))
        assert signal.waits(number, live=number + 1, last=None)


def test_late_news_make_the_same_bytes() -> None:
    """Of two programmes one hears two seconds later that the talk has begun: soon both make the same bytes."""
    loop = hold.build(hold.fit_loop(voice("cards")), "cards")
    live, late = 40, 47

    def run(heard_at: int) -> dict[int, Frames]:
        signal = Signal(loop)
        made = {}
        for number in range(30, live + 12):
            known = live if number >= heard_at else None
            directed, made[number] = signal.chunk(
                number, live=known, last=None, ticks=spoken(number - 30) if number > live + 1 else NOTHING
            )
            if directed is not None and number > live + 5:
                assert directed.source is Source.STAGE
        return made

    early, behind = run(live - 1), run(late)
    assert early[live] != behind[live]
    assert all(early[number] == behind[number] for number in range(late, live + 12))
