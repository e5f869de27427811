"""What the REST API says of what brings people to a space."""

from __future__ import annotations

import msgspec


class WayView(msgspec.Struct, frozen=True):
    """One way."""

    waiting: int = 0
    """People who wait to be told."""
    sent: int = 0
    """Messages that went out, of all news of the space."""
    told: int = 0
    """People who were told that it is on, or starts soon."""
    came: int = 0
    """Times that a browser opened a link which says this way."""


class ReachView(msgspec.Struct, frozen=True):
    """What brings people to a space."""

    space: str
    ways: dict[str, WayView]
    """By way: ``push``, ``mail``, ``site``, ``fedi``, ``fediverse``, ``calendar``."""
    rate: float
    """The share of those who are told that comes: as it was measured at this site, 0.3 before anything was."""
    measured_on: int
    """People who were told of the spaces that this was measured on; 0: it is assumed."""
    expected: int
    """Who comes of those who wait."""
    arrivals_per_s: float
    """The budget that all which sends people here shares."""
    needed_s: float
    """So long it takes until all are told."""
