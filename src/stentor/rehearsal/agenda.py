"""What a crowd's listeners will do, and when: one heap for all of them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from stentor.rehearsal.visitor import Visitor

Act = Callable[[Visitor, float], None]
"""Something a listener does; it gets him and the time (monotonic seconds)."""


class Agenda:
    """Acts in the order of their times. An act is dropped when its listener has hung up in the meantime."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, int | None, Act, Visitor]] = []
        self._count = 0

    def plan(self, at: float, act: Act, visitor: Visitor, *, whatever: bool = False) -> None:
        """``act`` at ``at``; ``whatever`` has happened to his line by then, if so said."""
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, None if whatever else visitor.turn, act, visitor))

    def due(self, now: float, most: int) -> Iterator[tuple[Act, Visitor]]:
        """What is due by ``now``, at most so many."""
        for _ in range(most):
            if not self._heap or self._heap[0][0] > now:
                return
            _, _, turn, act, visitor = heapq.heappop(self._heap)
            if turn is None or turn == visitor.turn:
                yield act, visitor

    def next_at(self, otherwise: float) -> float:
        """When the next act is due."""
        return self._heap[0][0] if self._heap else otherwise
