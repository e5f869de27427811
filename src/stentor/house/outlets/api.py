"""The REST API's addresses about outlets: one's own accounts elsewhere, and what of a space is posted there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from litestar import Request, delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.house.outlets import schema
from stentor.house.outlets.service import OutletDesk
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import Callers
from stentor.outlets.words import still_so
from stentor.spaces import rights
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.model import Space
from stentor.spaces.rights import Look
from stentor.store.outlets import STUCK, OutletChoice

_Request = Request[Any, Any, Any]


class OutletHosts:
    """Who may do something with outlets: each with their own, of the spaces that they host."""

    def __init__(self, desk: OutletDesk, spaces: Spaces, callers: Callers) -> None:
        self.desk, self._spaces, self._callers = desk, spaces, callers

    async def account(self, request: _Request) -> str:
        """Who asks; raises :class:`NotSignedIn` for who has no account."""
        return (await self._callers.signed_in(request)).id

    async def hosted(self, request: _Request, space: str) -> tuple[str, Space]:
        """Who asks, and a space that they host; raises for everybody else."""
        account, found = await self.account(request), await self._spaces.load(space)
        rights.require(await self._callers.actor(request, space), Look.EVENTS, found)
        return account, found

    async def shown(self, account: str, space: Space, number: int) -> schema.OutletChoiceView:
        """What of a space is posted at one of somebody's; raises :class:`NotFound`."""
        for each in await self.all(account, space):
            if each.outlet == number:
                return each
        raise NotFound("There is no such outlet.", code="outlet-missing")

    async def all(self, account: str, space: Space) -> list[schema.OutletChoiceView]:
        """The same at all of theirs."""
        posts = await self.desk.posts(space)
        return [
            schema.choice(
                row.number,
                chosen,
                [
                    schema.post(each, again=each.state in STUCK and still_so(each.moment, space))
                    for each in posts.get(row.number, ())
                ],
            )
            for row, chosen in await self.desk.shown(space, account)
        ]


@contextmanager
def _filled_in() -> Iterator[None]:
    """What a kind of outlet wants filled in stands in no type: it is refused as what does not fit."""
    try:
        yield
    except BadInput as error:
        raise Conflict(error.detail, code="outlet-fields", field=error.fields.get("field", "")) from error


def handlers(hosts: OutletHosts) -> list[HTTPRouteHandler]:
    """All of them."""
    return [*_of_accounts(hosts), *_of_spaces(hosts)]


def _of_accounts(hosts: OutletHosts) -> list[HTTPRouteHandler]:
    """One's own outlets."""
    desk = hosts.desk

    @get("/outlets", summary="Your accounts elsewhere, and what can be connected")
    async def listed(request: _Request) -> schema.OutletList:
        mine = await desk.table.of_account(await hosts.account(request))
        return schema.OutletList([schema.view(each) for each in mine], schema.kinds(desk.kinds.values()))

    @post("/outlets", summary="Connect an account elsewhere; whose it is is asked there afterwards")
    async def connect(request: _Request, data: JSONBody[schema.NewOutlet]) -> schema.OutletView:
        account = await hosts.account(request)
        with _filled_in():
            number = await desk.connect(account, data.kind, data.fields)
        return schema.view(await desk.mine(account, number))

    @patch("/outlets/{outlet:str}", summary="Give another token or password; what was chosen stays")
    async def renew(request: _Request, outlet: FromPath[str], data: JSONBody[schema.OutletSecret]) -> schema.OutletView:
        account = await hosts.account(request)
        number = desk.number(outlet)
        with _filled_in():
            await desk.renew(account, number, data.fields)
        return schema.view(await desk.mine(account, number))

    @post("/outlets/{outlet:str}/check", status_code=202, summary="Ask there whether it still lets us in")
    async def check(request: _Request, outlet: FromPath[str]) -> schema.OutletView:
        found = await desk.mine(await hosts.account(request), desk.number(outlet))
        await desk.look(found.number, found.host)
        return schema.view(found)

    @delete("/outlets/{outlet:str}", status_code=204, summary="Disconnect one, and delete its secret")
    async def remove(request: _Request, outlet: FromPath[str]) -> None:
        await desk.table.delete(await hosts.account(request), desk.number(outlet))

    return [listed, connect, renew, check, remove]


def _of_spaces(hosts: OutletHosts) -> list[HTTPRouteHandler]:
    """What of a space is posted there."""
    desk = hosts.desk

    @get("/spaces/{space:str}/outlets", summary="What of a space is posted at your outlets, and what came of it")
    async def chosen(request: _Request, space: FromPath[str]) -> schema.OutletChoiceList:
        account, found = await hosts.hosted(request, space)
        return schema.OutletChoiceList(found.id, await hosts.all(account, found))

    @put("/spaces/{space:str}/outlets/{outlet:str}", summary="Choose what of a space is posted at an outlet")
    async def choose(
        request: _Request, space: FromPath[str], outlet: FromPath[str], data: JSONBody[schema.OutletWish]
    ) -> schema.OutletChoiceView:
        account, found = await hosts.hosted(request, space)
        given = msgspec.structs.asdict(data.own)
        own = {moment: said.strip() for moment, said in given.items() if said.strip()}
        number = (await desk.mine(account, desk.number(outlet))).number
        wanted = OutletChoice(number, tuple(map(SpaceMoment, data.moments)), data.words.strip(), own)
        await desk.choose(found, account, wanted)
        return await hosts.shown(account, found, number)

    @post("/spaces/{space:str}/outlets/{outlet:str}/preview", status_code=200, summary="A post as it would be now")
    async def preview(
        request: _Request, space: FromPath[str], outlet: FromPath[str], data: JSONBody[schema.PreviewWish]
    ) -> schema.OutletPreview:
        account, found = await hosts.hosted(request, space)
        row = await desk.mine(account, desk.number(outlet))
        return schema.OutletPreview(desk.preview(found, SpaceMoment(data.moment), data.words, row.kind))

    @post(
        "/spaces/{space:str}/outlets/{outlet:str}/posts/{moment:str}",
        status_code=202,
        summary="Post a moment again that was refused or given up, or that you have looked for and not found",
    )
    async def again(
        request: _Request, space: FromPath[str], outlet: FromPath[str], moment: FromPath[str]
    ) -> schema.OutletChoiceView:
        account, found = await hosts.hosted(request, space)
        number = (await desk.mine(account, desk.number(outlet))).number
        await desk.again(found, account, number, desk.moment(moment))
        return await hosts.shown(account, found, number)

    return [chosen, choose, preview, again]
