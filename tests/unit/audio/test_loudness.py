"""Loudness by the published vectors, and the levelling of real voices."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stentor.audio.loudness import MAX_GAIN_DB, MIN_GAIN_DB, SILENT_LUFS, Leveller, integrated_lufs
from stentor.audio.weighting import KWeighting
from tests.support.speech import voice


def tone(frequency_hz: float, level_dbfs: float, seconds: float) -> NDArray[np.float32]:
    """A sine whose *peak* is at ``level_dbfs``."""
    at = np.arange(int(seconds * 48_000))
    return (10 ** (level_dbfs / 20) * np.sin(2 * np.pi * frequency_hz * at / 48_000)).astype(np.float32)


def stereo(*parts: tuple[float, float]) -> NDArray[np.float32]:
    """1 kHz in both channels: (level, seconds) one after the other."""
    mono = np.concatenate([tone(1000, level, seconds) for level, seconds in parts])
    return np.stack((mono, mono), axis=1)


def test_a_full_scale_sine_of_997_hz_in_one_channel_is_minus_3_01_lkfs() -> None:
    """ITU-R BS.1770-4, annex 1."""
    assert integrated_lufs(tone(997, 0.0, 5)) == pytest.approx(-3.01, abs=0.01)


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        pytest.param(((-23, 20),), -23, id="1"),
        pytest.param(((-33, 20),), -33, id="2"),
        pytest.param(((-36, 10), (-23, 60), (-36, 10)), -23, id="3"),
        pytest.param(((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23, id="4"),
        pytest.param(((-26, 20), (-20, 20.1), (-26, 20)), -23, id="5"),
    ],
)
def test_ebu_tech_3341(signal: tuple[tuple[float, float], ...], expected: float) -> None:
    """EBU Tech 3341, minimum requirements, cases 1 to 5: within 0.1 LU."""
    assert integrated_lufs(stereo(*signal)) == pytest.approx(expected, abs=0.1)


def test_silence_and_crumbs_have_no_loudness() -> None:
    """No block passes the gate, or there is none."""
    assert integrated_lufs(np.zeros(48_000, dtype=np.float32)) == SILENT_LUFS
    assert integrated_lufs(tone(1000, -20, 0.3)) == SILENT_LUFS


def test_the_filter_is_the_same_in_pieces() -> None:
    """A stream in blocks is filtered as the whole is; channels keep their state when they are rearranged."""
    signal = np.stack((voice("reader")[:9600], voice("cards")[:9600]))
    whole = KWeighting(2).filter(signal)
    pieces = KWeighting(2)
    first = pieces.filter(signal[:, :4800])
    pieces.rearrange([1, 0, -1])
    second = pieces.filter(np.vstack((signal[::-1, 4800:], signal[:1, :4800])))
    assert np.allclose(whole[:, :4800], first)
    assert np.allclose(whole[:, 4800:], second[1::-1])
    assert np.allclose(second[2], KWeighting(1).filter(signal[:1, :4800])[0])


def levelled(signal: NDArray[np.float32], speech: bool = True) -> NDArray[np.float64]:
    """The gain in dB after each tick."""
    weighting, leveller = KWeighting(1), Leveller()
    gains = []
    for at in range(0, signal.size - 959, 960):
        energy = float((weighting.filter(signal[np.newaxis, at : at + 960]) ** 2).mean())
        gains.append(leveller.update(energy, speech and energy > 1e-5))
    return np.array(gains)


@pytest.mark.parametrize("name", ["reader", "cards"])
@pytest.mark.parametrize("shift_db", [-6, 0, 8])
def test_real_voices_come_to_minus_16_lufs(name: str, shift_db: float) -> None:
    """After a few seconds of speech the voice is within 2 LU, whatever it was recorded at."""
    signal = np.tile(voice(name), 2) * np.float32(10 ** (shift_db / 20))
    gains = levelled(signal)
    later = signal[288_000 : gains.size * 960] * np.repeat(10 ** (gains[300:] / 20), 960).astype(np.float32)
    assert integrated_lufs(later) == pytest.approx(-16, abs=2)


def test_noise_and_silence_move_nothing() -> None:
    """What is not speech leaves the gain where it is."""
    noise = np.random.default_rng(1).standard_normal(96_000).astype(np.float32) * 0.003
    assert not levelled(noise, speech=False).any()
    assert not levelled(np.zeros(96_000, dtype=np.float32)).any()


def test_the_gain_is_bounded_and_slow() -> None:
    """-12 … +18 dB, and never more than half a decibel in a tick."""
    quiet, loud = levelled(tone(1000, -45, 20)), levelled(tone(1000, 0, 20))
    assert quiet[-1] == pytest.approx(MAX_GAIN_DB)
    assert loud[-1] == pytest.approx(max(MIN_GAIN_DB, -16 + 3.01), abs=0.1)
    assert np.max(np.abs(np.diff(np.concatenate((quiet, loud[:0]))))) < 0.5
    assert np.max(np.abs(np.diff(loud))) < 0.5
