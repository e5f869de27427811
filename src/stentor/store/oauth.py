"""Apps of Mastodon's client API, the codes they are given, and their tokens: digests, never the secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, exists, func, insert, select, update

from stentor.base.errors import NotFound, Overloaded
from stentor.store.oauth_tables import oauth_apps, oauth_codes, oauth_tokens
from stentor.store.work import Work

MOST_APPS: Final = 100_000
"""Of a site: 50 MB. Whoever is no app of anybody's goes first."""
UNUSED_MS: Final = 30 * 86_400_000
"""So long an app that nobody is signed in to is kept: some register once and ask their people weeks later."""
SWEPT_AT_ONCE: Final = 500
Result = TypeVar("Result")
_APP, _CODE, _TOKEN = oauth_apps.c, oauth_codes.c, oauth_tokens.c


class OAuthApp(msgspec.Struct, frozen=True, kw_only=True):
    """An app, as it has registered itself. ``secret`` is the SHA-256 of what it shows."""

    id: int
    client_id: str
    secret: str
    name: str
    website: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    made_ms: int


class AppCode(msgspec.Struct, frozen=True, kw_only=True):
    """What an app exchanges for a token. ``token`` is the digest of that one once it was."""

    digest: str
    app: int
    account: str
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str
    ends_ms: int
    token: str = ""


class AppToken(msgspec.Struct, frozen=True, kw_only=True):
    """What an app acts with. ``account`` is None where it acts for nobody."""

    id: str
    digest: str
    app: int
    account: str | None
    scopes: tuple[str, ...]
    made_ms: int
    used_ms: int | None = None
    app_name: str = ""
    website: str = ""


class Grants:
    """Apps, codes and tokens within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def app(self, client_id: str) -> OAuthApp | None:
        row = self._connection.execute(select(oauth_apps).where(_APP.client_id == client_id)).one_or_none()
        return _app(row) if row is not None else None

    def keep_code(self, code: AppCode) -> None:
        values = msgspec.structs.asdict(code) | {"scopes": " ".join(code.scopes)}
        self._connection.execute(insert(oauth_codes).values(values))

    def code(self, digest: str) -> AppCode | None:
        """Nobody else has it at the same time: the first write of the transaction is on its row."""
        mine = _CODE.digest == digest
        self._connection.execute(update(oauth_codes).where(mine).values(ends_ms=_CODE.ends_ms))
        row = self._connection.execute(select(oauth_codes).where(mine)).mappings().one_or_none()
        return AppCode(**{**row, "scopes": tuple(row["scopes"].split())}) if row is not None else None

    def spend_code(self, digest: str, token: str) -> None:
        self._connection.execute(update(oauth_codes).where(_CODE.digest == digest).values(token=token))

    def keep_token(self, token: AppToken) -> None:
        values = msgspec.structs.asdict(token) | {"scopes": " ".join(token.scopes)}
        for name in ("app_name", "website"):
            values.pop(name)
        self._connection.execute(insert(oauth_tokens).values(values))

    def token(self, digest: str) -> AppToken | None:
        found = _tokens(self._connection, _TOKEN.digest == digest)
        return found[0] if found else None

    def revoke(self, digest: str) -> None:
        """None is no error."""
        self._connection.execute(delete(oauth_tokens).where(_TOKEN.digest == digest))


class OAuthTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def within(self, work: Callable[[Grants], Result]) -> Result:
        """``work`` in one transaction, in a thread; what it raises undoes it all."""
        return await self._work.write(lambda connection: work(Grants(connection)))

    async def add(self, app: OAuthApp) -> None:
        """Raises :class:`Overloaded` when there are far too many."""
        values = msgspec.structs.asdict(app)
        values |= {"redirect_uris": json.dumps(app.redirect_uris), "scopes": " ".join(app.scopes)}

        def work(connection: Connection) -> None:
            if connection.execute(select(func.count()).select_from(oauth_apps)).scalar_one() >= MOST_APPS:
                said = "There are too many apps here that nobody uses; try again tomorrow."
                raise Overloaded(said, retry_after_s=3600, code="too-many-apps")
            connection.execute(insert(oauth_apps).values(values))

        await self._work.write(work)

    async def app(self, client_id: str) -> OAuthApp | None:
        return await self._work.read(lambda connection: Grants(connection).app(client_id))

    async def app_of(self, app: int) -> OAuthApp:
        """By its number; raises :class:`NotFound`."""
        query = select(oauth_apps).where(_APP.id == app)
        row = await self._work.read(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            raise _nothing()
        return _app(row)

    async def find(self, digest: str) -> AppToken | None:
        """The token with this digest."""
        return await self._work.read(lambda connection: Grants(connection).token(digest))

    async def recent(self, most: int) -> Sequence[str]:
        """The digests of those that were used last, the ones before first."""
        query = select(_TOKEN.digest).where(_TOKEN.account.is_not(None), _TOKEN.used_ms.is_not(None))
        query = query.order_by(_TOKEN.used_ms.desc(), _TOKEN.id).limit(most)
        return await self._work.read(lambda connection: list(connection.execute(query).scalars())[::-1])

    async def of(self, account: str) -> Sequence[AppToken]:
        """What somebody has let apps do, the newest first."""
        found = await self._work.read(lambda connection: _tokens(connection, _TOKEN.account == account))
        return found[::-1]

    async def used(self, token: str, *, now_ms: int) -> None:
        """Notes that it was used."""

        def work(connection: Connection) -> None:
            connection.execute(update(oauth_tokens).where(_TOKEN.id == token).values(used_ms=now_ms))

        await self._work.write(work)

    async def revoke(self, account: str, token: str) -> str:
        """Takes one away for good; its digest. Raises :class:`NotFound`."""
        mine = (_TOKEN.account == account) & (_TOKEN.id == token)

        def work(connection: Connection) -> str:
            found = connection.execute(select(_TOKEN.digest).where(mine)).scalar()
            if found is None:
                raise _nothing()
            connection.execute(delete(oauth_tokens).where(mine))
            return str(found)

        return await self._work.write(work)

    async def sweep(self, now_ms: int) -> int:
        """Deletes codes that have ended, and some apps that nobody uses; how many of these."""
        unused = select(_APP.id).where(_APP.made_ms < now_ms - UNUSED_MS, ~exists().where(_TOKEN.app == _APP.id))

        def work(connection: Connection) -> int:
            connection.execute(delete(oauth_codes).where(_CODE.ends_ms <= now_ms))
            found = connection.execute(unused.limit(SWEPT_AT_ONCE)).scalars().all()
            connection.execute(delete(oauth_apps).where(_APP.id.in_(found)))
            return len(found)

        return await self._work.write(work)


def _tokens(connection: Connection, which: ColumnElement[bool]) -> list[AppToken]:
    query = select(oauth_tokens, _APP.name.label("app_name"), _APP.website)
    query = query.join(oauth_apps, _TOKEN.app == _APP.id).where(which).order_by(_TOKEN.made_ms, _TOKEN.id)
    rows = connection.execute(query).mappings()
    return [AppToken(**{**row, "scopes": tuple(row["scopes"].split())}) for row in rows]


def _app(row: Row[Any]) -> OAuthApp:
    values = dict(row._mapping)
    values |= {"redirect_uris": tuple(json.loads(row.redirect_uris)), "scopes": tuple(row.scopes.split())}
    return OAuthApp(**values)


def _nothing() -> NotFound:
    return NotFound("There is no such app, or nobody is signed in to it any more.", code="app-not-found")
