"""Who is talking."""

from __future__ import annotations

import numpy as np

from stentor.audio.voice import HANG_TICKS, NOISE_TICKS, TalkDetector


def talk(detector: TalkDetector, *levels_db: float) -> list[bool]:
    return [bool(detector.update(np.array([level])).talking[0]) for level in levels_db]


def test_talking_begins_within_60_ms() -> None:
    """The second loud tick makes a talker."""
    detector = TalkDetector(1)
    talk(detector, *[-70] * 100)
    assert talk(detector, -25, -25, -25) == [False, True, True]


def test_a_knock_is_no_talk() -> None:
    """One loud tick alone changes nothing that is shown, but nothing of it is turned down either."""
    detector = TalkDetector(1)
    talk(detector, *[-70] * 100)
    voices = detector.update(np.array([-25.0]))
    assert not voices.talking[0]
    assert voices.open[0]
    assert talk(detector, -70, -70) == [False, False]


def test_talking_goes_on_for_300_ms() -> None:
    """The pause between words is not the end."""
    detector = TalkDetector(1)
    talk(detector, -25, -25, -25)
    after = talk(detector, *[-70] * 30)
    assert after.count(True) == HANG_TICKS - 1
    assert after == sorted(after, reverse=True)


def test_steady_noise_is_learnt() -> None:
    """A fan of -45 dB talks for two seconds at most; a voice above it is heard at once."""
    detector = TalkDetector(1)
    noise = (-45 + np.random.default_rng(2).standard_normal(400)).tolist()
    assert not any(talk(detector, *noise)[NOISE_TICKS + HANG_TICKS + 2 :])
    assert talk(detector, -28, -28) == [False, True]


def test_loud_sound_is_always_somebody() -> None:
    """Music at -20 dB never sinks into its own floor."""
    assert all(talk(TalkDetector(1), *[-20] * 500)[1:])


def test_seats_keep_their_state_when_others_come_and_go() -> None:
    """Rearranging moves a speaker's noise and hang along; a new one starts fresh."""
    detector = TalkDetector(2)
    for _ in range(100):
        detector.update(np.array([-40.0, -70.0]))
    detector.rearrange([1, -1, 0])
    for _ in range(2):
        voices = detector.update(np.array([-40.0, -40.0, -40.0]))
    assert voices.talking.tolist() == [True, True, False]
