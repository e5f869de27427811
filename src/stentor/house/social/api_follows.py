"""The REST API's addresses about following, and lists of people."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.house.social import schema
from stentor.house.social.pages import MOST, cursor
from stentor.house.social.service import PostDesk, parse_id
from stentor.house.social.viewers import Viewers
from stentor.house.social.views import person
from stentor.social.model import Author
from stentor.spaces import checks
from stentor.store.follows import FollowsTable

_Request = Request[Any, Any, Any]


class Relations:
    """Says how two people stand to each other."""

    def __init__(self, desk: PostDesk) -> None:
        self._desk, self._follows = desk, FollowsTable(desk.table.work)

    async def view(self, me: int, other: Author) -> schema.RelationView:
        stands = await self._follows.standing(me, other.number)
        apart = await self._desk.blocks.standing(me, other.number, now_ms=self._desk.now_ms)
        return schema.RelationView(
            person(other), stands.following, stands.asked, stands.boosts, stands.notify, stands.followed_by,
            stands.asks, apart.blocking, apart.blocked_by, apart.domain_blocked, apart.muting,
            apart.muting_notifications, apart.muted_until_ms,
        )  # fmt: skip


def handlers(desk: PostDesk, follows: FollowsTable, viewers: Viewers) -> list[HTTPRouteHandler]:
    """The handlers, which share the table."""
    find, relation = viewers.actors.find, Relations(desk).view

    @get("/people/{handle:str}", summary="Somebody, and how one stands to them")
    async def look(request: _Request, handle: FromPath[str]) -> schema.RelationView:
        return await relation(await viewers.me(request), await find(handle))

    @put("/people/{handle:str}/follow", status_code=200, summary="Follow somebody, or ask to; again: other wishes")
    async def follow(
        request: _Request, handle: FromPath[str], data: JSONBody[schema.FollowChange]
    ) -> schema.RelationView:
        desk.touch(await viewers.account(request))
        me, other = await viewers.me(request), await find(handle)
        await follows.follow(me, other.number, boosts=data.boosts, notify=data.notify, now_ms=desk.now_ms)
        return await relation(me, other)

    @delete("/people/{handle:str}/follow", status_code=200, summary="Follow somebody no more, or ask no more")
    async def unfollow(request: _Request, handle: FromPath[str]) -> schema.RelationView:
        me, other = await viewers.me(request), await find(handle)
        await follows.unfollow(me, other.number, now_ms=desk.now_ms)
        return await relation(me, other)

    @delete("/people/{handle:str}/follower", status_code=200, summary="Let somebody follow oneself no more")
    async def shake_off(request: _Request, handle: FromPath[str]) -> schema.RelationView:
        me, other = await viewers.me(request), await find(handle)
        await follows.unfollow(other.number, me, now_ms=desk.now_ms)
        return await relation(me, other)

    return [look, follow, unfollow, shake_off, *_people(follows, viewers), *_requests(desk, follows, viewers)]


def _people(follows: FollowsTable, viewers: Viewers) -> list[HTTPRouteHandler]:
    find = viewers.actors.find

    @get("/people/{handle:str}/followers", summary="Who follows somebody, the newest accounts first")
    async def followers(
        handle: FromPath[str], before: FromQuery[str | None] = None, limit: FromQuery[int] = MOST
    ) -> schema.PeoplePage:
        asked = cursor(before, None, limit)
        other = await find(handle)
        return people(await follows.followers(other.number, before=asked.before, most=asked.most), asked.most)

    @get("/people/{handle:str}/following", summary="Whom somebody follows, the newest accounts first")
    async def following(
        handle: FromPath[str], before: FromQuery[str | None] = None, limit: FromQuery[int] = MOST
    ) -> schema.PeoplePage:
        asked = cursor(before, None, limit)
        other = await find(handle)
        return people(await follows.following(other.number, before=asked.before, most=asked.most), asked.most)

    return [followers, following]


def _requests(desk: PostDesk, follows: FollowsTable, viewers: Viewers) -> list[HTTPRouteHandler]:
    """Who has asked to follow, for those who want to be asked."""
    find = viewers.actors.find

    @get("/follow-requests", summary="Who has asked to follow, and whether one wants to be asked")
    async def requests(
        request: _Request, before: FromQuery[str | None] = None, limit: FromQuery[int] = MOST
    ) -> schema.FollowRequests:
        me, asked = await viewers.me(request), cursor(before, None, limit)
        found = await follows.followers(me, before=asked.before, most=asked.most, asked=True)
        page = people(found, asked.most)
        return schema.FollowRequests(await follows.approves(me), page.people, page.before)

    @put("/follow-requests", status_code=200, summary="Say whether one wants to be asked by those who want to follow")
    async def approve(request: _Request, data: JSONBody[schema.Approval]) -> schema.Approval:
        await follows.set_approves(await viewers.me(request), data.approves)
        return data

    @put("/follow-requests/{handle:str}", status_code=204, summary="Let somebody follow who has asked")
    async def grant(request: _Request, handle: FromPath[str]) -> None:
        await follows.answer(await viewers.me(request), (await find(handle)).number, grant=True, now_ms=desk.now_ms)

    @delete("/follow-requests/{handle:str}", status_code=204, summary="Do not let them")
    async def refuse(request: _Request, handle: FromPath[str]) -> None:
        await follows.answer(await viewers.me(request), (await find(handle)).number, grant=False, now_ms=desk.now_ms)

    return [requests, approve, grant, refuse]


def list_handlers(desk: PostDesk, follows: FollowsTable, viewers: Viewers) -> list[HTTPRouteHandler]:
    """Lists of people."""

    @get("/lists", summary="One's lists of people")
    async def lists(request: _Request) -> schema.Lists:
        found = await follows.lists(await viewers.me(request))
        return schema.Lists([schema.ListView(f"{each.id}", each.name) for each in found])

    @post("/lists", status_code=201, summary="Make a list of people")
    async def make(request: _Request, data: JSONBody[schema.NewList]) -> schema.ListView:
        me, made, name = await viewers.me(request), desk.new_id(), checks.name(data.name)
        await follows.make_list(made, me, name)
        return schema.ListView(f"{made}", name)

    @patch("/lists/{list_id:str}", summary="Call a list something else")
    async def rename(
        request: _Request,
        list_id: FromPath[str],
        data: JSONBody[schema.NewList],
    ) -> schema.ListView:
        name = checks.name(data.name)
        await follows.rename_list(await viewers.me(request), parse_id(list_id), name)
        return schema.ListView(list_id, name)

    @delete("/lists/{list_id:str}", status_code=204, summary="Delete a list")
    async def remove(request: _Request, list_id: FromPath[str]) -> None:
        await follows.rename_list(await viewers.me(request), parse_id(list_id), None)

    @get("/lists/{list_id:str}/members", summary="Who is in a list")
    async def members(request: _Request, list_id: FromPath[str]) -> schema.PeoplePage:
        there = await follows.list_of(await viewers.me(request), parse_id(list_id))
        return schema.PeoplePage([person(each) for each in await follows.members(there.id)], None)

    @put("/lists/{list_id:str}/members/{handle:str}", status_code=204, summary="Put somebody into a list")
    async def put_in(request: _Request, list_id: FromPath[str], handle: FromPath[str]) -> None:
        there = await follows.list_of(await viewers.me(request), parse_id(list_id))
        await follows.put_member(there.id, (await viewers.actors.find(handle)).number, there=True)

    @delete("/lists/{list_id:str}/members/{handle:str}", status_code=204, summary="Take somebody out of a list")
    async def take_out(request: _Request, list_id: FromPath[str], handle: FromPath[str]) -> None:
        there = await follows.list_of(await viewers.me(request), parse_id(list_id))
        await follows.put_member(there.id, (await viewers.actors.find(handle)).number, there=False)

    return [lists, make, rename, remove, members, put_in, take_out]


def people(found: list[Author], most: int) -> schema.PeoplePage:
    """``before`` of the next page is the id of the last."""
    return schema.PeoplePage([person(each) for each in found], f"{found[-1].number}" if len(found) >= most else None)
