"""How many heard a space over its length, in a bounded number of steps: the largest number of each."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

MOST_STEPS = 240
"""A line of a page has about so many pixels on a telephone; a step of a talk of an hour is 16 s."""
LONGEST_S = 30 * 24 * 3600
"""A second so far from the first is a clock that was set, and not drawn: 21 steps would be left of all before it."""


class Curve(msgspec.Struct, frozen=True):
    """``peaks[n]`` is the largest number of one second in step ``n``, which begins at ``since_s + n × step_s``."""

    since_s: int = 0
    step_s: int = 1
    peaks: tuple[int, ...] = ()
    """Without the zeros at the end: a space that nobody hears any more does not change."""


NO_CURVE = Curve()


def drawn(curve: Curve, seconds: Mapping[int, float]) -> Curve:
    """With these seconds (since 1970) as well, in any order. A second that comes twice counts with the larger number.

    When the steps are more than :data:`MOST_STEPS`, each becomes twice as long.
    """
    heard = {second: round(hearing) for second, hearing in seconds.items() if hearing > 0}
    if not heard:
        return curve
    since, step = (curve.since_s, curve.step_s) if curve.peaks else (min(heard), 1)
    heard = {second: hearing for second, hearing in heard.items() if abs(second - since) <= LONGEST_S}
    first, last = min([since, *heard]), max([since + (len(curve.peaks) - 1) * step, *heard])
    first -= (first - since) % step  # the steps that there are stay whole
    while (last - first) // step >= MOST_STEPS:
        step *= 2
    peaks = [0] * ((last - first) // step + 1)
    for number, peak in enumerate(curve.peaks):
        at = (since + number * curve.step_s - first) // step
        peaks[at] = max(peaks[at], peak)
    for second, hearing in heard.items():
        at = (second - first) // step
        peaks[at] = max(peaks[at], hearing)
    while peaks and not peaks[-1]:
        peaks.pop()
    return Curve(first, step, tuple(peaks))
