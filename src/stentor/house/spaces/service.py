"""The service of the spaces: takes a command, lets rights and rules decide, stores what happened, and tells everybody.

The database is the truth. What the bus does not take at once is told again until it does, so a lost bus delays a
change for the others and never undoes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import msgspec

from stentor.base import log, units
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Conflict, Malformed, Overloaded
from stentor.base.units import SeatId, SpaceId
from stentor.bus.board import Board
from stentor.bus.connection import Bus, heed_cancel
from stentor.house.spaces import recording
from stentor.house.spaces.newest import Newest
from stentor.house.uploads import sounds
from stentor.house.who.claims import Claims
from stentor.spaces import board, rights, rules, sealed
from stentor.spaces import commands as c
from stentor.spaces.claims import Purpose
from stentor.spaces.events import Event
from stentor.spaces.model import Role, Seat, Space, State
from stentor.spaces.requests import SpeakRequest
from stentor.spaces.rights import Actor, Rank
from stentor.spaces.tokens import Invitation
from stentor.store.objects import Objects
from stentor.store.requests import Requests
from stentor.store.retention import StorageLimits
from stentor.store.seats import MakerLimits
from stentor.store.spaces import NO_LIMITS, Store

RETELL_S = 0.5


class Spaces:
    """Every change of a space goes through here. ``retell`` is a task of the role."""

    def __init__(
        self,
        store: Store,
        board: Board,
        bus: Bus,
        objects: Objects,
        clock: Clock,
        claims: Claims,
        limits: MakerLimits = NO_LIMITS,
    ) -> None:
        self._limits = limits
        self.room: Callable[[], StorageLimits] = lambda: limits.room
        """How much room recordings may have now."""
        self.store, self.board, self.bus, self.objects, self.clock = store, board, bus, objects, clock
        self.claims = claims
        self.newest = Newest(store)
        self.told = asyncio.Event()
        """Everything that is in the database was told once."""
        self.followers: list[Callable[[SpaceId], None]] = []
        """Told the space when this house has changed it, or the line of those who ask to speak in it."""
        self.readers: list[Callable[[Space], None]] = []
        """Given each space as it is after this house has made or changed it."""
        self.of_people: list[Callable[[], None]] = []
        """Called when this house has changed what others see of an account."""
        self.on_shut_out: Callable[[str, str], Awaitable[None]] = _nothing
        """Called with a private space and the account of somebody who was shut out of its stage."""
        self.require_nobody: Callable[[Space], None] = _nobody_knows
        """Given a space whose doors are to be closed again; raises :class:`Conflict` unless nobody came."""
        self._untold: dict[str, Space] = {}
        self._log = log.get("house")

    async def create(self, command: c.CreateSpace, actor: Actor, *, made_for: str = "") -> Space:
        """Makes a space; raises :class:`Conflict` when its id is taken, and what the limits of an account say.

        Administrators may make any number. A date of a show is ``made_for`` its owner, and counts as theirs.
        """
        rights.require(actor, command, None)
        events = rules.decide(None, command, self.clock())
        creator = "" if actor.rank is Rank.ADMIN else actor.account
        limits = NO_LIMITS if made_for else msgspec.structs.replace(self._limits, room=self.room())
        space = _known(await self.store.create(events, creator=made_for or creator, limits=limits))
        self._log.info("space-created", space=space.id)
        await self._news(space)
        return space

    async def seats_of(self, account: str) -> list[tuple[Space, Seat]]:
        """All seats that belong to an account, those of the newest spaces first."""
        spaces = await self.store.of_account(account)
        return [(space, seat) for space in spaces for seat in space.seats.values() if seat.account == account]

    async def load(self, space: str) -> Space:
        """The space as it is now; raises :class:`NotFound`, :class:`BadInput` for what is no id."""
        return _known(await self.store.load(units.space_id(space)))

    async def change(self, space: str, wish: c.Command | Sequence[c.Command], actor: Actor) -> Space:
        """Does what one or several commands ask if ``actor`` may: all of them, or nothing when one is refused.

        Rights are looked up in the state that is changed; each command is decided on what those before it make. A space
        that is not open yet stays closed when recordings have no room.
        """
        commands = [wish] if isinstance(wish, c.Command) else list(wish)
        if any(isinstance(each, c.OpenDoors | c.GoLive) for each in commands):
            await self._require_room(space, commands[0], actor)

        closes = any(isinstance(each, c.CloseDoors) for each in commands)

        def decide(before: Space) -> Sequence[Event]:
            events = _decide(before, commands, actor, self.clock())
            if closes and events:
                self.require_nobody(before)
            return events

        after, events = await self.store.change(units.space_id(space), decide)
        await self._changed(_known(after), events, commands)
        return after

    async def accept(
        self,
        line: Requests,
        space: SpaceId,
        request: SeatId,
        actor: Actor,
        *,
        instead: SeatId | None = None,
        role: Role = Role.SPEAKER,
    ) -> Space:
        """Gives a seat in that role to one who waits in the line, if ``actor`` may; raises as ``Requests.answer`` does.

        On a full stage it takes the place of ``instead``; without one it raises :class:`Conflict` (``stage-full``).
        """
        swap = [c.RemoveSeat(instead)] if instead else []

        def decide(before: Space, asked: SpeakRequest) -> Sequence[Event]:
            if before.full and not swap:
                raise Conflict(f"All {before.max_seats} places on the stage are taken.", code="stage-full")
            return _decide(before, [*swap, c.GiveSeat(asked.id, asked.name, role)], actor, self.clock())

        after, events = await line.answer(space, request, decide)
        await self._changed(after, events, [*swap, c.GiveSeat(request, after.seats[request].name, role)])
        return after

    async def _changed(self, space: Space, events: Sequence[Event], commands: Sequence[c.Command]) -> None:
        """Tells everybody of a change that is stored."""
        if events:
            self.follow_up(space.id)
            names = " ".join(type(command).__name__ for command in commands)
            self._log.info("space-changed", space=space.id, command=names, version=space.version)
            await self._news(space)
        for command in commands:
            await self._order(space, command)

    async def _news(self, space: Space) -> None:
        """Lists and everybody else learn of a space that was made or changed."""
        self.newest.changed()
        for reader in self.readers:
            reader(space)
        await self._tell(space)

    def follow_up(self, space: SpaceId) -> None:
        """This house has changed something of a space."""
        for follower in self.followers:
            follower(space)

    async def _require_room(self, space: str, command: c.Command, actor: Actor) -> None:
        """Raises :class:`Conflict` when a space would be opened for which recordings have no room."""
        found = await self.load(space)
        rights.require(actor, command, found)
        if found.state is State.SCHEDULED and found.records:
            await self.store.retention.require_room(found.id, self.room(), unix_ms(self.clock()))

    async def observe(self, space: str, command: c.Command) -> Space:
        """What the house itself has seen. Before a replay opens, its recording is summed up and listed."""
        if isinstance(command, c.OpenReplay) and (await self.load(space)).records:
            try:
                await self.store.record(
                    await recording.summarise(self.objects, units.space_id(space), ready_ms=unix_ms(self.clock()))
                )
            except Malformed as error:  # the replay can still be heard; the list says what it knows
                self._log.error("manifest-damaged", space=space, detail=error.detail)
        return await self.change(space, command, rights.HOUSE)

    async def order(self, space: str, kind: Purpose, seat: str) -> None:
        """Tells the stage to ``remove``, ``mute`` or ``unmute`` a seat; at most once, the watcher repeats it."""
        whose = Invitation(SpaceId(space), SeatId(seat), "", Role.SPEAKER, 0)
        await self.bus.publish(f"stage.command.{space}", self.claims.sign(kind, whose.space, whose).encode())

    async def open_stage(self, space: str) -> None:
        """Asks the stages for a room of a space whose doors are not open: one that is on air has one anyway."""
        found = await self.load(space)
        if found.state is State.SCHEDULED:
            await self.bus.publish(f"stage.open.{found.id}", msgspec.json.encode(sealed.seal(board.public(found))))

    async def _order(self, space: Space, command: c.Command) -> None:
        match command:
            case c.RemoveSeat(seat=seat) | c.BanSeat(seat=seat):
                await self.order(space.id, "remove", seat)
                if space.private and (account := space.banned_accounts.get(seat)):
                    await self.on_shut_out(space.id, account)
            case c.MuteSeat(seat=seat):
                await self.order(space.id, "mute", seat)
            case c.UnmuteSeat(seat=seat):
                await self.order(space.id, "unmute", seat)
            case c.End() | c.Cancel():
                await sounds.forget_all(self.objects, space.id)

    async def _tell(self, space: Space) -> None:
        """Puts a space on the board, or keeps it for the next try; bounded by the number of spaces that change.

        One that does not belong there becomes a document, and changes on the board only while it is there still.
        """
        belongs = board.stays(space, unix_ms(self.clock()))
        if not belongs:
            with suppress(Overloaded):  # the keeper of the board tries again
                await self.publish(space)
        try:
            await self.board.put(space, anew=belongs)
        except Overloaded:
            known = self._untold.get(space.id)
            if known is None or known.version < space.version:
                self._untold[space.id] = space

    async def publish(self, space: Space) -> None:
        """Writes the document that edges read of a space that is not on the board. Raises :class:`Overloaded`."""
        await self.objects.put(board.key(space.id), msgspec.json.encode(board.public(space)))
        await self.store.board.publish(space.id, space.version)

    async def tell_all(self) -> None:
        """Writes what is on to the board: the bus may be empty, or have missed what happened. Old versions lose."""
        for space in await self.store.board.on(unix_ms(self.clock())):
            await self._tell(space)

    async def retell(self) -> None:
        """Tells what could not be told, and everything after each new connection of the bus; for ever."""
        epoch = -1
        while True:
            heed_cancel()
            if self.bus.connected and epoch != self.bus.epoch:
                epoch = self.bus.epoch
                try:
                    await self.tell_all()
                except Overloaded as error:
                    epoch = -1
                    self._log.warning("board-behind", detail=error.detail)
            if self.bus.connected and self._untold:
                waiting, self._untold = self._untold, {}
                for space in waiting.values():
                    await self._tell(space)
            if epoch == self.bus.epoch and not self._untold:
                self.told.set()
            await asyncio.sleep(RETELL_S)


def _known(space: Space) -> Space:
    """The same; logs do not say which private space it is."""
    if space.private:
        log.conceal(space.id)
    return space


def _nobody_knows(space: Space) -> None:
    raise Conflict("Nobody looks here who comes.", code="somebody-came")


async def _nothing(space: str, account: str) -> None:
    """Until somebody wants to know."""


def _decide(space: Space, commands: Sequence[c.Command], actor: Actor, now: float) -> list[Event]:
    """The events of all commands, one after the other; raises what the first one does that may not be."""
    events: list[Event] = []
    for command in commands:
        rights.require(actor, command, space)
        new = rules.decide(space, command, now)
        for event in new:
            space = rules.apply(space, event)
        events += new
    return events
