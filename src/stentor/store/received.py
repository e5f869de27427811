"""What inboxes have taken in and couriers have not done yet: a queue with an end, and a memory of what was in it."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from stentor.base.errors import Overloaded
from stentor.fediverse.signatures import AHEAD_S, OLD_S, SignatureClaim
from stentor.store.fediverse_tables import received
from stentor.store.work import Work

MOST_WAITING: Final = 2000
"""Of 256 KiB at most, and usually of three: beyond it others are asked to come again, which they do."""
FULL_S: Final = 60.0
REMEMBERED_MS: Final = round((OLD_S + AHEAD_S + 600) * 1000)
"""Longer than a signature can be repeated."""
STALE_MS: Final = 5 * 86_400_000
"""What nobody could do for so long goes: couriers have given it up by then."""
_ROW = received.c
_claims = msgspec.json.Decoder(SignatureClaim)


class Incoming(msgspec.Struct, frozen=True):
    """One request that came: who says to have signed it, and what it says."""

    name: str
    claim: SignatureClaim
    body: bytes
    at_ms: int


class ReceivedTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work, *, most: int = MOST_WAITING) -> None:
        self._work, self._most = work, most

    async def put(self, found: Incoming) -> bool:
        """Takes it in; False for what came already. Raises :class:`Overloaded` (``inbox-full``)."""
        row = {"name": found.name, "at_ms": found.at_ms, "claim": msgspec.json.encode(found.claim), "body": found.body}

        def work(connection: Connection) -> bool:
            if connection.execute(select(_ROW.name).where(_ROW.name == found.name)).scalar() is not None:
                return False
            waiting = select(func.count()).select_from(received).where(_ROW.done_ms.is_(None))
            if connection.execute(waiting).scalar_one() >= self._most:
                raise Overloaded("Too much waits here already.", retry_after_s=FULL_S, code="inbox-full")
            connection.execute(insert(received).values(**row))
            return True

        try:
            return await self._work.write(work)
        except IntegrityError:  # the same, at the same moment
            return False

    async def get(self, name: str) -> Incoming | None:
        """What waits under a name; None for what is done."""
        query = select(received).where(_ROW.name == name, _ROW.done_ms.is_(None))

        def work(connection: Connection) -> Incoming | None:
            row = connection.execute(query).one_or_none()
            return Incoming(row.name, _claims.decode(row.claim), row.body, row.at_ms) if row is not None else None

        return await self._work.read(work)

    async def waiting(self, before_ms: int, limit: int) -> list[Incoming]:
        """Some of what has waited since then, the oldest first: its job may have been lost."""
        query = select(received).where(_ROW.done_ms.is_(None), _ROW.at_ms < before_ms).order_by(_ROW.at_ms).limit(limit)

        def work(connection: Connection) -> list[Incoming]:
            rows = connection.execute(query)
            return [Incoming(row.name, _claims.decode(row.claim), row.body, row.at_ms) for row in rows]

        return await self._work.read(work)

    async def done(self, name: str, *, now_ms: int) -> None:
        """It is done, or refused: its name is kept for a while, and nothing else."""

        def work(connection: Connection) -> None:
            connection.execute(update(received).where(_ROW.name == name).values(done_ms=now_ms, claim=b"", body=b""))

        await self._work.write(work)

    async def forget(self, *, now_ms: int) -> None:
        """Deletes the names of what cannot come again, and what nobody could do."""

        def work(connection: Connection) -> None:
            connection.execute(delete(received).where(_ROW.done_ms < now_ms - REMEMBERED_MS))
            connection.execute(delete(received).where(_ROW.at_ms < now_ms - STALE_MS))

        await self._work.write(work)
