"""Tokens for programs: digests, never the tokens."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from stentor.base.errors import Conflict, NotFound
from stentor.people.scopes import MOST_TOKENS, ApiToken, Scope
from stentor.store import outgoing_tables
from stentor.store.work import Work

_TABLE = outgoing_tables.api_tokens
_scopes = msgspec.json.Decoder(tuple[Scope, ...])


class ApiTokens:
    """Of all accounts. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, token: ApiToken) -> None:
        """Raises :class:`Conflict` when the account has too many."""

        def work(connection: Connection) -> None:
            there = select(func.count()).select_from(_TABLE).where(_TABLE.c.account == token.account)
            if connection.execute(there).scalar_one() >= MOST_TOKENS:
                raise Conflict(f"This account has {MOST_TOKENS} tokens already; revoke one.", code="too-many-tokens")
            values = msgspec.structs.asdict(token) | {"scopes": msgspec.json.encode(token.scopes).decode()}
            connection.execute(insert(_TABLE).values(values))

        await self._work.write(work)

    async def find(self, digest: str) -> ApiToken | None:
        """The token with this digest."""
        found = await self._list(_TABLE.c.digest == digest)
        return found[0] if found else None

    async def of(self, account: str) -> Sequence[ApiToken]:
        """Those of an account, the oldest first."""
        return await self._list(_TABLE.c.account == account)

    async def used(self, token: str, *, now_ms: int) -> None:
        """Notes that it was used."""
        await self._write(update(_TABLE).where(_TABLE.c.id == token).values(used_ms=now_ms))

    async def revoke(self, account: str, token: str) -> None:
        """Takes one away for good; raises :class:`NotFound`."""
        if not await self._write(delete(_TABLE).where(_TABLE.c.account == account, _TABLE.c.id == token)):
            raise NotFound("There is no such token.", code="api-token-not-found")

    async def _list(self, which: object) -> Sequence[ApiToken]:
        query = select(_TABLE).where(which).order_by(_TABLE.c.made_ms, _TABLE.c.id)  # type: ignore[arg-type]

        def work(connection: Connection) -> Sequence[ApiToken]:
            rows = connection.execute(query).mappings()
            return [ApiToken(**{**row, "scopes": _scopes.decode(row["scopes"])}) for row in rows]

        return await self._work.read(work)

    async def _write(self, query: object) -> int:
        def work(connection: Connection) -> int:
            return int(connection.execute(query).rowcount)  # type: ignore[call-overload]

        return await self._work.write(work)
