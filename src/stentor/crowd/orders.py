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
    p: float = 1.0
    """How wide the door is (``crowd.door``): the share of places that are let in."""
    epoch: int = 0
    """Counts how often the door became narrow."""
    narrow_ms: int = 0
    """When it became narrow last; tickets from before are those of people inside."""
    passes: tuple[str, ...] = ()
    """The classes (``crowd.door.Class``) that need no place."""
    held: bool = False
    """A host holds the door where it is: the limited audience."""
    retry_s: tuple[int, int] = (2, 6)
    """Between which seconds those who wait ask again."""
    waiting: int = 0
    """How many are outside, as the house estimates it."""
    pace: float = 0.0
    """By how much ``p`` rises a minute, lately."""

    @property
    def narrow(self) -> bool:
        return self.p < 1.0
