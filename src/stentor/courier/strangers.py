"""People elsewhere as couriers know them: from the database, or asked for."""

from __future__ import annotations

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed
from stentor.courier.foreign import ForeignServers
from stentor.fediverse.sites import Home
from stentor.social.ids import PostIds
from stentor.store.remote_actors import KnownActor, RemoteActors
from stentor.store.work import Work


class Strangers:
    """Methods raise what :class:`ForeignServers` raises, and :class:`Malformed` for people of this site."""

    def __init__(self, work: Work, servers: ForeignServers, home: Home, ids: PostIds, clock: Clock) -> None:
        self.table, self.servers, self.home = RemoteActors(work), servers, home
        self._ids, self._clock = ids, clock

    async def known(self, uri: str) -> KnownActor:
        """Somebody, as they are known; asked for where they are not."""
        return await self.table.by_uri(uri) or await self.fresh(uri)

    async def fresh(self, uri: str) -> KnownActor:
        """Somebody as they are now."""
        who = await self.servers.actor(uri)
        if self.home.owns(who.uri):
            raise Malformed("Somebody of this site is nobody elsewhere.")
        return await self.table.put(self.new_id(), who, now_ms=self.now_ms)

    async def named(self, handle: str, host: str) -> KnownActor:
        """Somebody by name and server."""
        return await self.known(await self.servers.named(handle, host))

    @property
    def now_ms(self) -> int:
        return unix_ms(self._clock())

    def new_id(self) -> int:
        """A number for somebody or something from elsewhere."""
        return self._ids.new(self.now_ms)
