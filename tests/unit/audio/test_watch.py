"""What is odd about a seat's sound."""

from __future__ import annotations

import numpy as np
import pytest

from stentor.audio.opus import OpusDecoder, OpusEncoder
from stentor.audio.pcm import Block, Samples
from stentor.audio.watch import Oddity, SoundWatch
from stentor.base.grid import TICK_SAMPLES
from tests.support.sound import voice

ROOM: Block = (np.random.default_rng(3).standard_normal(TICK_SAMPLES) * 1e-3).astype(np.float32)
NOTHING: Block = np.zeros(TICK_SAMPLES, np.float32)
SECOND = 50


def after(
    seconds: float, block: Block | None, watch: SoundWatch | None = None, *, talking: bool = False, muted: bool = False
) -> list[Oddity]:
    """What a watch says after hearing the same for so long."""
    watch = watch or SoundWatch()
    for _ in range(round(seconds * SECOND)):
        watch.hear(block, NOTHING, talking=talking, muted=muted)
    return watch.oddities


def test_an_open_microphone_that_nobody_uses() -> None:
    """After 20 s without a word; the first word takes it back."""
    watch = SoundWatch()
    assert after(19.9, ROOM, watch) == []
    assert after(0.2, ROOM, watch) == [Oddity.SILENT]
    assert after(0.02, ROOM, watch, talking=True) == []


def test_a_microphone_that_gives_nothing() -> None:
    """Digital silence is a switched-off microphone, not somebody who listens."""
    assert after(21, NOTHING) == [Oddity.OFF]


def test_who_is_not_judged() -> None:
    """A seat that is muted, sends nothing, or talks."""
    assert after(30, ROOM, muted=True) == after(30, None) == after(30, ROOM, talking=True) == []


@pytest.mark.parametrize("name", ["reader", "cards"])
def test_clipping_and_loud_without_clipping(name: str) -> None:
    """A real voice up to full scale is in order, also on its way through Opus; cut by 10 dB it is not."""
    spoken = voice(name)[: 8 * SECOND * TICK_SAMPLES]
    loud = spoken / np.abs(spoken).max()
    assert _clips(loud) == 0
    assert _clips(np.clip(loud * 10 ** (10 / 20), -1, 1)) > 0.5


def _clips(sound: Samples) -> float:
    """The share of ticks in which the watch says so."""
    encoder, decoder, watch = OpusEncoder(), OpusDecoder(), SoundWatch()
    blocks = sound.astype(np.float32).reshape(-1, TICK_SAMPLES)
    found = []
    for block in blocks:
        watch.hear(decoder.decode(encoder.encode(block)), NOTHING, talking=True, muted=False)
        found.append(Oddity.CLIPPING in watch.oddities)
    return float(np.mean(found))
