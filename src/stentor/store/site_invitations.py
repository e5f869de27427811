"""Invitations to the site, in the database: a digest each, used up by whoever signs up with it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from stentor.base.errors import NotFound
from stentor.people.model import SiteInvitation, SiteRole
from stentor.store import tables
from stentor.store.work import Work

MOST_LISTED = 1000


class SiteInvitations:
    """Every method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, invitation: SiteInvitation) -> None:
        """Notes an invitation; those that have run out are forgotten."""

        def work(connection: Connection) -> None:
            table = tables.site_invitations
            connection.execute(delete(table).where(table.c.expires_ms <= invitation.created_ms))
            connection.execute(insert(table).values(**msgspec.structs.asdict(invitation)))

        await self._work.write(work)

    async def find(self, digest: str, *, now_ms: int) -> SiteInvitation | None:
        """The invitation of a token, if it still holds."""
        found = await self._select(tables.site_invitations.c.digest == digest, now_ms)
        return found[0] if found else None

    async def list(self, *, made_by: str | None, now_ms: int) -> Sequence[SiteInvitation]:
        """Invitations that hold, the newest first; all, or those of one account."""
        table = tables.site_invitations
        return await self._select(
            table.c.digest.is_not(None) if made_by is None else table.c.made_by == made_by, now_ms
        )

    async def _select(self, where: ColumnElement[bool], now_ms: int) -> Sequence[SiteInvitation]:
        table = tables.site_invitations
        query = (
            select(table).where(where, table.c.expires_ms > now_ms).order_by(table.c.created_ms.desc(), table.c.digest)
        )

        def work(connection: Connection) -> Sequence[SiteInvitation]:
            rows = connection.execute(query.limit(MOST_LISTED)).mappings()
            return [SiteInvitation(**{**row, "role": SiteRole(row["role"])}) for row in rows]

        return await self._work.read(work)

    async def withdraw(self, invitation: str, *, made_by: str | None) -> None:
        """Takes an invitation back by its id, of anybody or of one account; raises :class:`NotFound`."""
        table = tables.site_invitations
        query = delete(table).where(func.substr(table.c.digest, 1, 16) == invitation)
        if made_by is not None:
            query = query.where(table.c.made_by == made_by)

        def work(connection: Connection) -> None:
            if connection.execute(query).rowcount == 0:
                raise NotFound("There is no such invitation; it may be used already.", code="invitation-not-found")

        await self._work.write(work)


def use_invitation(connection: Connection, digest: str) -> None:
    """Of two who bring the same invitation at once, one has it."""
    table = tables.site_invitations
    if connection.execute(delete(table).where(table.c.digest == digest)).rowcount != 1:
        raise NotFound("This invitation was used or taken back; ask for a new one.", code="invitation-not-found")
