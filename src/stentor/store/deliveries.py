"""What left the site, or is to: one row a job of the couriers, with its newest attempt.

It is the memory of attempts, too: a job that the bus gives out twice is done once. Rows are kept for :data:`KEPT_MS`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Select, delete, func, insert, select, text

from stentor.store import outgoing_tables
from stentor.store.work import Work

KEPT_MS: Final = 30 * 86_400_000
COMING: Final = ("received", "picture", "look-elsewhere")
"""Kinds of jobs by which something comes in: nobody looks at them when they are done, and there are many."""
COMING_KEPT_MS: Final = 3_600_000
"""Longer than the bus gives a job out twice."""
COMING_FAILED_MS: Final = 6 * 86_400_000
"""Longer than what came waits to be done."""
MOST_ROWS: Final = 500_000
"""About 150 MB; the oldest go first."""
PAGE: Final = 100
AT_ONCE: Final = 500
"""Rows of one transaction of :meth:`Deliveries.expect`: some milliseconds, for which others who write wait."""
_TABLE = outgoing_tables.deliveries
_NAMES = tuple(column.name for column in _TABLE.columns)
_CHANGE = ("state", "attempts", "status", "trouble", "duration_ms", "at_ms", "due_ms")
_WRITE: Final = text(
    f"INSERT INTO deliveries ({', '.join(_NAMES)}) VALUES ({', '.join(f':{name}' for name in _NAMES)})"
    f" ON CONFLICT (kind, key) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _CHANGE)}"
)
"""What a job is and to whom it goes stays as it was ordered."""


class DeliveryState(StrEnum):
    WAITING = "waiting"
    """It is tried again at ``due_ms``."""
    DONE = "done"
    GIVEN_UP = "given-up"


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One job and its newest attempt. Times are ms since 1970 (UTC)."""

    kind: str
    key: str
    subject: str
    """Joins what is listed together, such as ``webhook 3``."""
    what: str
    """In one word what was sent, such as the type of an event."""
    host: str
    state: DeliveryState
    attempts: int
    status: int
    """Of the answer; 0 when there was none."""
    trouble: str
    """The code of what went wrong; empty when nothing did."""
    duration_ms: int
    made_ms: int
    at_ms: int
    """Of the newest attempt."""
    due_ms: int


class Deliveries:
    """All rows. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def known(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], DeliveryRow]:
        """What is known of jobs, by kind and key."""
        wanted = {key for _, key in keys}

        def work(connection: Connection) -> dict[tuple[str, str], DeliveryRow]:
            found = map(_row, connection.execute(select(_TABLE).where(_TABLE.c.key.in_(wanted))))
            return {(row.kind, row.key): row for row in found if (row.kind, row.key) in keys}

        return await self._work.read(work) if wanted else {}

    async def write(self, rows: Sequence[DeliveryRow]) -> None:
        """Writes rows down; of a job that is known the newer one takes the place."""
        newest = {(row.kind, row.key): row for row in rows}
        values = [msgspec.structs.asdict(row) | {"state": row.state.value} for row in newest.values()]

        def work(connection: Connection) -> None:
            connection.execute(_WRITE, values)

        if values:
            await self._work.write(work)

    async def expect(self, rows: Sequence[DeliveryRow]) -> None:
        """Writes down what is to be done, before anybody has tried; what is known already stays as it is. Thousands
        of them in several transactions: others who write do not wait for all."""
        for at in range(0, len(rows), AT_ONCE):
            some = {(row.kind, row.key): row for row in rows[at : at + AT_ONCE]}

            def work(connection: Connection, some: Mapping[tuple[str, str], DeliveryRow] = some) -> None:
                known = _known(connection, some)
                _insert(connection, [row for name, row in some.items() if name not in known])

            await self._work.write(work)

    async def counts(self, subject: str) -> dict[DeliveryState, int]:
        """How many of a subject are in which state."""
        query = select(_TABLE.c.state, func.count()).where(_TABLE.c.subject == subject).group_by(_TABLE.c.state)
        return await self._work.read(
            lambda connection: {DeliveryState(state): int(count) for state, count in connection.execute(query)}
        )

    async def of(self, subject: str, *, before_ms: int | None = None) -> Sequence[DeliveryRow]:
        """The newest :data:`PAGE` of a subject, by their newest attempt; with ``before_ms`` those older than that."""
        query = select(_TABLE).where(_TABLE.c.subject == subject)
        if before_ms is not None:
            query = query.where(_TABLE.c.at_ms < before_ms)
        return await self._read(query.order_by(_TABLE.c.at_ms.desc(), _TABLE.c.key).limit(PAGE))

    async def get(self, kind: str, key: str) -> DeliveryRow | None:
        """One of them."""
        found = await self._read(select(_TABLE).where(_TABLE.c.kind == kind, _TABLE.c.key == key))
        return found[0] if found else None

    async def forget(self, *, now_ms: int) -> None:
        """Deletes what is old, and the oldest of what is too much."""

        def work(connection: Connection) -> None:
            connection.execute(delete(_TABLE).where(_TABLE.c.at_ms < now_ms - KEPT_MS))
            for state, kept_ms in ((DeliveryState.DONE, COMING_KEPT_MS), (DeliveryState.GIVEN_UP, COMING_FAILED_MS)):
                came = _TABLE.c.kind.in_(COMING) & (_TABLE.c.state == state.value)
                connection.execute(delete(_TABLE).where(came, _TABLE.c.at_ms < now_ms - kept_ms))
            count = connection.execute(select(func.count()).select_from(_TABLE)).scalar_one()
            if count > MOST_ROWS:
                oldest = select(_TABLE.c.at_ms).order_by(_TABLE.c.at_ms).offset(count - MOST_ROWS).limit(1)
                edge = connection.execute(oldest).scalar_one()
                connection.execute(delete(_TABLE).where(_TABLE.c.at_ms < edge))

        await self._work.write(work)

    async def _read(self, query: Select[Any]) -> Sequence[DeliveryRow]:
        return await self._work.read(lambda connection: [_row(row) for row in connection.execute(query)])


def _known(connection: Connection, rows: Mapping[tuple[str, str], DeliveryRow]) -> Sequence[tuple[str, str]]:
    """Of which of these there is a row already."""
    keys = [key for _, key in rows]
    found = connection.execute(select(_TABLE.c.kind, _TABLE.c.key).where(_TABLE.c.key.in_(keys)))
    return [(kind, key) for kind, key in found if (kind, key) in rows]


def _insert(connection: Connection, rows: Sequence[DeliveryRow]) -> None:
    if rows:
        connection.execute(insert(_TABLE), [msgspec.structs.asdict(row) | {"state": row.state.value} for row in rows])


def _row(row: Any) -> DeliveryRow:
    values = dict(zip(_NAMES, row, strict=True))
    return DeliveryRow(**{**values, "state": DeliveryState(values["state"])})
