"""Turns what the stage and the archive say of themselves into commands: a pure part that decides, a loop that sends.

A lost stage interrupts the space, a stage that is back resumes it, seats follow the stage's connections, a space whose
recording is whole opens its replay, and one without a host ends after a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Literal

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, Steps
from stentor.base.errors import CallerError, Overloaded
from stentor.bus.board import Board
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.documents import Gone
from stentor.bus.status import Statuses
from stentor.house.spaces.service import Spaces
from stentor.spaces import attendance
from stentor.spaces import commands as c
from stentor.spaces.attendance import EndAfter
from stentor.spaces.model import OVER, Space, State

LOOK_S = 0.25
STAGE_LOST_S = 2.0
"""So long may a stage be silent; it beats five times a second, and a process starts anew in about 1.5 s."""
SEAT_LOST_S = 5.0
"""So long may a seat be missing at a stage that is there: speakers reconnect within 3 s after a restart."""
DUE_LOOKS = 120
"""Half a minute of looks in a row in which a space is due to end for want of a host: a clock that is wrong for a moment
ends nothing."""
MOST_STAGE_LOST_S = 60.0
STEADY_S = 300.0
"""A stage that comes and goes doubles the time after which it counts as lost, up to :data:`MOST_STAGE_LOST_S`; each so
long without a loss halves it again. So a busy machine cannot fill the record of a space with interruptions."""
HEARD_S = 1.0
"""A heartbeat older than this does not count as the stage's presence."""


MOST_UNTOLD = 100
"""Steps of the clock that wait for the database; the oldest are lost beyond."""


class Sight(msgspec.Struct, frozen=True):
    """What is seen of one space at a moment."""

    stage: bool = False
    """A stage holds the space."""
    seats: dict[str, Literal["connected", "lost"]] = {}
    muted: dict[str, bool] = {}
    complete: bool = False
    """The archive has everything."""


class Order(msgspec.Struct, frozen=True):
    """What the stage is to do with a seat, on ``stage.command.<space>``."""

    kind: Literal["remove", "mute", "unmute"]
    seat: str


class Watch:
    """One space under watch; pure. ``now`` is in seconds on a steady or the wall clock."""

    def __init__(self, now: float, end_after: EndAfter = EndAfter()) -> None:  # noqa: B008 (it is frozen)
        self._end_after = end_after
        self._due = 0
        self._stage_seen = now  # a house that has just come up gives the stage the usual time
        self._seat_seen: dict[str, float] = {}
        self._patience_s = STAGE_LOST_S
        """After so long without the stage it is lost."""
        self._steady_since = now
        self._interrupted = False

    def look(self, space: Space, sight: Sight, now: float) -> list[c.Command | Order]:
        """What follows from ``sight``; asked again and again it says the same until the space has changed."""
        if sight.stage:
            if now - self._stage_seen > HEARD_S:
                self._seat_seen.clear()  # it has just come back: everybody gets the time to reconnect
            self._stage_seen = now
        self._note(space, now)
        wishes: list[c.Command | Order] = []
        if space.state is State.LIVE and now - self._stage_seen > self._patience_s:
            wishes.append(c.Interrupt())
        if space.state is State.INTERRUPTED and sight.stage:
            wishes.append(c.Resume())
        if space.state is State.ENDED and (sight.complete or not space.records):
            wishes.append(c.OpenReplay())
        ends_ms = attendance.ends_ms(space, self._end_after)
        self._due = self._due + 1 if ends_ms is not None and now * 1000 >= ends_ms else 0
        if self._due >= DUE_LOOKS:
            wishes.append(c.Abandon())
        if space.state in OVER or (space.state is State.SCHEDULED and now - self._stage_seen > SEAT_LOST_S):
            return wishes + [c.LoseSeat(seat.id) for seat in space.seats.values() if seat.connected]
        if sight.stage:  # while the stage is away nobody knows who is there
            wishes += self._seats(space, sight, now)
        return wishes

    def rest(self, now: float) -> None:
        """Nothing can be heard of the stage at the moment: it has its usual time again."""
        self._stage_seen, self._due = now, 0
        self._seat_seen.clear()

    def _note(self, space: Space, now: float) -> None:
        """How patient to be with a stage that comes and goes."""
        if space.state is State.INTERRUPTED:
            if not self._interrupted:
                self._patience_s = min(2 * self._patience_s, MOST_STAGE_LOST_S)
            self._interrupted, self._steady_since = True, now
        elif now - self._steady_since > STEADY_S:
            self._patience_s, self._steady_since = max(STAGE_LOST_S, self._patience_s / 2), now
        if space.state is State.LIVE:
            self._interrupted = False

    def _seats(self, space: Space, sight: Sight, now: float) -> list[c.Command | Order]:
        wishes: list[c.Command | Order] = []
        for seat in space.seats.values():
            state = sight.seats.get(seat.id)
            if state is not None:
                self._seat_seen[seat.id] = now
            seen = self._seat_seen.setdefault(seat.id, now)
            if state == "connected" and not seat.connected:
                wishes.append(c.ConnectSeat(seat=seat.id))
            elif seat.connected and (state == "lost" or now - seen > SEAT_LOST_S):
                wishes.append(c.LoseSeat(seat=seat.id))
            if state is not None and sight.muted.get(seat.id, seat.muted) != seat.muted:
                wishes.append(Order("mute" if seat.muted else "unmute", seat.id))  # a stage that came up anew
        wishes += [Order("remove", seat) for seat in sight.seats if seat not in space.seats]
        self._seat_seen = {seat: at for seat, at in self._seat_seen.items() if seat in space.seats}
        return wishes


