"""Pages of posts: one post with its thread, somebody's, a tag's, and the newest for the front page.

Each is joined of public documents (``edge.published``) when somebody asks, and kept until one of them is another one.
Nobody who looks at them asks the house or the database.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec

from stentor.base import log
from stentor.base.clock import Clock
from stentor.base.config import Settings
from stentor.base.errors import NotFound, Removed, StentorError
from stentor.base.texts import LANGUAGES
from stentor.bus.connection import Bus
from stentor.edge.carried import CarriedSpaces
from stentor.edge.fediverse import FediverseFiles, asks, elsewhere
from stentor.edge.front import FrontPages
from stentor.edge.page import ListenerPages
from stentor.edge.pictures import PostPictures
from stentor.edge.published import PublicFiles
from stentor.edge.reply import Document, FeedDocument, File, Reply
from stentor.edge.thread import PageReader, ShownPost
from stentor.fediverse.sites import Home
from stentor.people import picture as portrait
from stentor.social import ids, pictures, public
from stentor.social.public import PostList
from stentor.spaces import portraits
from stentor.store.objects import Objects
from stentor.wire import rss
from stentor.wire.http import Request

CACHE: Final = "public, max-age=0, s-maxage=10, stale-while-revalidate=10, stale-if-error=600"
"""Twenty seconds at a cache that cannot be told; browsers ask each time."""
LIVELY_CACHE: Final = "public, max-age=0, s-maxage=2, stale-while-revalidate=3, stale-if-error=30"
"""Of a page on which a space stands: a cache is five seconds behind, and says nothing old when all edges are away."""
MOST_MADE: Final = 2000
DATED_S: Final = 1.0
"""A page that is as it was begins its age anew so often."""
LIVELY_S: Final = 3.0
"""How long a page is kept on which a space stands: its state is this edge's own knowledge."""
REUSED_S: Final = 60.0
"""So long a page stays that would say the same: to write one anew takes milliseconds in which nothing is sent."""
TRIES: Final = 3
"""At a page of which something changes while it is made."""
NEWEST_S: Final = 2.0
NEWEST_SHOWN: Final = 10
"""Posts on the front page."""

POSTS: Final = ("ap", "media", "nodeinfo", "tags", ".well-known")
"""How the addresses begin that are looked for here, besides those of people."""

Key = tuple[str, ...]
PageContent = tuple[str, Document | dict[str, Any]]
"""The name of a template and what is filled in; or a document as it is."""


class MadePage(msgspec.Struct):
    """A page as it was made, of which documents, and when those were read at the earliest (monotonic)."""

    document: Document
    files: frozenset[str]
    read_s: float
    dated_s: float
    lively: bool
    look: object
    values: dict[str, object]
    """What it was made of."""
    made_s: float


