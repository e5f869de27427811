"""The pages of shows, each with its feed and its calendar, of one object a show that houses write.

An object is read when somebody asks and kept for some seconds; nobody's request asks the house or the database.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.texts import LANGUAGES, negotiate
from stentor.edge.front import CACHE, FRESH_S, FrontPages
from stentor.edge.page import ListenerPages
from stentor.edge.reply import Document, FeedDocument, Reply
from stentor.spaces import front, shows
from stentor.spaces.series import Repeats, SeriesRule
from stentor.spaces.shows import PublicShow
from stentor.store.objects import Objects
from stentor.wire import calendar, rss
from stentor.wire.http import Request

NAMES: Final = ("", "feed.xml", "calendar.ics")
MOST_KEPT: Final = 300
"""Shows, and documents made of them; those that nobody has asked for longest are read again."""
MOST_COMING: Final = 12
MOST_REPLAYS: Final = shows.MOST_TOLD
LOOKS: Final = Bucket(burst=50, refill_ms=20)
"""Into the store for shows that are not kept, of this edge: who guesses names costs no more than that."""


def _too_many(wait_s: float) -> Overloaded:
    return Overloaded("Many ask for shows just now; try again in a moment.", retry_after_s=max(1.0, wait_s))


class ShowPages:
    """The pages of all shows."""

    def __init__(
        self,
        objects: Objects,
        pages: ListenerPages,
        front_pages: FrontPages,
        address: str,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self._objects, self._pages, self._front = objects, pages, front_pages
        self._address, self._clock, self._monotonic = address, clock, monotonic
        self._kept: OrderedDict[str, tuple[float, PublicShow | None]] = OrderedDict()
        self._made: OrderedDict[tuple[str, str, str], tuple[float, Document]] = OrderedDict()
        self._looks = RateLimit(LOOKS, _too_many)
        self._decoder = msgspec.json.Decoder(PublicShow)
        front_pages.followers.append(self.forget)

    def forget(self) -> None:
        """A space was removed: no page that names it stays here."""
        self._made.clear()

    async def answer(self, name: str, path: list[str], request: Request) -> Reply:
        """The reply for ``/shows/{name}`` and what is below; raises :class:`NotFound` or :class:`Overloaded`."""
        file = "/".join(path)
        if file not in NAMES:
            raise NotFound("There is nothing under this address.", code="no-such-page")
        show = await self.require(name)
        asked = request.query.get("lang", "")
        language = asked if asked in LANGUAGES else negotiate(show.language)
        kept, now_s = self._made.get((name, file, language)), self._monotonic()
        if kept is not None and now_s - kept[0] < FRESH_S:
            return kept[1].answer(request.headers)
        document = self._make(show, file, language, kept[1] if kept else None)
        self._made[name, file, language] = now_s, document
        self._made.move_to_end((name, file, language))
        if len(self._made) > MOST_KEPT:
            self._made.popitem(last=False)
        return document.answer(request.headers)

    async def require(self, name: str) -> PublicShow:
        """A show that everybody may know of; raises :class:`NotFound` or :class:`Overloaded`."""
        show = await self._read(name)
        if show is None or not show.listed:
            raise NotFound("There is no show at this address.", code="no-such-page")
        return show

    async def _read(self, name: str) -> PublicShow | None:
        """The show as the store has it; None where there is none. What was known stays when the store fails."""
        kept, now_s = self._kept.get(name), self._monotonic()
        if kept is not None and now_s - kept[0] < FRESH_S:
            return kept[1]
        try:
            self._looks.spend("", now_s)
            found: PublicShow | None = self._decoder.decode(await self._objects.get(shows.key(name)))
        except (NotFound, msgspec.DecodeError):
            found = None
        except Overloaded:
            if kept is None or kept[1] is None:
                raise
            found = kept[1]
        self._kept[name] = now_s, found
        self._kept.move_to_end(name)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return found

    def _make(self, show: PublicShow, file: str, language: str, before: Document | None) -> Document:
        now = self._clock()
        found = front.arranged(self._front.newest(show.spaces), unix_ms(now), most=MOST_REPLAYS)
        home = f"{self._address}/shows/{show.id}"
        if file == "calendar.ics":
            body = self._front.calendar([*found.live, *found.coming], show.title)
            return FeedDocument(body, calendar.CONTENT_TYPE, CACHE, before, now=now)
        if file == "feed.xml":
            entries = [self._front.item(space, language, now) for space in found.all]
            entries.sort(key=lambda entry: -entry.at_ms)
            said = show.description or self.when(show, language)
            body = rss.feed(entries, title=show.title, text=said, home=home, here=f"{home}/feed.xml", language=language)
            return FeedDocument(body, rss.CONTENT_TYPE, CACHE, before, now=now)
        lists = self._front.lists(found, language, now)
        lists["coming"] = lists["coming"][:MOST_COMING]
        said, path = self.when(show, language), f"/shows/{show.id}"
        more = {"show": show, "when": said, "calendar": f"{path}/calendar.ics"}
        return self._pages.public("show", language, CACHE, now, path=path, **more, **lists)

    def when(self, show: PublicShow, language: str) -> str:
        """When it takes place, in words, by the clocks of its own place; empty for one that has ended."""
        rule = show.rule
        if rule is None or show.ended:
            return ""

        def say(key: str, **values: object) -> str:
            return self._pages.catalogue.text(language, f"front.{key}", **values)

        clock, place = rule.starts[-5:], rule.zone.rpartition("/")[2].replace("_", " ")
        if rule.repeats is Repeats.WEEKLY:
            days = [say(f"days-{day}") for day in rule.weekdays or (rule.first.weekday(),)]
            listed = say("and", before=", ".join(days[:-1]), last=days[-1]) if len(days) > 1 else days[0]
            key = "show_weekly" if rule.every == 1 else "show_weeks"
            return say(key, days=listed[:1].upper() + listed[1:], every=rule.every, time=clock, zone=place)
        key = "show_monthly" if rule.every == 1 else "show_months"
        return say(key, which=_which(rule, say), every=rule.every, time=clock, zone=place)


def _which(rule: SeriesRule, say: Callable[..., str]) -> str:
    """Which day of a month."""
    if rule.week:
        return say(f"week-{rule.week}", day=say(f"day-{rule.first.weekday()}"))
    return say("month_day", day=rule.first.day)
