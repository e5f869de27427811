"""One budget of arrivals for all of the site that sends people here: push messages, mail, notifications, servers of the
fediverse, webhooks, hubs of feeds. Whoever asks gets the moment at which it may send."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from stentor.base import certificates
from stentor.base.clock import Clock, unix_ms
from stentor.base.config import Settings
from stentor.bus.status import Statuses
from stentor.crowd import pace
from stentor.store.pace import PaceTable
from stentor.store.reach import ReachTable
from stentor.store.work import Work

CERTIFIED_S: Final = 60.0
"""So often the newest readiness certificate is looked for."""
MEASURED_S: Final = 600.0
"""So often it is looked how many came of those who were told."""


class ArrivalBudget:
    """Shared by all houses, through the database."""

    def __init__(
        self, table: PaceTable, reach: ReachTable, clock: Clock, edges: Callable[[], tuple[int, int]],
        certified_per_s: Callable[[], float],
    ) -> None:  # fmt: skip
        """``edges`` says how many processes serve the audience, and how many people wait at doors."""
        self._table, self._clock, self._edges, self._certified = table, clock, edges, certified_per_s
        self._reach, self._measured_s = reach, float("-inf")
        self.rate = pace.RESPONSE
        """The share of those who are told that comes, as it was measured here."""

    def per_s(self) -> float:
        """Arrivals a second that the site bears now."""
        edges, waiting = self._edges()
        return pace.budget_per_s(edges, self._certified(), waiting=waiting)

    async def moments(self, groups: Sequence[int]) -> list[int]:
        """When each of some groups of people may be told (ms since 1970), one after the other. Raises
        :class:`Overloaded`."""
        if time.monotonic() - self._measured_s > MEASURED_S:
            self.rate, self._measured_s = pace.response(*await self._reach.measured()), time.monotonic()
        now_ms, per_s = unix_ms(self._clock()), self.per_s()
        return await self._table.reserve(lambda free_ms: pace.reserve_all(free_ms, now_ms, groups, per_s, self.rate))

    async def moment(self, people: int) -> int:
        """The same of one."""
        return (await self.moments([people]))[0]

    def begins_ms(self, at_ms: int, people: int) -> int:
        """When telling begins of what starts at ``at_ms``."""
        return pace.begins_ms(at_ms, people, self.per_s(), self.rate)


def budget_of(settings: Settings, work: Work, statuses: Statuses, clock: Clock) -> ArrivalBudget:
    """The budget of a house."""

    def edges() -> tuple[int, int]:
        found = statuses.fresh(clock(), "edge")
        return len(found), sum(len(space.places) for edge in found for space in edge.spaces.values())

    return ArrivalBudget(PaceTable(work), ReachTable(work), clock, edges, _Certified(settings).per_s)


class _Certified:
    """How many joins a second the newest readiness certificate of this site has shown; 0 without one."""

    def __init__(self, settings: Settings) -> None:
        self._folder, self._looked, self._found = settings.folder, float("-inf"), 0.0

    def per_s(self) -> float:
        if time.monotonic() - self._looked < CERTIFIED_S:
            return self._found
        self._looked, self._found = time.monotonic(), 0.0
        for file in reversed(certificates.kept(self._folder)):
            try:
                told = msgspec.json.decode(file.read_bytes())["certificate"]
                if told["well"]:
                    self._found = float(told["joins_per_s"])
                    break
            except (OSError, msgspec.DecodeError, KeyError, TypeError, ValueError):
                continue
        return self._found
