"""Pages of posts for who is signed in: timelines, and what all of these pages share.

Plain forms, which work without JavaScript; everybody else reads posts at the edges.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec
from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from markupsafe import Markup

from stentor.base.errors import NotFound, Overloaded, StentorError
from stentor.house.forms import Page, form_of, problem_of, see
from stentor.house.home_cards import SpaceCards
from stentor.house.home_forms import OPEN_S, ComposerForm
from stentor.house.pages import READ, Pages, Visit
from stentor.house.safety.api_notifications import Notices
from stentor.house.social import schema
from stentor.house.social.api_follows import Relations
from stentor.house.social.pages import USUAL, cursor
from stentor.house.social.service import PostDesk, numbers, parse_id
from stentor.house.web.problems import KEPT, headers_of
from stentor.house.who.sessions import Sessions
from stentor.people.model import Account
from stentor.social import text
from stentor.social.notices import MOST_UNREAD
from stentor.social.pictures import MOST
from stentor.social.text import LONGEST, LONGEST_WARNING
from stentor.social.word_filters import FilterContext
from stentor.store.accounts import Accounts
from stentor.store.follows import FollowsTable
from stentor.store.timelines import TimelinesTable

HOME: Final = "/home"
NO_PAGE: Final = "no-such-page"
WORDS: Final = (
    "home.new_one", "home.new_many", "home.not_sent", "home.signed_out", "home.posted",
    "home.characters_left", "home.too_long", "home.uploading", "home.uploaded", "home.not_a_picture",
    "home.picture_failed", "home.too_many_pictures", "home.sure_delete", "home.delete_sure",
    "home.copied", "home.draft_back",
    "home.draft_drop", "home.shown", "do.not", "error.house", "home.your_time",
    "home.removed_picture", "home.pictures", "home.close", "problem.too-large", "problem.bad-picture",
    "problem.picture-too-large", "problem.too-many-pictures", "problem.new-account",
)  # fmt: skip
"""What the scripts of these pages say."""
LANGUAGES: Final = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "ur",
    "vi", "zh",
)  # fmt: skip
"""What a post may be written in, as the form offers it; a script says their names."""
_Request = Request[Any, Any, Any]
_MENTION, _TAG = 'class="mention" href="/@', 'rel="tag" href="/tags/'
_ELSEWHERE: Final = re.compile(r'class="mention" href="https?://[^"]*">@([\w.-]+@[\w.:-]+)<')
CONTEXTS: Final = {
    "home": FilterContext.HOME,
    "list": FilterContext.HOME,
    "local": FilterContext.PUBLIC,
    "tag": FilterContext.PUBLIC,
    "person": FilterContext.ACCOUNT,
}
"""Which word filters count on which page: on what one keeps or likes none does."""


class PostReader(NamedTuple):
    """Who looks at a page, and by which number posts know them."""

    visit: Visit
    account: Account
    me: int
    unread: int = 0
    """Lines of notifications that are new, where a whole page is shown."""


class HomePages:
    """Makes the pages."""

    def __init__(self, pages: Pages, desk: PostDesk, sessions: Sessions, cards: SpaceCards, accounts: Accounts) -> None:
        self.pages, self.desk, self.sessions, self.cards = pages, desk, sessions, cards
        self.accounts, self.notices, self.relations = accounts, Notices(desk), Relations(desk)
        self.federated = False
        """Whether other servers are told of posts."""
        self.table, self.follows = TimelinesTable(desk.table.work, desk.clock), FollowsTable(desk.table.work)

    async def only(self, request: _Request, work: Callable[[PostReader], Awaitable[Page]]) -> Page:
        """For who is signed in; others are asked to."""
        visit = await self.pages.visit(request)
        if visit.account is None:
            return see(f"/sign-in?next={quote(visit.path)}")
        me = await self.desk.actors.of_account(visit.account.id)
        whole = request.method == "GET" and not (visit.path.endswith("/card") or "part" in request.query_params)
        unread = (await self.notices.unread(me)).unread if whole else 0
        return await work(PostReader(visit, visit.account, me, unread))

    async def doing(self, request: _Request, work: Callable[[PostReader, dict[str, str]], Awaitable[str]]) -> Page:
        """What a button does, and then the page that it says; what was refused is told on one."""
        self.sessions.guard(request)
        fields = await form_of(request)

        async def done(reader: PostReader) -> Page:
            try:
                return see(await work(reader, fields))
            except StentorError as error:
                if error.error_code == NO_PAGE:
                    raise
                return self.refused(
                    reader, error, self.pages.answer(reader.visit, "home-wrong", wrong=self.told(reader, error))
                )

        return await self.only(request, done)

    def told(self, reader: PostReader, error: StentorError) -> str:
        """What is wrong, in the language of the page."""
        return problem_of(self.pages, reader.visit, error)

    def refused(self, reader: PostReader, error: StentorError, shown: Response[str]) -> Response[str]:
        """A page that says what is wrong, with the status of that. Raises the error where it is ours."""
        if error.status >= 500 and not isinstance(error, Overloaded):
            raise error
        shown.status_code = error.status
        shown.headers.update({name: value for name, value in headers_of(error).items() if name in KEPT})
        return shown

    async def keep_draft(self, reader: PostReader, wish: schema.NewPost, draft: int | None) -> None:
        """Keeps a draft, a new one or the one that it was. Raises :class:`Conflict`, :class:`NotFound`."""
        body, media, now_ms = msgspec.json.encode(wish).decode(), numbers(wish.media), self.desk.now_ms
        kept = self.desk.new_id() if draft is None else draft
        await self.desk.later.keep_draft(kept, reader.me, body, media, now_ms=now_ms, new=draft is None)

    async def posts(self, found: Sequence[int], me: int, kind: str = "") -> list[schema.PostView]:
        """Posts on a page of some kind, without what somebody does not want to read there."""
        return await self.desk.shown(await self.desk.table.read(found, me), me, CONTEXTS.get(kind))

    def show(self, reader: PostReader, name: str, **values: Any) -> Response[str]:
        """A page with what all of them need."""
        shown: dict[str, Any] = {
            "me": f"{reader.me}", "unread": reader.unread, "most_unread": MOST_UNREAD, "html": shown_html,
            "here": reader.visit.path, "visit_path": reader.visit.path, "kind": name, "part": False,
            "words": {key: self.pages.text(reader.visit, key) for key in WORDS},
            "beside": (), "wrong": "", "federated": self.federated,
            "languages_of_posts": LANGUAGES, "longest": LONGEST, "most_pictures": MOST,
            "longest_warning": LONGEST_WARNING, "open_s": OPEN_S,
        }  # fmt: skip
        return self.pages.answer(reader.visit, name, **shown | values)

    async def timeline(self, reader: PostReader, kind: str, found: Sequence[int], **values: Any) -> Response[str]:
        """A page of posts, the newest first. ``before`` among the values is what was asked for."""
        posts = await self.posts(found, reader.me, kind)
        before = values.get("before")
        older = f"{found[-1]}" if len(found) >= USUAL else ""
        here = f"{reader.visit.path}?before={before}" if before else reader.visit.path
        form = ComposerForm(language=reader.visit.language)
        shown: dict[str, Any] = {
            "older": older,
            "here": here,
            "form": form,
            "beside": await self.cards.beside(),
            "read_to": 0,
            "behind": False,
        }
        offered = await self.cards.offered(reader.account, "") if kind == "home" and not before else ()
        return self.show(reader, "home", **{**shown, "timeline": posts, "kind": kind, "offered": offered, **values})

    async def home(self, reader: PostReader, before: str | None) -> Page:
        """What those say whom one follows, where one writes, and how far one has read."""
        asked = cursor(before or None, None, USUAL)
        found = await self.table.home(reader.me, before=asked.before, most=USUAL)
        mark = await self.desk.later.marker(reader.me, "home") or 0
        behind = bool(mark) and len(found) >= USUAL and found[-1] > mark
        return await self.timeline(reader, "home", found, before=before, read_to=mark, behind=behind)


def timelines(made: HomePages) -> list[HTTPRouteHandler]:
    """``/home``, ``/home/local``, ``/home/bookmarks``, ``/home/likes``, ``/home/tags/{tag}``."""

    @route("/", http_method=READ, include_in_schema=False)
    async def home(request: _Request) -> Page:
        return await made.only(request, lambda reader: made.home(reader, asked_before(request)))

    @route(["/local", "/bookmarks", "/likes"], http_method=READ, include_in_schema=False)
    async def others(request: _Request) -> Page:
        kind, before = request.url.path.rpartition("/")[2], asked_before(request)

        async def work(reader: PostReader) -> Page:
            asked = cursor(before, None, USUAL)
            read = {"local": made.table.local, "bookmarks": made.table.bookmarks, "likes": made.table.liked}[kind]
            found = await read(reader.me, before=asked.before, most=USUAL)
            return await made.timeline(reader, kind, found, before=before)

        return await made.only(request, work)

    @route("/tags/{tag:str}", http_method=READ, include_in_schema=False)
    async def tagged(request: _Request, tag: FromPath[str]) -> Page:
        before = asked_before(request)

        async def work(reader: PostReader) -> Page:
            asked, name = cursor(before, None, USUAL), text.tag(tag)
            found = await made.table.tag(reader.me, name, before=asked.before, most=USUAL)
            return await made.timeline(reader, "tag", found, before=before, tag=name)

        return await made.only(request, work)

    async def mark(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            await made.desk.later.mark(reader.me, "home", parse_id(fields.get("post", "")))
            return HOME

        return await made.doing(request, work)

    return [home, others, tagged, route("/read", http_method="POST", include_in_schema=False)(mark)]


def asked_before(request: _Request) -> str | None:
    """From which post on older ones are asked for."""
    return request.query_params.get("before") or None


def shown_html(post: schema.PostView) -> Markup:
    """Made by ``social.text``, which escapes everything; who is signed in stays on these pages."""
    html = post.html.replace(_MENTION, f'class="mention" href="{HOME}/people/')
    html = _ELSEWHERE.sub(rf'class="mention" href="{HOME}/people/\1">@\1<', html)
    return Markup(html.replace(_TAG, f'rel="tag" href="{HOME}/tags/'))


def nothing() -> NotFound:
    """There is no such page or button."""
    return NotFound("There is nothing under this address.", code=NO_PAGE)
