"""Accounts in the database, with their passkeys, sessions and recovery codes.

Secrets come as digests (``people.digests``) or hashes and leave as such; nothing here could sign anybody in.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, Update, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from stentor.base.errors import Conflict, NotFound
from stentor.people.model import Account, Challenge, Identity, Passkey, Session, SiteRole
from stentor.store import tables
from stentor.store.actors import add_actor
from stentor.store.attempts import AttemptsTable
from stentor.store.deletions import Deletions
from stentor.store.federating import OutwardDeed, federate, tell_profile
from stentor.store.identities import Identities, add_identity, ways_in
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.mail import MailTable
from stentor.store.record import Record
from stentor.store.roles import give_role
from stentor.store.site_invitations import SiteInvitations, use_invitation
from stentor.store.social_tables import actors
from stentor.store.withheld import SHOW_MEDIA, lists_changed
from stentor.store.work import Work

MOST_LISTED = 1000
MOST_PASSKEYS = 20
MOST_SESSIONS = 50
"""Of one account; with one more the one that was seen longest ago ends."""

_ACCOUNT = [
    tables.accounts.c[name]
    for name in ("id", "handle", "name", "bio", "role", "created_ms", "picture_ms", "suspended_ms", "hidden_ms")
]


class Accounts:
    """Everything about accounts. Every method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.attempts = AttemptsTable(work)
        self.identities = Identities(work)
        self.record = Record(work)
        self.invitations = SiteInvitations(work)
        self.deletions = Deletions(work)
        self.mail = MailTable(work)

    async def _do(self, query: Update) -> None:
        """One statement whose answer nobody needs."""

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)

    # Accounts

    async def create(
        self,
        account: Account,
        *,
        password: str | None,
        passkey: Passkey | None,
        codes: Sequence[str],
        invitation: str | None = None,
        identity: Identity | None = None,
    ) -> None:
        """Makes an account with its ways to sign in, all or nothing; uses up the invitation of that digest.

        Raises :class:`Conflict` when the handle or the passkey is taken, :class:`NotFound` when the invitation is gone.
        """

        def work(connection: Connection) -> None:
            if invitation is not None:
                use_invitation(connection, invitation)
            values = msgspec.structs.asdict(account)
            del values["has_password"]
            try:
                connection.execute(insert(tables.accounts).values({**values, "password": password}))
            except IntegrityError as error:
                raise Conflict("This handle is taken; choose another.", code="handle-taken") from error
            add_actor(connection, account)
            if passkey is not None:
                _add_passkey(connection, passkey)
            if identity is not None:
                add_identity(connection, identity)
            _write_codes(connection, account.id, codes)

        await self._work.write(work)

    async def find(self, handle: str) -> Account | None:
        """The account of a handle."""
        return await self._work.read(lambda connection: _account(connection, tables.accounts.c.handle == handle))

    async def get(self, account: str) -> Account:
        """The account of an id; raises :class:`NotFound`."""
        found = await self._work.read(lambda connection: _account(connection, tables.accounts.c.id == account))
        return _there(found)

    async def list(self) -> Sequence[Account]:
        """The oldest thousand, in order."""

        def work(connection: Connection) -> Sequence[Account]:
            query = select(*_ACCOUNT, tables.accounts.c.password.is_not(None).label("has_password"))
            query = query.order_by(tables.accounts.c.created_ms, tables.accounts.c.id).limit(MOST_LISTED)
            return [_to_account(row) for row in connection.execute(query).mappings()]

        return await self._work.read(work)

    async def change(
        self,
        account: str,
        *,
        name: str | None = None,
        bio: str | None = None,
        role: SiteRole | None = None,
        now_ms: int = 0,
    ) -> Account:
        """Changes what is given, and returns the account as it is then; raises :class:`NotFound`."""
        wanted = {"name": name, "bio": bio, "role": role.value if role else None}
        values = {key: value for key, value in wanted.items() if value is not None}

        def work(connection: Connection) -> Account:
            where = tables.accounts.c.id == account
            if values:
                connection.execute(update(tables.accounts).where(where).values(**values))
            if name is not None or bio is not None:
                tell_profile(connection, account, now_ms=now_ms)
            return _there(_account(connection, where))

        return await self._work.write(work)

    async def give_role(self, account: str, role: SiteRole) -> bool:
        """As :func:`stentor.store.roles.give_role`."""
        return await give_role(self._work, account, role)

    async def hide(self, account: str, since_ms: int | None) -> None:
        """Takes the public page of an account away since then; None gives it back."""
        query = update(tables.accounts).where(tables.accounts.c.id == account)
        await self._do(query.values(hidden_ms=since_ms))

    async def suspend(self, account: str, since_ms: int | None, *, now_ms: int = 0) -> None:
        """Suspends an account since then and ends its sessions; None restores it. A job takes the pictures of its
        posts away, or shows them again."""

        def work(connection: Connection) -> None:
            query = update(tables.accounts).where(tables.accounts.c.id == account)
            connection.execute(query.values(suspended_ms=since_ms))
            if since_ms is not None:
                connection.execute(delete(tables.sessions).where(tables.sessions.c.account == account))
            lists_changed(connection, account, now_ms=now_ms)
            for actor in connection.execute(select(actors.c.number).where(actors.c.account == account)).scalars().all():
                gone = OutwardDeed.GONE if since_ms is not None else OutwardDeed.PROFILE
                federate(connection, gone, int(actor), now_ms=now_ms)
            add_jobs(connection, [Wanted(SHOW_MEDIA, account, f"account {account}")], now_ms=now_ms)

        await self._work.write(work)

    # Pictures

    async def set_picture(self, account: str, picture: bytes | None, *, now_ms: int) -> None:
        """Sets the picture, or takes it away."""
        values = {"picture": picture, "picture_ms": None if picture is None else now_ms}
        query = update(tables.accounts).where(tables.accounts.c.id == account).values(**values)

        def work(connection: Connection) -> None:
            connection.execute(query)
            tell_profile(connection, account, now_ms=now_ms)

        await self._work.write(work)

    async def picture(self, handle: str) -> bytes | None:
        """The picture of a handle."""
        query = select(tables.accounts.c.picture).where(tables.accounts.c.handle == handle)
        return await self._work.read(lambda connection: connection.execute(query).scalar_one_or_none())

    # Passwords and recovery codes

    async def password(self, account: str) -> str | None:
        """The hash of an account's password; None without one."""
        query = select(tables.accounts.c.password).where(tables.accounts.c.id == account)
        return await self._work.read(lambda connection: connection.execute(query).scalar_one_or_none())

    async def set_password(self, account: str, password: str) -> None:
        """Sets the hash of the password."""
        query = update(tables.accounts).where(tables.accounts.c.id == account).values(password=password)
        await self._do(query)

    async def set_codes(self, account: str, codes: Sequence[str]) -> None:
        """Sets the digests of the recovery codes; older ones are gone."""
        await self._work.write(lambda connection: _write_codes(connection, account, codes))

    async def use_code(self, account: str, digest: str) -> bool:
        """Uses a recovery code up; whether it was there. Of two who bring it at once, one has it."""
        table = tables.recovery_codes
        query = delete(table).where(table.c.account == account, table.c.digest == digest)
        return await self._work.write(lambda connection: connection.execute(query).rowcount == 1)

    async def codes_left(self, account: str) -> int:
        """How many recovery codes are not used yet."""
        table = tables.recovery_codes
        query = select(func.count()).select_from(table).where(table.c.account == account)
        return await self._work.read(lambda connection: int(connection.execute(query).scalar_one()))

    # Passkeys

    async def passkeys(self, account: str) -> Sequence[Passkey]:
        """The account's passkeys, the oldest first."""
        table = tables.passkeys
        query = select(table).where(table.c.account == account).order_by(table.c.created_ms, table.c.id)

        def work(connection: Connection) -> Sequence[Passkey]:
            return [Passkey(**row) for row in connection.execute(query).mappings()]

        return await self._work.read(work)

    async def passkey(self, passkey: str) -> Passkey | None:
        """The passkey of an id, whosesoever it is."""
        query = select(tables.passkeys).where(tables.passkeys.c.id == passkey)

        def work(connection: Connection) -> Passkey | None:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else Passkey(**row)

        return await self._work.read(work)

    async def add_passkey(self, passkey: Passkey) -> None:
        """Raises :class:`Conflict` when there is that one already, or twenty."""
        await self._work.write(lambda connection: _add_passkey(connection, passkey))

    async def used_passkey(self, passkey: str, *, sign_count: int, now_ms: int) -> None:
        """Notes that a passkey has signed."""
        table = tables.passkeys
        query = update(table).where(table.c.id == passkey).values(sign_count=sign_count, used_ms=now_ms)
        await self._do(query)

    async def remove_passkey(self, account: str, passkey: str) -> None:
        """Takes a passkey away; raises :class:`NotFound`, and :class:`Conflict` for the last way to sign in."""

        def work(connection: Connection) -> None:
            table = tables.passkeys
            own = set(connection.execute(select(table.c.id).where(table.c.account == account)).scalars())
            if passkey not in own:
                raise NotFound("You have no such passkey.", code="passkey-not-found")
            connection.execute(delete(table).where(table.c.id == passkey))
            if not ways_in(connection, account):
                raise Conflict(
                    "This passkey is your only way to sign in; set a password or add another passkey first.",
                    code="last-passkey",
                )

        await self._work.write(work)

    # Sessions

    async def begin(self, session: Session, *, instead_of: str | None = None) -> None:
        """Signs in; ends the session of the digest ``instead_of``, and the oldest when there are too many."""

        def work(connection: Connection) -> None:
            table = tables.sessions
            if instead_of is not None:
                connection.execute(delete(table).where(table.c.digest == instead_of))
            connection.execute(insert(table).values(**msgspec.structs.asdict(session)))
            own = select(table.c.digest).where(table.c.account == session.account).order_by(table.c.seen_ms.desc())
            surplus = list(connection.execute(own.offset(MOST_SESSIONS)).scalars())
            connection.execute(delete(table).where(table.c.digest.in_(surplus)))

        await self._work.write(work)

    async def session(self, digest: str, *, since_ms: int) -> tuple[Session, Account] | None:
        """The session of a token that was seen since then, and whose it is."""

        def work(connection: Connection) -> tuple[Session, Account] | None:
            table = tables.sessions
            query = select(table).where(table.c.digest == digest, table.c.seen_ms >= since_ms)
            row = connection.execute(query).mappings().one_or_none()
            if row is None:
                return None
            session = Session(**row)
            return session, _there(_account(connection, tables.accounts.c.id == session.account))

        return await self._work.read(work)

    async def seen(self, digest: str, *, now_ms: int) -> None:
        """Notes that a session is in use."""
        query = update(tables.sessions).where(tables.sessions.c.digest == digest).values(seen_ms=now_ms)
        await self._do(query)

    async def sessions(self, account: str, *, since_ms: int) -> Sequence[Session]:
        """The account's sessions that were seen since then, the latest first."""
        table = tables.sessions
        query = select(table).where(table.c.account == account, table.c.seen_ms >= since_ms)
        query = query.order_by(table.c.seen_ms.desc(), table.c.digest)

        def work(connection: Connection) -> Sequence[Session]:
            return [Session(**row) for row in connection.execute(query).mappings()]

        return await self._work.read(work)

    async def end(self, account: str, *, only: str | None = None, but: str | None = None) -> int:
        """Ends sessions of an account: the one whose id is ``only``, or all but the digest ``but``; how many."""
        table = tables.sessions
        query = delete(table).where(table.c.account == account)
        if only is not None:
            query = query.where(func.substr(table.c.digest, 1, 16) == only)
        if but is not None:
            query = query.where(table.c.digest != but)
        return await self._work.write(lambda connection: connection.execute(query).rowcount)

    # Challenges

    async def challenge(self, challenge: Challenge, *, now_ms: int) -> None:
        """Notes a challenge that was given out; those that have run out are forgotten."""

        def work(connection: Connection) -> None:
            table = tables.challenges
            connection.execute(delete(table).where(table.c.expires_ms <= now_ms))
            connection.execute(insert(table).values(**msgspec.structs.asdict(challenge)))

        await self._work.write(work)

    async def answered(self, challenge: str, purpose: str, *, now_ms: int, keep: bool = False) -> Challenge | None:
        """Takes a challenge back, once: None when it was never given for this purpose, came back or has run out.

        With ``keep`` it is only looked at.
        """

        def work(connection: Connection) -> Challenge | None:
            table = tables.challenges
            where = (table.c.challenge == challenge, table.c.purpose == purpose, table.c.expires_ms > now_ms)
            row = connection.execute(select(table).where(*where)).mappings().one_or_none()
            if row is None or not (keep or connection.execute(delete(table).where(*where)).rowcount == 1):
                return None
            return Challenge(**row)

        return await self._work.write(work)


