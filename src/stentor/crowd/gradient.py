"""How much a server may do at once: a limit that follows its own delays, and how long it is worth to wait for room.

By Little's law work under way is rate times delay. When answers become slower than they usually are, more at once only
makes a queue: the limit falls. Gradient2 of Netflix' concurrency-limits, and the queue rule of Facebook's "Fail at
Scale" (ACM Queue 12/8). Pure: times come in.
"""

from __future__ import annotations

LEAST = 20
"""Never fewer at once: a limit that is too low starves a server that could do more."""
MOST = 200
INITIAL = 20.0
TOLERANCE = 1.5
"""A delay half as long again as usual is no queue yet."""
ROOM = 4.0
"""So much above what is needed the limit tries, to find out whether more would go."""
SMOOTHING = 0.2
WINDOW = 600
"""Answers over which "usually" is averaged."""
DRIFT = 0.95
"""When answers are much faster than usual, "usually" has been learnt under load: it falls by this factor."""

INTERVAL_S = 0.1
"""A queue that was empty within this time is a burst: it drains by itself, and waiting so long is worth it."""
STANDING_S = 0.005
"""One that was not is standing: who comes new waits only so long, for it would not help anybody to wait longer."""


class Gradient:
    """The limit. Tell it of each answer."""

    def __init__(self) -> None:
        self._limit = INITIAL
        self._usual_s = 0.0
        self._seen = 0

    @property
    def limit(self) -> int:
        return int(self._limit)

    def answered(self, took_s: float, at_once: int) -> None:
        """An answer took ``took_s``; ``at_once`` were under way when it was asked, itself included."""
        took_s = max(took_s, 1e-6)
        self._seen = min(self._seen + 1, WINDOW)
        self._usual_s += (took_s - self._usual_s) / self._seen
        if self._usual_s > 2 * took_s:
            self._usual_s *= DRIFT
        if at_once < self._limit / 2:
            return  # there was nothing to wait for: this says nothing about the limit
        gradient = max(0.5, min(1.0, TOLERANCE * self._usual_s / took_s))
        wanted = self._limit * gradient + ROOM
        self._limit = max(LEAST, min(MOST, self._limit * (1 - SMOOTHING) + wanted * SMOOTHING))


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
