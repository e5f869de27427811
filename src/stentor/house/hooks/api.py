"""The REST API's addresses about webhooks: of the site for administrators, of a space for its host."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import NotFound
from stentor.house.hooks import schema
from stentor.house.hooks.service import WebhookDesk
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import Callers
from stentor.people import rights as site
from stentor.spaces import rights
from stentor.spaces.hooks import Webhook
from stentor.spaces.rights import Look

_Request = Request[Any, Any, Any]


class Keepers:
    """Who may do something with webhooks."""

    def __init__(self, desk: WebhookDesk, spaces: Spaces, callers: Callers) -> None:
        self._desk, self._spaces, self._callers = desk, spaces, callers

    async def of_site(self, request: _Request) -> str:
        """The id of the administrator who asks, empty for the admin token; raises for everybody else."""
        by = await self._callers.staff(request)
        site.require_admin(by)
        return by.id if by else ""

    async def of_space(self, request: _Request, space: str) -> str:
        """The same of the host of a space, and of administrators."""
        actor = await self._callers.actor(request, space)
        rights.require(actor, Look.EVENTS, await self._spaces.load(space))
        return actor.account

    async def hook(self, request: _Request, number: str) -> Webhook:
        """A webhook for those who may have it; raises :class:`NotFound`, to others as if there were none."""
        try:
            found = await self._desk.find(number)
        except NotFound:
            await self.of_site(request)
            raise
        if found.space:
            await self.of_space(request, found.space)
        else:
            await self.of_site(request)
        return found


def handlers(desk: WebhookDesk, keepers: Keepers) -> list[HTTPRouteHandler]:
    """Those that make webhooks and list them."""

    @get("/site/webhooks", summary="Webhooks of the site")
    async def of_site(request: _Request) -> schema.WebhookList:
        await keepers.of_site(request)
        return schema.WebhookList([schema.view(each) for each in await desk.store.list("")])

    @post("/site/webhooks", summary="Make a webhook of the site; its secret is shown this once")
    async def make(request: _Request, data: JSONBody[schema.NewWebhook]) -> schema.WebhookSecret:
        by = await keepers.of_site(request)
        made, secret = await desk.make(data, space="", by=by)
        return schema.WebhookSecret(schema.view(made), secret)

    @get("/spaces/{space:str}/webhooks", summary="Webhooks of a space")
    async def of_space(request: _Request, space: FromPath[str]) -> schema.WebhookList:
        await keepers.of_space(request, space)
        return schema.WebhookList([schema.view(each) for each in await desk.store.list(space)])

    @post("/spaces/{space:str}/webhooks", summary="Make a webhook of a space; its secret is shown this once")
    async def make_of_space(
        request: _Request, space: FromPath[str], data: JSONBody[schema.NewWebhook]
    ) -> schema.WebhookSecret:
        by = await keepers.of_space(request, space)
        made, secret = await desk.make(data, space=space, by=by)
        return schema.WebhookSecret(schema.view(made), secret)

    return [of_site, make, of_space, make_of_space, *_of_one(desk, keepers)]


def _of_one(desk: WebhookDesk, keepers: Keepers) -> list[HTTPRouteHandler]:
    """Those about one webhook, whosever it is."""

    @patch("/webhooks/{hook:str}", summary="Change a webhook, turn it off or on again")
    async def change(
        request: _Request, hook: FromPath[str], data: JSONBody[schema.WebhookChange]
    ) -> schema.WebhookView:
        found = await keepers.hook(request, hook)
        return schema.view(await desk.change(found, data))

    @delete("/webhooks/{hook:str}", status_code=204, summary="Delete a webhook")
    async def remove(request: _Request, hook: FromPath[str]) -> None:
        found = await keepers.hook(request, hook)
        await desk.store.delete(found.number)

    @post("/webhooks/{hook:str}/secret", status_code=200, summary="Make a new secret; the old one signs for a day, too")
    async def rotate(request: _Request, hook: FromPath[str]) -> schema.WebhookSecret:
        found = await keepers.hook(request, hook)
        secret = await desk.rotate(found)
        return schema.WebhookSecret(schema.view(await desk.find(hook)), secret)

    @post("/webhooks/{hook:str}/test", status_code=202, summary="Send a test message")
    async def test(request: _Request, hook: FromPath[str]) -> schema.HookJobOrdered:
        return schema.HookJobOrdered(await desk.test(await keepers.hook(request, hook)))

    @get("/webhooks/{hook:str}/deliveries", summary="What was sent to a webhook, the newest hundred")
    async def log(request: _Request, hook: FromPath[str]) -> schema.DeliveryList:
        found = await keepers.hook(request, hook)
        return schema.DeliveryList([schema.delivery(row) for row in await desk.log(found)])

    @post("/webhooks/{hook:str}/deliveries/{delivery:str}", status_code=202, summary="Send once more what was sent")
    async def resend(request: _Request, hook: FromPath[str], delivery: FromPath[str]) -> schema.HookJobOrdered:
        return schema.HookJobOrdered(await desk.resend(await keepers.hook(request, hook), delivery))

    return [change, remove, rotate, test, log, resend]
