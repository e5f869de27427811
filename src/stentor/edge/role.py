"""The edge as a process: spaces from the board, chunks from the bus, hold music from the objects, listeners by HTTP.

Any number of edges may share the port. A lost bus ends nothing: connections stay, the hold loop fills in, and the
window catches up when the bus is back.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

from stentor.audio import hold, music
from stentor.audio.hold import HoldLoop
from stentor.base import collector, config, keys, log, tls
from stentor.base.clock import Clock, wall
from stentor.base.config import Settings
from stentor.base.descriptors import descriptors
from stentor.base.disk import Disks
from stentor.base.drain import Drain, until
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.base.processors import processors
from stentor.bus import drain as bus_drain
from stentor.bus import status
from stentor.bus.board import Board
from stentor.bus.chat import Chats
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus
from stentor.bus.crowd import Crowd
from stentor.bus.cues import CueLog
from stentor.bus.documents import Gone
from stentor.bus.identity import join
from stentor.bus.revocations import Revocations
from stentor.bus.salts import Salts
from stentor.bus.status import Status, Statuses
from stentor.bus.withdrawals import Withdrawals
from stentor.crowd.addresses import Addresses
from stentor.crowd.orders import Orders
from stentor.edge.channel import DEFAULT_HOLD, Channel
from stentor.edge.forward import Forwarder
from stentor.edge.gate import Gate
from stentor.edge.heard import HeardSpaces
from stentor.edge.heartbeat import EdgesHeard, heartbeat
from stentor.edge.kernel import KernelCounters
from stentor.edge.leaving import Leaving
from stentor.edge.resumed import CommonTickets
from stentor.edge.rows import RowKeeper
from stentor.edge.seconds import Seconds
from stentor.edge.site import Site
from stentor.edge.sockets import BACKLOG, listen_on
from stentor.edge.worker import Worker
from stentor.spaces import forecast
from stentor.spaces.comments import Chat
from stentor.spaces.model import Space
from stentor.spaces.sealed import words_key
from stentor.store.objects import Objects
from stentor.wire import forwarded
from stentor.wire.cue import Cue
from stentor.wire.horizon import CLOCK_WRONG

TICK_S = 0.1
"""How exactly the patience with a missing chunk is kept."""
HOLD_TRIES = 10
HOLD_RETRY_S = 0.5
"""The default loop is made before the roles start; after 5 s without it the edge makes its own."""
CUES_S = 1.0
"""How soon captions begin to be offered, or what was missed of them is read."""


class Edge:
    """Everything one edge process carries. ``clock`` is wall-clock seconds."""

    def __init__(
        self, bus: Bus, objects: Objects, default_hold: HoldLoop, *, settings: Settings, instance: str, clock: Clock
    ) -> None:
        self.instance = instance
        self.clock = clock
        self._bus = bus
        self._crowd, self._revocations, self._disks = Crowd(bus), Revocations(bus), Disks(settings)
        self._chunks, self._cues = ChunkLog(bus, clock=clock), CueLog(bus, clock=clock)
        monotonic = asyncio.get_running_loop().time
        self._statuses, self._edges = Statuses(monotonic), EdgesHeard(monotonic)
        share = processors() / settings.edge_count
        line_bps = settings.line_mbps * 1e6 / settings.edge_count
        trusted = forwarded.networks(settings.trusted_proxies)
        addresses = Addresses(
            connections=settings.address_connections,
            requests=settings.address_requests,
            proxy=lambda address: forwarded.trusts(trusted, address),
        )
        self.worker = Worker(
            capacity=descriptors(),
            clock=clock,
            processors=share,
            line_bps=line_bps,
            places=settings.edge_listeners,
            addresses=addresses,
            trusted=trusted,
            tls=tls.configured(settings, clock=clock),
            proxied=settings.proxy_protocol == "on",
            room=lambda: forecast.room(self._disks.seen, len(self._on_air()), settings.bus_hours),
        )
        own = self._keys = keys.own(settings, "edge")
        gate, self._board = Gate(own, trusted, self.worker), Board(bus, words_key(own.doors))
        self._keyed = gate.keyed
        self.site = Site(
            self.worker,
            gate,
            objects=objects,
            address=settings.audience_url or settings.public_url,
            house=settings.house_address,
            forwarder=Forwarder(settings, own, trusted, self.worker),
            overflow=settings.overflow_url,
            hub=settings.websub_hub,
            metrics_token=config.metrics_token(settings),
            music=default_hold,
            status=self.status,
            edges=self._edges.fresh,
            clock_wrong=lambda: self._chunks.horizon.clock_wrong,
            told=self._edges.told,
        )
        self.site.posts.join(settings)
        self.seconds = Seconds(self.worker, self.site, instance, KernelCounters(), steady=time.monotonic)
        self._rows = RowKeeper(bus, self.worker, self.seconds, instance, attack_file=settings.attack_file == "on")
        self._objects = objects
        self._holds = {DEFAULT_HOLD: default_hold}
        self._following: dict[str, asyncio.Task[None]] = {}
        self._orders: dict[str, Orders] = {}
        self._chats: dict[str, Chat] = {}
        self._loading: set[str] = set()
        self._log = log.get("edge")

    async def run(self) -> None:
        """For ever."""
        await self._edges.start(self._bus)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.worker.run(), name="deadlines")
                if self.worker.tls is not None:
                    group.create_task(self.worker.tls.watch(), name="certificate")
                    tickets = CommonTickets(self._bus, self.worker.tls, self._keys.doors)
                    group.create_task(tickets.run(), name="tickets")
                group.create_task(self._watch(group), name="board")
                group.create_task(self._heed(), name="orders")
                group.create_task(self._ready(), name="ready")
                group.create_task(self._read_chats(), name="chats")
                group.create_task(self._withdraw(), name="withdrawals")
                group.create_task(self._follow_salts(), name="salts")
                group.create_task(self.site.private.follow(self._revocations, self.worker), name="revocations")
                group.create_task(self.site.private.hearings.run(self._bus), name="hearings")
                group.create_task(self.site.front.run(), name="front")
                group.create_task(self.site.posts.run(self._bus), name="posts")
                group.create_task(self.site.identity.run(), name="identity")
                group.create_task(self.site.identity.transparency.run(), name="transparency")
                group.create_task(self.site.given.votes.run(self._bus), name="votes")
                group.create_task(self._tick(group), name="tick")
                group.create_task(self._follow_cues(), name="cues")
                group.create_task(self.worker.meter.run(), name="load")
                group.create_task(self._disks.run(), name="disks")
                group.create_task(status.beat(self._bus, self.status), name="beat")
                group.create_task(self._rows.run(), name="evidence")
        finally:
            self.seconds.close()
            await self.site.stop()

    def status(self) -> Status:
        """The heartbeat."""
        problem = CLOCK_WRONG if self._chunks.horizon.clock_wrong else ""
        ahead = self._chunks.horizon.refused + self._cues.horizon.refused
        return heartbeat(self.worker, self.site.channels, self.instance, ahead=ahead, problem=problem)

    async def _watch(self, group: asyncio.TaskGroup) -> None:
        """Keeps the channels as the board has them."""
        heard = HeardSpaces(self.clock, lambda space: self._update(space, group))
        async with aclosing(self._board.watch()) as spaces:
            async for space in spaces:
                if isinstance(space, Gone):
                    heard.forget(space.key)
                    self._leave(space.key)
                else:
                    heard.take(space)

    async def _ready(self) -> None:
        """Says so once the edge knows what is on and who is let in."""
        await self._board.read.wait()
        await self._crowd.read.wait()
        await self._revocations.read.wait()
        self.site.ready = True

    def _leave(self, space: str) -> None:
        """A space that is over has left the board: who asks for it reads it from the object store."""
        channel = self.site.channels.pop(space, None)
        if channel is not None:
            channel.close()
        if following := self._following.get(space):
            following.cancel()
        self._forget_holds()
        self.site.past.forget(space)

    async def _heed(self) -> None:
        """Does with door and ladder what the house orders."""
        async with aclosing(self._crowd.watch()) as following:
            async for orders in following:
                if isinstance(orders, Gone):
                    self._orders.pop(orders.key, None)
                    continue
                self._orders[orders.space] = orders
                if channel := self.site.channels.get(orders.space):
                    channel.heed(orders)

    async def _read_chats(self) -> None:
        """Keeps the newest comments as the house tells them."""
        async with aclosing(Chats(self._bus).watch()) as following:
            async for chat in following:
                if isinstance(chat, Gone):
                    self._chats.pop(chat.key, None)
                    continue
                self._chats[chat.space] = chat
                if channel := self.site.channels.get(chat.space):
                    channel.chat = chat

    async def _withdraw(self) -> None:
        """Drops what was removed as soon as the house tells."""
        async with aclosing(Withdrawals(self._bus).watch()) as following:
            async for found in following:
                if not isinstance(found, Gone):
                    self.site.withdraw(found)

    async def _follow_salts(self) -> None:
        """Keeps the keys of evidence for as long as the house does."""
        async with aclosing(Salts(self._bus).watch()) as following:
            async for salt in following:
                if isinstance(salt, Gone):
                    self._keyed.forget(salt.key)
                else:
                    self._keyed.hear(salt)

    def _update(self, space: Space, group: asyncio.TaskGroup) -> None:
        channel = self.site.channels.get(space.id)
        if channel is None:
            channel = self.site.channels[space.id] = Channel(space, self._holds[DEFAULT_HOLD], self.worker)
            channel.bus_there = self._connected
            self.site.past.forget(space.id)
            channel.heed(self._orders.get(space.id, channel.orders))
            channel.chat = self._chats.get(space.id, channel.chat)
        else:
            channel.update(space)
        if not space.on_air:
            self._forget_holds()
        elif space.hold in self._holds:
            channel.play(space.hold, self._holds[space.hold])
        elif space.hold not in self._loading:
            self._loading.add(space.hold)
            group.create_task(self._load_hold(space.hold), name=f"hold {space.hold}")
        self._begin(channel, group)

    def _connected(self) -> bool:
        return self._bus.connected

    def _begin(self, channel: Channel, group: asyncio.TaskGroup) -> None:
        """Follows the space if there is something to follow and nobody does."""
        space = channel.space.id
        if channel.window is None and space not in self._following and channel.wants_window(self.clock()):
            task = group.create_task(self._follow(channel), name=f"follow {space}")
            self._following[space] = task
            task.add_done_callback(lambda _: self._following.pop(space, None))

    async def _follow(self, channel: Channel) -> None:
        """Brings the window every chunk until the space has ended."""
        await self._keyed.wait(channel.space.id)
        window = channel.open(self.clock())
        chunks = self._chunks.follow(
            channel.space.id, doors_open_ms=window.doors_open_ms, start=window.first, calm=channel.calm
        )
        deaf = await self._chunks.hear(channel.space.id, lambda chunk: channel.add(chunk, self.clock()))
        try:
            async with aclosing(chunks) as following:
                async for chunk in following:
                    channel.add(chunk, self.clock())
                    if window.finished or channel.window is not window:
                        return
        finally:
            await deaf()

    async def _follow_cues(self) -> None:
        """Brings captions to the channels: as they are made, and with each new connection all that were made before."""
        await self._statuses.start(self._bus, "captions")
        await self._cues.follow("*", self._hear_cue)
        read: dict[str, int] = {}
        while True:
            now, epoch = asyncio.get_running_loop().time(), self._bus.epoch
            read = {space: at for space, at in read.items() if space in self.site.channels}
            for channel in [each for each in self.site.channels.values() if each.window is not None]:
                space = channel.space
                channel.captions.offered = self._statuses.captioned(space.id, now)
                if space.doors_open_ms is None or read.get(space.id) == epoch:
                    continue
                try:
                    missed = await self._cues.read(space.id, doors_open_ms=space.doors_open_ms)
                except Overloaded:
                    break  # again in a second
                for cue in missed:
                    channel.captions.add(cue, space.doors_open_ms)
                read[space.id] = epoch
            await asyncio.sleep(CUES_S)

    def _hear_cue(self, cue: Cue) -> None:
        channel = self.site.channels.get(cue.space)
        if channel is not None:
            channel.captions.add(cue, channel.space.doors_open_ms)

    async def _tick(self, group: asyncio.TaskGroup) -> None:
        """Gives up on chunks that are overdue, and forgets windows that nobody needs any more or that lie ahead."""
        while True:
            await asyncio.sleep(TICK_S)
            now = self.clock()
            for channel in list(self.site.channels.values()):
                if channel.window is None:
                    continue
                channel.advance(now)
                if not channel.wants_window(now) or channel.window.misplaced(now):
                    channel.close()
                    if following := self._following.get(channel.space.id):
                        following.cancel()
                        await asyncio.wait([following])
                    self._begin(channel, group)

    async def _load_hold(self, name: str) -> None:
        """A host's own hold music; until it is here the default plays. Each has 7 MB: only what plays is kept."""
        while name not in self._holds and name in self._playing():
            try:
                loop = await asyncio.to_thread(hold.decode, await self._objects.get(f"hold/{name}"))
            except (NotFound, Overloaded, Malformed) as error:
                self._log.warning("hold-missing", hold=name, reason=error.detail)
                await asyncio.sleep(10 * HOLD_RETRY_S)
                continue
            self._holds[name] = loop
            for channel in self.site.channels.values():
                if channel.space.hold == name:
                    channel.play(name, loop)
        self._loading.discard(name)

    def _playing(self) -> set[str]:
        """The hold music of the spaces on air."""
        return {space.hold for space in self._on_air()}

    def _on_air(self) -> list[Space]:
        return [channel.space for channel in self.site.channels.values() if channel.space.on_air]

    def _forget_holds(self) -> None:
        """What no space on air plays any more; what is over, and players that are behind, get the default."""
        for name in self._holds.keys() - self._playing() - {DEFAULT_HOLD}:
            del self._holds[name]
            for channel in self.site.channels.values():
                if channel.hold_name == name:
                    channel.play(DEFAULT_HOLD, self._holds[DEFAULT_HOLD])


