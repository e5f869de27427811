"""A seat: one person on the stage, over as many connections as it takes.

A connection may be replaced by a newer one (the page was reloaded, the phone changed networks). Until the new one
gives sound the old one is heard, then they are crossfaded; to the mixer the seat never left.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from stentor.audio.fade import linear
from stentor.audio.jitter import JitterBuffer
from stentor.audio.mixer import Mix
from stentor.audio.opus import OpusEncoder
from stentor.audio.pcm import FLOOR_DBFS, SILENCE, Block
from stentor.audio.watch import OFF_PEAK, SoundWatch
from stentor.base.errors import Conflict, Overloaded
from stentor.base.grid import TICK_S, TICK_SAMPLES
from stentor.base.units import SeatId
from stentor.spaces.model import Role
from stentor.spaces.quality import LineQuality
from stentor.stage import rtp
from stentor.stage.peer import Peer, PeerState
from stentor.wire.tick import Tick

LOST_AFTER_S = 10.0
"""Without media for so long a seat counts as lost: people have noticed by then, and most dead spots are shorter."""
VACATED_AFTER_S = 60.0
"""Then the seat is free for somebody else, and the connection is closed: a laptop that slept, a train out of a tunnel
and a router that starts anew are back sooner."""
HEARD_S = 1.5
"""Somebody who was heard so lately is there. A sender notices the loss of its connection after 1 s, not sooner."""
IN_USE_RETRY_S = 2.0
AFTER_ASIDE_TICKS = 50
"""So long after somebody has stopped speaking to the stage alone, what comes was still said so: the last words are on
the way for some tenths of a second."""
SOUNDING_TICKS = 25
"""Half a second of sound: more than was on its way when a microphone was switched off."""
HANDOVER_S = 1.0
"""So long the old connection may still be heard when the new one gives no sound."""
LINE_TICKS = 5
"""From one look at a connection's quality, which changes over seconds, to the next."""
SPARSE_TICKS = 5
"""To whom there is nothing to hear only each fifth packet is sent, which is most of what sending costs. Speakers take
the stage for gone after a second without any: of ten packets one arrives, also on a bad line."""


class Presence(StrEnum):
    CONNECTED = "connected"
    LOST = "lost"
    VACATED = "vacated"


def presence(silent_s: float) -> Presence:
    """What a seat is after ``silent_s`` seconds without media. Silence that is sent is media."""
    if silent_s < LOST_AFTER_S:
        return Presence.CONNECTED
    return Presence.LOST if silent_s < VACATED_AFTER_S else Presence.VACATED


class SeatSession:
    """One WHIP session: a connection and what comes out of it."""

    def __init__(self, seat: SeatId) -> None:
        self.id = secrets.token_urlsafe(18)
        """Names the session in its address; nobody can guess it."""
        self.seat = seat
        self.etag = secrets.token_hex(8)
        """Names the ICE session; changes with each restart (RFC 9725, 4.3.1)."""
        self.jitter = JitterBuffer()
        self.last_media: float | None = None
        self.peer: Peer | None = None

    def renew_etag(self) -> None:
        self.etag = secrets.token_hex(8)

    @property
    def connected(self) -> bool:
        return self.peer is not None and self.peer.state is PeerState.CONNECTED

    @property
    def closed(self) -> bool:
        return self.peer is not None and self.peer.state is PeerState.CLOSED

    def hear(self, packet: rtp.Packet, at: float) -> None:
        """Takes in a packet of the speaker that came ``at`` (monotonic seconds)."""
        self.last_media = at
        self.jitter.put(packet.sequence, packet.timestamp, packet.payload, self.last_media)


