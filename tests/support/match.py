"""Whether a known voice is inside a heard signal, where, and how long it took to get there.

The method, in three steps:

1. Both signals are cut to the band of speech (150 Hz to 1.5 kHz), whose waveform every codec here keeps, at 12 kHz.
2. One FFT cross-correlation, divided at every lag by the energies of what overlaps there, gives the place.
3. From the window that fits best there, windows of a third of a second are compared on their own, outwards: the
   normalised correlation of each (so that a gain that changes slowly, as a leveller's does, costs nothing) at its best
   lag within 40 ms of its neighbour's (a jitter buffer that adapts moves sound by 100 ms and more, bit by bit). The
   score is their mean, weighted by the reference's energy, so pauses do not count.

The same voice scores above 0.9 through Opus and AAC, and about 0.85 through a stage on a busy machine (Opus, jitter
buffer, leveller, Opus again); a different voice, music or noise below 0.3 (0.45 where only two or three seconds are
compared). Of two voices at once the louder one may reach 0.9 and the other 0.6. So 0.8 means that the voice is there,
and the loudest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from stentor.audio.pcm import Samples
from stentor.base.errors import BadInput
from stentor.base.grid import SAMPLE_RATE_HZ

MATCHED: Final = 0.8
"""A score from which on the voice is really there."""

_DECIMATION: Final = 4
_RATE_HZ: Final = SAMPLE_RATE_HZ // _DECIMATION
_BAND_HZ: Final = (150.0, 1500.0)
_WINDOW: Final = _RATE_HZ // 3
_HOP: Final = _RATE_HZ // 6
_LOCAL_LAG: Final = _RATE_HZ * 40 // 1000
_GOOD: Final = 0.6
"""A window that fits so well is at its place."""
_QUIET: Final = 0.01
"""A window with less than this share of the loudest window's energy is a pause."""

_Signal = NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """One window of the comparison: where its first sample is in both signals (48 kHz), and how alike they are."""

    reference_sample: int
    heard_sample: int
    score: float


@dataclass(frozen=True)
class Match:
    """How surely a reference is in a heard signal.

    ``offset_samples`` is the index in the heard signal at which the reference's first sample lies (48 kHz, to the
    nearest 4 samples; negative when the listener joined later), ``compared_s`` how much of the reference was compared.
    """

    score: float
    offset_samples: int
    compared_s: float
    points: tuple[Point, ...] = ()

    @property
    def found(self) -> bool:
        return self.score >= MATCHED


@dataclass(frozen=True)
class MouthToEar:
    """The time from a sample's being spoken to its being heard, over the windows of a match that are alike."""

    score: float
    median_s: float
    least_s: float
    most_s: float


