"""The front page and its feeds, made of one document of the house and of what this edge knows is on.

The document is read every :data:`PERIOD_S` from the object store, by nobody's request: ten or ten thousand who look at
the front page cost the house and the database nothing, and it stays when both are away.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.terms import folded
from stentor.base.texts import LANGUAGES, UNSAID
from stentor.base.times import moment
from stentor.edge import door, told
from stentor.edge.channel import Channel
from stentor.edge.page import ListenerPages
from stentor.edge.reply import Document, FeedDocument, Reply
from stentor.social.public import PersonCard
from stentor.spaces import about, front, phase, portraits
from stentor.spaces.front import Front, PublicProfile
from stentor.spaces.model import Role, Space, State
from stentor.spaces.opening import opened_ms, shown_ms
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
"""How long a page is served before it is asked whether anything of it has changed. To make one takes milliseconds in
which this edge sends nothing."""
LATEST_S: Final = 60.0
"""How long a page is served in which nothing has changed but the time."""
MOST_MADE: Final = 300
"""Pages, feeds and people in a language; those that nobody has asked for longest are made again when they are."""
FACES: Final = 3
LONGEST_QUERY: Final = 100
MOST_FOUND: Final = 12
"""Of each kind."""
MOST_SEARCHES: Final = 200
"""Kept as they were found, while they are fresh."""
SEARCHES: Final = Bucket(burst=20, refill_ms=100)
"""Of this edge, besides those that are kept: each is some milliseconds in which it sends nothing."""
SEARCH_CACHE: Final = "public, max-age=5"
CALM: Final = frozenset({Phase.SCHEDULED, Phase.UNPLANNED, Phase.REPLAY})
"""The place on the page says it."""
ON: Final = frozenset({Phase.LIVE, Phase.QUIET})
LEAST_LISTENERS: Final = 3
"""Fewer are not told."""


def _too_many(wait_s: float) -> Overloaded:
    return Overloaded("Many are searching just now; try again in a moment.", retry_after_s=max(1.0, wait_s))


def _told_listeners(channel: Channel) -> int:
    return channel.audience if channel.audience >= LEAST_LISTENERS else 0


def _topics(space: Space) -> list[str]:
    return [f"#{topic}" for topic in space.about.topics]


def _names(space: Space) -> list[str]:
    return [seat.name for seat in front.people(space)]


class Face(msgspec.Struct, frozen=True):
    """Somebody on a card; ``picture`` and ``page`` are addresses, or empty."""

    id: str
    name: str
    picture: str = ""
    page: str = ""


class Card(msgspec.Struct, frozen=True):
    """A space on the front page. ``said`` is its state in words, where that says something; ``when`` its time for those
    without JavaScript, with its zone, which is UTC; ``minutes`` how long it is on, or was."""

    space: Space
    address: str
    said: str
    state: str
    faces: list[Face]
    more: int
    people: list[tuple[str, str]]
    """Everybody named, with the address of their page or nothing."""
    when: str
    iso: str
    minutes: int
    listeners: int
    language: str
    """Empty when it is that of the page."""
    cover: str = ""
    """Where its picture is; empty without one."""


class Made(msgspec.Struct, frozen=True):
    """A page as it was made, from what (``mark``), and when that was looked at last."""

    mark: tuple[object, ...]
    at_s: float
    document: Document


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
        self._read, self.read_s = b"", float("-inf")
        self._made: OrderedDict[tuple[str, str], Made] = OrderedDict()
        self._accounts: dict[str, str] = {}
        """Of those with a page, by handle."""
        self._found: OrderedDict[tuple[str, str], tuple[float, Document]] = OrderedDict()
        self._searches = RateLimit(SEARCHES, _too_many)
        self.posts: Mapping[str, Sequence[object]] = {}
        """The newest posts as they are shown, by language."""
        self.followers: list[Callable[[], None]] = []
        """Called when nothing that was made is good any more."""
        pages.page_of = self.page_of
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
            found, self.read_s = await self._objects.get(front.KEY), self._clock()
            if found != self._read:
                self._front, self._read = self._decoder.decode(found), found
                self.forget()
                self._accounts = {person.handle: account for account, person in self._front.people.items()}
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
        self._found.clear()
        for follower in self.followers:
            follower()

    def answer(self, path: list[str], request: Request) -> Reply | None:
        """The reply for ``path``; None where the address is not one of these."""
        asked = request.query.get("lang", "")
        language = asked if asked in LANGUAGES else LANGUAGES[0]
        match path:
            case [""] if query := " ".join(request.query.get("q", "").split())[:LONGEST_QUERY]:
                return self._search(query, language).answer(request.headers)
            case ["" | "feed.xml" | "calendar.ics" as name]:
                return self._document(name, language).answer(request.headers)
        return None

    def page_of(self, account: str) -> str:
        """The address of somebody's page; empty for who has none."""
        person = self.known_front.people.get(account)
        return person.page if person else ""

    def account_of(self, handle: str) -> str:
        """Whose page ``/@handle`` is; empty where it is none of somebody who hosts or has spoken."""
        return self._accounts.get(handle, "")

    def person(self, handle: str, language: str) -> Document | None:
        """The page of somebody who hosts or has spoken; None where there is none of theirs."""
        return self._document(f"@{handle}", language) if handle in self._accounts else None

    def _document(self, name: str, language: str) -> Document:
        now = self._clock()
        made, look = self._made.get((name, language)), self._pages.look
        if made is not None and made.mark[0] is look and 0 <= now - made.at_s < FRESH_S:
            return made.document
        mark = look, int(now // LATEST_S), *self._on()
        same = made is not None and made.mark == mark and made.at_s <= now
        document = made.document.dated(now) if made and same else self._make(name, language, now, made)
        self._made[name, language] = Made(mark, now, document)
        self._made.move_to_end((name, language))
        if len(self._made) > MOST_MADE:
            self._made.popitem(last=False)
        return document

    def _on(self) -> list[object]:
        """What may change between two documents of the house: of every space that this edge follows."""
        channels = self._channels.values()
        return [(each.space.id, each.space.version, _told_listeners(each)) for each in channels]

    def _search(self, query: str, language: str) -> Document:
        """What is found in titles and people; of all that the document has."""
        now = self._clock()
        key = f"?{folded(query)}", language
        kept = self._found.get(key)
        if kept is not None and 0 <= now - kept[0] < FRESH_S:
            return kept[1]
        self._searches.spend("", now)
        words = folded(query).split()
        known = [space for space in self.listed() if front.has(words, space.title, *_names(space), *_topics(space))]
        people = [
            (account, each)
            for account, each in self.known_front.people.items()
            if front.has(words, each.name, each.handle)
        ]
        shown = sorted(people, key=lambda each: each[1].name)[:MOST_FOUND]
        lists = self.lists(front.arranged(known, unix_ms(now), most=MOST_FOUND), language, now)
        faces = [self.face(account, each) for account, each in shown]
        document = self._pages.public("search", language, SEARCH_CACHE, now, path="/", q=query, people=faces, **lists)
        self._found[key] = now, document
        if len(self._found) > MOST_SEARCHES:
            self._found.popitem(last=False)
        return document

    def lists(self, found: front.Arranged, language: str, now: float) -> dict[str, list[Card]]:
        """The cards of a page, by the names of its lists."""
        return {
            name: [self.card(space, language, now) for space in spaces]
            for name, spaces in (("live", found.live), ("coming", found.coming), ("replays", found.replays))
        }

    def lists_of(self, account: str, language: str) -> dict[str, list[Card]]:
        """The cards of the spaces in which somebody is named."""
        now = self._clock()
        return self.lists(front.arranged(front.theirs(self.listed(), account), unix_ms(now)), language, now)

    def face(self, account: str, person: PublicProfile | PersonCard) -> Face:
        """Somebody with a page, with the picture of one of their seats."""
        for space in self.listed():
            for seat in space.seats.values():
                if seat.account == account and seat.picture_ms is not None:
                    picture = portraits.address(seat, f"/s/{space.id}") or ""
                    return Face(person.handle, person.name, picture, person.page)
        return Face(person.handle, person.name, page=person.page)

    def _profile(self, name: str, language: str, now: float) -> Document:
        account = self._accounts[name[1:]]
        person = self.known_front.people[account]
        found = front.arranged(front.theirs(self.listed(), account), unix_ms(now))
        lists, face = self.lists(found, language, now), self.face(account, person)
        return self._pages.public(
            "person", language, CACHE, now,
            path=person.page, person=person, face=face, posts=[], pinned=[],
            calendar=f"{person.page}/calendar.ics", **lists,
        )  # fmt: skip

    def _make(self, name: str, language: str, now: float, made: Made | None) -> Document:
        if name.startswith("@"):
            return self._profile(name, language, now)
        found, before = self.arranged(now), made.document if made else None
        if name == "feed.xml":
            return FeedDocument(self._feed(found, language, now), rss.CONTENT_TYPE, CACHE, before, now=now)
        if name == "calendar.ics":
            body = self.calendar([*found.live, *found.coming], self._pages.app)
            return FeedDocument(body, calendar.CONTENT_TYPE, CACHE, before, now=now)
        return self._pages.public(
            "front",
            language,
            CACHE,
            now,
            path="/",
            q="",
            posts=self.posts.get(language, ()),
            now_ms=unix_ms(now),
            **self.lists(found, language, now),
        )

    @property
    def known_front(self) -> Front:
        return self._front or Front()

    def arranged(self, now: float) -> front.Arranged:
        """The spaces of the front page."""
        return front.arranged(self.listed(), unix_ms(now))

    def listed(self) -> Collection[Space]:
        """All that may be told of. Of a space that is on the board this edge knows more than the document."""
        known: dict[str, Space] = {space.id: space for space in self.known_front.spaces if not self._gone(space.id)}
        known |= {
            name: channel.space
            for name, channel in self._channels.items()
            if not self._gone(name) and (name not in known or channel.space.version >= known[name].version)
        }
        return [space for space in known.values() if front.may_be_listed(space)]

    def card(self, space: Space, language: str, now: float) -> Card:
        """A space as pages show it among others."""
        base, people = f"/s/{space.id}", front.people(space)
        channel = self._channels.get(space.id)
        listeners = _told_listeners(channel) if channel is not None and space.on_air else 0
        at_ms = space.scheduled_ms if space.state in (State.SCHEDULED, State.CANCELLED) else space.live_ms
        at = datetime.fromtimestamp(at_ms / 1000, UTC) if at_ms is not None else None
        on_ms = max(0, unix_ms(now) - space.live_ms) if space.on_air and space.live_ms is not None else 0
        minutes = (on_ms if space.on_air else shown_ms(space)) // 60_000
        return Card(
            space=space,
            address=base,
            said=self._said(space, language, now, minutes),
            state=space.state.value,
            faces=[Face(seat.id, seat.name, portraits.address(seat, base) or "") for seat in people[:FACES]],
            people=[(seat.name, self.page_of(seat.account)) for seat in people],
            more=max(0, len(people) - FACES),
            when=moment(at_ms, language),
            iso=f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else "",
            minutes=minutes,
            listeners=listeners,
            language="" if space.language.split("-")[0] in (language, UNSAID) else space.language,
            cover=about.cover_address(space.about, base, small=True),
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
        items = [self.item(space, language, now) for space in found.all]
        app = self._pages.app
        return rss.feed(
            sorted(items, key=lambda item: -item.at_ms),
            title=app,
            text=self._pages.catalogue.text(language, "front.about"),
            home=f"{self._address}/",
            here=f"{self._address}/feed.xml",
            language=language,
        )

    def item(self, space: Space, language: str, now: float) -> rss.FeedEntry:
        """A space in feeds."""
        chip, sentence = told.card(space, self._pages.catalogue, language, now)
        state = "live" if space.on_air else space.state.value
        at_ms = (space.ended_ms if space.state is State.REPLAY else opened_ms(space)) or space.created_ms
        return rss.FeedEntry(
            uid=f"{space.id}-{space.created_ms}-{state}@{self._site}.stentor",
            title=f"{chip}: {space.title}",
            text="\n\n".join(filter(None, (sentence, space.description))),
            address=f"{self._address}/s/{space.id}",
            at_ms=at_ms,
            people=tuple((seat.name, "guest" if seat.role is Role.SPEAKER else "host") for seat in front.people(space)),
            topics=space.about.topics,
            image=about.cover_address(space.about, f"{self._address}/s/{space.id}"),
        )

    def calendar(self, spaces: Sequence[Space], name: str) -> bytes:
        """Those of the spaces that have a time."""
        events = [
            door.entry(space, at_ms, address=self._address, site=self._site)
            for space in spaces
            if (at_ms := space.scheduled_ms) is not None
        ]
        return calendar.calendar(events, name=name)

    def newest(self, spaces: Sequence[Space]) -> list[Space]:
        """The spaces as this edge knows them; without those that are removed or in no list."""
        known = [self._channels[space.id].space if space.id in self._channels else space for space in spaces]
        known = [max(pair, key=lambda space: space.version) for pair in zip(known, spaces, strict=True)]
        return [space for space in known if front.may_be_listed(space) and not self._gone(space.id)]
