"""The REST API's addresses about whom one blocks and mutes, and which threads and domains."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.base.address import domain as as_domain
from stentor.base.errors import BadInput, Conflict
from stentor.house.safety import schema
from stentor.house.social import schema as social_schema
from stentor.house.social.api_follows import Relations, people
from stentor.house.social.pages import MOST, cursor
from stentor.house.social.service import PostDesk, parse_id
from stentor.house.social.viewers import Viewers
from stentor.house.social.views import person

LONGEST_DOMAIN: Final = 253
_Request = Request[Any, Any, Any]


def handlers(desk: PostDesk, relations: Relations, viewers: Viewers) -> list[HTTPRouteHandler]:
    """The handlers, which share the table."""
    return [*_people(desk, relations, viewers), *_lists(desk, viewers), *_threads(desk, viewers)]


def _people(desk: PostDesk, relations: Relations, viewers: Viewers) -> list[HTTPRouteHandler]:
    find, table = viewers.actors.find, desk.blocks

    @put("/people/{handle:str}/block", status_code=200, summary="Have nothing to do with somebody, nor they with one")
    async def block(request: _Request, handle: FromPath[str]) -> social_schema.RelationView:
        desk.touch(await viewers.account(request))
        me, other = await viewers.me(request), await find(handle)
        await table.block(me, other.number, now_ms=desk.now_ms)
        return await relations.view(me, other)

    @delete("/people/{handle:str}/block", status_code=200, summary="Block somebody no more")
    async def unblock(request: _Request, handle: FromPath[str]) -> social_schema.RelationView:
        me, other = await viewers.me(request), await find(handle)
        await table.unblock(me, other.number, now_ms=desk.now_ms)
        return await relations.view(me, other)

    @put("/people/{handle:str}/mute", status_code=200, summary="Hear nothing of somebody, who does not notice")
    async def mute(
        request: _Request, handle: FromPath[str], data: JSONBody[schema.NewMute]
    ) -> social_schema.RelationView:
        desk.touch(await viewers.account(request))
        me, other = await viewers.me(request), await find(handle)
        if data.until_ms is not None and data.until_ms <= desk.now_ms:
            raise Conflict("A mute ends in the future, or not at all.", field="until_ms", code="mute-over")
        await table.mute(me, other.number, until_ms=data.until_ms, notifications=data.notifications)
        return await relations.view(me, other)

    @delete("/people/{handle:str}/mute", status_code=200, summary="Mute somebody no more")
    async def unmute(request: _Request, handle: FromPath[str]) -> social_schema.RelationView:
        me, other = await viewers.me(request), await find(handle)
        await table.unmute(me, other.number)
        return await relations.view(me, other)

    return [block, unblock, mute, unmute]


def _lists(desk: PostDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    table = desk.blocks

    @get("/blocks", summary="Whom one blocks, the newest accounts first")
    async def blocks(
        request: _Request, before: FromQuery[str | None] = None, limit: FromQuery[int] = MOST
    ) -> social_schema.PeoplePage:
        me, asked = await viewers.me(request), cursor(before, None, limit)
        return people(await table.blocked(me, before=asked.before, most=asked.most), asked.most)

    @get("/mutes", summary="Whom one mutes, the newest accounts first")
    async def mutes(
        request: _Request, before: FromQuery[str | None] = None, limit: FromQuery[int] = MOST
    ) -> schema.Mutes:
        me, asked = await viewers.me(request), cursor(before, None, limit)
        found = await table.muted(me, before=asked.before, most=asked.most, now_ms=desk.now_ms)
        views = [schema.MutedView(person(each.person), each.until_ms, each.notifications) for each in found]
        return schema.Mutes(views, f"{found[-1].person.number}" if len(found) >= asked.most else None)

    @get("/domain-blocks", summary="Which domains one blocks")
    async def blocked_domains(request: _Request) -> schema.DomainBlocks:
        return schema.DomainBlocks(await table.domains(await viewers.me(request)))

    @put("/domain-blocks/{domain:str}", status_code=204, summary="Have nothing to do with anybody of a domain")
    async def block_domain(request: _Request, domain: FromPath[str]) -> None:
        desk.touch(await viewers.account(request))
        await table.block_domain(await viewers.me(request), domain_of(domain), now_ms=desk.now_ms)

    @delete("/domain-blocks/{domain:str}", status_code=204, summary="Block a domain no more")
    async def unblock_domain(request: _Request, domain: FromPath[str]) -> None:
        await table.unblock_domain(await viewers.me(request), domain_of(domain))

    return [blocks, mutes, blocked_domains, block_domain, unblock_domain]


def _threads(desk: PostDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    async def mute(request: _Request, post: str, *, on: bool) -> social_schema.PostView:
        me = await viewers.me(request)
        await desk.blocks.mute_thread(me, parse_id(post), on=on)
        return await desk.view(parse_id(post), me)

    @put("/posts/{post:str}/mute", status_code=200, summary="Be told nothing more of a thread")
    async def quiet(request: _Request, post: FromPath[str]) -> social_schema.PostView:
        return await mute(request, post, on=True)

    @delete("/posts/{post:str}/mute", status_code=200, summary="Be told of it again")
    async def unquiet(request: _Request, post: FromPath[str]) -> social_schema.PostView:
        return await mute(request, post, on=False)

    return [quiet, unquiet]


def domain_of(text: str) -> str:
    """A domain as it stands in DNS; raises :class:`BadInput`."""
    try:
        found = as_domain(text.strip().rstrip("."))
    except ValueError:
        found = ""
    if not 1 <= len(found) <= LONGEST_DOMAIN:
        raise BadInput("A domain is a name like example.org, without anything before or after it.", field="domain")
    return found
