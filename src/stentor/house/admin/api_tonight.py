"""The REST API's addresses about the checks before an evening: for administrators alone."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from stentor.house.admin.schema import ChecksView, ChecksWanted
from stentor.house.admin.tonight import Tonight
from stentor.house.who.callers import Callers
from stentor.people import rights
from stentor.people.model import Account

_Request = Request[Any, Any, Any]


def handlers(tonight: Tonight, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers."""

    async def admin(request: _Request) -> Account | None:
        by = await callers.staff(request)
        rights.require_admin(by)
        return by

    @get("/site/tonight", summary="How far the checks before an evening are, and what they found")
    async def shown(request: _Request) -> ChecksView:
        await admin(request)
        return await tonight.view()

    @post("/site/tonight", status_code=202, summary="Begin the checks before an evening")
    async def start(request: _Request, data: JSONBody[ChecksWanted]) -> ChecksView:
        by = await admin(request)
        await tonight.start(data.listeners, data.space or "", by=by.handle if by else "")
        return await tonight.view()

    @delete("/site/tonight", status_code=200, summary="Stop the checks")
    async def stop(request: _Request) -> ChecksView:
        await admin(request)
        await tonight.stop()
        return await tonight.view()

    return [shown, start, stop]
