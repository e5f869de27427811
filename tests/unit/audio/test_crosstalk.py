"""Echo: whether what a microphone picks up is what its loudspeaker plays."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from stentor.audio.crosstalk import WINDOW_TICKS, EchoDetector
from stentor.audio.opus import OpusDecoder, OpusEncoder
from stentor.audio.pcm import Samples
from stentor.base.grid import SAMPLE_RATE_HZ, TICK_SAMPLES
from tests.support.sound import voice

WINDOWS = 4
SAMPLES = WINDOWS * WINDOW_TICKS * TICK_SAMPLES
CHANCE = np.random.default_rng(7)


def coded(sound: Samples) -> Samples:
    """As it is after the way to the stage."""
    encoder, decoder = OpusEncoder(), OpusDecoder()
    blocks = sound.astype(np.float32).reshape(-1, TICK_SAMPLES)
    return np.concatenate([decoder.decode(encoder.encode(block)) for block in blocks])


@cache
def said(name: str) -> Samples:
    return voice(name)[:SAMPLES]


def noise(level_db: float) -> Samples:
    return (CHANCE.standard_normal(SAMPLES) * 10 ** (level_db / 20)).astype(np.float32)


def hum() -> Samples:
    """Mains and a whine, as a bad cable gives."""
    at = np.arange(SAMPLES) / SAMPLE_RATE_HZ
    return (0.02 * np.sin(2 * np.pi * 50 * at) + 0.005 * np.sin(2 * np.pi * 1000 * at)).astype(np.float32)


def in_room(sound: Samples, *, delay_s: float, level_db: float) -> Samples:
    """What a loudspeaker gives back to the microphone: later, quieter, with a room around it."""
    size = SAMPLE_RATE_HZ // 10
    reflections = CHANCE.standard_normal(size) * np.exp(-np.arange(size) / 1200) * 0.15
    reflections[0] = 1.0
    spectrum = np.fft.rfft(sound, 2 * SAMPLES) * np.fft.rfft(reflections, 2 * SAMPLES)
    later = np.roll(np.fft.irfft(spectrum), round(delay_s * SAMPLE_RATE_HZ))[:SAMPLES]
    return (later * 10 ** (level_db / 20)).astype(np.float32)


def echoes(microphone: Samples, others: Samples) -> list[bool]:
    """What the detector says after each window."""
    detector, found = EchoDetector(), []
    own, rest = coded(microphone).reshape(-1, TICK_SAMPLES), coded(others).reshape(-1, TICK_SAMPLES)
    for tick in range(len(own)):
        detector.hear(own[tick], rest[tick])
        if tick % WINDOW_TICKS == WINDOW_TICKS - 1:
            found.append(detector.echoing)
    return found


@pytest.mark.parametrize("delay_s", [0.06, 0.18, 0.5])
@pytest.mark.parametrize("level_db", [-10, -30])
def test_a_loudspeaker_in_the_microphone_is_an_echo(delay_s: float, level_db: float) -> None:
    """From the second window on, wherever in 50 to 550 ms it lies and though nobody speaks beside it."""
    microphone = in_room(said("reader"), delay_s=delay_s, level_db=level_db) + noise(-60)
    assert echoes(microphone, said("reader")) == [False, True, True, True]


@pytest.mark.parametrize("what", ["another voice", "noise", "a hum that both have", "a faint echo"])
def test_what_is_no_echo(what: str) -> None:
    """Another voice at the same time, noise, a hum on both sides, and an echo that nobody hears."""
    others = said("reader")
    match what:
        case "another voice":
            microphone = said("cards") + noise(-60)
        case "noise":
            microphone = noise(-45)
        case "a hum that both have":
            microphone, others = said("cards") + hum(), others + hum()
        case _:
            microphone = in_room(others, delay_s=0.2, level_db=-50) + noise(-75)
    assert echoes(microphone, others) == [False] * WINDOWS


def test_an_echo_stands_until_the_others_talk_without_one() -> None:
    """While nobody else talks nothing is known; the next window with speech and no echo takes the warning back."""
    detector = EchoDetector()
    others = coded(said("reader")).reshape(-1, TICK_SAMPLES)
    back = coded(in_room(said("reader"), delay_s=0.2, level_db=-10)).reshape(-1, TICK_SAMPLES)
    silence = np.zeros(TICK_SAMPLES, np.float32)
    for tick in range(2 * WINDOW_TICKS):
        detector.hear(back[tick], others[tick])
    assert detector.echoing
    for _ in range(WINDOW_TICKS):
        detector.hear(silence, silence)
    assert detector.echoing
    for tick in range(WINDOW_TICKS):
        detector.hear(silence, others[tick])
    assert not detector.echoing
