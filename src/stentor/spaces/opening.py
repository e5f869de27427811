"""Doors that were closed again and opened anew: the grid goes on from the first opening, people count from the last."""

from __future__ import annotations

from stentor.base import grid
from stentor.spaces.model import Space


def opened_ms(space: Space) -> int | None:
    """When the doors opened that are open now, or were at the end; None before."""
    return space.opened_ms or space.doors_open_ms


def before_ms(space: Space) -> int:
    """How much of the grid lies before that, in whole chunks: nothing that anybody heard."""
    if not space.opened_ms or space.doors_open_ms is None:
        return 0
    return grid.chunk_at(space.opened_ms / 1000, space.doors_open_s) * grid.CHUNK_MS


def shown_ms(space: Space) -> int:
    """How long the recording is that people can hear: without what was trimmed away."""
    if space.trim is None:
        return space.length_ms
    return min(space.trim.to_ms or space.length_ms, space.length_ms) - space.trim.from_ms
