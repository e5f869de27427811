"""What was heard of every stage so far, from heartbeats: whether somebody is there, and when somebody last spoke."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from stentor.base.clock import unix_ms
from stentor.bus.status import Status
from stentor.spaces.phase import OnStage, StageSeen

MOST = 10_000
"""Spaces; beyond it the one unheard longest is forgotten."""


class Stages:
    """Follows :class:`~stentor.bus.status.Statuses`: ``statuses.follow(stages.hear)``."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, StageSeen] = {}

    def hear(self, status: Status) -> None:
        """One heartbeat; only those of stages count."""
        if status.role != "stage":
            return
        at_ms = unix_ms(self._clock())
        for space, told in status.spaces.items():
            before = self._seen.pop(space, StageSeen())  # the newest stands last
            there = [seat for seat in told.seats if seat.state == "connected"]
            speaks = any(seat.talking for seat in there)
            self._seen[space] = before.see(at_ms, there=bool(there), heard=True, speaks=speaks)
            if len(self._seen) > MOST:
                del self._seen[next(iter(self._seen))]

    def stage(self, space: str, now: float) -> OnStage:
        """What the stage of ``space`` gives; one of which nothing was heard yet is given the benefit of the doubt."""
        seen = self._seen.get(space)
        return OnStage.SOME if seen is None else msgspec.structs.replace(seen, at_ms=unix_ms(now)).stage
