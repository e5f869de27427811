"""How long it is worth to wait for room: the queue rule of Facebook's "Fail at Scale" (ACM Queue 12/8). Pure."""

from __future__ import annotations

INTERVAL_S = 0.1
"""A queue that was empty within this time is a burst: it drains by itself, and waiting so long is worth it."""
STANDING_S = 0.005
"""One that was not is standing: who comes new waits only so long, for it would not help anybody to wait longer."""


class Patience:
    """How long who comes now may wait. Tell it when the queue is empty. ``now`` is any steady clock in seconds."""

    def __init__(self) -> None:
        self._empty_at = float("-inf")

    def empty(self, now: float) -> None:
        """Nobody waits at ``now``."""
        self._empty_at = now

    def standing(self, now: float) -> bool:
        """Whether the queue has not been empty for a while."""
        return now - self._empty_at > INTERVAL_S

    def wait_s(self, now: float) -> float:
        return STANDING_S if self.standing(now) else INTERVAL_S
