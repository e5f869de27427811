"""The REST API's addresses about where a space is sent besides: for its host."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import NotFound
from stentor.house.simulcast import schema
from stentor.house.simulcast.service import SimulcastDesk
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import Callers
from stentor.people import rights as site
from stentor.spaces import rights
from stentor.spaces.rights import Look
from stentor.store.destinations import SealedDestination

_Request = Request[Any, Any, Any]


class SimulcastHosts:
    """Who may do something with destinations."""

    def __init__(self, desk: SimulcastDesk, spaces: Spaces, callers: Callers) -> None:
        self._desk, self._spaces, self._callers = desk, spaces, callers

    async def of(self, request: _Request, space: str) -> str:
        """The id of the account of a host, or of an administrator, who asks; raises for everybody else."""
        actor = await self._callers.actor(request, space)
        rights.require(actor, Look.EVENTS, await self._spaces.load(space))
        return actor.account

    async def one(self, request: _Request, number: str) -> SealedDestination:
        """A destination for those who may have it; raises :class:`NotFound`, to others as if there were none."""
        try:
            found = await self._desk.find(number)
        except NotFound:
            site.require_admin(await self._callers.staff(request))
            raise
        await self.of(request, found.destination.space)
        return found


def handlers(desk: SimulcastDesk, hosts: SimulcastHosts) -> list[HTTPRouteHandler]:
    """All of them."""

    @get("/spaces/{space:str}/destinations", summary="Where a space is sent besides, and how that stands")
    async def listed(request: _Request, space: FromPath[str]) -> schema.DestinationList:
        await hosts.of(request, space)
        return schema.DestinationList(list(await desk.list(space)))

    @post("/spaces/{space:str}/destinations", summary="Send a space somewhere else, too")
    async def make(
        request: _Request, space: FromPath[str], data: JSONBody[schema.NewDestination]
    ) -> schema.DestinationView:
        by = await hosts.of(request, space)
        return await desk.make(data, space=space, by=by)

    @patch("/destinations/{destination:str}", summary="Change a destination, stop sending there or begin")
    async def change(
        request: _Request, destination: FromPath[str], data: JSONBody[schema.DestinationChange]
    ) -> schema.DestinationView:
        return await desk.change(await hosts.one(request, destination), data)

    @delete("/destinations/{destination:str}", status_code=204, summary="Delete a destination and its key")
    async def remove(request: _Request, destination: FromPath[str]) -> None:
        found = await hosts.one(request, destination)
        await desk.delete(found.destination.number)

    return [listed, make, change, remove]