class StageSeat:
    """A seat and its sessions. ``now`` is monotonic seconds everywhere."""

    def __init__(self, seat: SeatId, name: str, role: Role) -> None:
        self.id = seat
        self.name = name
        self.generation = 0
        """Of the link by which its person came; see ``spaces.model.Seat``."""
        self.taken_ms = 0
        """When the device that has it took it (ms since 1970)."""
        self.role = role
        self.muted = False
        self.self_muted = False
        """Their page has switched the microphone off, as it says."""
        self.aside = False
        """Speaks to those on the stage alone."""
        self._aside_ticks = 0
        self.talking = False
        self.spoken_ticks = 0
        """In which a voice came, since somebody looked (``SpeakingTimes``)."""
        self.heard = False
        """Over this connection a voice has come."""
        self.level_dbfs = -96.0
        self.watch = SoundWatch()
        self.line = LineQuality()
        self.joining: SeatSession | None = None
        """Connecting; becomes ``current`` when it is connected."""
        self.current: SeatSession | None = None
        self.before: SeatSession | None = None
        """The one that ``current`` replaced, as long as it is still heard."""
        self.retired: list[SeatSession] = []
        """Sessions to close; the room empties it."""
        self._sounding_ticks = 0
        self._media_at = 0.0
        self._promoted_at = 0.0
        self._encoder: OpusEncoder | None = None

    @property
    def sessions(self) -> list[SeatSession]:
        return [session for session in (self.joining, self.current, self.before) if session is not None]

    @property
    def newest(self) -> SeatSession | None:
        """The session that was begun last, of those that have not ended."""
        return self.joining or self.current

    @property
    def arrived(self) -> bool:
        """Whether a connection of this seat was ever up."""
        return self.current is not None

    @property
    def given_up(self) -> bool:
        """Whether nobody ever came and nobody is on the way."""
        return self.current is None and self.joining is None

    def take_over(self, taken_ms: int, now: float) -> None:
        """A device that took the seat at ``taken_ms`` (0: it does not say) comes, or comes back.

        Raises :class:`Conflict` (``displaced``) when another took it later, :class:`Overloaded` (``seat-in-use``) for
        a sender that does not say while somebody is heard: two of them would take the seat from each other for ever.
        """
        if taken_ms:
            if taken_ms < self.taken_ms:
                raise Conflict("You have joined on another device since.", code="displaced")
            self.taken_ms = taken_ms
        elif self.current is not None and self.current.connected and now - self._media_at < HEARD_S:
            raise Overloaded(
                "Somebody is heard on this seat; it is free once they have left.",
                retry_after_s=IN_USE_RETRY_S,
                code="seat-in-use",
            )

    def mute_self(self, muted: bool) -> None:
        """What the speaker's page says of its microphone."""
        self.self_muted, self._sounding_ticks = muted, 0

    def speak_aside(self, on: bool) -> None:
        """To those on the stage alone, until it is ``on`` no more and what was on the way has come."""
        self.aside, self._aside_ticks = on, 0 if on else AFTER_ASIDE_TICKS

    def apart(self) -> bool:
        """Whether the sound of this tick is for the stage alone; asked once a tick."""
        if not self.aside and self._aside_ticks:
            self._aside_ticks -= 1
            return True
        return self.aside

    def note(self, block: Block | None) -> None:
        """Hears a tick: a page that could not say that its microphone is on again is believed by its sound."""
        if self.self_muted and block is not None and float(np.abs(block).max()) >= OFF_PEAK:
            self._sounding_ticks += 1
            if self._sounding_ticks > SOUNDING_TICKS:
                self.mute_self(False)

    def join(self, session: SeatSession) -> None:
        """Begins a new connection; one that was still on its way is given up for it."""
        if self.joining is not None:
            self.retired.append(self.joining)
        self.joining = session

    def drop(self, session: SeatSession) -> None:
        """Forgets a session that has ended; a connection it replaced takes its place again."""
        if self.joining is session:
            self.joining = None
        elif self.before is session:
            self.before = None
        elif self.current is session:
            self.current, self.before = self.before, None

    @property
    def settled(self) -> bool:
        """One connection, and no other on its way or on its way out."""
        return self.current is not None and self.joining is None and self.before is None

    def collect(self) -> None:
        """Takes what has come over the connections that are up."""
        for session in (self.current, self.before):
            if session is not None and session.connected and session.peer is not None:
                session.peer.collect()

    def presence(self, now: float) -> Presence:
        return presence(now - self._media_at)

    def follow(self, now: float) -> None:
        """Takes note of what became of the connections; once a tick, before :meth:`take`."""
        joining = self.joining
        if joining is not None and joining.connected:
            if self.before is not None:
                self.retired.append(self.before)
            self.joining, self.current, self.before = None, joining, self.current
            self._promoted_at = self._media_at = now
            self.heard = False
        elif joining is not None and joining.closed:
            self.joining = None
        if self.before is not None and now - self._promoted_at > HANDOVER_S:
            self.retired.append(self.before)
            self.before = None
        if self.current is not None and self.current.last_media is not None:
            self._media_at = max(self._media_at, self.current.last_media)

    def take(self, now: float) -> Block | None:
        """The sound of this tick, 960 samples, or None when there is none."""
        block = self.current.jitter.take(now) if self.current else None
        if self.before is None:
            return block
        old = self.before.jitter.take(now)
        if block is None:
            return old
        self.retired.append(self.before)
        self.before = None
        # The new stream begins with a fade-in of its own (audio.jitter).
        return block if old is None else block + old * linear(TICK_SAMPLES)[0]

    @property
    def encoder(self) -> OpusEncoder:
        """For what only this seat hears: the mix without its own voice."""
        if self._encoder is None:
            self._encoder = OpusEncoder()
        return self._encoder

    async def send(self, opus: bytes, tick: int) -> None:
        if self.current is not None and self.current.peer is not None:
            await self.current.peer.send(opus, tick)

    @property
    def listens(self) -> bool:
        """Whether a packet for this seat would be sent now."""
        session = self.current
        return session is not None and session.connected and session.peer is not None and session.peer.offer.listens

    def delay_ms(self, now: float) -> float:
        """Age of the sound in the last block, from the packet's arrival."""
        return self.current.jitter.age_ms(now) if self.current else 0.0

    @property
    def jitter_ms(self) -> float:
        return self.current.peer.jitter_ms if self.current and self.current.peer else 0.0

    @property
    def loss(self) -> float:
        return self.current.peer.loss if self.current and self.current.peer else 0.0