def _speech_band(samples: Samples) -> _Signal:
    sections = signal.butter(4, _BAND_HZ, btype="bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    filtered: _Signal = signal.sosfilt(sections, samples.astype(np.float64))
    return filtered[::_DECIMATION]


def _energy_before(x: _Signal) -> _Signal:
    """``[i]`` is the energy of the first ``i`` samples."""
    return np.concatenate(([0.0], np.cumsum(x * x)))


def _place(reference: _Signal, heard: _Signal, overlap: int) -> int:
    """The lag (samples, may be negative) at which the reference fits best into the heard signal."""
    size = fft.next_fast_len(len(reference) + len(heard) - 1, real=True)
    spectrum = fft.rfft(heard, size) * np.conj(fft.rfft(reference, size))
    circular = fft.irfft(spectrum, size)
    lags = np.arange(-(len(reference) - 1), len(heard))
    products = circular[lags % size]

    first, last = np.maximum(0, -lags), np.minimum(len(reference), len(heard) - lags)
    reference_energy, heard_energy = _energy_before(reference), _energy_before(heard)
    of_reference = reference_energy[last] - reference_energy[first]
    of_heard = heard_energy[last + lags] - heard_energy[first + lags]
    # A few syllables fit many places by chance, and so do places at which the reference is almost silent.
    shortest = min(overlap, len(reference), len(heard))
    loud = of_reference >= 0.1 * shortest * reference_energy[-1] / len(reference)
    enough = (last - first >= shortest) & loud
    power = of_reference * of_heard
    usable = enough & (power > 1e-9 * reference_energy[-1] * heard_energy[-1])
    scores = np.where(usable, products / np.sqrt(np.where(usable, power, 1.0)), -1.0)
    # A long overlap that fits is better evidence than a short one that fits a little better.
    scores = np.where(usable, scores * np.sqrt(of_reference / reference_energy[-1]), -1.0)
    return int(lags[int(np.argmax(scores))])


def _window(reference: _Signal, heard: _Signal, start: int, lag: int) -> Point:
    """Compares the window of the reference at ``start`` with the heard signal around ``start + lag``."""
    excerpt = reference[start : start + _WINDOW]
    low = max(0, start + lag - _LOCAL_LAG)
    around = heard[low : start + lag + len(excerpt) + _LOCAL_LAG]
    if len(around) < len(excerpt):  # what is heard begins or ends within this window
        return Point(start * _DECIMATION, (start + lag) * _DECIMATION, 0.0)
    products = signal.correlate(around, excerpt, mode="valid", method="fft")
    energies = _energy_before(around)
    energies = energies[len(excerpt) :] - energies[: -len(excerpt)]
    norm = np.sqrt(np.maximum(energies, 1e-12) * float(np.dot(excerpt, excerpt)))
    scores = np.where(energies > 1e-9, products / norm, 0.0)
    best = int(np.argmax(scores))
    return Point(start * _DECIMATION, (low + best) * _DECIMATION, float(max(0.0, scores[best])))


def _track(reference: _Signal, heard: _Signal, starts: list[int], lag: int) -> tuple[Point, ...]:
    """Compares all windows, outwards from the one that fits best at ``lag``, each near the lag of the last good one."""
    points = [_window(reference, heard, start, lag) for start in starts]
    middle = max(range(len(points)), key=lambda index: points[index].score)
    for order in (range(middle + 1, len(points)), range(middle - 1, -1, -1)):
        near = _lag_of(points[middle])
        for index in order:
            points[index] = _window(reference, heard, starts[index], near)
            if points[index].score >= _GOOD:
                near = _lag_of(points[index])
    return tuple(points)


def _lag_of(point: Point) -> int:
    return (point.heard_sample - point.reference_sample) // _DECIMATION


def correlation(reference: Samples, heard: Samples, *, overlap_s: float = 1.0) -> Match:
    """Aligns a known voice inside a heard signal and says how alike they are (see the module's text).

    Both are float32 mono at 48 kHz; neither is changed. Only places are tried at which ``overlap_s`` of them overlap
    (or the whole of the shorter one). Raises :class:`BadInput` when the reference is silent or either
    is shorter than half a second. Takes about 0.3 s for 25 s inside 60 s: not on a hot path.
    """
    if min(reference.size, heard.size) < SAMPLE_RATE_HZ // 2:
        raise BadInput("A match needs half a second of both signals.")
    known, signal_ = _speech_band(reference), _speech_band(heard)
    if float(np.dot(known, known)) < 1e-9:
        raise BadInput("There is nothing to look for in a silent reference.")
    if float(np.dot(signal_, signal_)) < 1e-9:
        return Match(0.0, 0, 0.0)
    lag = _place(known, signal_, round(overlap_s * _RATE_HZ))
    begin, end = max(0, -lag), min(len(known), len(signal_) - lag)
    starts = range(begin, max(begin + 1, end - _WINDOW + 1), _HOP)
    energies = [float(np.sum(known[start : min(start + _WINDOW, end)] ** 2)) for start in starts]
    loud = [(start, energy) for start, energy in zip(starts, energies, strict=True) if energy > _QUIET * max(energies)]
    points = _track(known[:end], signal_, [start for start, _ in loud], lag)
    score = float(np.average([point.score for point in points], weights=[energy for _, energy in loud]))
    return Match(score, lag * _DECIMATION, (end - begin) / _RATE_HZ, points)


def mouth_to_ear(
    reference: Samples,
    spoken_at: Callable[[int], float],
    heard: Samples,
    heard_arrival: Callable[[int], float],
    *,
    lap_s: float | None = None,
) -> MouthToEar:
    """How long the reference took from the mouth to the ear.

    ``spoken_at`` and ``heard_arrival`` give wall-clock seconds for a sample of the reference and of the heard signal:
    the caller says what being heard means (arrival, or the player's time). A speaker who loops every ``lap_s`` seconds
    makes the answer ambiguous by whole laps: the least that is not negative is taken. Raises :class:`BadInput` when the
    voice is not there.
    """
    match = correlation(reference, heard)
    if not match.found:
        raise BadInput(f"The voice is not in what was heard (score {match.score:.2f}, needed {MATCHED}).")
    delays = [
        heard_arrival(point.heard_sample) - spoken_at(point.reference_sample)
        for point in match.points
        if point.score >= MATCHED
    ]
    if lap_s is not None:
        delays = [delay % lap_s for delay in delays]
    return MouthToEar(match.score, float(np.median(delays)), min(delays), max(delays))
