"""How people and spaces look that have no picture: a hue, initials, a wave. All follow from the id, so they stay.

Pages get colours from ``data-hue`` in ``web/shared/design.css``; ``web/shared/portrait.js`` finds the same hue.
"""

from __future__ import annotations

import math
from hashlib import sha256
from typing import Final

HUES: Final = 12
"""As many as ``design.css`` has; their colours carry white text on covers, and dark or light initials on faces."""
BARS: Final = 40
COVER: Final = 200
"""The side of a cover in its own units; a strip is as wide and a fifth as high."""


def hue(key: str) -> int:
    """The number of a hue for an id, below :data:`HUES`."""
    found = 0
    for letter in key:
        found = (found * 31 + ord(letter)) % 360
    return found % HUES


def initials(name: str) -> str:
    """The first letters of the first and the last word."""
    words = name.split() or [""]
    return "".join(word[:1] for word in (words[0], *words[1:][-1:])).upper()


def heights(key: str, bars: int = BARS) -> list[float]:
    """A wave for an id: that many heights from 0.06 to 1, low at both ends."""
    phases = [byte / 255 * math.tau for byte in sha256(key.encode()).digest()[:4]]
    found = []
    for bar in range(bars):
        at = bar / bars * math.tau
        swing = sum(
            weight * math.sin(turns * at + phase)
            for weight, turns, phase in zip((0.28, 0.22, 0.18, 0.12), (1.3, 2.9, 7.1, 13), phases, strict=True)
        )
        height = (0.5 + swing) * math.sin(math.pi * (bar + 0.5) / bars) ** 0.45
        found.append(min(1.0, max(0.06, height)))
    return found


def wave(key: str, *, height: float = COVER * 0.42, middle: float = COVER * 0.66) -> str:
    """The wave of an id as the data of an SVG path: a stroke a bar, :data:`COVER` units wide."""
    step = COVER / BARS
    return "".join(
        f"M{(bar + 0.5) * step:g} {middle - tall * height / 2:.1f}v{tall * height:.1f}"
        for bar, tall in enumerate(heights(key))
    )


def strip(key: str, part: float = 1) -> str:
    """The wave as a strip that stands on its lower edge; ``part`` lowers it, down to nearly flat."""
    step, high = COVER / BARS, COVER / 5 - 2
    return "".join(
        f"M{(bar + 0.5) * step:g} {high + 2:.1f}v-{max(1.0, tall * high * part):.1f}"
        for bar, tall in enumerate(heights(key))
    )