async def default_hold(objects: Objects) -> HoldLoop:
    """The loop that everybody has; made here, in a thread, when it does not come."""
    for _ in range(HOLD_TRIES):
        try:
            return hold.decode(await objects.get(f"hold/{DEFAULT_HOLD}"))
        except (NotFound, Overloaded, Malformed):
            await asyncio.sleep(HOLD_RETRY_S)
    log.get("edge").warning("hold-made-here", reason="no object hold/default")
    return await asyncio.to_thread(music.default_loop)


async def run(settings: Settings, *, instance: str, clock: Clock = wall, drain: Drain | None = None) -> None:
    """Runs until it is cancelled, or has moved its listeners away because it was told to.

    Raises :class:`SetupError` when port, bus or object store cannot be used.
    """
    drain = drain or Drain()
    objects = Objects.open(settings.recordings_address)
    sockets = listen_on(settings.host, settings.audience_port)
    loop = asyncio.get_running_loop()
    servers: list[asyncio.Server] = []
    try:
        async with join(settings, "edge", name="edge") as bus:
            music = await default_hold(objects)
            edge = Edge(bus, objects, music, settings=settings, instance=instance, clock=clock)
            edge.seconds.sockets = sockets
            made = edge.worker.protocol_factory(edge.site.answer)
            for one in sockets:
                servers.append(await loop.create_server(made, sock=one, backlog=BACKLOG))
            leaving = Leaving(edge.worker, servers, sockets, over_s=settings.drain_s)
            await bus_drain.heed(bus, "edge", instance, drain)
            collector.begin(collector.MANY)
            log.get("edge").info("edge-ready", port=settings.audience_port, capacity=edge.worker.capacity)
            await until(leaving.run(drain), edge.run())
    finally:
        collector.end()
        for server in servers:
            server.close()
        for one in sockets:
            one.close()
