"""The REST API's address by which somebody with an account takes an invitation's seat."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.house.accounts.schema import ClaimedSeat
from stentor.house.spaces import schema
from stentor.house.spaces.invitations import Invitations
from stentor.house.spaces.pictures import Pictures
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers

_Request = Request[Any, Any, Any]


def handlers(callers: Callers, views: Views, invitations: Invitations, pictures: Pictures) -> list[HTTPRouteHandler]:
    """The handler, which shows the seat with the account's picture."""

    @post("/spaces/{space:str}/claim", status_code=200, summary="Make an invitation's seat one's own account's")
    async def claim(request: _Request, space: FromPath[str], data: JSONBody[ClaimedSeat]) -> schema.SpaceView:
        account = await callers.signed_in(request)
        found, seat = await invitations.claim(space, data.token, account.id)
        found = await pictures.show(found, seat, account)
        return await views.space(found, callers.acting(account))

    return [claim]
