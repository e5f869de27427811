"""What administrators see first: what is on, what goes wrong, the processes, the disk, the audience of the last days.

Every number is one that is counted elsewhere, and the same there: heartbeats, lights, and the numbers of an audience.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from stentor.base import vitals
from stentor.base.clock import unix_ms
from stentor.bus.status import Status, Statuses
from stentor.house.admin.history import AudienceHistory, Bar, DayAudience, bars, peak
from stentor.house.admin.troubles import PastTrouble, Trouble, TroubleRecord, troubles
from stentor.house.spaces.schema import SpaceRow
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.spaces import rights
from stentor.spaces.model import ON_AIR, State

SOON_MS: Final = 7 * 86_400_000
MOST_SOON: Final = 5
ROLES: Final = ("stage", "programme", "archive", "edge", "captions", "house", "courier")
"""In the order of a voice's way; a role that is not among them comes last."""
_INSTANCE = re.compile(r"^[a-z]+-(\d+)(?:-(.+))?$")


class ProcessRow(NamedTuple):
    """One process. ``processors`` is in processors, ``restarts`` None where nobody counts them."""

    role: str
    number: str
    """Beside others of its role; from 1."""
    machine: str
    processors: float
    memory_bytes: float
    age_s: float
    restarts: int | None
    problem: str


class RoomLeft(NamedTuple):
    """The disk that is full first: ``hours`` of what is on now, or of one space."""

    free_bytes: float
    hours: float


class Overview(NamedTuple):
    """Everything on the page."""

    at_ms: int
    listeners: int
    on: Sequence[SpaceRow]
    soon: list[SpaceRow]
    troubles: Sequence[Trouble]
    past: Sequence[PastTrouble]
    processes: Sequence[ProcessRow]
    room: RoomLeft | None
    days: Sequence[DayAudience]
    bars: Sequence[Bar]
    peak: DayAudience | None


class Overviews:
    """Looks when somebody asks. ``record`` runs as a task of the role, with :meth:`troubles`."""

    def __init__(self, spaces: Spaces, statuses: Statuses, history: AudienceHistory) -> None:
        self._spaces, self._statuses, self._history = spaces, statuses, history
        self.record = TroubleRecord(spaces.clock)

    def troubles(self) -> list[Trouble]:
        """What goes wrong now."""
        return troubles(self._statuses.fresh(self._spaces.clock()), bus=self._spaces.bus.connected)

    async def look(self, views: Views) -> Overview:
        """Everything as it is now. Raises :class:`Overloaded` when the database does not answer."""
        now = self._spaces.clock()
        heard = self._statuses.fresh(now)
        rows = (await views.rows(rights.ADMIN)).spaces
        on = [row for row in rows if row.state in ON_AIR]
        days = await self._history.days()
        return Overview(
            at_ms=unix_ms(now),
            listeners=sum(row.listeners for row in on),
            on=on,
            soon=soon(rows, unix_ms(now)),
            troubles=self.troubles(),
            past=self.record.past,
            processes=processes(heard),
            room=room(heard),
            days=days,
            bars=bars(days),
            peak=peak(days),
        )


def soon(rows: Sequence[SpaceRow], now_ms: int) -> list[SpaceRow]:
    """What begins in the next seven days, the first first; :data:`MOST_SOON` at most."""
    waiting = [row for row in rows if row.state is State.SCHEDULED and row.scheduled_ms is not None]
    due = [row for row in waiting if (row.scheduled_ms or 0) < now_ms + SOON_MS]
    return sorted(due, key=lambda row: row.scheduled_ms or 0)[:MOST_SOON]


def processes(heard: Sequence[Status]) -> list[ProcessRow]:
    """By role and name."""

    def order(status: Status) -> tuple[int, str]:
        return (ROLES.index(status.role) if status.role in ROLES else len(ROLES)), status.instance

    return [_process(status) for status in sorted(heard, key=order)]


def _process(status: Status) -> ProcessRow:
    found = _INSTANCE.match(status.instance)
    starts = status.numbers.get(vitals.STARTED)
    return ProcessRow(
        role=status.role,
        number=str(int(found[1]) + 1) if found else "",
        machine=(found[2] or "") if found else status.instance,
        processors=status.numbers.get(vitals.PROCESSOR, 0.0),
        memory_bytes=status.numbers.get(vitals.MEMORY, 0.0),
        age_s=status.numbers.get(vitals.AGE, 0.0),
        restarts=None if starts is None else round(starts) - 1,
        problem=status.problem,
    )


def room(heard: Sequence[Status]) -> RoomLeft | None:
    """By the process that sees the least; None where no disk is ever full."""
    told = [each.numbers for each in heard if math.isfinite(each.numbers.get("disk_hours_left", math.inf))]
    first = min(told, key=lambda numbers: numbers["disk_hours_left"], default=None)
    return RoomLeft(first.get("disk_free_bytes", 0.0), first["disk_hours_left"]) if first else None
