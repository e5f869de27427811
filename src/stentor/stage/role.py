"""The stage as a process: one room for each space on air, or with somebody in its green room, whose lease this process
holds.

A space lives on one stage process. When that one dies another takes the lease within two seconds (the same one, started
again, at once), and the speakers reconnect: nothing of a stage is worth keeping that does not come back with them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec

from stentor.base import grid, keys, log
from stentor.base.clock import Clock, unix_ms, wall
from stentor.base.config import Settings
from stentor.base.drain import Drain, until
from stentor.base.errors import StentorError
from stentor.bus import drain as bus_drain
from stentor.bus.board import Board
from stentor.bus.calm import Calm
from stentor.bus.connection import Bus, Unsubscribe
from stentor.bus.documents import Gone
from stentor.bus.identity import join
from stentor.bus.lease import Lease
from stentor.bus.status import SeatStatus, SpaceStatus, Status, Statuses, beat
from stentor.spaces.claims import ORDERS, Checker
from stentor.spaces.model import Space, State
from stentor.stage.echo import Echoes
from stentor.stage.ice import IceSettings, guard_datagrams, parse_servers
from stentor.stage.peer import DtlsCertificate
from stentor.stage.room import Room
from stentor.stage.seat import Presence, StageSeat
from stentor.stage.sender import TickSender
from stentor.stage.soundboard import Soundboard
from stentor.stage.speaking import SpeakingTimes
from stentor.stage.tap import Tap
from stentor.stage.whip import Whip
from stentor.store.objects import Objects
from stentor.wire import tick as wire_tick
from stentor.wire.tick import Tick

ROLE = "stage"
BEAT_S = 0.2
POLL_S = 0.25
"""How soon it is noticed that a lease was won or lost, or that a space is over."""
CALM_POLL_S = 1.0
"""The same of a space whose stage is empty while it waits."""
LEASE_LOST_POLLS = 6
"""1.5 s with the bus and without the lease: it is another's. After a restart of the bus we have it again sooner."""
RETRY_S = 1.0
GREEN_S = 30.0
"""So long a room before the doors waits for somebody: whoever was cut off is back sooner."""


