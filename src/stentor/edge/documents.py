"""The documents about a space that is known here: for each name under ``/s/{space}/`` what makes it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotFound
from stentor.base.texts import LANGUAGES
from stentor.edge import asked, door, embed, overflow, subtitles
from stentor.edge.channel import Channel
from stentor.edge.gate import Gate
from stentor.edge.page import ListenerPages
from stentor.edge.reply import Document
from stentor.wire import calendar

JSON = "application/json"
CAPTIONS_CACHE = "public, max-age=1"
PAGE = ""
LATE_CAPTIONS = "overflow/captions.json"
"""For those who follow some minutes behind; it has no address of its own, for the delay is part of that."""
KEPT = 4000
"""Each has some kilobytes; that much more than is on at once, so that those of a crowd's space stay."""
KEPT_S = 1.0
"""How long a document is served before it is made again."""


class SpaceDocuments:
    """Made again when the space has changed, and once a second. ``address``, ``house``, ``overflow``: see ``door``."""

    def __init__(
        self, gate: Gate, pages: ListenerPages, *, address: str, house: str, overflow: str, clock: Clock
    ) -> None:
        self._gate, self._pages, self._clock = gate, pages, clock
        self._address, self._house, self._overflow = address, house, overflow
        self._kept: OrderedDict[tuple[str, str, str], tuple[tuple[int, ...], float, Document]] = OrderedDict()
        self._makers: dict[str, Callable[[Channel, float, str], Document]] = {
            PAGE: partial(self._page, embedded=False),
            **{f"?{each}": partial(self._page, embedded=False, language=each) for each in LANGUAGES},
            "embed": partial(self._page, embedded=True),
            "door.json": self._door,
            "pulse.json": self._pulse,
            "comments.json": self._comments,
            asked.NAME: self._asked,
            "event.ics": self._event,
            "listen.m3u": self._m3u,
            LATE_CAPTIONS: self._late_captions,
            **{name: partial(self._captions, name) for name in subtitles.DOCUMENTS},
        }

    def __contains__(self, name: str) -> bool:
        return name in self._makers

    def get(self, channel: Channel, name: str, below: str = "") -> Document:
        """The document as it is now, with addresses ``below`` the key of a private space; raises :class:`NotFound`
        when this space has none of that name."""
        space, now = channel.space, self._clock()
        known = self._kept.get((space.id, name, below))
        version = (space.version, channel.orders.version, channel.chat.version)
        if known is not None and known[0] == version and 0 <= now - known[1] < KEPT_S:
            return known[2]
        document = self._makers[name](channel, now, below)
        self._kept[space.id, name, below] = (version, now, document)
        self._kept.move_to_end((space.id, name, below))
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return document

    def _page(self, channel: Channel, now: float, below: str, *, embedded: bool, language: str = "") -> Document:
        space, orders, listeners = channel.space, channel.orders, channel.audience
        if embedded and space.private:
            raise NotFound("A private space is shown on no other site.", code="no-such-page")
        return self._pages.space(
            space, orders, now, listeners=listeners, embedded=embedded, language=language, below=below
        )

    def _door(self, channel: Channel, now: float, below: str) -> Document:
        text = door.door(
            channel.space,
            channel.orders,
            address=self._address,
            house=self._house,
            overflow=self._overflow,
            now=now,
            captions=bool(channel.captions),
            listeners=channel.audience,
            below=below,
        )
        return Document(self._gate.sign(text), JSON, door.DOOR_CACHE, now=now)

    def _pulse(self, channel: Channel, now: float, below: str) -> Document:
        window = channel.window
        text = window.pulse if window is not None and not window.finished else b""
        return Document(text or door.still_pulse(channel.space, now), JSON, door.PULSE_CACHE, now=now)

    def _comments(self, channel: Channel, now: float, below: str) -> Document:
        text = door.comments(channel.space, channel.chat, channel.rung)
        return Document(text, JSON, door.COMMENTS_CACHE, now=now)

    def _asked(self, channel: Channel, now: float, below: str) -> Document:
        text = asked.document(channel.space, channel.chat, channel.rung, unix_ms(now))
        return Document(text, JSON, asked.CACHE, now=now)

    def _event(self, channel: Channel, now: float, below: str) -> Document:
        text = door.event(channel.space, address=self._address, site=self._gate.site)
        return Document(text, calendar.CONTENT_TYPE, door.EVENT_CACHE, now=now)

    def _m3u(self, channel: Channel, now: float, below: str) -> Document:
        text = embed.m3u(channel.space, address=self._address, below=below)
        return Document(text, embed.M3U_TYPE, door.DOOR_CACHE, now=now)

    def _captions(self, name: str, channel: Channel, now: float, below: str) -> Document:
        """What has been said so far; in ``captions.json`` only what a listener may hear now."""
        space, captions = channel.space, channel.captions
        if not captions or space.doors_open_ms is None:
            raise NotFound("There are no captions for this space.", code="no-captions")
        cues = captions.recent(space.doors_open_ms) if name == subtitles.RECENT else captions.cues.all
        text, kind = subtitles.render(name, space.id, space.title, cues, now=now)
        return Document(text, kind, CAPTIONS_CACHE, now=now)

    def _late_captions(self, channel: Channel, now: float, below: str) -> Document:
        space = channel.space
        cues = channel.captions.past(overflow.heard_ms(space, unix_ms(now)))
        text, kind = subtitles.render(subtitles.RECENT, space.id, space.title, cues, now=now)
        return Document(text, kind, overflow.CACHE, now=now)
