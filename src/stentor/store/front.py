"""What the front page is made of, by index only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from stentor.spaces import front
from stentor.spaces.front import PublicProfile
from stentor.spaces.model import ON_AIR, Space, State
from stentor.store import tables
from stentor.store.work import Work

MOST_LIVE = 200
MOST_ASKED = 200
"""Rows that are looked at for one list: some are not listed, or have nothing to hear."""
_TABLE = tables.spaces
_decoder = msgspec.json.Decoder(Space)


class FrontTable:
    """Every method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def spaces(self, now_ms: int) -> Sequence[Space]:
        """Those among which ``spaces.front.arranged`` finds the front page's."""
        state, when_ms = _TABLE.c.state, _TABLE.c.when_ms
        lately = when_ms > now_ms - front.CANCELLED_MS
        coming = state.in_([State.SCHEDULED.value, State.CANCELLED.value])
        lists = (
            (state.in_([each.value for each in ON_AIR]), when_ms.desc(), MOST_LIVE),
            (coming & lately, when_ms, MOST_ASKED),
            (state == State.REPLAY.value, when_ms.desc(), MOST_ASKED),
        )

        def work(connection: Connection) -> Sequence[Space]:
            bodies: list[str] = []
            for where, order, most in lists:
                bodies += connection.execute(select(_TABLE.c.body).where(where).order_by(order).limit(most)).scalars()
            return [_decoder.decode(body) for body in bodies]

        return await self._work.read(work)

    async def people(self, accounts: Collection[str]) -> dict[str, PublicProfile]:
        """Those of the accounts that are there, not suspended, and want a public page."""
        table = tables.accounts
        shown = table.c.suspended_ms.is_(None) & table.c.hidden_ms.is_(None)
        known: ColumnElement[bool] = table.c.id.in_(sorted(accounts)) & shown
        query = select(table.c.id, table.c.handle, table.c.name, table.c.bio).where(known)

        def work(connection: Connection) -> dict[str, PublicProfile]:
            return {row.id: PublicProfile(row.handle, row.name, row.bio) for row in connection.execute(query)}

        return await self._work.read(work)
