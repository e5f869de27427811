"""The REST API's addresses about how long things are kept and how much room they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.clock import unix_ms
from stentor.base.errors import NotSignedIn
from stentor.house.retention import schema
from stentor.house.retention.service import Retention
from stentor.house.spaces.schema import SpaceView
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers
from stentor.spaces import commands as c
from stentor.spaces import retention, rights
from stentor.spaces.model import Keep
from stentor.spaces.rights import Look, Rank
from stentor.store.retention import GB, StorageLimits

MOST_DUE = 500
_Request = Request[Any, Any, Any]


def handlers(
    spaces: Spaces, callers: Callers, views: Views, service: Retention, limits: Callable[[], StorageLimits]
) -> list[HTTPRouteHandler]:
    """The handlers, which share the service of the spaces."""

    async def room(most_gb: float, creator: str | None) -> schema.RoomView:
        used = await spaces.store.retention.used_bytes(unix_ms(spaces.clock()), creator)
        return schema.RoomView(used, round(most_gb * GB) if most_gb else None)

    @get("/retention", summary="What was kept for its time and would go now; nothing is changed")
    async def preview(request: _Request) -> schema.RetentionView:
        rights.require(await callers.actor(request), Look.SITE, None)
        found, more = await service.preview(MOST_DUE)
        due = [
            schema.DueView(each.space.id, each.space.title, each.part, each.since_ms, each.count, each.size_bytes)
            for each in found
        ]
        return schema.RetentionView(service.site, due, more)

    @get("/storage", summary="How much room recordings take, and may")
    async def storage(request: _Request) -> schema.StorageView:
        actor = await callers.actor(request)
        if actor == rights.ANYONE:
            raise NotSignedIn("Sign in to see how much room your recordings take.")
        admin = actor.rank is Rank.ADMIN
        return schema.StorageView(
            site=await room(limits().site_gb, None) if admin else None,
            own=await room(limits().account_gb, actor.account) if actor.account and not admin else None,
        )

    @put("/spaces/{space:str}/keep", summary="Choose how long things of a space are kept after its end")
    async def keep(request: _Request, space: FromPath[str], data: JSONBody[schema.KeepChoice]) -> SpaceView:
        actor = await callers.actor(request, space)
        wish = c.SetKeep(Keep(**msgspec.structs.asdict(data)))
        rights.require(actor, wish, await spaces.load(space))
        retention.require_shorter(service.site, wish.keep)
        return await views.space(await spaces.change(space, wish, actor), actor)

    return [preview, storage, keep]