class PostPages:
    """``run`` is a task of the role."""

    def __init__(
        self,
        objects: Objects,
        pages: ListenerPages,
        front: FrontPages,
        carried: CarriedSpaces,
        *,
        address: str,
        site: str,
        clock: Clock,
        monotonic: Clock,
    ) -> None:
        self.files, self._objects = PublicFiles(objects, monotonic), objects
        self._pages, self._front, self._carried = pages, front, carried
        self._address, self._site, self._clock, self._monotonic = address, site, clock, monotonic
        self._pictures = PostPictures(objects, clock)
        self._made: OrderedDict[Key, MadePage] = OrderedDict()
        self._making: dict[Key, asyncio.Task[Document]] = {}
        self._under_way: set[PageReader] = set()
        self._stir = asyncio.Event()
        self._newest_files: frozenset[str] = frozenset()
        self._fediverse: FediverseFiles | None = None
        self._log = log.get("edge")
        carried.hearing = lambda: self.files.hearing()  # noqa: PLW0108 it is another one when the bus is there
        self.files.followers.append(self._changed)
        front.followers.append(self._forget_lively)

    def join(self, settings: Settings) -> None:
        """Serves the documents of the fediverse, too, where the site is a part of it."""
        if settings.federation == "on":
            home = Home(settings.audience_address, settings.house_address)
            self._fediverse = FediverseFiles(home, self._pages, self._clock)

    async def run(self, bus: Bus) -> None:
        """Follows what changes, and keeps the newest posts for the front page; for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.files.run(bus), name="public changes")
            await self._keep_newest()

    def event(self, path: list[str], request: Request) -> Reply | Coroutine[Any, Any, Reply] | None:
        """A space at the address of its page, for a server of the fediverse that asks; None for everybody else."""
        key = self._fediverse.key(path, request) if self._fediverse is not None else None
        return self._given(key, request) if key is not None else None

    def answer(self, path: list[str], request: Request) -> Reply | Coroutine[Any, Any, Reply] | None:
        """The reply, or what makes it; None where the address is none of these."""
        asked = request.query.get("lang", "")
        language = asked if asked in LANGUAGES else LANGUAGES[0]
        if self._fediverse is not None and (document := self._fediverse.key(path, request)) is not None:
            return self._given(document, request)
        match path:
            case ["ap", "actors", number, "icon"] if self._fediverse is not None and ids.parse(number):
                return self._icon(int(number), request)
            case ["media", name] if pictures.is_name(name):
                return self._pictures.answer(name, request)
            case [name] if name[:1] == "@":
                key: Key = ("person", language, name[1:].lower())
            case [name, "older", end] if name[:1] == "@" and ids.parse(end):
                key = ("older", language, name[1:].lower(), end)
            case ["tags", tag, "older", end] if tag and ids.parse(end):
                key = ("tag", language, tag, end)
            case [name, "feed.xml"] if name[:1] == "@":
                key = ("feed", language, name[1:].lower())
            case [name, post] if name[:1] == "@" and ids.parse(post):
                key = ("post", language, name[1:].lower(), post)
            case ["tags", tag] if tag:
                key = ("tag", language, tag)
            case _:
                return None
        return self._given(key, request)

    def _given(self, key: Key, request: Request) -> Reply | Coroutine[Any, Any, Reply]:
        if (document := self._kept(key)) is not None:
            return self._fit(document, key, request)
        return self._reply(key, request)

    def _fit(self, document: Document, key: Key, request: Request) -> Reply:
        """What stands at a page's address for other servers, no cache may keep: people get the page there."""
        return document.private(self._clock()) if asks(key) else document.answer(request.headers)

    async def _icon(self, number: int, request: Request) -> Reply:
        """Somebody's portrait, for other servers. Raises :class:`NotFound`, :class:`Removed`, :class:`Overloaded`."""
        card = await PageReader(self.files, self._carried, LANGUAGES[0]).person(number)
        if card.picture_ms is None:
            raise NotFound("They have no picture.", code="no-such-picture")
        data = await self._objects.get(portraits.key(card.account, card.picture_ms))
        now = self._clock()
        file = File(data, portrait.TYPE, CACHE, now=now, X_Content_Type_Options="nosniff")
        return file.answer(request.headers, now)

    def _kept(self, key: Key) -> Document | None:
        page = self._made.get(key)
        if page is None or page.look is not self._pages.look or not self.files.good(page.read_s):
            return None
        now_s = self._monotonic()
        if page.lively and now_s - page.read_s > LIVELY_S:
            return None
        if now_s - page.dated_s > DATED_S:
            page.document, page.dated_s = page.document.dated(self._clock()), now_s
        return page.document

    async def _reply(self, key: Key, request: Request) -> Reply:
        """Made by one task, however many ask."""
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.create_task(self._make(key), name=f"page {'/'.join(key)}")
            making.add_done_callback(lambda _: self._making.pop(key, None))
        try:
            return self._fit(await asyncio.shield(making), key, request)
        except (NotFound, Removed):
            if (other := elsewhere(key, request, self._fediverse)) is None:
                raise
            return Reply(307, {"Location": other, "Cache-Control": "no-store"}, now=self._clock())

    async def _make(self, key: Key) -> Document:
        for _ in range(TRIES):
            reading = PageReader(self.files, self._carried, key[1])
            self._under_way.add(reading)
            read_s, look, before = self._monotonic(), self._pages.look, self._made.get(key)
            same_s = read_s - REUSED_S
            known = before if before is not None and before.look is look and before.made_s > same_s else None
            try:
                name, values = await self._page(reading, *key)
            finally:
                self._under_way.discard(reading)
            if isinstance(values, Document):
                document, made_s, values = values, read_s, {}
            elif known is not None and known.values == values:
                document, made_s = known.document.dated(self._clock()), known.made_s
            else:
                document, made_s = self._document(name, key[1], values), read_s
            if not reading.changed:
                page = MadePage(
                    document, frozenset(reading.files), read_s, read_s, reading.lively, look, values, made_s
                )
                self._made[key] = page
                self._made.move_to_end(key)
                if len(self._made) > MOST_MADE:
                    self._made.popitem(last=False)
                break
        return document

    async def _page(self, reading: PageReader, kind: str, language: str, *names: str) -> PageContent:
        if kind.startswith("ap-") and self._fediverse is not None:
            return "", await self._fediverse.document(reading, kind, *names)
        match kind, names:
            case "post", (handle, post):
                return await self._post(reading, handle, int(post))
            case "tag", (tag, *end):
                return await self._tag(reading, tag, *map(int, end))
            case "older", (handle, end):
                return await self._older(reading, handle, int(end))
            case "feed", (handle,):
                return await self._feed(reading, language, handle)
        return await self._person(reading, language, names[0])

    async def _post(self, reading: PageReader, handle: str, number: int) -> PageContent:
        post, card = await reading.require_post(number)
        if card.handle != handle or post.boost_of is not None:
            raise NotFound("There is no such post.", code="no-such-page")
        above, shown, below = await reading.thread(post)
        others = (*above, *below)
        values: dict[str, Any] = {"shown": shown, "above": above, "below": below, "picture": _picture(shown)}
        values["activity"] = self._fediverse.home.post(number) if self._fediverse else ""
        return "post", values | {"path": shown.address, "tags": (shown, *others)}

    async def _person(self, reading: PageReader, language: str, handle: str) -> PageContent:
        try:
            card = await reading.require_person(handle)
        except NotFound:
            reading.lively = True
            if (document := self._front.person(handle, language)) is None:
                raise
            return "", document
        pinned, posts, page = await reading.profile(card)
        lists = self._front.lists_of(card.account, language)
        reading.lively = reading.lively or any(lists.values())
        if not (posts or pinned or page.more or any(lists.values())):
            raise NotFound("There is nobody at this address.", code="no-such-page")
        face = self._front.face(card.account, card)
        values = {"person": card, "face": face, "pinned": pinned, "posts": posts, **lists}
        values |= {"path": card.page, "tags": (*pinned, *posts), "calendar": f"{card.page}/calendar.ics"}
        values |= _beside(card.page, page)
        values["activity"] = self._fediverse.home.actor(card.number) if self._fediverse and card.key else ""
        return "person", values

    async def _older(self, reading: PageReader, handle: str, end: int) -> PageContent:
        card = await reading.require_person(handle)
        posts, page = await reading.older(public.older_key(public.PROFILE, card.number, end))
        face = self._front.face(card.account, card)
        values = {"person": card, "face": face, "posts": posts, "path": f"{card.page}/older/{end}", "tags": posts}
        return "older", values | _beside(card.page, page, end)

    async def _tag(self, reading: PageReader, tag: str, end: int = 0) -> PageContent:
        key, home = public.key(public.TAG, tag), f"/tags/{quote(tag, safe='')}"
        posts, page = await reading.list_of(public.older_key(public.TAG, tag, end) if end else key)
        if not posts and not (page.version if end else page.more):
            raise NotFound("There are no posts with this tag.", code="no-such-page")
        values = {"path": f"{home}/older/{end}" if end else home, "tag": tag, "posts": posts, "tags": posts}
        return "tag", values | _beside(home, page, end)

    async def _feed(self, reading: PageReader, language: str, handle: str) -> PageContent:
        card = await reading.require_person(handle)
        _, posts, _ = await reading.profile(card)
        entries = [
            rss.FeedEntry(
                uid=f"{each.post.id}@{self._site}.stentor",
                title=each.title[:80] or card.name,
                text=each.told,
                address=f"{self._address}{each.address}",
                at_ms=each.post.created_ms,
            )
            for each in posts[: public.PAGE]
            if each.carried_by is None
        ]
        home, said = f"{self._address}{card.page}", card.bio or card.name
        body = rss.feed(entries, title=card.name, text=said, home=home, here=f"{home}/feed.xml", language=language)
        feed = FeedDocument(body, rss.CONTENT_TYPE, CACHE, None, now=self._clock(), **_tags(posts))
        return "", feed

    def _document(self, name: str, language: str, values: dict[str, Any]) -> Document:
        shown = {each: value for each, value in values.items() if each != "tags"}
        tags: Sequence[ShownPost] = values["tags"]
        lively = any(each.space or (each.quote and each.quote.space) for each in tags)
        lively = lively or any(values.get(each) for each in ("live", "coming"))
        return self._pages.public(
            name, language, LIVELY_CACHE if lively else CACHE,
            self._clock(),
            _tags(tags),
            now_ms=round(self._clock() * 1000),
            **shown,
        )  # fmt: skip

    def _changed(self, key: str) -> None:
        """No page stays that was made of what a document said before."""
        for reading in self._under_way:
            reading.changed = reading.changed or key in reading.files
        for page in [page for page, made in self._made.items() if key in made.files]:
            del self._made[page]
        if key in self._newest_files:
            self._front.posts = {}
            self._front.forget()
        if key in self._newest_files or key.startswith("public/newest/"):
            self._stir.set()

    def _forget_lively(self) -> None:
        for made in self._made.values():
            if made.lively:  # it is looked at again, and written anew where it would say something else
                made.read_s = float("-inf")

    async def _keep_newest(self) -> None:
        while True:
            self._stir.clear()
            try:
                await self._read_newest()
            except StentorError as error:
                if self._front.posts:
                    self._log.warning("newest-not-read", detail=error.detail)
                    self._front.posts = {}
                    self._front.forget()
            try:
                async with asyncio.timeout(NEWEST_S):
                    await self._stir.wait()
            except TimeoutError:
                continue

    async def _read_newest(self) -> None:
        """What the front page shows of posts, in each language."""
        found: dict[str, list[ShownPost]] = {}
        for language in LANGUAGES:
            reading = PageReader(self.files, self._carried, language)
            self._under_way.add(reading)
            try:
                key = public.key(public.NEWEST, public.THE_NEWEST)
                posts = (await reading.list_of(key, most=NEWEST_SHOWN))[0]
            finally:
                self._under_way.discard(reading)
            if reading.changed:
                self._stir.set()
                return
            found[language] = posts
            self._newest_files = frozenset(reading.files)
        if found != self._front.posts:
            self._front.posts = found
            self._front.forget()


def _tags(posts: Sequence[ShownPost]) -> dict[str, str]:
    """By what a cache may be told to drop a page: ``p`` and a post, ``a`` and who wrote it."""
    found = dict.fromkeys([*(f"p{each.post.id}" for each in posts), *(f"a{each.author.number}" for each in posts)])
    return {"Cache_Tag": ",".join(found), "Surrogate_Key": " ".join(found)} if found else {}


def _beside(home: str, page: PostList, end: int = 0) -> dict[str, str]:
    """The addresses of the pages below and above one of a list; empty where there is none."""
    above = f"{home}/older/{page.newer}" if page.newer else home
    return {"older": f"{home}/older/{page.older}" if page.older else "", "newer": above if end else ""}


def _picture(shown: ShownPost) -> str:
    """What is shown beside a link: the first picture, unless there is a warning before it."""
    return shown.pictures[0].large if shown.pictures and not shown.post.warning else ""
