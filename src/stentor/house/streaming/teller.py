"""Tells those who listen what happens once it is in the database; who may know of it is asked for all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, Protocol

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Overloaded
from stentor.bus.connection import heed_cancel
from stentor.house.streaming.hub import Hub, StreamClient
from stentor.house.streaming.messages import StreamEvent
from stentor.social import streams
from stentor.social.model import Audience
from stentor.social.streams import DIRECT, USER, StreamKind, StreamName, StreamReader, ToldPost
from stentor.store.happenings import AT_ONCE, Happening, HappeningsTable

LOOK_S: Final = 0.25
"""What happens is told half of it later on average. Nobody looks while nobody listens."""
SETTLED_S: Final = 2.0
"""So long it is looked for what was begun earlier and is there later: a number is given before a transaction ends."""
NOTICES: Final = StreamName(StreamKind.NOTICES)


class Wording(Protocol):
    """What something is called for apps (``house.mastodon``)."""

    async def posted(self, told: ToldPost, readers: Iterable[int], *, anew: bool) -> dict[int, str]:
        """A post for each reader who wants to read it, as JSON; ``anew``: it was changed."""

    async def noticed(self, me: int, notice: int) -> str | None:
        """A notification, as JSON; None where it is for nobody's eyes any more."""

    async def conversed(self, me: int, post: int) -> str | None:
        """The conversation that a post belongs to, as JSON."""

    def forget_filters(self, me: int) -> None:
        """They have changed."""


class StreamTeller:
    """``run`` is a task of the role. ``recall`` learns who may listen, before any of them comes."""

    def __init__(
        self, hub: Hub, table: HappeningsTable, wording: Wording, clock: Clock, recall: Callable[[], Awaitable[None]]
    ) -> None:
        self.hub, self._table, self._wording, self._clock, self._recall = hub, table, wording, clock, recall
        self._seen: dict[int, float] = {}
        self._low = 0
        self._log = log.get("house")

    async def begin(self) -> None:
        """Before requests are answered."""
        with suppress(Overloaded):  # then whose tokens are good is learned as they are read
            await self._recall()

    async def run(self) -> None:
        """For ever; begins anew whenever somebody listens again."""
        while True:
            await self.hub.came.wait()
            try:
                await self._follow()
            except Overloaded as error:
                self._log.warning("streams-late", detail=error.detail)
                await asyncio.sleep(1.0)

    async def _follow(self) -> None:
        if not self.hub.following.is_set():
            self._low, self._seen = await self._table.last(), {}
        self.hub.following.set()
        while self.hub.people:
            heed_cancel()
            full = await self.look()
            await asyncio.sleep(0 if full else LOOK_S)
        self.hub.following.clear()

    async def look(self) -> bool:
        """Tells what has happened since the last look; whether there is more. Raises :class:`Overloaded`."""
        now_s = asyncio.get_running_loop().time()
        found = await self._table.since(self._low)
        new = [each for each in found if each.id not in self._seen]
        for each in new:
            await self._happened(each)
            self._seen[each.id] = now_s
        settled = [number for number, seen_s in self._seen.items() if now_s - seen_s > SETTLED_S]
        self._low = max([self._low, *settled])
        self._seen = {number: seen_s for number, seen_s in self._seen.items() if number > self._low}
        return len(new) == AT_ONCE

    async def _happened(self, what: Happening) -> None:
        match what.kind:
            case "post" | "edit":
                await self._posted(what.number, anew=what.kind == "edit")
            case "gone":
                await self._gone(what)
            case "notice":
                await self._noticed(what)
            case "filters":
                self._wording.forget_filters(what.actor)
                changed = StreamEvent("filters_changed")
                for client in self.hub.clients(what.actor):
                    if USER in client.names:
                        self.hub.tell(client, changed, USER)

    async def _posted(self, post: int, *, anew: bool) -> None:
        told, now_ms = await self._table.told(post), unix_ms(self._clock())
        people = list(self.hub.people)
        if told is None or not people or not (anew or streams.is_new(told, now_ms)):
            return
        readers = await self._table.readers(told, people, self.hub.lists(), now_ms=now_ms)
        wanted = [
            (client, names)
            for me, reader in readers.items()
            for client in self.hub.clients(me)
            if client.posts and (names := _names(told, me, reader, client, anew=anew))
        ]
        in_timelines = {client.me for client, names in wanted if names - {DIRECT}}
        words = await self._wording.posted(told, in_timelines, anew=anew) if in_timelines else {}
        made: dict[str, StreamEvent] = {}
        for client, names in wanted:
            if (text := words.get(client.me)) is not None:
                event = made.setdefault(text, StreamEvent("status.update" if anew else "update", text))
                for name in sorted(names - {DIRECT}):
                    self.hub.tell(client, event, name, post)
            if DIRECT in names and (said := await self._wording.conversed(client.me, post)) is not None:
                self.hub.tell(client, StreamEvent("conversation", said), DIRECT, post)

    async def _gone(self, what: Happening) -> None:
        audience, people = Audience(what.audience), self.hub.people
        follow = await self._table.followers(what.actor, people) if audience < Audience.MENTIONED else set()
        event = StreamEvent("delete", f"{what.number}")
        for me in list(people):
            open_to = set(streams.gone_from(audience, own=me == what.actor, follows=me in follow))
            for client in self.hub.clients(me):
                if client.posts:
                    for name in sorted((open_to & client.names) | (client.told_of(what.number) - {DIRECT})):
                        self.hub.tell(client, event, name)

    async def _noticed(self, what: Happening) -> None:
        wanted = [
            (client, names)
            for client in self.hub.clients(what.actor)
            if client.notices and (names := client.names & {USER, NOTICES})
        ]
        if not wanted or (text := await self._wording.noticed(what.actor, what.number)) is None:
            return
        event = StreamEvent("notification", text)
        for client, names in wanted:
            for name in sorted(names):
                self.hub.tell(client, event, name)


def _names(told: ToldPost, me: int, reader: StreamReader, client: StreamClient, *, anew: bool) -> set[StreamName]:
    """The streams of a client that a post belongs into; of one that was changed also those where it was told of."""
    names = set(streams.belongs(told, me, reader)) & client.names
    if anew and streams.readable(told, me, reader):
        names |= client.told_of(told.post.id)
    return names - {DIRECT} if anew else names


def encoded(entity: msgspec.Struct) -> str:
    """An entity as the payload of an event."""
    return msgspec.json.encode(entity).decode()
