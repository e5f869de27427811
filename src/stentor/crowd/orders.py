"""What the house orders all edges to do with the crowd of one space."""

from __future__ import annotations

import msgspec


class Orders(msgspec.Struct, frozen=True):
    """Travels beside the board, not on it: the crowd does not wait for the database."""

    space: str
    version: int = 0
    """Counts the changes."""
    at_ms: int = 0
    rung: int = 0
    """Of the ladder (``crowd.rungs``)."""
