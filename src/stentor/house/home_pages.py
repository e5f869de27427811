"""Pages of posts for who is signed in: what those say whom one follows, writing and answering, and people to follow.
Plain forms, which work without JavaScript; everybody else reads posts at the edges.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from litestar import Request, Router, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from markupsafe import Markup

from stentor.base.errors import NotFound
from stentor.house.forms import Page, form_of, see, tried, wish_of
from stentor.house.moderation_pages import said
from stentor.house.pages import READ, Pages, Visit
from stentor.house.social import schema
from stentor.house.social.pages import USUAL, cursor
from stentor.house.social.service import PostDesk, parse_id
from stentor.house.social.views import person
from stentor.house.who.sessions import Sessions
from stentor.people import checks
from stentor.people.model import Account
from stentor.social.text import LONGEST
from stentor.store.follows import FollowsTable
from stentor.store.posts import Gesture
from stentor.store.timelines import TimelinesTable

HOME = "/home"
MOST_BYTES = 64 * 1024
GESTURES = {"like": Gesture.LIKE, "bookmark": Gesture.BOOKMARK, "pin": Gesture.PIN}
_Request = Request[Any, Any, Any]
_EMPTY = {"text": "", "warning": "", "visibility": "public"}


class PostReader(NamedTuple):
    """Who looks at a page, and by which number posts know them."""

    visit: Visit
    account: Account
    me: int


class HomePages:
    """Makes the pages."""

    def __init__(self, pages: Pages, desk: PostDesk, sessions: Sessions) -> None:
        self.pages, self.desk, self.sessions = pages, desk, sessions
        self.table, self.follows = TimelinesTable(desk.table.work), FollowsTable(desk.table.work)

    async def only(self, request: _Request, work: Callable[[PostReader], Awaitable[Page]]) -> Page:
        """For who is signed in; others are asked to."""
        visit = await self.pages.visit(request)
        if visit.account is None:
            return see(f"/sign-in?next={quote(visit.path)}")
        return await work(PostReader(visit, visit.account, await self.desk.actors.of_account(visit.account.id)))

    async def doing(self, request: _Request, work: Callable[[PostReader, dict[str, str]], Awaitable[str]]) -> Page:
        """What a button does, and then the page that it says; what was refused is told on one."""
        self.sessions.guard(request)
        fields = await form_of(request)

        async def done(reader: PostReader) -> Page:
            async def one() -> Page:
                return see(await work(reader, fields))

            return await tried(self.pages, reader.visit, one, lambda wrong: self.home(reader, fields, wrong))

        return await self.only(request, done)

    async def posts(self, found: Sequence[int], me: int) -> list[schema.PostView]:
        return self.desk.views.posts(await self.desk.table.read(found, me))

    async def home(
        self, reader: PostReader, fields: dict[str, str] | None = None, wrong: str = "", before: str | None = None
    ) -> Page:
        """What those say whom one follows, and where one writes."""
        asked = cursor(before or None, None, USUAL)
        found = await self.table.home(reader.me, before=asked.before, most=USUAL)
        return await self.listed(reader, "home", found, fields, wrong, before=before)

    async def listed(
        self,
        reader: PostReader,
        kind: str,
        found: Sequence[int],
        fields: dict[str, str] | None = None,
        wrong: str = "",
        **values: Any,
    ) -> Page:
        """A page of posts, the newest first."""
        older = f"{found[-1]}" if len(found) >= USUAL else ""
        wish = _EMPTY | {name: value for name, value in (fields or {}).items() if name in _EMPTY}
        shown: dict[str, Any] = {
            "kind": kind,
            "fields": wish,
            "wrong": wrong,
            "older": older,
            "longest": LONGEST,
            "html": _html,
            "said": said,
        }
        posts = await self.posts(found, reader.me)
        return self.pages.answer(
            reader.visit, "home", posts=posts, me=reader.me, here=reader.visit.path, **shown, **values
        )

    async def thread(self, reader: PostReader, id_: str, fields: dict[str, str] | None = None, wrong: str = "") -> Page:
        """A post with what it answers and what answers it, and where one answers."""
        found = parse_id(id_)
        one, around = await self.desk.view(found, reader.me), await self.desk.thread(found, reader.me)
        wish = _EMPTY | {"visibility": one.visibility} | (fields or {})
        return self.pages.answer(
            reader.visit, "thread", one=one, before=around.before, after=around.after, me=reader.me, fields=wish,
            wrong=wrong, html=_html, longest=LONGEST, said=said, here=reader.visit.path,
        )  # fmt: skip


def routes(pages: Pages, desk: PostDesk, sessions: Sessions) -> Router:
    """``/home`` and what is below it."""
    made = HomePages(pages, desk, sessions)
    found = [*_of_lists(made), *_of_people(made), *_of_posts(made)]
    return Router(HOME, route_handlers=found, request_max_body_size=MOST_BYTES)


def _of_lists(made: HomePages) -> list[HTTPRouteHandler]:
    @route("/", http_method=READ, include_in_schema=False)
    async def home(request: _Request) -> Page:
        before = request.query_params.get("before")
        return await made.only(request, lambda reader: made.home(reader, before=before))

    @route(["/local", "/bookmarks"], http_method=READ, include_in_schema=False)
    async def others(request: _Request) -> Page:
        kind = request.url.path.rpartition("/")[2]

        async def work(reader: PostReader) -> Page:
            asked = cursor(request.query_params.get("before"), None, USUAL)
            read = made.table.local if kind == "local" else made.table.bookmarks
            found = await read(reader.me, before=asked.before, most=USUAL)
            return await made.listed(reader, kind, found, before=request.query_params.get("before"))

        return await made.only(request, work)

    return [home, others]


def _of_people(made: HomePages) -> list[HTTPRouteHandler]:
    @route("/people/{handle:str}", http_method=READ, include_in_schema=False)
    async def look(request: _Request, handle: FromPath[str]) -> Page:
        async def work(reader: PostReader) -> Page:
            other = await made.desk.actors.find(handle)
            asked = cursor(request.query_params.get("before"), None, USUAL)
            author = await made.table.author(handle)
            found = await made.table.profile(reader.me, author, before=asked.before, most=USUAL)
            stands = await made.follows.standing(reader.me, other.number)
            return await made.listed(reader, "person", found, whose=person(other), stands=stands)

        return await made.only(request, work)

    @post("/people/{handle:str}/{deed:str}", include_in_schema=False)
    async def follow(request: _Request, handle: FromPath[str], deed: FromPath[str]) -> Page:
        async def work(reader: PostReader, _: dict[str, str]) -> str:
            other = await made.desk.actors.find(handle)
            made.desk.touch(reader.account)
            if deed == "follow":
                now_ms = made.desk.now_ms
                await made.follows.follow(reader.me, other.number, boosts=True, notify=False, now_ms=now_ms)
            elif deed == "unfollow":
                await made.follows.unfollow(reader.me, other.number)
            else:
                raise _nothing()
            return f"{HOME}/people/{other.handle}"

        return await made.doing(request, work)

    return [look, follow]


def _of_posts(made: HomePages) -> list[HTTPRouteHandler]:
    @post("/posts", include_in_schema=False)
    async def write(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            known = {"text", "warning", "visibility", "reply_to"}
            wish = wish_of(schema.NewPost, {name: value for name, value in fields.items() if name in known and value})
            written = await made.desk.write(reader.account, wish)
            return f"{HOME}/posts/{written.id}" if wish.reply_to else HOME

        return await made.doing(request, work)

    @route("/posts/{id_:str}", http_method=READ, include_in_schema=False)
    async def look(request: _Request, id_: FromPath[str]) -> Page:
        return await made.only(request, lambda reader: made.thread(reader, id_))

    @post("/posts/{id_:str}/{deed:str}", include_in_schema=False)
    async def do(request: _Request, id_: FromPath[str], deed: FromPath[str]) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            await _do(made, reader, parse_id(id_), deed, fields)
            back = checks.local_path(fields.get("next", ""))
            return back if deed != "delete" or not back.startswith(f"{HOME}/posts/") else HOME

        return await made.doing(request, work)

    return [write, look, do]


async def _do(made: HomePages, reader: PostReader, id_: int, deed: str, fields: dict[str, str]) -> None:
    """A button below a post. Raises :class:`NotFound` for one that is none."""
    desk, on = made.desk, not deed.startswith("un")
    name = deed if on else deed.removeprefix("un")
    if deed == "delete":
        await desk.remove(id_, reader.me)
        return
    desk.touch(reader.account)
    if deed == "vote":
        chosen = [int(value) for key, value in fields.items() if key.startswith("answer") and value.isdecimal()]
        await desk.table.vote(reader.me, id_, chosen, now_ms=desk.now_ms)
    elif name in GESTURES:
        await desk.table.mark(GESTURES[name], reader.me, id_, on=on, now_ms=desk.now_ms)
    elif deed == "boost":
        await desk.boost(reader.me, id_)
    elif deed == "unboost":
        await desk.table.unboost(reader.me, id_)
    else:
        raise _nothing()


def _html(post: schema.PostView) -> Markup:
    """Made by ``social.text``, which escapes everything."""
    return Markup(post.html)


def _nothing() -> NotFound:
    return NotFound("There is nothing under this address.", code="no-such-page")
