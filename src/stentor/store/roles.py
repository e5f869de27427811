"""A role that is given from outside: by a sign-in provider's groups, never at the cost of the last administrator."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from stentor.people.model import SiteRole
from stentor.store import tables
from stentor.store.work import Work


async def give_role(work: Work, account: str, role: SiteRole) -> bool:
    """Whether the account's role changed: it has it already, or is the last administrator who can sign in."""
    table = tables.accounts

    def change(connection: Connection) -> bool:
        admins = select(table.c.id).where(table.c.role == SiteRole.ADMIN.value, table.c.suspended_ms.is_(None))
        there = set(connection.execute(admins.with_for_update()).scalars())  # two at once must not both go
        if there == {account} and role is not SiteRole.ADMIN:
            return False
        mine = update(table).where(table.c.id == account, table.c.role != role.value)
        return bool(connection.execute(mine.values(role=role.value)).rowcount)

    return await work.write(change)
