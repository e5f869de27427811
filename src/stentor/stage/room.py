"""The stage of one space: a tick every 20 ms, from the clock.

Each tick takes 20 ms of sound from every seat, mixes, hands the mix to whoever publishes it, and sends each listener
on the stage what he should hear: the talkers their mix without themselves, everybody else one shared packet. Before the
start this is a green room: the programme decides what the audience hears, and before the doors open, without a grid,
ticks are counted from 1970 and leave this process only to those on the stage.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from stentor.audio import pcm
from stentor.audio.mixer import Mix, Mixer
from stentor.audio.opus import OpusEncoder
from stentor.audio.pcm import Block
from stentor.base import grid, log
from stentor.base.clock import Clock, wall
from stentor.base.drain import ended
from stentor.base.errors import NotAllowed, NotFound, Overloaded
from stentor.base.units import SeatId
from stentor.spaces.model import Role, Space
from stentor.spaces.tokens import Invitation
from stentor.stage.ice import IceSettings
from stentor.stage.offer import SpeakerOffer
from stentor.stage.peer import DtlsCertificate, Peer
from stentor.stage.seat import SPARSE_TICKS, Gathered, Presence, SeatSession, StageSeat, observe, watch
from stentor.stage.sender import BATCH
from stentor.stage.soundboard import Soundboard
from stentor.stage.ticks import TickClock
from stentor.wire.tick import SAMPLES_BYTES, Tick

FAREWELL_TICKS = 25
"""Half a second after the last one has said goodbye: the last of their sound fades out, and who leaves at the end of
the talk leaves no hole in its last chunk. While another is there and lost, there is none: that is a hole."""
LOOK_S = 1.0
"""How often an empty stage looks for a sound whose samples have come."""
FULL_RETRY_S = 10.0
REMEMBERED_SESSIONS = 256
"""Ended sessions whose DELETE is still answered with success."""

Publish = Callable[[Tick], Awaitable[None]]
Flush = Callable[[], Awaitable[None]]
"""Says that no tick follows at once."""
Overhear = Callable[[Space, int, Mapping[str, Block | None], frozenset[str]], Awaitable[None]]
"""Is told each tick of every seat and who of them talks."""


async def _nothing() -> None:
    """Ticks that are not kept back need no word that none follows."""


class Room:
    """The stage of one space. :meth:`run` until cancelled; :meth:`join` for every speaker who comes."""

    def __init__(
        self,
        space: Space,
        *,
        publish: Publish,
        flush: Flush | None = None,
        overhear: Overhear | None = None,
        soundboard: Soundboard | None = None,
        ice: IceSettings,
        certificate: DtlsCertificate,
        clock: Clock = wall,
        monotonic: Clock = time.monotonic,
    ) -> None:
        self.space = space
        self.seats: dict[str, StageSeat] = {}
        self.sessions: dict[str, SeatSession] = {}
        self.ticks = TickClock(clock, space.doors_open_s)
        self._farewell_ticks = 0
        self.silent_ticks = 0
        """Ticks not published because no seat gave any sound."""
        self.busy_s = 0.0
        """CPU and waiting spent inside ticks, in all."""
        self._publish = publish
        self._flush = flush or _nothing
        self._overhear = overhear
        self._soundboard = soundboard
        self._ice = ice
        self._certificate = certificate
        self.monotonic = monotonic
        self._mixer = Mixer()
        self._mixed: list[tuple[Gathered, Mix, Tick | None]] = []
        """Ticks to be handed on; the last is what the programme gets, if anything."""
        self._somebody = asyncio.Event()
        """Somebody may have come, or a sound begun."""
        self._shared: OpusEncoder | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended_sessions: dict[str, SeatId] = {}
        self._taken_ms: dict[str, int] = {}
        """Also of seats that are empty now: a laptop that wakes up must not come back when its person has left."""
        self.log = log.get("stage").bind(space=space.id)
        self.apply(space)

    # --- who sits where ---------------------------------------------------------------------------------------------

    def apply(self, space: Space) -> None:
        """Takes a new state of the space: names, roles, who is muted, who was removed, which sound plays."""
        self._mix_due()
        self.ticks.move(space.doors_open_s)
        self.space = space
        if self._soundboard is not None:
            self._soundboard.apply(space)
        self._somebody.set()
        for seat in list(self.seats.values()):
            known = space.seats.get(seat.id)
            if known is not None:
                seat.name, seat.role = known.name, known.role
                self.set_muted(seat.id, known.muted)
                self._mixer.set_gain(seat.id, known.volume / 100)
                if known.generation > seat.generation:  # whoever came by an older link goes
                    self.remove(seat.id)
            elif space.seats:
                self.remove(seat.id)
        if space.seats:
            self._taken_ms = {seat: at for seat, at in self._taken_ms.items() if seat in space.seats}

    async def join(self, invitation: Invitation, offer: SpeakerOffer, taken_ms: int = 0) -> tuple[SeatSession, str]:
        """Gives an invited speaker his seat and a new connection; returns it with the SDP answer.

        ``taken_ms`` is when the speaker's device took the seat (ms since 1970): of several devices the one that took
        it last keeps it, also over reconnects and over a stage that starts anew. A sender that does not say (0) gets
        a seat where nobody is heard.

        Raises :class:`NotAllowed` when the seat was taken away or the link is an older one, :class:`Overloaded`
        (``stage-full``) when all seats are taken, (``seat-in-use``) for a sender that does not say,
        :class:`Conflict` (``displaced``) when another device has taken the seat since, and what :meth:`Peer.answer`
        raises. A seat that is connected keeps its sound until the new connection gives some.
        """
        self._mix_due()
        seat = self.seats.get(invitation.seat) or self._new_seat(invitation)
        if invitation.generation < seat.generation:
            raise NotAllowed("A newer link has taken the place of this one; ask the host for it.", code="link-renewed")
        seat.take_over(taken_ms, self.monotonic())
        self._taken_ms[seat.id] = seat.taken_ms
        seat.generation = invitation.generation  # one that the board has not told of yet is the newer one
        session = SeatSession(seat.id)
        session.peer = Peer(
            offer,
            ice=self._ice,
            certificate=self._certificate.get(),
            on_packet=session.hear,
            monotonic=self.monotonic,
        )
        self.seats[seat.id] = seat
        self._somebody.set()
        seat.join(session)
        self.sessions[session.id] = session
        try:
            answer = await session.peer.answer()
        except BaseException:
            self._forget(session)
            await session.peer.close()
            raise
        self._start(self._attend(session, session.peer), f"session {seat.id}")
        return session, answer

    def _new_seat(self, invitation: Invitation) -> StageSeat:
        known = self.space.seats.get(invitation.seat)
        if known is None and self.space.seats:
            raise NotAllowed("This seat is no longer on the stage; ask the host for a new invitation.", code="no-seat")
        role = known.role if known else invitation.role
        taken, host_is_here = len(self.seats), any(seat.role is Role.HOST for seat in self.seats.values())
        # The last seat is the host's: a full stage must not lock out the one who runs it.
        limit = self.space.max_seats - (0 if host_is_here or role is Role.HOST else 1)
        if taken >= limit:
            raise Overloaded(
                f"All {self.space.max_seats} seats of the stage are taken.",
                retry_after_s=FULL_RETRY_S,
                code="stage-full",
            )
        seat = StageSeat(invitation.seat, known.name if known else invitation.name, role)
        seat.generation = known.generation if known else 0
        seat.taken_ms = self._taken_ms.get(seat.id, 0)
        if known is not None:
            seat.muted = known.muted
            self._mixer.set_muted(seat.id, known.muted)
            self._mixer.set_gain(seat.id, known.volume / 100)
        return seat

    def session(self, session_id: str, seat: SeatId) -> SeatSession:
        """The running session of that name, if it is this seat's; raises :class:`NotFound`."""
        session = self.sessions.get(session_id)
        if session is None or session.seat != seat:
            raise NotFound("There is no such session; it has ended or never was. Begin a new one with POST.")
        return session

    def leave(self, session_id: str, seat: SeatId) -> None:
        """The speaker ends his session and, if it was his newest one, leaves his seat. Doing so again is no error.

        An older one ends by itself: a page that was loaded again says goodbye to it late. Raises :class:`NotFound` for
        a session that never was this seat's.
        """
        # A browser closes its connection before it says goodbye, and the news of that may be here first.
        if self._ended_sessions.get(session_id) != seat:
            self._retire(self.session(session_id, seat))
        there = self.seats.get(seat)
        if there is None:
            return
        left = next((session for session in there.sessions if session.id == session_id), None)
        if left is not None and left is there.newest:
            self.remove(seat)
            self._farewell_ticks = FAREWELL_TICKS
        elif left is not None:
            self._forget(left)

    def remove(self, seat_id: str) -> None:
        """Takes a seat off the stage at once (the mixer fades its sound out) and ends its connections."""
        self._mix_due()
        self._vacate(seat_id)

    def _vacate(self, seat_id: str) -> None:
        seat = self.seats.pop(seat_id, None)
        if seat is not None:
            self._mixer.forget(seat_id)
            for session in [*seat.sessions, *seat.retired]:
                self._retire(session)

    def set_muted(self, seat_id: str, muted: bool) -> None:
        """The host mutes a seat, or no longer."""
        seat = self.seats.get(seat_id)
        if seat is not None and seat.muted != muted:
            self._mix_due()
            seat.muted = muted
            self._mixer.set_muted(seat.id, muted)

    def set_self_muted(self, seat_id: str, muted: bool) -> None:
        """A speaker says that the own microphone is off, or on again. It is shown; the sound is as it comes."""
        seat = self.seats.get(seat_id)
        if seat is not None:
            seat.mute_self(muted)

    # --- ticks ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Ticks until cancelled, then ends all connections."""
        try:
            self.ticks.begin()
            while True:
                if self.empty:
                    await self.hand_on()
                    await self._flush()
                    self.ticks.rest()
                    await self._until_somebody_comes()
                    self.ticks.begin()
                self._mix_due()
                await self.hand_on()
                await asyncio.sleep(self.ticks.wait_s(self._together))
        finally:
            await self._close()

    @property
    def empty(self) -> bool:
        """Nothing is to be mixed: nobody sits here, no sound plays, and the last farewell is said."""
        busy = self._soundboard is not None and self._soundboard.busy
        return not (self.seats or busy or self._farewell_ticks)

    async def _until_somebody_comes(self) -> None:
        """A stage with empty seats does no work; it looks once a second whether a sound has come."""
        while self.empty:
            self._somebody.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._somebody.wait()

    @property
    def _together(self) -> int:
        """How many ticks are made at once: who is alone hears nothing of the stage, and the programme waits for the
        last of :data:`BATCH` anyway.
        """
        busy = self._soundboard is not None and self._soundboard.busy
        return BATCH if len(self.seats) == 1 and not busy and next(iter(self.seats.values())).settled else 1

    def _mix_due(self) -> None:
        """Mixes up to now, so that what changes next changes nothing of what was said before."""
        if not self.ticks.running or self.empty:
            return
        began, together = self.monotonic(), self._together
        for seat in self.seats.values():
            seat.collect()
        numbers = self.ticks.numbers(together)
        self.mix([(number, self.monotonic() - self.ticks.age_s(number, together)) for number in numbers])
        self.busy_s += self.monotonic() - began

    def mix(self, due: Sequence[tuple[int, float]]) -> None:
        """Ticks, each with its time (monotonic seconds): from every seat, through the mixer; to be handed on."""
        if not due:
            return
        gathered = [self._gather(number, now) for number, now in due]
        mixes = self._mixer.ticks(
            [each.blocks for each in gathered],
            [pcm.SILENCE if each.played is None else each.played for each in gathered],
        )
        samples = pcm.to_int16(np.concatenate([mix.full for mix in mixes]) if len(mixes) > 1 else mixes[0].full)
        seats = self.seats.values()
        for place, (each, mix) in enumerate(zip(gathered, mixes, strict=True)):
            observe(seats, mix)
            watch(seats, each)
            tick = each.tick(mix, samples[place * SAMPLES_BYTES : (place + 1) * SAMPLES_BYTES])
            self.silent_ticks += each.on_grid and tick is None
            self._mixed.append((each, mix, tick))

    def _gather(self, number: int, now: float) -> Gathered:
        for seat in list(self.seats.values()):
            seat.follow(now)
            if seat.given_up or (seat.arrived and seat.presence(now) is Presence.VACATED and seat.joining is None):
                self._vacate(seat.id)
        blocks: dict[str, Block | None] = {seat.id: seat.take(now) for seat in self.seats.values() if seat.arrived}
        blocks, aside = Gathered.parted(self.seats, blocks)
        for seat in self.seats.values():
            while seat.retired:
                self._retire(seat.retired.pop())
        played = self._soundboard.take(grid.tick_start(number, self.ticks.origin)) if self._soundboard else None
        farewell, self._farewell_ticks = self._farewell_ticks, max(0, self._farewell_ticks - 1)
        ages_ms: dict[str, float] = {seat: self.seats[seat].delay_ms(now) for seat in blocks}
        sent, over = number + self.ticks.before, bool(farewell and not self.seats)
        return Gathered(number, sent, self.space.doors_open_ms is not None, blocks, ages_ms, aside, played, over)

    async def hand_on(self) -> None:
        """What was mixed goes to the programme, to the captions and back to the seats."""
        began = self.monotonic()
        mixed, self._mixed = self._mixed, []
        for gathered, mix, tick in mixed:
            if tick is not None:
                await self._publish(tick)
            else:
                await self._flush()  # nothing is sent, so that the audience hears the filler and not silence
            if self._overhear is not None and gathered.on_grid:
                await self._overhear(self.space, gathered.number, gathered.blocks, mix.talking)
            await self._send_back(gathered.heard(mix), gathered.sent)
        self.busy_s += self.monotonic() - began

    async def _send_back(self, mix: Mix, number: int) -> None:
        shared: bytes | None = None
        for seat in list(self.seats.values()):
            if not seat.listens:
                continue
            own = mix.minus.get(seat.id)
            if own is not None:
                encoder = seat.encoder
                packet = encoder.encode(own)
            else:
                encoder = self._shared = self._shared or OpusEncoder()
                packet = shared = shared or encoder.encode(mix.shared)
            if not encoder.settled or number % SPARSE_TICKS == 0:
                await seat.send(packet, number)

    # --- tasks ------------------------------------------------------------------------------------------------------

    async def _attend(self, session: SeatSession, peer: Peer) -> None:
        """Stays with one connection until it ends."""
        try:
            await peer.run()
        except Exception:  # the outermost boundary of this task: one speaker's connection never takes the stage along
            self.log.exception("session-failed", seat=session.seat)
        finally:
            self._end(session)

    def _retire(self, session: SeatSession) -> None:
        self._end(session)
        if session.peer is not None:
            self._start(session.peer.close(), f"close {session.seat}")

    def _end(self, session: SeatSession) -> None:
        """The session is over for WHIP; its name is kept for a while so that a late DELETE succeeds."""
        if self.sessions.pop(session.id, None) is not None:
            self._ended_sessions[session.id] = session.seat
            if len(self._ended_sessions) > REMEMBERED_SESSIONS:
                del self._ended_sessions[next(iter(self._ended_sessions))]

    def _forget(self, session: SeatSession) -> None:
        """Takes a session off its seat, and the seat off the stage when nothing is left of it."""
        self._end(session)
        seat = self.seats.get(session.seat)
        if seat is None:
            return
        seat.drop(session)
        if seat.given_up:
            self._vacate(seat.id)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close(self) -> None:
        for seat_id in list(self.seats):
            self._vacate(seat_id)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        await ended(self._tasks, within_s=1.0)
