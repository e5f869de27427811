"""Feeds for players of podcasts, of the site, a show, or a person: made when somebody asks, of what edges know anyway.

Nothing that is private, unlisted or removed stands in one: the lists of the front page and of shows have the others.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Coroutine
from typing import Any, Final, NamedTuple

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotFound
from stentor.base.texts import LANGUAGES, negotiate
from stentor.edge.episodes import Episodes
from stentor.edge.front import CACHE, FRESH_S, FrontPages
from stentor.edge.page import ListenerPages
from stentor.edge.reply import Document, FeedDocument, Reply
from stentor.edge.shows import ShowPages
from stentor.spaces import front, shows
from stentor.spaces.model import Space, State
from stentor.wire import calendar, podcast, rss
from stentor.wire.http import Request
from stentor.wire.podcast import Podcast

RSS: Final = "podcast.xml"
JSON: Final = "podcast.json"
CALENDAR: Final = "calendar.ics"
FILES: Final = (RSS, JSON)
FEEDS: Final = (*FILES, CALENDAR)
MOST_KEPT: Final = 300
"""Feeds as they were made; those that nobody has asked for longest are made again."""
ICON: Final = "icon-512.png"
"""Where the site has no logo."""

Key = tuple[str, str, str]
"""Whose it is (empty: the site's, ``@handle``, or a show), which file, and its language."""


class FeedOf(NamedTuple):
    """Whose feed it is: ``path`` is that of the page, ``author`` who stands for it."""

    title: str
    text: str
    path: str
    author: str
    language: str
    spaces: Collection[Space]


class MadeFeed(NamedTuple):
    """When it was looked at last (monotonic), and as it was made."""

    at_s: float
    document: Document


class Podcasts:
    """All feeds. ``hub`` is the address of the site's hub of WebSub, or empty."""

    def __init__(
        self,
        episodes: Episodes,
        pages: ListenerPages,
        front_pages: FrontPages,
        show_pages: ShowPages,
        *,
        address: str,
        hub: str,
        clock: Clock,
        monotonic: Clock,
    ) -> None:
        self._episodes, self._pages, self._front, self._shows = episodes, pages, front_pages, show_pages
        self._address, self._hub, self._clock, self._monotonic = address, hub, clock, monotonic
        self._made: OrderedDict[Key, MadeFeed] = OrderedDict()
        self._making: dict[Key, asyncio.Task[Document]] = {}
        self._turn = 0
        """Another one whenever something was taken away."""
        front_pages.followers.append(self.forget)

    def forget(self) -> None:
        """A space was removed: no feed that names it is served any more, not even one that is being made."""
        self._turn += 1
        self._made.clear()
        self._making.clear()

    def answer(self, path: list[str], request: Request) -> Coroutine[Any, Any, Reply] | None:
        """What makes the reply; None where the address is none of these."""
        asked = request.query.get("lang", "")
        match path:
            case [file] if file in FILES:
                whose = ""
            case ["shows", show, file] if show and file in FILES:
                whose = show
            case [name, file] if name[:1] == "@" and file in (*FILES, CALENDAR):
                whose = name.lower()
            case _:
                return None
        return self._reply((whose, file, asked if asked in LANGUAGES else ""), request)

    async def _reply(self, key: Key, request: Request) -> Reply:
        """Raises :class:`NotFound`, and :class:`Overloaded` when the store fails."""
        made = self._made.get(key)
        if made is not None and self._monotonic() - made.at_s < FRESH_S:
            return made.document.answer(request.headers)
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.create_task(self._make(key, made), name=f"feed {'/'.join(key)}")
            making.add_done_callback(lambda task: self._making.get(key) is task and self._making.pop(key))
        return (await asyncio.shield(making)).answer(request.headers)

    async def _make(self, key: Key, before: MadeFeed | None) -> Document:
        whose, file, asked = key
        turn, now, read_s = self._turn, self._clock(), self._monotonic()
        found = await self._feed(whose, asked)
        here = f"{self._address}{found.path.rstrip('/')}/{file}{f'?lang={asked}' if asked else ''}"
        if file == CALENDAR:
            shown = front.arranged(found.spaces, unix_ms(now))
            body, kind = self._front.calendar([*shown.live, *shown.coming], found.title), calendar.CONTENT_TYPE
        else:
            body, kind = await self._written(found, file, here, now)
        fields = {"Link": f'<{self._hub}>; rel="hub", <{here}>; rel="self"'} if self._hub and file != CALENDAR else {}
        document = FeedDocument(body, kind, CACHE, before.document if before else None, now=now, **fields)
        if turn == self._turn:
            self._made[key] = MadeFeed(read_s, document)
            self._made.move_to_end(key)
            if len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)
        return document

    async def _written(self, found: FeedOf, file: str, here: str, now: float) -> tuple[bytes, str]:
        arranged = front.arranged(found.spaces, unix_ms(now), most=shows.MOST_TOLD)
        ended = [space for space in found.spaces if space.state is State.ENDED and front.may_be_listed(space)]
        live = self._episodes.live([*arranged.live, *arranged.coming, *ended], unix_ms(now))
        made = [*live, *await self._episodes.of(arranged.replays)]
        logo = self._pages.look.logo_address or self._pages.address(ICON)
        feed = Podcast(
            title=found.title,
            text=found.text,
            home=f"{self._address}{found.path}",
            here=here,
            language=found.language,
            author=found.author,
            image=f"{self._address}{logo}",
            hub=self._hub,
        )
        if file == JSON:
            return podcast.json(feed, made), podcast.JSON_TYPE
        return podcast.xml(feed, made), rss.CONTENT_TYPE

    async def _feed(self, whose: str, asked: str) -> FeedOf:
        app, language = self._pages.app, asked or LANGUAGES[0]
        if not whose:
            text = self._pages.catalogue.text(language, "front.about")
            return FeedOf(app, text, "/", app, language, self._front.listed())
        if whose[0] == "@":
            account = self._front.account_of(whose[1:])
            person = self._front.known_front.people.get(account)
            if person is None:
                raise NotFound("There is nobody at this address.", code="no-such-page")
            hosted = [space for space in self._front.listed() if account in front.hosts(space)]
            return FeedOf(person.name, person.bio, person.page, person.name, language, hosted)
        show = await self._shows.require(whose)
        language = asked or negotiate(show.language)
        spaces = self._front.newest(show.spaces)
        hosts = dict.fromkeys(space.host.name for space in reversed(spaces) if space.host is not None)
        text = show.description or self._shows.when(show, language)
        return FeedOf(show.title, text, f"/shows/{show.id}", next(iter(hosts), app), language, spaces)
