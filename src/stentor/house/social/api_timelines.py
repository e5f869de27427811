"""The REST API's addresses about timelines: the newest first, and from a cursor on; and how far one has read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.base.errors import NotFound
from stentor.house.social import pages, schema
from stentor.house.social.pages import USUAL, Cursor
from stentor.house.social.service import PostDesk, parse_id
from stentor.house.social.viewers import Viewers
from stentor.social import text
from stentor.social.word_filters import FilterContext
from stentor.store.follows import FollowsTable
from stentor.store.timelines import TimelinesTable

_Request = Request[Any, Any, Any]
_Page = Response[schema.PostPage]
MARKED = ("home", "notifications")
"""Timelines of which is kept how far one has read."""


class Timelines:
    """Answers with pages of posts. ``base`` is the house's address."""

    def __init__(self, desk: PostDesk, table: TimelinesTable, follows: FollowsTable, base: str) -> None:
        self.desk, self.table, self.follows, self._base = desk, table, follows, base

    async def answer(
        self,
        request: _Request,
        found: Sequence[int],
        asked: Cursor,
        viewer: int | None,
        context: FilterContext | None = None,
    ) -> _Page:
        posts = await self.desk.shown(await self.desk.table.read(found, viewer), viewer, context)
        return pages.page(request, self._base, posts, found, asked)


def handlers(timelines: Timelines, viewers: Viewers) -> list[HTTPRouteHandler]:
    """The handlers, which share the table."""
    table = timelines.table

    @get("/timelines/home", summary="What those say whom one follows, and oneself")
    async def home(
        request: _Request,
        before: FromQuery[str | None] = None,
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = USUAL,
    ) -> _Page:
        me, asked = await viewers.me(request), pages.cursor(before, after, limit)
        return await timelines.answer(request, await table.home(me, **asked._asdict()), asked, me, FilterContext.HOME)

    @get("/timelines/local", summary="What people here say to everybody")
    async def local(
        request: _Request,
        before: FromQuery[str | None] = None,
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = USUAL,
    ) -> _Page:
        viewer, asked = await viewers.viewer(request), pages.cursor(before, after, limit)
        return await timelines.answer(
            request, await table.local(viewer, **asked._asdict()), asked, viewer, FilterContext.PUBLIC
        )

    @get("/timelines/tags/{tag:str}", summary="What is said to everybody under a tag")
    async def tagged(
        request: _Request,
        tag: FromPath[str],
        before: FromQuery[str | None] = None,
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = USUAL,
    ) -> _Page:
        viewer, asked = await viewers.viewer(request), pages.cursor(before, after, limit)
        found = await table.tag(viewer, text.tag(tag), **asked._asdict())
        return await timelines.answer(request, found, asked, viewer, FilterContext.PUBLIC)

    @get("/timelines/lists/{list_id:str}", summary="What those in a list say whom one follows")
    async def listed(
        request: _Request,
        list_id: FromPath[str],
        before: FromQuery[str | None] = None,
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = USUAL,
    ) -> _Page:
        me, asked = await viewers.me(request), pages.cursor(before, after, limit)
        there = await timelines.follows.list_of(me, parse_id(list_id))
        return await timelines.answer(
            request, await table.listed(me, there.id, **asked._asdict()), asked, me, FilterContext.HOME
        )

    others = [*_of_people(timelines, viewers), *_kept(timelines, viewers), *markers(timelines, viewers)]
    return [home, local, tagged, listed, *others]


def _of_people(timelines: Timelines, viewers: Viewers) -> list[HTTPRouteHandler]:
    table = timelines.table

    @get("/people/{handle:str}/posts", summary="What somebody has posted and carried on")
    async def profile(
        request: _Request,
        handle: FromPath[str],
        before: FromQuery[str | None] = None,
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = USUAL,
    ) -> _Page:
        viewer, asked = await viewers.viewer(request), pages.cursor(before, after, limit)
        found = await table.profile(viewer, await table.author(handle), **asked._asdict())
        return await timelines.answer(request, found, asked, viewer, FilterContext.ACCOUNT)

    @get("/people/{handle:str}/pins", summary="What somebody has pinned to their page")
    async def pins(request: _Request, handle: FromPath[str]) -> _Page:
        viewer = await viewers.viewer(request)
        found = await table.pinned(await table.author(handle))
        return await timelines.answer(request, found, Cursor(0, 0, pages.MOST), viewer, FilterContext.ACCOUNT)

    return [profile, pins]


def _kept(timelines: Timelines, viewers: Viewers) -> list[HTTPRouteHandler]:
    """What is one's own business."""
    table = timelines.table

    @get("/bookmarks", summary="What one has kept for oneself")
    async def bookmarks(
        request: _Request,
        before: FromQuery[str | None] = None,
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = USUAL,
    ) -> _Page:
        me, asked = await viewers.me(request), pages.cursor(before, after, limit)
        return await timelines.answer(request, await table.bookmarks(me, **asked._asdict()), asked, me)

    @get("/likes", summary="What one likes")
    async def likes(
        request: _Request,
        before: FromQuery[str | None] = None,
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = USUAL,
    ) -> _Page:
        me, asked = await viewers.me(request), pages.cursor(before, after, limit)
        return await timelines.answer(request, await table.liked(me, **asked._asdict()), asked, me)

    @get("/quotes", summary="Posts that quote one's own and wait for an answer")
    async def quotes(
        request: _Request,
        before: FromQuery[str | None] = None,
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = USUAL,
    ) -> _Page:
        me, asked = await viewers.me(request), pages.cursor(before, after, limit)
        return await timelines.answer(request, await table.quotes(me, **asked._asdict()), asked, me)

    return [bookmarks, likes, quotes]


def markers(timelines: Timelines, viewers: Viewers) -> list[HTTPRouteHandler]:
    """How far one has read."""
    later = timelines.desk.later

    def known(timeline: str) -> str:
        if timeline not in MARKED:
            raise NotFound("Of this timeline is not kept how far one has read.", code="timeline-not-found")
        return timeline

    @get("/markers/{timeline:str}", summary="How far one has read a timeline")
    async def marker(request: _Request, timeline: FromPath[str]) -> schema.MarkerView:
        found = await later.marker(await viewers.me(request), known(timeline))
        return schema.MarkerView(None if found is None else f"{found}")

    @put("/markers/{timeline:str}", status_code=200, summary="One has read up to a post; further back changes nothing")
    async def mark(request: _Request, timeline: FromPath[str], data: JSONBody[schema.Marker]) -> schema.MarkerView:
        me = await viewers.me(request)
        return schema.MarkerView(f"{await later.mark(me, known(timeline), parse_id(data.post))}")

    return [marker, mark]
