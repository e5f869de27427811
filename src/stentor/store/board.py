"""Which spaces are on the board, and of which of the others the document in the object store is old."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, not_, or_, select, update

from stentor.spaces import board
from stentor.spaces.model import ON_AIR, Space, State
from stentor.store import tables
from stentor.store.work import Work

_TABLE = tables.spaces
_decoder = msgspec.json.Decoder(Space)


class BoardTable:
    """Every method may raise :class:`Overloaded` when the database does not answer, and reads by index only."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def on(self, now_ms: int) -> Sequence[Space]:
        """Every space that belongs on the board now (``spaces.board.belongs``)."""

        def work(connection: Connection) -> Sequence[Space]:
            found = connection.execute(select(_TABLE.c.body).where(_belongs(now_ms))).scalars()
            return [_decoder.decode(body) for body in found]

        return await self._work.read(work)

    async def unpublished(self, now_ms: int, *, limit: int) -> Sequence[Space]:
        """Spaces that do not belong on the board and whose document is older than they are, the newest first."""

        def work(connection: Connection) -> Sequence[Space]:
            query = select(_TABLE.c.body).where(tables.UNPUBLISHED, not_(_belongs(now_ms)))
            found = connection.execute(query.order_by(_TABLE.c.created_ms.desc()).limit(limit)).scalars()
            return [_decoder.decode(body) for body in found]

        return await self._work.read(work)

    async def publish(self, space: str, version: int) -> None:
        """Notes that the document says ``version``."""

        def work(connection: Connection) -> None:
            mine = and_(_TABLE.c.id == space, _TABLE.c.published < version)
            connection.execute(update(_TABLE).where(mine).values(published=version))

        await self._work.write(work)

    async def published(self, space: str) -> int | None:
        """The version that the document says; None for a space that is not there."""

        def work(connection: Connection) -> int | None:
            return connection.execute(select(_TABLE.c.published).where(_TABLE.c.id == space)).scalar_one_or_none()

        return await self._work.read(work)


def _belongs(now_ms: int) -> ColumnElement[bool]:
    """``spaces.board.belongs`` for the database; a test holds the two together."""
    state, when_ms = _TABLE.c.state, _TABLE.c.when_ms
    soon = when_ms > now_ms - board.SOON_MS, when_ms < now_ms + board.SOON_MS
    return or_(
        state.in_([each.value for each in ON_AIR]),
        and_(state == State.SCHEDULED.value, *soon),
        and_(state == State.ENDED.value, when_ms > now_ms - board.UNFINISHED_MS),
    )
