"""Who is talking."""

from __future__ import annotations

import numpy as np

from stentor.audio.voice import HANG_TICKS, NOISE_TICKS, TalkDetector


def talk(detector: TalkDetector, *levels_db: float) -> list[bool]:
    return [detector.update(level).talking for level in levels_db]


def test_talking_begins_within_60_ms() -> None:
    """The second loud tick makes a talker."""
    detector = TalkDetector()
    talk(detector, *[-70] * 100)
    assert talk(detector, -25, -25, -25) == [False, True, True]


def test_a_knock_is_no_talk() -> None:
    """One loud tick alone changes nothing that is shown, but nothing of it is turned down either."""
    detector = TalkDetector()
    talk(detector, *[-70] * 100)
    voice = detector.update(-25.0)
    assert not voice.talking
    assert voice.open
    assert talk(detector, -70, -70) == [False, False]


def test_talking_goes_on_for_300_ms() -> None:
    """The pause between words is not the end."""
    detector = TalkDetector()
    talk(detector, -25, -25, -25)
    after = talk(detector, *[-70] * 30)
    assert after.count(True) == HANG_TICKS - 1
    assert after == sorted(after, reverse=True)


def test_steady_noise_is_learnt() -> None:
    """A fan of -45 dB talks for two seconds at most; a voice above it is heard at once."""
    detector = TalkDetector()
    noise = (-45 + np.random.default_rng(2).standard_normal(400)).tolist()
    assert not any(talk(detector, *noise)[NOISE_TICKS + HANG_TICKS + 2 :])
    assert talk(detector, -28, -28) == [False, True]


def test_loud_sound_is_always_somebody() -> None:
    """Music at -20 dB never sinks into its own floor."""
    assert all(talk(TalkDetector(), *[-20] * 500)[1:])
