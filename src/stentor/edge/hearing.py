"""One listener at a time: who hears with each ticket, at all edges of a site.

The newest player counts, as with a code that is used again: whoever goes on another device hears there. Edges tell each
other within :data:`TELL_S` who began, and again every :data:`AGAIN_S` who hears, so that an edge which was cut off or
has just started learns it, too. The player before ends, and may not take the place back by itself: its next tries are
refused with a reason. Pages name themselves (``?player=``) and are refused until they are loaded anew; what brings no
name is known by address and program, and refused for :data:`AWAY_S`.

Without the bus each edge knows only its own listeners.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Conflict, Malformed
from stentor.bus.connection import Bus
from stentor.edge.protocol import Connection
from stentor.spaces.private import PASS_S
from stentor.wire import hearing as wire
from stentor.wire.hearing import Hearing

TELL_S: Final = 0.25
AGAIN_S: Final = 3.0
"""With an edge that knows nothing the player before is heard so long, at most; ten seconds are promised."""
FRESH_S: Final = 15.0
"""Who plays by HLS asks every four seconds; who has asked for nothing so long is not told of again."""
AWAY_S: Final = 60.0
"""So long a radio that tries again by itself does not take the place back, and a person who moved between two devices
waits at most."""
KEPT_S: Final = 3600.0
MOST: Final = 20_000
"""Tickets that an edge knows of; beyond it those that are not heard are forgotten."""
MOST_AWAY: Final = 8
"""Players of one ticket whose tries are refused."""
LONGEST_NAME: Final = 32
NAMED_AWAY_S: Final = float(PASS_S)
"""A page is refused for as long as any pass holds; loaded anew it is another player."""
UNKNOWN: Final = bytes(wire.PLAYER_BYTES)
NAMED: Final = 0x80
"""The bit of a player that says that it named itself."""
Who = tuple[str, bytes]
"""Space and holder."""


@dataclass(slots=True)
class TicketHearing:
    """What an edge knows of one ticket."""

    begun_ms: int
    player: bytes
    """:data:`UNKNOWN` where it began at another edge that has not said who it is."""
    told_s: float
    """When something was last heard of it (wall clock)."""
    stream: Connection | None = None
    asked_s: float = 0.0
    """When its player last asked for a file here."""
    away: dict[bytes, float] = field(default_factory=dict)
    """Players that were heard before, and until when they are refused."""
    before: frozenset[bytes] = frozenset()
    """Who was heard before a player that is unknown: one of them is perhaps the same."""

    def is_heard_here(self, now: float) -> bool:
        playing = self.stream is not None and not self.stream.transport.is_closing()
        return playing or now - self.asked_s < FRESH_S


class TicketHearings:
    """Of one edge. ``clock`` is wall-clock seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of: dict[Who, TicketHearing] = {}
        self._untold: set[Who] = set()

    def require(self, who: Who, player: bytes) -> None:
        """Raises :class:`Conflict` for a player whose ticket another one has used since."""
        known = self._of.get(who)
        if known is not None and player != known.player and known.away.get(player, 0.0) > self._clock():
            raise Conflict(
                "This ticket is being used on another device, and is for one listener at a time. "
                "Open its link again, or give its code once more, to listen here.",
                code="ticket-elsewhere",
            )

    def begin(self, who: Who, player: bytes, stream: Connection | None = None) -> int:
        """A player begins; what was heard before with this ticket, here, ends. Returns since when it is heard (ms)."""
        now, known = self._clock(), self._of.get(who)
        # Clocks of edges differ: who comes later is never the earlier one.
        begun_ms = max(unix_ms(now), known.begun_ms + 1 if known is not None else 0)
        self._replace(who, begun_ms, player, stream).asked_s = now
        self._untold.add(who)
        return begun_ms

    def plays(self, who: Who, begun_ms: int) -> bool:
        """Whether a player by HLS that began then is the one that counts."""
        known = self._of.get(who)
        if known is None or begun_ms > known.begun_ms:  # it began at another edge
            known = self._replace(who, begun_ms, UNKNOWN, None)
        if begun_ms == known.begun_ms:
            known.asked_s = known.told_s = self._clock()
        return begun_ms == known.begun_ms

    def hear(self, _subject: str, payload: bytes) -> None:
        """What an edge tells, this one or another."""
        try:
            told = wire.decode(payload)
        except Malformed:
            return  # of a newer version
        for each in told.heard:
            self._told((told.space, each.holder), each)

    def _told(self, who: Who, told: Hearing) -> None:
        known = self._of.get(who)
        if known is None or (told.begun_ms, told.player) > (known.begun_ms, known.player):
            asked_s = known.asked_s if known is not None and known.begun_ms == told.begun_ms else 0.0
            self._replace(who, told.begun_ms, told.player, None).asked_s = asked_s
        elif (told.begun_ms, told.player) == (known.begun_ms, known.player):
            known.told_s = self._clock()
        elif told.player == UNKNOWN or told.player == known.player:
            return
        elif known.player == UNKNOWN:  # perhaps the same, that has begun anew elsewhere: its edge tells in a moment
            known.before |= {told.player}
        else:
            self._send_away(known, told.player)

    def _replace(self, who: Who, begun_ms: int, player: bytes, stream: Connection | None) -> TicketHearing:
        """Another hearing counts from now on; the player before is refused for a while."""
        now, old = self._clock(), self._of.get(who)
        after = self._of[who] = TicketHearing(begun_ms, player, now, stream)
        if old is not None:
            after.away = {each: until for each, until in old.away.items() if until > now and each != player}
            before = old.before if old.player == UNKNOWN else frozenset([old.player])
            if player == UNKNOWN:
                after.before = before
            else:
                for each in before - {player}:
                    self._send_away(after, each)
            if old.stream is not None and old.stream is not stream and (old.stream.holder or ())[:2] == who:
                old.stream.go()
        if len(self._of) > MOST:
            self._forget(0.0)
        return after

    def _send_away(self, known: TicketHearing, player: bytes) -> None:
        known.away.pop(player, None)
        known.away[player] = self._clock() + (NAMED_AWAY_S if player[0] & NAMED else AWAY_S)
        while len(known.away) > MOST_AWAY:
            del known.away[next(iter(known.away))]

    def _forget(self, idle_s: float) -> None:
        now = self._clock()
        kept = {who for who, each in self._of.items() if each.is_heard_here(now) or now - each.told_s < idle_s}
        self._of = {who: self._of[who] for who in kept}

    async def run(self, bus: Bus) -> None:
        """Tells the other edges, and hears them; for ever."""
        await bus.subscribe("hearing.*", self.hear)
        rounds = 0
        while True:
            await asyncio.sleep(TELL_S)
            rounds += 1
            if rounds % round(AGAIN_S / TELL_S) == 0:
                now = self._clock()
                self._untold |= {who for who, each in self._of.items() if each.is_heard_here(now)}
                self._forget(KEPT_S)
            if self._untold:
                await self._tell(bus)

    async def _tell(self, bus: Bus) -> None:
        """At most once: what is lost is told again."""
        of_spaces: defaultdict[str, list[Hearing]] = defaultdict(list)
        for who in self._untold:
            if (known := self._of.get(who)) is not None:
                of_spaces[who[0]].append(Hearing(known.begun_ms, known.player, who[1]))
        self._untold.clear()
        for space, heard in of_spaces.items():
            for first in range(0, len(heard), wire.MOST):
                await bus.publish(f"hearing.{space}", wire.encode(space, heard[first : first + wire.MOST]))


def player_of(named: str, client: str) -> bytes:
    """Which player it is: by the name it brings (:data:`LONGEST_NAME` characters count), or by ``client``, its address
    and program."""
    text = f"name\n{named[:LONGEST_NAME]}" if named else f"client\n{client}"
    found = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=wire.PLAYER_BYTES).digest()
    first = found[0] | NAMED if named else found[0] & ~NAMED
    return bytes([first]) + found[1:]
