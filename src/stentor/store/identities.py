"""Who an account is at a sign-in provider: issuer and subject (OpenID Connect Core 1.0, 2), never an e-mail address."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from stentor.base.errors import Conflict, NotFound
from stentor.people.model import Identity
from stentor.store import tables
from stentor.store.work import Work

_TABLE = tables.identities


class Identities:
    """Of all accounts. Every method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def account(self, issuer: str, subject: str) -> str | None:
        """The id of the account that this person has here."""
        query = select(_TABLE.c.account).where(_TABLE.c.issuer == issuer, _TABLE.c.subject == subject)
        return await self._work.read(lambda connection: connection.execute(query).scalar_one_or_none())

    async def of(self, account: str) -> Sequence[Identity]:
        """Those of an account, the oldest first."""
        query = select(_TABLE).where(_TABLE.c.account == account).order_by(_TABLE.c.created_ms, _TABLE.c.issuer)

        def work(connection: Connection) -> Sequence[Identity]:
            return [Identity(**row) for row in connection.execute(query).mappings()]

        return await self._work.read(work)

    async def add(self, identity: Identity) -> None:
        """Raises :class:`Conflict` when the person has an account here, or the account a person of this issuer."""
        await self._work.write(lambda connection: add_identity(connection, identity))

    async def remove(self, account: str, issuer: str) -> None:
        """Raises :class:`NotFound`, and :class:`Conflict` for the last way to sign in."""

        def work(connection: Connection) -> None:
            if not connection.execute(
                delete(_TABLE).where(_TABLE.c.account == account, _TABLE.c.issuer == issuer)
            ).rowcount:
                raise NotFound("Your account is not linked to this provider.", code="identity-not-found")
            if not ways_in(connection, account):
                raise Conflict(
                    "This is your only way to sign in; set a password or add a passkey first.", code="last-way"
                )

        await self._work.write(work)


def add_identity(connection: Connection, identity: Identity) -> None:
    """Raises :class:`Conflict` when it, or another of the account at this issuer, is there already."""
    query = select(func.count()).select_from(_TABLE)
    query = query.where(_TABLE.c.account == identity.account, _TABLE.c.issuer == identity.issuer)
    try:
        if connection.execute(query).scalar_one():
            raise Conflict("Your account is linked to somebody else there; unlink it first.", code="identity-taken")
        values = {name: getattr(identity, name) for name in identity.__struct_fields__}
        connection.execute(insert(_TABLE).values(**values))
    except IntegrityError as error:
        raise Conflict("This person has another account here already.", code="identity-taken") from error


def ways_in(connection: Connection, account: str) -> int:
    """How many ways to sign in an account has that last: passkeys, identities, a password."""
    found = 0
    for table in (tables.passkeys, _TABLE):
        count = select(func.count()).select_from(table).where(table.c.account == account)
        found += int(connection.execute(count).scalar_one())
    password = select(tables.accounts.c.password.is_not(None)).where(tables.accounts.c.id == account)
    return found + bool(connection.execute(password).scalar_one_or_none())