class Stage:
    """All rooms of this process."""

    def __init__(self, settings: Settings, bus: Bus, *, instance: str, clock: Clock, ice: IceSettings) -> None:
        self.rooms: dict[str, Room] = {}
        self._bus = bus
        self._instance = instance
        self._clock = clock
        self._ice = ice
        self._objects = Objects.open(settings.recordings_address)
        self._checker = Checker(keys.own(settings, ROLE).claims_public)
        self._certificate = DtlsCertificate()
        self.echoes = Echoes(ice, self._certificate, checker=self._checker, clock=clock)
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._spaces: dict[str, Space] = {}
        self._calm: dict[str, Calm] = {}
        self._needed: dict[str, float] = {}
        """By space: when somebody was last in its green room or wanted to be (monotonic)."""
        self._documents = msgspec.json.Decoder(Space)
        self.problem = ""
        """For the heartbeat: what an operator should look at."""
        self._speaking = SpeakingTimes()
        self._cpu = (clock(), 0.0)
        self._statuses = Statuses(time.monotonic)
        self.log = log.get(ROLE)

    async def run(self) -> None:
        """Follows the board and answers echoes for ever; ends all rooms when cancelled."""
        stop = await self._bus.serve("stage.echo", self.echoes.serve, queue=ROLE)
        await self._bus.subscribe("stage.open.*", self._open)
        await self._statuses.start(self._bus, "captions", "programme")
        try:
            async for space in Board(self._bus).watch():
                if not isinstance(space, Gone):
                    self._follow(space)
                elif space.key in self._keepers and self._spaces[space.key].state is not State.SCHEDULED:
                    self._keepers[space.key].cancel()  # it was over while this process was cut off
        finally:
            await stop()
            await self.echoes.close()
            keepers = list(self._keepers.values())
            for keeper in keepers:
                keeper.cancel()
            if keepers:
                await asyncio.wait(keepers, timeout=2.5)

    def _follow(self, space: Space, *, wanted: bool = False) -> None:
        """Keeps a room for a space while it is on air, somebody is in its green room, or it is ``wanted`` now."""
        if wanted or space.green:
            self._needed[space.id] = time.monotonic()
        if not (wanted or space.on_air or space.green or space.id in self._keepers):
            return
        known = self._spaces.get(space.id)
        if known is not None and known.version > space.version:
            return
        self._spaces[space.id] = space
        self._calm.setdefault(space.id, Calm()).set(is_calm(space))
        if space.id not in self._keepers:
            self._keepers[space.id] = asyncio.create_task(self._keep(space.id), name=f"room {space.id}")
        elif space.id in self.rooms:
            self.rooms[space.id].apply(space)

    def _open(self, _: str, payload: bytes) -> None:
        """The house says that somebody wants onto the stage of a space that has no room, and what it is like."""
        try:
            space = self._documents.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.log.warning("space-not-read")  # a house of another version; its board tells of what is on
            return
        if space.state is State.SCHEDULED:
            self._follow(space, wanted=True)

    def _over(self, space_id: str) -> bool:
        """Whether the last sound that the audience hears of a space is mixed, or nobody needs its green room."""
        space = self._spaces[space_id]
        if space.on_air:
            return False
        if space.state is State.SCHEDULED:
            room = self.rooms.get(space_id)
            if space.green or (room is not None and room.seats):
                self._needed[space_id] = time.monotonic()
            return time.monotonic() - self._needed.get(space_id, 0.0) > GREEN_S
        last = space.last_chunk
        return last is None or self._clock() >= grid.chunk_start(last + 1 - space.delay, space.doors_open_s)

    async def _keep(self, space_id: str) -> None:
        """Tries for the lease of a space and runs its room whenever it is held, until the space is over."""
        calm = self._calm[space_id]
        lease = Lease(self._bus, f"stage.{space_id}", holder=self._instance, calm=calm)
        renewing = asyncio.create_task(lease.run(), name=f"lease {space_id}")
        try:
            while not self._over(space_id):
                if not lease.held:
                    await lease.until_kept(CALM_POLL_S if calm else POLL_S)
                    continue
                try:
                    await self._perform(space_id, lease, renewing)
                except Exception:  # the outermost boundary of a room: one space never takes the others along
                    self.problem = f"The stage of {space_id} failed."
                    self.log.exception("room-failed", space=space_id)
                    await asyncio.sleep(RETRY_S)
        finally:
            self._keepers.pop(space_id, None)
            self._spaces.pop(space_id, None)
            self._calm.pop(space_id, None)
            self._needed.pop(space_id, None)
            renewing.cancel()
            await asyncio.wait([renewing], timeout=1.0)

    async def _perform(self, space_id: str, lease: Lease, renewing: asyncio.Task[None]) -> None:
        """Runs the room until the lease is lost. When this process ends, the lease is given back before the seats."""
        sender = TickSender(
            self._bus, f"tick.{space_id}", batches=lambda: self._statuses.reads_batches(time.monotonic())
        )

        async def publish(tick: Tick) -> None:
            if lease.kept:
                await sender.send(tick.number, wire_tick.encode(tick))

        async def flush() -> None:
            if lease.kept:
                await sender.flush()

        tap = Tap(self._bus, wanted=lambda: self._statuses.captioned(space_id, time.monotonic()))
        soundboard = Soundboard(self._objects.get)
        room = Room(
            self._spaces[space_id],
            publish=publish,
            flush=flush,
            overhear=tap.hear,
            soundboard=soundboard,
            ice=self._ice,
            certificate=self._certificate,
            clock=self._clock,
        )
        self.log.info("room-opened", space=space_id)
        ticking = asyncio.create_task(room.run(), name=f"ticks {space_id}")
        fetching = asyncio.create_task(soundboard.run(), name=f"sounds {space_id}")
        self.rooms[space_id] = room
        try:
            async with self._served(room):
                await self._while_ours(room, lease, ticking)
        except asyncio.CancelledError:
            renewing.cancel()  # another stage opens its room while the speakers learn that this one goes
            await asyncio.wait([renewing], timeout=1.0)
            raise
        finally:
            del self.rooms[space_id]
            ticking.cancel()
            fetching.cancel()
            await asyncio.wait([ticking, fetching], timeout=2.5)
            self.log.info("room-closed", space=space_id)

    async def _while_ours(self, room: Room, lease: Lease, ticking: asyncio.Task[None]) -> None:
        """Waits until the space is over, the room fails (raised here) or the lease is another's.

        A lease that nobody confirms because the bus is away, or elects a leader, does not end the room: nobody could
        take it meanwhile who would be heard, and the speakers stay on their seats.
        """
        without, space_id = 0, room.space.id
        while without < LEASE_LOST_POLLS and not self._over(space_id):
            calm = self._calm[space_id]
            calm.set(is_calm(self._spaces[space_id]) and room.empty)  # who sits here is on the board a moment later
            await calm.sleep(POLL_S, CALM_POLL_S)
            if ticking.done():
                ticking.result()
                return
            without = without + 1 if self._bus.connected and not lease.kept else 0

    @asynccontextmanager
    async def _served(self, room: Room) -> AsyncIterator[None]:
        """Answers WHIP and commands for a room."""
        space_id = room.space.id
        since = self._clock()
        whip = Whip(room, checker=self._checker, clock=self._clock, links=self._ice.links)
        stops: list[Unsubscribe] = [
            await self._bus.serve(f"stage.whip.{space_id}", whip.serve),
            await self._bus.subscribe(f"stage.command.{space_id}", lambda _, payload: self._obey(room, payload, since)),
        ]
        try:
            yield
        finally:
            for stop in stops:
                await stop()

    def _obey(self, room: Room, payload: bytes, since: float) -> None:
        """Does what the house orders on ``stage.command.<space>``: a claim and nothing else."""
        text = payload.decode("ascii", "replace")
        try:
            order = self._checker.check(text, purposes=ORDERS, space=room.space.id, now=self._clock(), since=since)
        except StentorError as error:
            self.log.warning("command-refused", space=room.space.id, reason=error.error_code)
            return
        if order.purpose == "remove":
            room.remove(order.seat)
        elif order.purpose in ("self-mute", "self-unmute"):
            room.set_self_muted(order.seat, order.purpose == "self-mute")
        elif order.purpose in ("aside", "aside-end"):
            if order.seat in room.seats:
                room.seats[order.seat].speak_aside(order.purpose == "aside")
        else:
            room.set_muted(order.seat, order.purpose == "mute")

    def noticed(self) -> set[tuple[str, str, bool, bool, bool]]:
        """What is told at once: by space and seat, who talks, who is muted and who speaks to the stage alone."""
        seats = [(space, seat) for space, room in self.rooms.items() for seat in room.seats.values()]
        return {(space, seat.id, seat.talking, seat.muted or seat.self_muted, seat.aside) for space, seat in seats}

    def status(self) -> Status:
        """The heartbeat of now."""
        now = self._clock()
        busy_s = sum(room.busy_s for room in self.rooms.values())
        (before, busy_before), self._cpu = self._cpu, (now, busy_s)
        self._speaking.keep(self.rooms)
        return Status(
            role=ROLE,
            instance=self._instance,
            at_ms=unix_ms(now),
            pid=os.getpid(),
            spaces={
                space_id: space_status(room, now, self._speaking.of(room.space, room.seats.values()))
                for space_id, room in list(self.rooms.items())
            },
            numbers={
                "rooms": float(len(self.rooms)),
                "seats": float(sum(len(room.seats) for room in self.rooms.values())),
                "skipped_ticks": float(sum(room.ticks.skipped for room in self.rooms.values())),
                "silent_ticks": float(sum(room.silent_ticks for room in self.rooms.values())),
                "tick_load": max(0.0, busy_s - busy_before) / (now - before) if now > before else 0.0,
            },
            problem=self.problem,
        )


