"""Who plays recordings at this edge: each segment that was sent, for whom (``evidence.plays``)."""

from __future__ import annotations

from stentor.base.clock import Clock, unix_ms
from stentor.edge.gate import Gate, client_of
from stentor.edge.protocol import Connection
from stentor.evidence.plays import DAY_MS, NewPlays, Plays
from stentor.evidence.robots import is_robot, listed
from stentor.wire.http import Request

DONE = -1
"""In place of a device that is a play already."""


class Played:
    """A play costs 20 µs: its connection's client is hashed once, and each segment noted until there is a minute."""

    def __init__(self, gate: Gate, clock: Clock) -> None:
        self._gate, self._clock = gate, clock
        self._plays = Plays()
        listed()  # the lists of robots take 20 ms to be read: not while others wait for their sound
        self.hidden: set[str] = set()
        """Spaces of which somebody got a segment through a proxy, which may be a cache, or name nobody."""

    def sent(self, space: str, segment: int, request: Request, connection: Connection) -> None:
        """Somebody got a segment, or the most of it."""
        day = unix_ms(self._clock()) // DAY_MS
        if request.method != "GET":
            return
        if day != self._plays.day:
            self._plays.begin(day)
        who, known = (space, day, connection.client), connection.plays
        same = known is not None and known[0] == who
        if known is not None and same:
            device = known[1]
        elif (name := client_of(request, connection)) is not None:
            device = self._gate.keyed.player(space, day, name)
        else:
            self.hidden.add(space)
            return
        if connection.alone:  # a cache, perhaps
            self.hidden.add(space)
        agent = request.headers.get("user-agent", "")
        done = device == DONE or self._plays.heard(space, device, segment, robot=is_robot(agent))
        if not connection.alone:  # a proxy's connection speaks now for this one, now for that one
            connection.plays = who, DONE if done else device

    def taken(self) -> tuple[dict[str, NewPlays], set[str]]:
        """By space: what came since this was asked last, and where more came than was counted."""
        hidden, self.hidden = self.hidden, set()
        return self._plays.taken(), hidden
