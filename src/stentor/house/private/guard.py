"""For whom there is a private space in the house: everybody else is answered as where there is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request

from stentor.base.errors import NotFound, StentorError
from stentor.house.private.service import Listeners
from stentor.house.spaces.service import Spaces
from stentor.house.web.bodies import check_body
from stentor.house.who.callers import Callers
from stentor.spaces import rights
from stentor.spaces.model import Space

_Request = Request[Any, Any, Any]


class Guard:
    """Asks of a space on behalf of a caller."""

    def __init__(self, spaces: Spaces, callers: Callers, listeners: Listeners) -> None:
        self._spaces, self._callers, self._listeners = spaces, callers, listeners

    async def require(self, request: _Request, space: str) -> Space:
        """The space; raises :class:`NotFound` where there is none, or none that the caller may know of."""
        found = await self._spaces.load(space)
        if found.private and not await self.knows(request, found):
            raise NotFound("There is no such space.", code="space-not-found")
        return found

    async def knows(self, request: _Request, space: Space) -> bool:
        """Whether the caller has a seat, a token for the space, a say on the site, a pass, or is a member."""
        if self._listeners.has_pass(space, request.cookies.get(self._listeners.cookie(space.id), "")):
            return True
        try:
            actor = await self._callers.actor(request, space.id)
            account = await self._callers.account(request)
        except StentorError:
            return False
        if actor.seat or actor.moderates or rights.rank(actor, space) is not rights.Rank.ANYONE:
            return True
        return await self._listeners.by_account(space, account, actor) is not None


def before(guard: Guard, callers: Callers) -> Callable[[_Request], Awaitable[None]]:
    """Looks at each request of the API first: raises what :func:`check_body` does, and :class:`NotFound` for a space
    that does not exist for the caller. A function, for the framework copies what it is given."""

    async def look(request: _Request) -> None:
        await callers.admit(request)
        await check_body(request)
        if (space := request.path_params.get("space")) is not None and not request.url.path.endswith("/entrance"):
            await guard.require(request, str(space))

    return look
