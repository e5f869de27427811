"""How much was reported and decided, by months: numbers only, of rows that stay for good."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Select, func, select

from stentor.people.moderation import MOST_MONTHS, Action, Basis, MonthCounts, ReportReason
from stentor.store import tables
from stentor.store.work import Work

DAY_MS: Final = 86_400_000
_REPORTS, _DECISIONS = tables.reports, tables.decisions


def _grouped(at_ms: Column[int], *what: ColumnElement[Any]) -> Select[Any]:
    """How many there were on a day of each kind."""
    keys = [(at_ms // DAY_MS).label("day"), *(each.label(f"key{number}") for number, each in enumerate(what))]
    return select(*keys, func.count()).group_by(*keys)


_STRANGER = (_REPORTS.c.account == "") & (_REPORTS.c.why != ReportReason.FILTER.value)
_REPORTED = _grouped(_REPORTS.c.at_ms, _REPORTS.c.why, _STRANGER)
_DECIDED = _grouped(
    _DECISIONS.c.at_ms,
    _DECISIONS.c.action,
    _DECISIONS.c.basis,
    _DECISIONS.c.answered_ms.is_not(None),
    _DECISIONS.c.lifted_ms.is_not(None),
)


async def read_months(work: Work) -> list[MonthCounts]:
    """The newest :data:`MOST_MONTHS` in which there was anything; raises :class:`Overloaded`."""
    return await work.read(_months)


def _months(connection: Connection) -> list[MonthCounts]:
    found: dict[str, MonthCounts] = {}
    for day, why, stranger, count in connection.execute(_REPORTED):
        month = _of(found, day)
        found[month.month] = msgspec.structs.replace(
            month,
            reports=month.reports + count,
            strangers=month.strangers + (count if stranger else 0),
            reasons=_more(month.reasons, why, count),
        )
    for day, action, basis, answered, lifted, count in connection.execute(_DECIDED):
        month = _of(found, day)
        rests = basis == Basis.LAW.value and action != Action.NONE.value
        found[month.month] = msgspec.structs.replace(
            month,
            decisions=_more(month.decisions, action, count),
            law=month.law + (count if rests else 0),
            answers=month.answers + (count if answered else 0),
            lifted=month.lifted + (count if lifted else 0),
        )
    return [found[month] for month in sorted(found, reverse=True)[:MOST_MONTHS]]


def _of(found: dict[str, MonthCounts], day: int) -> MonthCounts:
    month = datetime.fromtimestamp(day * DAY_MS / 1000, UTC).strftime("%Y-%m")
    return found.get(month, MonthCounts(month))


def _more(counts: dict[str, int], name: str, count: int) -> dict[str, int]:
    return dict(sorted({**counts, name: counts.get(name, 0) + count}.items()))
