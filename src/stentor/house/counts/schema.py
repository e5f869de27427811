"""What the API says of an audience."""

from __future__ import annotations

import msgspec

from stentor.house.spaces.schema import Time


class FigureView(msgspec.Struct, frozen=True):
    """A number with its interval and its method."""

    value: float
    low: float
    """The truth is between this and ``high`` in 99 of 100 nights."""
    high: float
    method: str
    """How it was counted."""
    at_ms: Time | None = None
    """The second of a peak."""
    at_least: bool = False
    """There may be more: some came through a proxy that named nobody."""


class CountsView(msgspec.Struct, frozen=True):
    """The numbers of a space's audience."""

    space: str
    since_ms: Time
    until_ms: Time
    """Of the last second that is in them."""
    rows: int
    edges: int
    """How many edges told of the space."""
    figures: dict[str, FigureView]
    """By name: ``hearing``, ``peak``, ``minutes`` and so on."""
