"""One timer for all deadlines of a worker, one second coarse.

Setting a deadline costs a comparison; a connection stands in one bucket and is looked at when that bucket's second
comes.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

BUCKETS = 64
"""Seconds in a round. A later deadline is looked at early and put back."""


class Watched(Protocol):
    """What the deadlines keep in the thing it watches, so that it needs no table of its own."""

    deadline: float
    bucket: int
    """Initially -1."""


W = TypeVar("W", bound=Watched)


class Deadlines(Generic[W]):
    """Who is due when. Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._buckets: list[set[W]] = [set() for _ in range(BUCKETS)]
        self._second = int(now)

    def watch(self, one: W, deadline: float) -> None:
        """``one`` is due at ``deadline`` (infinity: never), whatever was said before."""
        sooner = deadline < one.deadline
        one.deadline = deadline
        if deadline == float("inf"):
            self.forget(one)
        elif one.bucket < 0 or sooner:
            self.forget(one)
            self._put(one)

    def forget(self, one: W) -> None:
        if one.bucket >= 0:
            self._buckets[one.bucket].discard(one)
            one.bucket = -1

    def due(self, now: float) -> list[W]:
        """Everything whose deadline has passed; it is no longer watched."""
        found: list[W] = []
        while self._second < int(now):
            self._second += 1
            bucket = self._buckets[self._second % BUCKETS]
            looked_at = list(bucket)
            bucket.clear()
            for one in looked_at:
                one.bucket = -1
                if one.deadline <= now:
                    found.append(one)
                else:
                    self._put(one)
        return found

    def _put(self, one: W) -> None:
        # Never the bucket of the second under way: it has been looked at.
        seconds = min(max(1, int(one.deadline) + 1 - self._second), BUCKETS - 1)
        one.bucket = (self._second + seconds) % BUCKETS
        self._buckets[one.bucket].add(one)