def _account(connection: Connection, where: ColumnElement[bool]) -> Account | None:
    query = select(*_ACCOUNT, tables.accounts.c.password.is_not(None).label("has_password")).where(where)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _to_account(row)


def _to_account(row: RowMapping) -> Account:
    return Account(**{**row, "role": SiteRole(row["role"]), "has_password": bool(row["has_password"])})


def _there(account: Account | None) -> Account:
    if account is None:
        raise _no_account()
    return account


def _no_account() -> NotFound:
    return NotFound("There is no such account.", code="account-not-found")


def _add_passkey(connection: Connection, passkey: Passkey) -> None:
    table = tables.passkeys
    own = select(func.count()).select_from(table).where(table.c.account == passkey.account)
    if connection.execute(own).scalar_one() >= MOST_PASSKEYS:
        raise Conflict(f"An account has at most {MOST_PASSKEYS} passkeys; remove one first.", code="too-many-passkeys")
    try:
        connection.execute(insert(table).values(**msgspec.structs.asdict(passkey)))
    except IntegrityError as error:
        raise Conflict("This passkey is in use already.", code="passkey-taken") from error


def _write_codes(connection: Connection, account: str, codes: Sequence[str]) -> None:
    table = tables.recovery_codes
    connection.execute(delete(table).where(table.c.account == account))
    if codes:
        connection.execute(insert(table), [{"account": account, "digest": digest} for digest in codes])
