"""Who asks about posts: an account, and the number by which posts know it."""

from __future__ import annotations

from typing import Any

from litestar import Request

from stentor.house.who.callers import Callers
from stentor.people.model import Account
from stentor.store.actors import ActorsTable

_Request = Request[Any, Any, Any]


class Viewers:
    """Reads requests. A number never changes, so those of who was here lately are remembered."""

    def __init__(self, callers: Callers, actors: ActorsTable) -> None:
        self._callers, self.actors = callers, actors

    async def account(self, request: _Request) -> Account:
        """Who is signed in, or whose program asks; raises :class:`NotSignedIn`."""
        return await self._callers.signed_in(request)

    async def me(self, request: _Request) -> int:
        """Their number; raises :class:`NotSignedIn`."""
        return await self.actors.of_account((await self.account(request)).id)

    async def viewer(self, request: _Request) -> int | None:
        """The number of who asks; None for who is not signed in."""
        account = await self._callers.account(request)
        return await self.actors.of_account(account.id) if account else None
