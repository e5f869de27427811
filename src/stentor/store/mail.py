"""By which server mail is sent, and the addresses that people gave, in the database."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from stentor.people.mail import MailWishes
from stentor.people.model import Account, SiteRole
from stentor.store import mail_tables, tables
from stentor.store.work import Work

ROW = 1
MOST_SAME = 5
"""Accounts of one address that are found by it."""
MOST_STAFF = 100
_SETTINGS, _ADDRESSES = mail_tables.settings, mail_tables.addresses
_decoder = msgspec.json.Decoder(MailWishes)


class MailAddress(msgspec.Struct, frozen=True):
    """Where somebody reads mail."""

    account: str
    address: str
    confirmed_ms: int | None
    """When they showed that it is theirs; None before. Nothing but the question goes there until then."""
    reports: bool
    """Whether they want to hear of new reports, if they keep order."""
    language: str
    """In which they are written to: that of the page where they gave it."""


class MailTable:
    """Every method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    # By which server

    async def settings(self) -> tuple[MailWishes, str]:
        """What is set, and the sealed password; empty without one."""

        def work(connection: Connection) -> tuple[MailWishes, str]:
            row = connection.execute(select(_SETTINGS).where(_SETTINGS.c.id == ROW)).one_or_none()
            return (_decoder.decode(row.body), row.password or "") if row else (MailWishes(), "")

        return await self._work.read(work)

    async def set(self, wishes: MailWishes, password: str | None) -> None:
        """Keeps it all; None leaves the password as it is."""
        values: dict[str, object] = {"body": msgspec.json.encode(wishes).decode()}
        if password is not None:
            values["password"] = password or None

        def work(connection: Connection) -> None:
            if connection.execute(update(_SETTINGS).where(_SETTINGS.c.id == ROW).values(**values)).rowcount == 0:
                connection.execute(insert(_SETTINGS).values(id=ROW, **values))

        await self._work.write(work)

    # Addresses

    async def address(self, account: str) -> MailAddress | None:
        """What somebody gave; None without one."""
        query = select(_ADDRESSES).where(_ADDRESSES.c.account == account)

        def work(connection: Connection) -> MailAddress | None:
            row = connection.execute(query).mappings().one_or_none()
            return MailAddress(**row) if row else None

        return await self._work.read(work)

    async def give(self, account: str, address: str, language: str) -> bool:
        """Keeps an address, to be confirmed, instead of the one before; whether it is another one."""
        mine = _ADDRESSES.c.account == account

        def work(connection: Connection) -> bool:
            found = connection.execute(select(_ADDRESSES.c.address).where(mine)).scalar_one_or_none()
            if found == address:
                return False
            connection.execute(delete(_ADDRESSES).where(mine))
            _forget_questions(connection, account)
            connection.execute(
                insert(_ADDRESSES).values(account=account, address=address, reports=True, language=language)
            )
            return True

        return await self._work.write(work)

    async def take(self, account: str) -> None:
        """Takes an address away, and what was asked about it."""

        def work(connection: Connection) -> None:
            connection.execute(delete(_ADDRESSES).where(_ADDRESSES.c.account == account))
            _forget_questions(connection, account)

        await self._work.write(work)

    async def confirm(self, account: str, now_ms: int) -> None:
        """Notes that the address is its person's."""
        await self._change(account, confirmed_ms=now_ms)

    async def want_reports(self, account: str, reports: bool) -> None:
        await self._change(account, reports=reports)

    async def accounts_of(self, address: str) -> Sequence[str]:
        """Whose confirmed address it is, by their ids."""
        same = _ADDRESSES.c.address == address
        query = select(_ADDRESSES.c.account).where(same, _ADDRESSES.c.confirmed_ms.is_not(None)).limit(MOST_SAME)
        return await self._work.read(lambda connection: list(connection.execute(query).scalars()))

    async def staff(self) -> Sequence[str]:
        """Administrators and moderators who want to hear of reports, by their ids."""
        people = tables.accounts
        query = select(people.c.id).join(_ADDRESSES, _ADDRESSES.c.account == people.c.id)
        query = query.where(
            people.c.role.in_([SiteRole.ADMIN.value, SiteRole.MODERATOR.value]),
            people.c.suspended_ms.is_(None),
            _ADDRESSES.c.confirmed_ms.is_not(None),
            _ADDRESSES.c.reports,
        )
        query = query.order_by(people.c.created_ms).limit(MOST_STAFF)
        return await self._work.read(lambda connection: list(connection.execute(query).scalars()))

    async def _change(self, account: str, **values: object) -> None:
        query = update(_ADDRESSES).where(_ADDRESSES.c.account == account).values(**values)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)


def _forget_questions(connection: Connection, account: str) -> None:
    """Links that were sent to the address before count no more."""
    asked = tables.challenges
    connection.execute(delete(asked).where(asked.c.account == account, asked.c.purpose.in_(["confirm", "way-back"])))


def may_be_written_to(account: Account, found: MailAddress | None) -> bool:
    """Whether a link into the account may go there."""
    return found is not None and found.confirmed_ms is not None and account.suspended_ms is None
