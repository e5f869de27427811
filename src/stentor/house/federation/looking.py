"""Has couriers look for somebody or something elsewhere while somebody here waits: for a search, and for what people
bring along. What is known already is asked of nobody."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import BadInput, NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.bus import looking
from stentor.bus.jobs import JobQueue
from stentor.bus.looking import LOOK, LookedUp
from stentor.fediverse import sites
from stentor.fediverse.sites import Home
from stentor.house.federation.policies import PolicyDesk
from stentor.spaces.hooks import host_of
from stentor.store.actors import ActorsTable
from stentor.store.remote_actors import RemoteActors
from stentor.store.remote_posts import RemotePosts
from stentor.store.work import Work

WITHIN_S: Final = 8.0
"""So long somebody waits; apps give up after ten seconds. What comes later is known at the next try."""
MOST: Final = 100
"""Things that are looked for at once, by one house."""
SILENT_S: Final = 60.0
"""So long nobody waits for a server that has not answered in time: who brings a list along has many of its people."""
MOST_SILENT: Final = 1000
LIMIT: Final = Bucket(burst=20, refill_ms=3000)
"""Of an account: each may make us ask a server of its choice three times."""


def _too_many(wait_s: float) -> Overloaded:
    return Overloaded("These are many things to be looked for elsewhere; wait a little.", retry_after_s=wait_s)


class LookingDesk:
    """Not ``on``, it knows what is known. ``begin`` comes first."""

    def __init__(
        self, work: Work, queue: JobQueue, home: Home, policies: PolicyDesk, clock: Clock, *, on: bool
    ) -> None:
        self._queue, self._home, self._policies, self._clock, self._on = queue, home, policies, clock, on
        self._actors, self._people = ActorsTable(work), RemoteActors(work)
        self._posts = RemotePosts(work, home, lambda: 0)  # which looks, and adds none
        self._limit = RateLimit(LIMIT, _too_many)
        self._silent: OrderedDict[str, float] = OrderedDict()
        self._waiting: dict[str, asyncio.Future[LookedUp]] = {}
        self._under_way: dict[str, asyncio.Task[LookedUp]] = {}

    async def begin(self) -> None:
        """Hears from couriers from now on."""
        if self._on:
            await looking.follow(self._queue.bus, self._hear)

    async def person(self, name: str, *, account: str | None = None) -> int | None:
        """Somebody by ``name@server``; None for nobody of elsewhere, or nobody who could be found in time.

        ``account`` is who asks, of whom there are not too many questions; None for the site itself.
        """
        try:
            handle, server = sites.named(name)
        except BadInput:
            return None
        if server in (self._home.name, self._home.authority):
            return None
        try:
            return (await self._actors.find(f"{handle}@{server}")).number
        except NotFound:
            payload = {"handle": handle, "server": server}
            return (await self._look(f"{handle}@{server}".lower(), server, payload, account)).actor

    async def at(self, uri: str, *, account: str | None = None, asks: bool = True) -> LookedUp:
        """What stands at an address of here or elsewhere; empty for nothing. Who ``asks`` its server finds also what is
        not known yet, and by the address of a page."""
        if (post := await self._posts.find(uri)) is not None:
            return LookedUp(post=post)
        if (known := await self._people.by_uri(uri)) is not None:
            return LookedUp(actor=known.number)
        if (here := self._home.actor_at(uri)) is not None:
            return LookedUp(actor=here)
        server = sites.server(uri)
        if not asks or not server or self._home.owns(uri):
            return LookedUp()
        return await self._look(uri, server, {"uri": uri}, account)

    async def _look(self, what: str, server: str, payload: dict[str, str], account: str | None) -> LookedUp:
        """Who asks for the same waits for the same."""
        if what not in self._under_way:
            if not self._on or len(self._under_way) >= MOST:
                return LookedUp()
            task = asyncio.create_task(self._order(server, payload, account), name="look elsewhere")
            self._under_way[what] = task
            task.add_done_callback(lambda _: self._under_way.pop(what, None))
        return await asyncio.shield(self._under_way[what])

    async def _may(self, server: str, account: str | None) -> bool:
        if self._clock() - self._silent.get(server, 0.0) < SILENT_S:
            return False
        try:
            await self._policies.require(server)
            if account is not None:
                self._limit.spend(account, self._clock())
        except (NotFound, Overloaded):
            return False
        return True

    async def _order(self, server: str, payload: dict[str, str], account: str | None) -> LookedUp:
        if not await self._may(server, account):
            return LookedUp()
        key, now_ms = secrets.token_hex(16), unix_ms(self._clock())
        self._waiting[key] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(WITHIN_S):
                host = host_of(f"{self._home.scheme}://{server}")
                await self._queue.put(LOOK, key, payload, host=host, now_ms=now_ms, what="look")
                return await self._waiting[key]
        except (TimeoutError, Overloaded):
            self._silent[server] = self._clock()
            if len(self._silent) > MOST_SILENT:
                self._silent.popitem(last=False)
            return LookedUp()
        finally:
            del self._waiting[key]

    def _hear(self, key: str, found: LookedUp) -> None:
        """Every house hears of all of them."""
        waiting = self._waiting.get(key)
        if waiting is not None and not waiting.done():
            waiting.set_result(found)