def is_calm(space: Space) -> bool:
    """Whether the space waits and nobody is on its stage."""
    return space.waits and not any(seat.connected for seat in space.seats.values())


def space_status(room: Room, now: float, spoken: Mapping[str, float] = {}) -> SpaceStatus:
    """A room as the others see it; ``now`` is the wall clock, ``spoken`` seconds by seat."""
    there = [seat for seat in room.seats.values() if seat.arrived]
    seats = [_seat_status(seat, room.monotonic(), spoken.get(seat.id, 0.0)) for seat in there]
    return SpaceStatus(
        chunk=grid.chunk_at(now, room.space.doors_open_s) if room.space.doors_open_ms is not None else -1,
        lag_ms=max((seat.delay_ms for seat in seats if seat.talking), default=0),
        seats=seats,
    )


def _seat_status(seat: StageSeat, monotonic_now: float, spoken_s: float) -> SeatStatus:
    return SeatStatus(
        id=seat.id,
        name=seat.name,
        role=seat.role,
        state="connected" if seat.presence(monotonic_now) is Presence.CONNECTED else "lost",
        talking=seat.talking,
        heard=seat.heard,
        muted=seat.muted,
        self_muted=seat.self_muted,
        aside=seat.aside,
        level_dbfs=round(seat.level_dbfs, 1),
        delay_ms=round(seat.delay_ms(monotonic_now)),
        loss=round(seat.loss, 3),
        jitter_ms=round(seat.jitter_ms),
        quality=seat.line.quality,
        oddities=seat.watch.oddities,
        spoken_s=spoken_s,
    )


async def run(settings: Settings, *, instance: str, clock: Clock = wall, drain: Drain | None = None) -> None:
    """The stage until cancelled or told to go. Raises :class:`SetupError` for settings that cannot work."""
    drain = drain or Drain()
    ice = parse_servers(settings.ice_servers)
    undo = guard_datagrams(asyncio.get_running_loop(), settings.udp_range)
    try:
        async with join(settings, ROLE, name=f"{ROLE} {instance}") as bus:
            stage = Stage(settings, bus, instance=instance, clock=clock, ice=ice)
            await bus_drain.heed(bus, ROLE, instance, drain)
            async with asyncio.TaskGroup() as group:
                beating = group.create_task(beat(bus, stage.status, every_s=BEAT_S, urgent=stage.noticed), name="beat")
                await until(drain.asked(), stage.run())
                beating.cancel()
    finally:
        undo()
