"""The REST API's addresses about posts that announce a space."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import NotAllowed
from stentor.house.announcing import schema
from stentor.house.announcing.service import Announcer, hosts
from stentor.house.who.callers import Callers
from stentor.social import text
from stentor.spaces import rights, setting
from stentor.spaces.announcing import Announcing, AnnouncingChoice
from stentor.spaces.model import Space

_Request = Request[Any, Any, Any]


def handlers(announcer: Announcer, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share the announcer."""
    spaces = announcer.spaces

    @get("/spaces/{space:str}/announcing", summary="How posts announce a space, and which there are")
    async def look(request: _Request, space: FromPath[str]) -> schema.AnnouncingView:
        actor, found = await callers.actor(request, space), await spaces.load(space)
        rights.require(actor, setting.SetAnnouncing(Announcing()), found)
        return await _view(announcer, found)

    @put("/spaces/{space:str}/announcing", summary="Choose whether posts announce a space, with which words, and when")
    async def choose(
        request: _Request, space: FromPath[str], data: JSONBody[AnnouncingChoice]
    ) -> schema.AnnouncingView:
        actor, found = await callers.actor(request, space), await spaces.load(space)
        rights.require(actor, setting.SetAnnouncing(Announcing()), found)
        by = actor.account if hosts(found, actor.account) else found.announcing.by
        others = data.words.strip() not in ("", found.announcing.words)
        if others and not (actor.account and by == actor.account):
            raise NotAllowed("Only somebody with an account who hosts the space can choose the words of its posts.")
        text.check(data.words)
        wish = setting.SetAnnouncing(Announcing.of(data, by))
        return await _view(announcer, await spaces.change(found.id, wish, actor))

    return [look, choose]


async def _view(announcer: Announcer, space: Space) -> schema.AnnouncingView:
    chosen, posts = space.announcing, await announcer.table.there(space.id)
    views = [schema.AnnouncementView(moment, f"{post}") for moment, post in posts.items()]  # type: ignore[arg-type]
    return schema.AnnouncingView(chosen.on, chosen.words, list(chosen.again), views)
