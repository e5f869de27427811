"""How alike two pictures of a page are: square by square, or in their structure.

Square by square (:func:`changed`) it is counted how many squares of 8 × 8 pixels have another mean colour: nothing but
the hinting of letters is lost in that, so what has moved, or has another colour, is found. It needs the same fonts.

In its structure (:func:`distance`) it is where the page is light, dark and coloured. A picture is reduced to rows of 16
mean colours, 8 pixels high; the rows of two pictures are laid beside each other so that they fit best (dynamic time
warping), and what is left is the distance: 0 for the same picture, 1 for black and white. So another font, another
release of the browser or a line more change little; a part that is gone, a style that was not loaded, or the colours of
the night by day change much.
"""

from __future__ import annotations

import io
from typing import Any, Final

import av
import numpy as np

Rows = np.ndarray[Any, Any]
"""Rows × columns × 3, from 0 to 1."""
COLUMNS: Final = 16
ROW_PX: Final = 8
CELL_PX: Final = 8
CHANGED: Final = 0.04
"""Of the way from black to white: a square whose colour is further off in red, green or blue has changed."""
MOST_MOVED: Final = 0.2
"""Of the height: further a row is not looked for."""


def squares(picture: bytes) -> Rows:
    """The mean colours of the squares of a picture (PNG or WebP); what is left over at its edges is not looked at."""
    image = _image(picture)
    height, width = (side // CELL_PX for side in image.shape[:2])
    whole = image[: height * CELL_PX, : width * CELL_PX]
    return np.asarray(whole.reshape(height, CELL_PX, width, CELL_PX, 3).mean(axis=(1, 3)))


def changed(one: Rows, other: Rows) -> list[tuple[int, int]]:
    """Where squares of two pictures of one size differ: the upper left corners (x, y) in pixels."""
    far = np.abs(one - other).max(axis=2) > CHANGED
    return [(int(x) * CELL_PX, int(y) * CELL_PX) for y, x in np.argwhere(far)]


def _image(picture: bytes) -> Rows:
    with av.open(io.BytesIO(picture), "r") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.float64) / 255


def reduced(picture: bytes) -> Rows:
    """A picture (PNG or WebP) as rows of mean colours."""
    image = _image(picture)
    rows = image.shape[0] // ROW_PX
    bands = image[: rows * ROW_PX].reshape(rows, ROW_PX, image.shape[1], 3).mean(axis=1)
    return np.stack([part.mean(axis=1) for part in np.array_split(bands, COLUMNS, axis=1)], axis=1)


def distance(one: Rows, other: Rows) -> float:
    """How much colour is left when the rows are laid beside each other as they fit best: 0 to 1."""
    costs: Rows = np.abs(one[:, None] - other[None]).mean(axis=(2, 3))
    band = round(MOST_MOVED * max(costs.shape))
    best: Rows = np.full((costs.shape[0] + 1, costs.shape[1] + 1), np.inf)
    best[0, 0] = 0
    for y in range(costs.shape[0]):
        for x in range(max(0, y - band), min(costs.shape[1], y + band + 1)):
            # a row that stands for two costs for both: moving is not free
            best[y + 1, x + 1] = costs[y, x] + min(best[y, x], best[y, x + 1], best[y + 1, x])
    return float(best[-1, -1] / max(costs.shape))