def sight_of(statuses: Statuses, space: str, now: float) -> Sight:
    """What the heartbeats say of ``space`` now."""
    stages = [status for status in statuses.fresh(now, "stage", HEARD_S) if space in status.spaces]
    seats = statuses.seats(space, now) if stages else []
    archives = (status.spaces.get(space) for status in statuses.fresh(now, "archive"))
    return Sight(
        stage=bool(stages),
        seats={seat.id: seat.state for seat in seats},
        muted={seat.id: seat.muted for seat in seats},
        complete=any(status is not None and status.complete for status in archives),
    )


class Watcher:
    """Watches every space that is on the board. ``run`` and ``follow`` are tasks of the role."""

    def __init__(
        self, spaces: Spaces, board: Board, bus: Bus, statuses: Statuses, clock: Clock, end_after: EndAfter
    ) -> None:
        self._end_after = end_after
        self._spaces, self._board, self._bus, self._statuses, self._clock = (spaces, board, bus, statuses, clock)
        self._known: dict[str, Space] = {}
        self._watches: dict[str, Watch] = {}
        self._steps = Steps(clock(), asyncio.get_running_loop().time())
        self._untold: deque[tuple[str, c.NoteClock]] = deque(maxlen=MOST_UNTOLD)
        self._log = log.get("house")

    async def follow(self) -> None:
        """Keeps the spaces that can still change; for ever."""
        async for space in self._board.watch():
            if isinstance(space, Gone):
                self._known.pop(space.key, None)
            elif space.state in (State.REPLAY, State.CANCELLED) or (space.state is State.SCHEDULED and not space.green):
                self._known.pop(space.id, None)
            else:
                self._known[space.id] = space

    async def run(self) -> None:
        """Looks, and sends what follows; for ever."""
        while True:
            heed_cancel()
            await asyncio.sleep(LOOK_S)
            now = self._clock()
            await self._note_clock(now)
            if not self._bus.connected:
                for watch in self._watches.values():  # hearing nothing is no sign of a lost stage then
                    watch.rest(now)
                continue
            await self._see_green_rooms(now)
            self._watches = {space: watch for space, watch in self._watches.items() if space in self._known}
            for space in list(self._known.values()):
                watch = self._watches.setdefault(space.id, Watch(now, self._end_after))
                for wish in watch.look(space, sight_of(self._statuses, space.id, now), now):
                    await self._send(space, wish)

    async def _see_green_rooms(self, now: float) -> None:
        """Watches the spaces that have somebody on their stage before the doors open; not all are on the board."""
        stages = self._statuses.fresh(now, "stage", HEARD_S)
        sat = {space for stage in stages for space, seen in stage.spaces.items() if seen.seats}
        for space_id in sat - self._known.keys():
            try:
                space = await self._spaces.load(space_id)
            except (CallerError, Overloaded):
                continue  # the next look tries again
            if space.state is State.SCHEDULED:
                self._known[space_id] = space

    async def _note_clock(self, now: float) -> None:
        """Writes into the record of every space on air that the clock was set, as soon as the database takes it."""
        by_s = self._steps.look(now, asyncio.get_running_loop().time())
        if by_s:
            self._log.warning("clock-set", by_s=round(by_s, 3))
            step = c.NoteClock(round(by_s * 1000))
            self._untold.extend((space.id, step) for space in self._known.values() if space.on_air)
        while self._untold:
            try:
                await self._spaces.observe(*self._untold[0])
            except Overloaded:
                return
            except CallerError:
                pass  # the space has just gone
            self._untold.popleft()

    async def _send(self, space: Space, wish: c.Command | Order) -> None:
        try:
            if isinstance(wish, Order):
                await self._spaces.order(space.id, wish.kind, wish.seat)
            else:
                changed = await self._spaces.observe(space.id, wish)
                self._known[space.id] = changed
                self._log.info("observed", space=space.id, what=type(wish).__name__)
        except (CallerError, Overloaded) as error:
            # Another house was quicker, or the database is busy: the next look decides anew.
            self._log.warning("not-observed", space=space.id, what=type(wish).__name__, code=error.error_code)
