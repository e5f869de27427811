"""Blurred pictures in a few letters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stentor.house.uploads import blurhash

PICTURES: dict[str, tuple[int, int, Callable[[int, int], tuple[int, int, int]]]] = {
    "one dot": (1, 1, lambda x, y: (18, 52, 86)),
    "halves": (64, 40, lambda x, y: (255, 0, 0) if x < 32 else (0, 0, 255)),
    "ramps": (16, 24, lambda x, y: (x * 16, y * 10, 255 - x * 8 - y * 4)),
    "grey": (20, 20, lambda x, y: ((x * y) % 256,) * 3),
}
VECTORS = (
    ("one dot", 1, 1, "0027F4"),
    ("one dot", 4, 3, "LU27F4pMpMpMpMpMpMpMpMpMpMpM"),
    ("halves", 4, 3, "L~LjfL|Tn~FOo3n~fQa}fQfQfQfQ"),
    ("halves", 3, 4, "T~LjfL|Tn~o3n~fQfQfQfQo3n~fQ"),
    ("ramps", 4, 3, "LsGukC2{w$o#m3WHjve?gMfkfQfk"),
    ("ramps", 3, 4, "TsGukC2{w$m3WHjvgMfkfQn-Wrju"),
    ("grey", 4, 3, "LLCP@e00IU%M00%M-;IUIU-;IUt7"),
    (
        "grey", 9, 9,
        "|LCP@e00IU%MM{ofayofRj00%M-;IUofofWBj[ofIU-;IUt7ofRjt7Rjof%MIUt7ofRjxuRjofayM{ofofRjxuRjofj["
        "WBofofRjxuRjofofRjt7ayWBt7RjofofRjt7Rjofj[Rjofj[Rjt7RjofRjofofayWBt7Rjofay",
    ),
)  # fmt: skip
"""What the Python port of its authors' own code (blurhash 1.1.5) makes of them."""


@pytest.mark.parametrize(("name", "across", "down", "expected"), VECTORS)
def test_as_everybody_else_writes_it(name: str, across: int, down: int, expected: str) -> None:
    """The same picture has the same letters as elsewhere."""
    width, height, colour = PICTURES[name]
    pixels = np.array([[colour(x, y) for x in range(width)] for y in range(height)], np.uint8)
    assert blurhash.encode(pixels, across, down) == expected


def test_too_many_frequencies() -> None:
    """They are written as one digit."""
    with pytest.raises(ValueError, match="1 to 9"):
        blurhash.encode(np.zeros((1, 1, 3), np.uint8), 10, 3)
