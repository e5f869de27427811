"""Making a voice a little shorter or longer without a change of pitch and without a click.

One period of the voice is laid over the next (crossfaded) and so left out, or played twice: the method of NetEQ's
accelerate and preemptive expand, and of WSOLA (Verhelst and Roelands, 1993). In silence any length will do.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from stentor.audio.fade import linear
from stentor.audio.pcm import Samples, level_dbfs

OVERLAP_SAMPLES: Final = 480
"""10 ms of crossfade: at least one period of nearly every voice."""
_SHORTEST_SAMPLES = 120
_DECIMATION = 4
"""The period is searched at 12 kHz: voices have theirs below 500 Hz, and it costs a sixteenth."""
_QUIET_DBFS = -50.0
_ALIKE = 0.6
"""Correlation from which two periods count as alike; below it a splice would be heard."""


class Splice(NamedTuple):
    samples: Samples
    """The sound after the splice."""
    removed: int
    """Samples that it is shorter (negative: longer; 0: no place was found, and nothing is changed)."""


def period(samples: Samples, longest: int, force: bool = False) -> int:
    """The shift (in samples, up to ``longest``) at which ``samples`` repeats itself; 0 when there is none.

    Needs ``longest + OVERLAP_SAMPLES`` samples. Quiet sound repeats at any shift; ``force`` takes the best there is.
    """
    if longest < _SHORTEST_SAMPLES or samples.size < longest + OVERLAP_SAMPLES:
        return 0
    if level_dbfs(samples[: longest + OVERLAP_SAMPLES]) < _QUIET_DBFS:
        return longest
    # rounded down, so that no shift found is above ``longest``
    coarse = samples[: longest + OVERLAP_SAMPLES - _DECIMATION + 1 : _DECIMATION]
    pattern = coarse[: OVERLAP_SAMPLES // _DECIMATION]
    first = _SHORTEST_SAMPLES // _DECIMATION
    products = np.correlate(coarse[first:], pattern, "valid")
    energy = np.convolve(coarse[first:] ** 2, np.ones(pattern.size, dtype=np.float32), "valid")
    likeness = products / np.sqrt(np.maximum(energy * np.dot(pattern, pattern), 1e-12))
    best = int(np.argmax(likeness))
    if likeness[best] < _ALIKE and not force:
        return 0
    return (first + best) * _DECIMATION


def shorten(samples: Samples, longest: int, force: bool = False) -> Splice:
    """Leaves out one period (2.5 ms … ``longest`` samples) at the beginning."""
    shift = period(samples, longest, force)
    if shift == 0:
        return Splice(samples, 0)
    fade_out, fade_in = linear(OVERLAP_SAMPLES)
    joined = samples[shift:].copy()
    joined[:OVERLAP_SAMPLES] = samples[:OVERLAP_SAMPLES] * fade_out + joined[:OVERLAP_SAMPLES] * fade_in
    return Splice(joined, shift)


def lengthen(samples: Samples, longest: int, force: bool = False) -> Splice:
    """Plays one period (2.5 ms … ``longest`` samples) at the beginning twice."""
    shift = period(samples, longest, force)
    if shift == 0:
        return Splice(samples, 0)
    fade_out, fade_in = linear(OVERLAP_SAMPLES)
    again = samples.copy()
    after = samples[shift : shift + OVERLAP_SAMPLES]
    again[:OVERLAP_SAMPLES] = after * fade_out + again[:OVERLAP_SAMPLES] * fade_in
    return Splice(np.concatenate((samples[:shift], again)), -shift)
