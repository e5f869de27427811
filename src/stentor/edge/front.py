"""The front page and its feeds, made of one document of the house and of what this edge knows is on.

The document is read every :data:`PERIOD_S` from the object store, by nobody's request: ten or ten thousand who look at
the front page cost the house and the database nothing, and it stays when both are away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotFound, Overloaded
from stentor.base.texts import LANGUAGES, UNSAID
from stentor.edge import door, told
from stentor.edge.channel import Channel
from stentor.edge.page import ListenerPages
from stentor.edge.reply import Document, Reply
from stentor.people.site import SiteLook
from stentor.spaces import front, phase, portraits
from stentor.spaces.front import Front
from stentor.spaces.model import Space, State
from stentor.spaces.phase import Phase, Reader
from stentor.store.objects import Objects
from stentor.wire import calendar, rss
from stentor.wire.http import Request

PERIOD_S: Final = 2.0
FIRST_S: Final = 0.25
"""While there is none yet."""
CACHE: Final = "public, max-age=0, s-maxage=3, stale-while-revalidate=2, stale-if-error=5"
"""A cache takes a crowd's requests off the edges with three seconds as well as with ten, and shows nothing that was
deleted more than five seconds longer than they do, also when they are away."""
FRESH_S: Final = 5.0
"""How long a page is served before it is made again: that takes milliseconds in which this edge sends nothing."""
FACES: Final = 3
CALM: Final = frozenset({Phase.SCHEDULED, Phase.UNPLANNED, Phase.REPLAY})
"""The place on the page says it."""
ON: Final = frozenset({Phase.LIVE, Phase.QUIET})
LEAST_LISTENERS: Final = 3
"""Fewer are not told."""


class Face(msgspec.Struct, frozen=True):
    """Somebody on a card; ``picture`` and ``page`` are addresses, or empty."""

    id: str
    name: str
    picture: str = ""


class Card(msgspec.Struct, frozen=True):
    """A space on the front page. ``said`` is its state in words, where that says something; ``when`` its time for those
    without JavaScript, in UTC; ``minutes`` how long it is on, or was."""

    space: Space
    address: str
    said: str
    state: str
    faces: list[Face]
    more: int
    names: list[str]
    when: str
    iso: str
    minutes: int
    listeners: int
    language: str
    """Empty when it is that of the page."""


class FrontPages:
    """``run`` is a task of the role. ``gone`` says whether a space is known to be removed, which the bus says before
    the document does; ``site`` is this site's own word in identifiers."""

    def __init__(
        self,
        objects: Objects,
        pages: ListenerPages,
        channels: Mapping[str, Channel],
        gone: Callable[[str], bool],
        *,
        address: str,
        site: str,
        clock: Clock,
    ) -> None:
        self._objects, self._pages, self._channels, self._gone = objects, pages, channels, gone
        self._address, self._site, self._clock = address, site, clock
        self._front: Front | None = None
        self._read = b""
        self._made: dict[tuple[str, str], tuple[float, SiteLook, Document]] = {}
        self._decoder = msgspec.json.Decoder(Front)
        self._log = log.get("edge")

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.read()
            await asyncio.sleep(PERIOD_S if self.known else FIRST_S)

    async def read(self) -> None:
        """Reads the document; what was known stays when the store fails, or a newer house has written it otherwise."""
        try:
            found = await self._objects.get(front.KEY)
            if found != self._read:
                self._front, self._read = self._decoder.decode(found), found
                self._made.clear()
        except NotFound:
            return
        except (Overloaded, msgspec.DecodeError) as error:
            self._log.warning("front-not-read", reason=str(error))

    @property
    def known(self) -> bool:
        """A house has written the document: those before this one have a front page of their own."""
        return self._front is not None

    def forget(self) -> None:
        """A space was removed: no page that names it stays here."""
        self._made.clear()

    def answer(self, path: list[str], request: Request) -> Reply | None:
        """The reply for ``path``; None where the address is not one of these."""
        if len(path) != 1 or path[0] not in ("", "feed.xml", "calendar.ics"):
            return None
        asked = request.query.get("lang", "")
        return self._document(path[0], asked if asked in LANGUAGES else LANGUAGES[0]).answer(request.headers)

    def _document(self, name: str, language: str) -> Document:
        now = self._clock()
        made_s, look, document = self._made.get((name, language), (0.0, None, None))
        if document is None or look is not self._pages.look or not 0 <= now - made_s < FRESH_S:
            document = self._make(name, language, now)
            self._made[name, language] = now, self._pages.look, document
        return document

    def _make(self, name: str, language: str, now: float) -> Document:
        found = self.arranged(now)
        if name == "feed.xml":
            return Document(self._feed(found, language, now), rss.CONTENT_TYPE, CACHE, now=now)
        if name == "calendar.ics":
            return Document(self._calendar(found), calendar.CONTENT_TYPE, CACHE, now=now)
        lists = {
            name: [self.card(space, language, now) for space in spaces]
            for name, spaces in (("live", found.live), ("coming", found.coming), ("replays", found.replays))
        }
        return self._pages.public("front", language, CACHE, now, path="/", **lists)

    def arranged(self, now: float) -> front.Arranged:
        """The spaces of the front page; of one that is on the board this edge knows more than the document."""
        document = (self._front or Front()).spaces
        known: dict[str, Space] = {space.id: space for space in document if not self._gone(space.id)}
        known |= {
            name: channel.space
            for name, channel in self._channels.items()
            if not self._gone(name) and (name not in known or channel.space.version >= known[name].version)
        }
        return front.arranged(known.values(), unix_ms(now))

    def card(self, space: Space, language: str, now: float) -> Card:
        """A space as pages show it among others."""
        base, people = f"/s/{space.id}", front.people(space)
        channel = self._channels.get(space.id)
        listeners = channel.audience if channel is not None and space.on_air else 0
        at_ms = space.scheduled_ms if space.state in (State.SCHEDULED, State.CANCELLED) else space.live_ms
        at = datetime.fromtimestamp(at_ms / 1000, UTC) if at_ms is not None else None
        on_ms = max(0, unix_ms(now) - space.live_ms) if space.on_air and space.live_ms is not None else 0
        minutes = (on_ms if space.on_air else space.length_ms) // 60_000
        return Card(
            space=space,
            address=base,
            said=self._said(space, language, now, minutes),
            state=space.state.value,
            faces=[Face(seat.id, seat.name, portraits.address(seat, base) or "") for seat in people[:FACES]],
            more=max(0, len(people) - FACES),
            names=[seat.name for seat in people],
            when=f"{at:%Y-%m-%d %H:%M} UTC" if at else "",
            iso=f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else "",
            minutes=minutes,
            listeners=listeners if listeners >= LEAST_LISTENERS else 0,
            language="" if space.language.split("-")[0] in (language, UNSAID) else space.language,
        )

    def _said(self, space: Space, language: str, now: float, minutes: int) -> str:
        facts = told.facts(space, now)
        found, text = phase.phase(facts), self._pages.catalogue.text
        if found in CALM:
            return ""
        chip = text(language, phase.words(facts, Reader.CARD).chip)
        return f"{chip} · {text(language, 'front.minutes', count=minutes)}" if found in ON and minutes else chip

    def _feed(self, found: front.Arranged, language: str, now: float) -> bytes:
        """What is on, comes and can be heard again; of a space one entry for each of the three."""
        items = [self._item(space, language, now) for space in found.all]
        app = self._pages.app
        return rss.feed(
            sorted(items, key=lambda item: -item.at_ms),
            title=app,
            text=self._pages.catalogue.text(language, "front.about"),
            home=f"{self._address}/",
            here=f"{self._address}/feed.xml",
            language=language,
        )

    def _item(self, space: Space, language: str, now: float) -> rss.FeedEntry:
        chip, sentence = told.card(space, self._pages.catalogue, language, now)
        state = "live" if space.on_air else space.state.value
        at_ms = (space.ended_ms if space.state is State.REPLAY else space.doors_open_ms) or space.created_ms
        return rss.FeedEntry(
            uid=f"{space.id}-{space.created_ms}-{state}@{self._site}.stentor",
            title=f"{chip}: {space.title}",
            text="\n\n".join(filter(None, (sentence, space.description))),
            address=f"{self._address}/s/{space.id}",
            at_ms=at_ms,
        )

    def _calendar(self, found: front.Arranged) -> bytes:
        events = [
            door.entry(space, at_ms, address=self._address, site=self._site)
            for space in (*found.live, *found.coming)
            if (at_ms := space.scheduled_ms) is not None
        ]
        return calendar.calendar(events, name=self._pages.app)
