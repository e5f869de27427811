"""Going from one sound to another without a click."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from stentor.audio.pcm import Samples
from stentor.base.grid import SAMPLE_RATE_HZ

DECLICK_SAMPLES: Final = 240
"""5 ms: the shortest ramp that is not heard as a click on speech."""


@lru_cache(maxsize=32)
def equal_power(n: int) -> tuple[Samples, Samples]:
    """The gains ``(out, in)`` of an equal-power crossfade over ``n`` samples, read-only: ``out² + in² = 1``.

    For sounds that have nothing to do with each other (music to speech): the loudness stays level. Sine and cosine at
    the middle of each sample, so that a fade and its reverse are each other's mirror.
    """
    angle = (np.arange(n, dtype=np.float64) + 0.5) * (np.pi / 2 / max(n, 1))
    return _frozen(np.cos(angle)), _frozen(np.sin(angle))


@lru_cache(maxsize=32)
def linear(n: int) -> tuple[Samples, Samples]:
    """The gains ``(out, in)`` of a linear crossfade over ``n`` samples, read-only: ``out + in = 1``.

    For sounds that are alike (one period of a voice over the next), and for ramps from and to silence.
    """
    rise = (np.arange(n, dtype=np.float64) + 0.5) / max(n, 1)
    return _frozen(1.0 - rise), _frozen(rise)


def _frozen(curve: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Samples:
    gains = curve.astype(np.float32)
    gains.flags.writeable = False
    return gains


def ramp(start: float, end: float, n: int) -> Samples:
    """``n`` gains from ``start`` to ``end`` in a straight line; the last one is ``end`` itself."""
    gains = np.arange(1, n + 1, dtype=np.float32)
    gains *= (end - start) / max(n, 1)
    gains += start
    gains[-1:] = end
    return gains


def splice(old: Samples, new: Samples) -> Samples:
    """``new`` with its beginning crossfaded from ``old`` (linear, over the length of ``old``); a new array."""
    n = min(old.size, new.size)
    fade_out, fade_in = linear(n)
    joined = new.copy()
    joined[:n] = old[:n] * fade_out + new[:n] * fade_in
    return joined


class Crossfader:
    """A signal that changes its source: call :meth:`blend` for each stretch of sound, with all sources that play.

    ``fade_s`` is the length of a change (equal power). A change during a change starts from the mixture that is heard
    at that moment, so there is no click however often the source flips. Stretches may have any length.
    """

    def __init__(self, source: str, fade_s: float = 1.0) -> None:
        self._gains: dict[str, float] = {source: 1.0}
        """Where every audible source stands on its way in or out, 0 … 1 (of the angle, not of the gain)."""
        self._source = source
        self._step = 1.0 / max(1.0, fade_s * SAMPLE_RATE_HZ)

    @property
    def source(self) -> str:
        """The source that plays, or is coming in."""
        return self._source

    @property
    def audible(self) -> frozenset[str]:
        """The sources that :meth:`blend` needs now: one, or more during a change."""
        return frozenset(self._gains)

    def to(self, source: str) -> None:
        """Starts the change to ``source``; nothing happens if it plays already."""
        self._source = source
        self._gains.setdefault(source, 0.0)

    def blend(self, sounds: dict[str, Samples], n: int) -> Samples:
        """The next ``n`` samples. ``sounds`` holds ``n`` samples for each audible source; a missing one is silence."""
        mixed = np.zeros(n, dtype=np.float32)
        for source, place in list(self._gains.items()):
            coming = source == self._source
            sound = sounds.get(source)
            if coming and place >= 1.0:
                if sound is not None:
                    mixed += sound
                continue
            places = np.clip(place + (1 if coming else -1) * self._step * np.arange(1, n + 1), 0.0, 1.0)
            if sound is not None:
                mixed += sound * np.sin(places * (np.pi / 2)).astype(np.float32)
            self._gains[source] = float(places[-1]) if n else place
        self._gains = {source: place for source, place in self._gains.items() if place > 0.0 or source == self._source}
        return mixed