class Gathered(NamedTuple):
    """What a tick has before it is mixed."""

    number: int
    sent: int
    """The number by which those on the stage get it: it goes on evenly when the doors open."""
    on_grid: bool
    """False before the doors open: then only those on the stage get it."""
    blocks: Mapping[str, Block | None]
    """Of each seat that has arrived."""
    ages_ms: Mapping[str, float]
    """How old each one's sound is."""
    aside: Mapping[str, Block]
    """What some say to those on the stage alone; their blocks are silence."""
    played: Block | None
    farewell: bool
    """The last has said goodbye: also silence goes to the programme."""

    def tick(self, mix: Mix, samples: bytes) -> Tick | None:
        """For the programme; None when there is nothing to be heard, so that the audience hears the filler."""
        silent = self.played is None and not self.farewell and all(block is None for block in self.blocks.values())
        if silent or not self.on_grid:
            return None
        delay_ms = round(max((self.ages_ms[seat] for seat in mix.talking), default=0.0))
        return Tick(max(0, self.number), delay_ms, len(mix.talking), samples)

    @staticmethod
    def parted(
        seats: Mapping[str, StageSeat], blocks: dict[str, Block | None]
    ) -> tuple[dict[str, Block | None], dict[str, Block]]:
        """What goes into the mix, silence for who speaks to the stage alone; and what those say."""
        aside = {seat: block for seat, block in blocks.items() if seats[seat].apart() and block is not None}
        return blocks | dict.fromkeys(aside, SILENCE), aside

    def heard(self, mix: Mix) -> Mix:
        """The mix as those on the stage hear it, with what is said to them alone; nobody their own voice."""
        if not self.aside:
            return mix
        said = sum(self.aside.values(), start=SILENCE)
        minus = {seat: block + said for seat, block in mix.minus.items()}
        minus |= {seat: mix.minus.get(seat, mix.shared) + said - own for seat, own in self.aside.items()}
        return replace(mix, minus=minus, shared=mix.shared + said)


def observe(seats: Collection[StageSeat], mix: Mix) -> None:
    """Notes who talks and how loud."""
    for seat in seats:
        seat.talking = seat.id in mix.talking
        seat.spoken_ticks += seat.talking
        seat.heard |= seat.talking
        seat.level_dbfs = mix.levels_dbfs.get(seat.id, FLOOR_DBFS)


def watch(seats: Collection[StageSeat], gathered: Gathered) -> None:
    """Lets each seat's watch hear a tick, with the sum of what the others said."""
    said = {seat.id: block for seat in seats if seat.talking and (block := gathered.blocks.get(seat.id)) is not None}
    everybody = next(iter(said.values()), SILENCE) if len(said) < 2 else sum(said.values(), start=SILENCE)
    for seat in seats:
        if not seat.arrived:
            continue
        block = gathered.blocks.get(seat.id)
        others = everybody if seat.id not in said else SILENCE if len(said) == 1 else everybody - said[seat.id]
        seat.note(block)
        seat.watch.hear(block, others, talking=seat.talking, muted=seat.muted or seat.self_muted)
        if gathered.number % LINE_TICKS == 0:
            lasted_s, age_ms = LINE_TICKS * TICK_S, gathered.ages_ms.get(seat.id, 0.0)
            seat.line.note(lasted_s, loss=seat.loss, jitter_ms=seat.jitter_ms, delay_ms=age_ms)
