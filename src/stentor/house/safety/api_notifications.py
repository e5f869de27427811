"""The REST API's addresses about notifications, and about strangers who wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.base.errors import BadInput
from stentor.house.safety import schema
from stentor.house.social.pages import USUAL, cursor
from stentor.house.social.schema import PostView
from stentor.house.social.service import PostDesk
from stentor.house.social.viewers import Viewers
from stentor.house.social.views import person
from stentor.social.notices import Handling, NoticeBox, NoticeKind, NoticeRules
from stentor.social.word_filters import FilterContext
from stentor.store.notifications import NoticeGroup

_Request = Request[Any, Any, Any]
MARKER = "notifications"
_HANDLINGS: dict[Handling, schema.HandlingWord] = {
    Handling.ACCEPT: "accept",
    Handling.FILTER: "filter",
    Handling.DROP: "drop",
}
_WORDS = {word: handling for handling, word in _HANDLINGS.items()}
_KINDS: dict[NoticeKind, schema.NoticeWord] = {
    NoticeKind.FOLLOW: "follow",
    NoticeKind.REQUEST: "request",
    NoticeKind.MENTION: "mention",
    NoticeKind.REPLY: "reply",
    NoticeKind.QUOTE: "quote",
    NoticeKind.BOOST: "boost",
    NoticeKind.LIKE: "like",
    NoticeKind.POST: "post",
    NoticeKind.REMINDER: "reminder",
    NoticeKind.DECISION: "decision",
}


class Notices:
    """Answers with notifications as somebody may see them."""

    def __init__(self, desk: PostDesk) -> None:
        self.desk, self.table = desk, desk.notices

    async def views(self, me: int, lines: Sequence[NoticeGroup]) -> list[schema.NoticeView]:
        """Without those of posts that somebody does not want to read; one of a post of theirs stays."""
        sieve = await self.desk.sieve(me, FilterContext.NOTIFICATIONS)
        shown = []
        for each in lines:
            posts = self.desk.views.sifted([each.post], sieve) if each.post else []
            if posts or each.post is None:
                shown.append(_view(each, posts[0] if posts else None))
        return shown

    async def page(
        self, me: int, *, before: str | None = None, limit: int = USUAL, kinds: str | None = None
    ) -> schema.NoticeList:
        """Lines of the main box. Raises :class:`BadInput`."""
        asked, now_ms = cursor(before, None, limit), self.desk.now_ms
        found = await self.table.page(
            me, NoticeBox.MAIN, before=asked.before, most=asked.most, kinds=_kinds(kinds), now_ms=now_ms
        )
        return schema.NoticeList(await self.views(me, found.lines), _id(found.oldest), _id(found.newest))

    async def unread(self, me: int) -> schema.Unread:
        """What is new since one has looked."""
        since, now_ms = await self.desk.later.marker(me, MARKER) or 0, self.desk.now_ms
        return schema.Unread(
            await self.table.unread(me, since=since, now_ms=now_ms),
            await self.table.unread(me, since=0, now_ms=now_ms, box=NoticeBox.STRANGERS),
        )

    async def requests(self, me: int, *, before: str | None = None, limit: int = USUAL) -> schema.NoticeRequests:
        """Strangers who wait. Raises :class:`BadInput`."""
        asked = cursor(before, None, limit)
        found = await self.table.page(
            me, NoticeBox.STRANGERS, before=asked.before, most=asked.most, now_ms=self.desk.now_ms
        )
        waiting = [
            schema.NoticeRequest(each.people[0], each.count, each.id, each)
            for each in await self.views(me, found.lines)
            if each.people
        ]
        return schema.NoticeRequests(waiting, _id(found.oldest))

    async def rules(self, me: int) -> schema.NoticePolicy:
        """Whose notifications somebody wants apart."""
        found = await self.table.rules(me)
        return schema.NoticePolicy(**{name: _HANDLINGS[getattr(found, name)] for name in NoticeRules.__struct_fields__})

    async def set_rules(self, me: int, wanted: schema.NoticePolicy) -> None:
        """From now on; what is there stays where it is."""
        rules = {name: _WORDS[getattr(wanted, name)] for name in NoticeRules.__struct_fields__}
        await self.table.set_rules(me, NoticeRules(**rules))


def handlers(notices: Notices, viewers: Viewers) -> list[HTTPRouteHandler]:
    """The handlers, which share the table."""

    @get("/notifications", summary="What others have done, in lines, the newest first")
    async def look(
        request: _Request,
        before: FromQuery[str | None] = None,
        limit: FromQuery[int] = USUAL,
        kinds: FromQuery[str | None] = None,
    ) -> schema.NoticeList:
        return await notices.page(await viewers.me(request), before=before, limit=limit, kinds=kinds)

    @get("/notifications/unread", summary="How much is new since one has looked")
    async def unread(request: _Request) -> schema.Unread:
        return await notices.unread(await viewers.me(request))

    @delete("/notifications", status_code=204, summary="Take all of them away, also those of strangers")
    async def clear(request: _Request) -> None:
        await notices.table.dismiss(await viewers.me(request), None)

    @delete("/notifications/{line:str}", status_code=204, summary="Take one line away")
    async def dismiss(request: _Request, line: FromPath[str]) -> None:
        await notices.table.dismiss(await viewers.me(request), line)

    @get("/notifications/policy", summary="Whose notifications wait, or are dropped")
    async def policy(request: _Request) -> schema.NoticePolicy:
        return await notices.rules(await viewers.me(request))

    @put("/notifications/policy", status_code=200, summary="Say whose notifications wait, or are dropped")
    async def set_policy(request: _Request, data: JSONBody[schema.NoticePolicy]) -> schema.NoticePolicy:
        await notices.set_rules(await viewers.me(request), data)
        return data

    return [look, unread, clear, dismiss, policy, set_policy, *_requests(notices, viewers)]


def _requests(notices: Notices, viewers: Viewers) -> list[HTTPRouteHandler]:
    find = viewers.actors.find

    @get("/notification-requests", summary="Strangers who wait, and what they have done")
    async def look(
        request: _Request, before: FromQuery[str | None] = None, limit: FromQuery[int] = USUAL
    ) -> schema.NoticeRequests:
        return await notices.requests(await viewers.me(request), before=before, limit=limit)

    @get("/notification-requests/{handle:str}", summary="What one stranger has done")
    async def of(request: _Request, handle: FromPath[str]) -> schema.NoticeList:
        me, other = await viewers.me(request), await find(handle)
        found = await notices.table.of(me, other.number, now_ms=notices.desk.now_ms)
        return schema.NoticeList(await notices.views(me, found), None, None)

    @put("/notification-requests/{handle:str}", status_code=204, summary="Let a stranger through, now and later")
    async def accept(request: _Request, handle: FromPath[str]) -> None:
        await notices.table.let_through(await viewers.me(request), (await find(handle)).number)

    @delete("/notification-requests/{handle:str}", status_code=204, summary="Take what they have done away")
    async def dismiss(request: _Request, handle: FromPath[str]) -> None:
        await notices.table.dismiss_stranger(await viewers.me(request), (await find(handle)).number)

    return [look, of, accept, dismiss]


def _view(line: NoticeGroup, post: PostView | None) -> schema.NoticeView:
    return schema.NoticeView(
        key=line.key,
        id=f"{line.last}",
        kind=_KINDS[line.kind],
        count=line.many,
        people=[person(each) for each in line.people],
        post=post,
        at_ms=line.at_ms,
        space=msgspec.convert(line.space, schema.NoticeSpace, from_attributes=True) if line.space else None,
    )


def _kinds(text: str | None) -> list[NoticeKind]:
    """A list with commas; raises :class:`BadInput`."""
    try:
        return [NoticeKind(each) for each in text.split(",")] if text else []
    except ValueError:
        known = ", ".join(NoticeKind)
        raise BadInput(f"kinds are some of {known}, with commas between them.", field="kinds") from None


def _id(number: int) -> str | None:
    return f"{number}" if number else None
