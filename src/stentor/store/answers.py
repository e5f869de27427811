"""Answers to requests with an Idempotency-Key, for a day: who asks again with the same key gets the same answer."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from stentor.store import outgoing_tables
from stentor.store.work import Work

KEPT_MS: Final = 86_400_000
STALE_MS: Final = 60_000
"""A request that is not answered after so long never will be: its house was killed. It may be made again."""
MOST_ROWS: Final = 50_000
"""The oldest go first; an answer has 2 kB."""
_TABLE = outgoing_tables.answers


class KeptAnswer(msgspec.Struct, frozen=True):
    """What was answered; ``status`` None while it is being answered. ``body`` is sealed."""

    asked: str
    status: int | None = None
    headers: dict[str, str] = {}
    body: str = ""


class Answers:
    """All of them. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def begin(self, caller: str, asked: str, *, now_ms: int) -> KeptAnswer | None:
        """Notes that a request is being answered; what is known of it when it was made before, else None."""

        def work(connection: Connection) -> KeptAnswer | None:
            connection.execute(delete(_TABLE).where(_TABLE.c.at_ms < now_ms - KEPT_MS))
            stale = (_TABLE.c.caller == caller) & _TABLE.c.status.is_(None) & (_TABLE.c.at_ms < now_ms - STALE_MS)
            connection.execute(delete(_TABLE).where(stale))
            row = connection.execute(select(_TABLE).where(_TABLE.c.caller == caller)).one_or_none()
            if row is not None:
                headers = msgspec.json.decode(row.headers, type=dict[str, str])
                return KeptAnswer(row.asked, row.status, headers, (row.body or b"").decode())
            _make_room(connection)
            connection.execute(insert(_TABLE).values(caller=caller, asked=asked, at_ms=now_ms, headers="{}"))
            return None

        return await self._work.write(work)

    async def finish(self, caller: str, answer: KeptAnswer) -> None:
        """Keeps an answer."""
        values = {
            "status": answer.status,
            "headers": msgspec.json.encode(answer.headers).decode(),
            "body": answer.body.encode(),
        }

        def work(connection: Connection) -> None:
            connection.execute(update(_TABLE).where(_TABLE.c.caller == caller).values(values))

        await self._work.write(work)

    async def forget(self, caller: str) -> None:
        """The request may be made again."""

        def work(connection: Connection) -> None:
            connection.execute(delete(_TABLE).where(_TABLE.c.caller == caller))

        await self._work.write(work)


def _make_room(connection: Connection) -> None:
    if connection.execute(select(func.count()).select_from(_TABLE)).scalar_one() >= MOST_ROWS:
        oldest = select(_TABLE.c.caller).order_by(_TABLE.c.at_ms).limit(MOST_ROWS // 10).scalar_subquery()
        connection.execute(delete(_TABLE).where(_TABLE.c.caller.in_(oldest)))
