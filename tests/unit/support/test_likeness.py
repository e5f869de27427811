"""Likeness: little for another font or a line more, much for a part that is gone or other colours."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.likeness import changed, distance, reduced, squares
from tests.support.pictures import Image, encoded
from tests.support.screens import FOLDER, LOOKS, SCREENS, file

HEIGHT, WIDTH = 400, 320


def page(*, line: int = 10, first: int = 120, bar: bool = True) -> Image:
    """A cover, a text of thin lines, a bar at the bottom."""
    image = np.full((HEIGHT, WIDTH, 3), 250, np.uint8)
    image[:80] = (20, 90, 60)
    for y in range(first, 320, 16):
        image[y : y + line, 16 : WIDTH - 40 : 3] = 30
    if bar:
        image[360:] = (4, 100, 128)
    return image


@pytest.mark.parametrize(
    ("other", "least", "most"),
    [
        (page(), 0.0, 1e-6),
        (page(line=8), 0.0, 0.03),  # thinner letters
        (page(first=136), 0.0, 0.03),  # what was above took a line more
        (page(bar=False), 0.04, 1.0),
        (255 - page(), 0.5, 1.0),
        (np.zeros((HEIGHT, WIDTH, 3), np.uint8), 0.5, 1.0),
    ],
)
def test_structure_is_compared(other: Image, least: float, most: float) -> None:
    """The distance lies where it should, and is the same both ways."""
    one, two = reduced(encoded(image=page())), reduced(encoded(image=other))
    assert least <= distance(one, two) <= most
    assert distance(one, two) == pytest.approx(distance(two, one))


@pytest.mark.parametrize(
    ("other", "least", "most"),
    [
        (page(), 0, 0),
        (page(first=140), 200, 2000),  # 20 pixels lower
        (page(bar=False), 200, 200),  # 5 rows of 40 squares
        (np.where(page() == (4, 100, 128), (40, 110, 128), page()).astype(np.uint8), 200, 200),
    ],
)
def test_squares_are_compared(other: Image, least: int, most: int) -> None:
    """Each square that has another colour is named, and no other."""
    where = changed(squares(encoded(image=page())), squares(encoded(image=other)))
    assert least <= len(where) <= most
    assert all(0 <= x < WIDTH and 0 <= y < HEIGHT for x, y in where)


def test_other_heights_can_be_compared() -> None:
    """A picture that is a little longer."""
    longer = np.vstack([page(bar=False), page()[-40:]])
    assert distance(reduced(encoded(image=page())), reduced(encoded(image=longer))) < 0.08


def test_all_pictures_of_screens_are_there() -> None:
    """Twelve in four looks, small enough to be kept; none is of the day that says it is of the night."""
    kept = set(FOLDER.iterdir())
    assert kept == {file(name, look) for name in SCREENS for look in LOOKS}
    assert sum(each.stat().st_size for each in kept) < 3_000_000
    for name in SCREENS:
        day, night = (reduced(file(name, look).read_bytes()) for look in LOOKS[:2])
        assert distance(day, night) > 0.1, f"{name} is the same by day and by night"
