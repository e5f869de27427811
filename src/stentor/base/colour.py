"""Colours as WCAG 2.2 measures them, and shades of one that can be read on the grounds of the design system."""

from __future__ import annotations

import re
from colorsys import hls_to_rgb, rgb_to_hls
from typing import Final

import msgspec

Rgb = tuple[float, float, float]
"""Red, green and blue from 0 to 1."""

COLOUR: Final = r"^#[0-9a-f]{6}$"
LEAST_OF_TEXT: Final = 4.5
"""WCAG 2.2, 1.4.3."""
DAY: Final = ("#fbf9f5", "#ffffff", "#f2efe9")
NIGHT: Final = ("#13100d", "#1d1916", "#0c0a07")
"""The grounds of the design, ``--paper``, ``--surface`` and ``--sunken``; a test holds them to it."""
ON_DAY, ON_NIGHT = "#ffffff", "#0d1416"
"""What is written on the colour itself."""
SOFT_DAY, SOFT_NIGHT = 0.16, 0.24
"""So much of it is in a ground that hints at it."""
STEPS: Final = 200
_COLOUR: Final = re.compile(COLOUR.strip("^$"))


class Shade(msgspec.Struct, frozen=True):
    """``--accent`` (and ``--accent-text``), ``--on-accent`` and ``--accent-soft`` of a scheme, as ``#rrggbb``."""

    accent: str
    on: str
    soft: str


def is_colour(text: str) -> bool:
    """Whether it is written as ``#rrggbb``, in small letters."""
    return _COLOUR.fullmatch(text) is not None


def rgb(text: str) -> Rgb:
    """Of ``#rrggbb``."""
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def written(colour: Rgb) -> str:
    """As ``#rrggbb``."""
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    dark, bright = sorted((_light(one), _light(other)))
    return (bright + 0.05) / (dark + 0.05)


def shades(colour: str) -> tuple[Shade, Shade]:
    """The same hue for day and night, as near to ``colour`` as can be read on every ground, and written upon."""
    return _shade(colour, DAY, ON_DAY, SOFT_DAY, -1), _shade(colour, NIGHT, ON_NIGHT, SOFT_NIGHT, 1)


def _shade(colour: str, grounds: tuple[str, ...], on: str, part: float, way: int) -> Shade:
    """Darker (``way`` -1) or lighter step by step, down to black or up to white, which always can be read."""
    hue, light, saturation = rgb_to_hls(*rgb(colour))
    for step in range(STEPS + 1):
        level = min(1.0, max(0.0, light + way * step / STEPS))
        found = rgb(written(hls_to_rgb(hue, level, saturation)))
        soft = rgb(written(_mixed(found, rgb(grounds[1]), part)))
        if min(contrast(found, other) for other in (*map(rgb, grounds), rgb(on), soft)) >= LEAST_OF_TEXT:
            break
    return Shade(written(found), on, written(soft))


def _mixed(one: Rgb, other: Rgb, part: float) -> Rgb:
    red, green, blue = (part * first + (1 - part) * second for first, second in zip(one, other, strict=True))
    return red, green, blue


def _light(colour: Rgb) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
