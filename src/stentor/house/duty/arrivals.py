"""Whether anybody has come to a space whose doors are open: until then the opening can be taken back.

The edges' heartbeats tell it, a second late at most. Where they cannot vouch for it, somebody has come.
"""

from __future__ import annotations

from typing import Final

from stentor.base.clock import Clock
from stentor.base.errors import Conflict
from stentor.bus.status import Status, Statuses
from stentor.spaces.model import Space
from stentor.spaces.opening import opened_ms

MOST: Final = 100_000
"""Spaces that are remembered, 10 MB; beyond it this house knows nothing of what was before."""
CODE: Final = "somebody-came"


class Arrivals:
    """What this house has heard since it began."""

    def __init__(self, statuses: Statuses, clock: Clock) -> None:
        self._statuses, self._clock = statuses, clock
        self._since = clock()
        self._came: set[str] = set()
        self._edges: dict[str, float] = {}
        """When each edge was heard last."""
        statuses.follow(self._hear)

    def require_nobody(self, space: Space) -> None:
        """Raises :class:`Conflict` unless it is certain that no listener came since the doors of ``space`` opened."""
        now, opened_s = self._clock(), (opened_ms(space) or 0) / 1000
        if space.id in self._came:
            raise Conflict("Somebody is listening or has listened; end it instead.", code=CODE)
        fresh = {edge.instance for edge in self._statuses.fresh(now, "edge")}
        if any(heard > opened_s and name not in fresh for name, heard in self._edges.items()):
            raise Conflict("A server that people listen at has fallen silent; nobody knows who came.", code=CODE)
        if self._since > opened_s or not self._statuses.reads_closing(now):
            raise Conflict("The site was started anew since the doors opened; nobody knows who came.", code=CODE)

    def _hear(self, status: Status) -> None:
        if status.role != "edge":
            return
        self._edges[status.instance] = self._clock()
        if len(self._edges) > MOST or len(self._came) > MOST:
            self._edges.clear()
            self._came.clear()
            self._since = self._clock()
        self._came.update(name for name, seen in status.spaces.items() if seen.listeners or seen.players > 0)
