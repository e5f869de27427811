"""The site as a part of the fediverse: its keys, its inboxes, and what its people do there. Off unless it is set."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.config import Settings
from stentor.base.errors import BadInput, Conflict, NotFound, Overloaded
from stentor.base.rsa import RsaKey
from stentor.base.seal import Seal
from stentor.bus.connection import heed_cancel
from stentor.bus.jobs import JobQueue
from stentor.bus.lease import Lease
from stentor.fediverse.sites import Home, named
from stentor.house.federation.inbox import InboxDesk
from stentor.house.federation.looking import LookingDesk
from stentor.house.federation.pictures import DistantPictureDesk
from stentor.house.federation.policies import PolicyDesk
from stentor.house.federation.private import PrivateNotes
from stentor.house.federation.telling import Telling
from stentor.house.media.service import MediaDesk
from stentor.house.pace.budget import ArrivalBudget
from stentor.store.actor_keys import SEALED, ActorKeys
from stentor.store.actors import ActorsTable
from stentor.store.deliveries import Deliveries, DeliveryRow, DeliveryState
from stentor.store.distant_pictures import DistantPictures
from stentor.store.federating import FederationTable
from stentor.store.follows import FollowsTable
from stentor.store.jobs import Job
from stentor.store.remote_actors import RemoteActors
from stentor.store.work import Work

LOOK_S: Final = 1.0
AGAIN_S: Final = 60.0
KEYS_AT_ONCE: Final = 20
"""Each takes a tenth of a second of a processor, in a thread."""


class FederationDesk:
    """Not ``on``, it does nothing and refuses what people ask of it."""

    def __init__(
        self,
        work: Work,
        queue: JobQueue,
        seal: Seal,
        home: Home,
        clock: Clock,
        budget: ArrivalBudget,
        media: MediaDesk,
        *,
        on: bool,
    ) -> None:
        self.on = on
        self.private, self.policies = PrivateNotes(work, home, clock), PolicyDesk(work, home, clock)
        self.looking = LookingDesk(work, queue, home, self.policies, clock, on=on)
        self._pictures = DistantPictureDesk(DistantPictures(work), media, queue, clock)
        self.inbox, self.telling = InboxDesk(work, queue, home, clock), Telling(work, queue, home, clock, budget)
        self.home, self._seal, self._clock = home, seal, clock
        self._keys, self._people, self._deliveries = ActorKeys(work), RemoteActors(work), Deliveries(work)
        self._actors, self._follows = ActorsTable(work), FollowsTable(work)
        self._log = log.get("house")

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """What a house does by itself, for ``duty.jobs``."""
        return {**self.telling.handlers(), **self._pictures.handlers()}

    def duties(self, lease: Lease) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs by itself; nothing where the site is part of no fediverse."""
        return {"federation": self.run(lease), "pictures": self._pictures.run(lease)} if self.on else {}

    async def run(self, lease: Lease) -> None:
        """Makes the keys of those who have none, and orders again what was lost; for ever. ``lease`` is of jobs."""
        loop, again_s = asyncio.get_running_loop(), float("-inf")
        while True:
            heed_cancel()
            if lease.held:
                try:
                    await self.make_keys()
                    if loop.time() - again_s > AGAIN_S:
                        await self.inbox.again()
                        await self._keys.forget_departed(now_ms=unix_ms(self._clock()))
                        again_s = loop.time()
                except Overloaded as error:
                    self._log.warning("federation-waits", reason=error.detail)
            await asyncio.sleep(LOOK_S)

    async def make_keys(self) -> None:
        """Gives some of those who have no key one. Raises :class:`Overloaded`."""
        for each in await self._keys.without(KEYS_AT_ONCE):
            key = await asyncio.to_thread(RsaKey.make)
            sealed = self._seal.close(key.secret, SEALED)
            await self._keys.put(each, key.public, sealed, now_ms=unix_ms(self._clock()))

    async def follow(self, me: int, address: str) -> None:
        """Follows somebody elsewhere by ``@name@server``, once a courier has found them.

        Raises :class:`BadInput`, :class:`Conflict` (``federation-off``), :class:`NotFound` (``server-blocked``)."""
        if not self.on:
            raise Conflict("This site is part of no fediverse.", code="federation-off")
        handle, server = named(address)
        if server in (self.home.name, self.home.authority):
            raise BadInput("This is somebody of this site: follow them by their handle.", field="address")
        await self.policies.require(server)
        now_ms = unix_ms(self._clock())
        try:
            known = await self._actors.find(f"{handle}@{server}")
        except NotFound:
            about = f"actor {me}"
            await self.telling.look_for("follow", f"{me}.{now_ms}", f"{handle}@{server}", subject=about, actor=str(me))
        else:
            await self._follows.follow(me, known.number, boosts=True, notify=False, now_ms=now_ms)

    async def report(self, post: int) -> tuple[Mapping[DeliveryState, int], Sequence[DeliveryRow]]:
        """How far a post has come: how many servers are in which state, and the newest hundred."""
        subject = f"post {post}"
        return await self._deliveries.counts(subject), await self._deliveries.of(subject)


async def federation_of(
    settings: Settings, work: Work, queue: JobQueue, seal: Seal, clock: Clock, budget: ArrivalBudget, media: MediaDesk
) -> FederationDesk:
    """The desk of a house. Raises :class:`SetupError` where others know the site under another address."""
    home, on = Home(settings.audience_address, settings.house_address), settings.federation == "on"
    await FederationTable(work).begin(home.files, on=on, now_ms=unix_ms(clock()))
    if on:
        await ActorKeys(work).begin()
    desk = FederationDesk(work, queue, seal, home, clock, budget, media, on=on)
    await desk.looking.begin()
    return desk
