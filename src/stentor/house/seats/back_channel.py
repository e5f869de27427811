"""The back channel: what the host and co-hosts of a space write to each other. It is in the database and nowhere else.

The bus, on which the audience's servers are, carries only that there is something new, so that every house tells its
pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from stentor.base.clock import unix_ms
from stentor.base.errors import Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.units import SpaceId
from stentor.bus.connection import Bus
from stentor.house.seats import schema
from stentor.house.spaces.service import Spaces
from stentor.spaces import checks, rights
from stentor.spaces.rights import Actor, Look
from stentor.store.back_channel import BackChannelTable

SUBJECT = "backstage"
LIMIT = Bucket(burst=8, refill_ms=2000)
"""A person types eight short lines at once, and then one every two seconds."""


def _too_fast(wait_s: float) -> Overloaded:
    said = "You write faster than anybody reads; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-messages")


class BackChannels:
    """The back channels of all spaces."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces
        self._table = BackChannelTable(spaces.store.work)
        self._limit = RateLimit(LIMIT, _too_fast)
        self._news: Counter[str] = Counter()
        self.on_news: Callable[[str], None] = lambda space: None
        """Told the space of every message that this house heard of."""

    async def start(self, bus: Bus) -> None:
        """Hears from the other houses from now on."""
        await bus.subscribe(f"{SUBJECT}.*", lambda subject, _: self._hear(subject.partition(".")[2]))

    def news(self, space: str) -> int:
        """Rises with every message that this house heard of."""
        return self._news[space]

    async def read(self, space: str, actor: Actor) -> schema.Backstage:
        """All messages that are kept, the oldest first."""
        found = await self._spaces.load(space)
        rights.require(actor, Look.BACK_CHANNEL, found)
        return await self._view(found.id)

    async def say(self, space: str, text: str, actor: Actor) -> schema.Backstage:
        """Adds a message; raises :class:`BadInput`, and :class:`Overloaded` (429) when they come too fast."""
        found = await self._spaces.load(space)
        rights.require(actor, Look.BACK_CHANNEL, found)
        line = checks.message(text)
        seat = rights.own_seat(actor, found)
        now = self._spaces.clock()
        self._limit.spend(f"{found.id} {seat.id if seat else actor.account}", now)
        name, account = (seat.name, seat.account) if seat else ("admin", actor.account)
        await self._table.add(found.id, name=name, text=line, at_ms=unix_ms(now), account=account)
        self._hear(found.id)
        await self._spaces.bus.publish(f"{SUBJECT}.{found.id}", b"")
        return await self._view(found.id)

    async def _view(self, space: SpaceId) -> schema.Backstage:
        kept = await self._table.newest(space)
        told = [schema.BackstageMessage(each.id, each.name, each.text, each.at_ms) for each in kept]
        return schema.Backstage(messages=told)

    def _hear(self, space: str) -> None:
        self._news[space] += 1
        self.on_news(space)
