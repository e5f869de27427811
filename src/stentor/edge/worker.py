"""One edge process as its connections see it: how many there may be, when they end, what was counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from stentor.base import collector, log
from stentor.base.clock import Clock
from stentor.base.errors import Overloaded, StentorError
from stentor.base.paths import of_house
from stentor.base.secure import Handshakes, Secure
from stentor.base.tls import Tls
from stentor.crowd.addresses import ALONE, Addresses, itself_of, limited, source
from stentor.edge.deadlines import Deadlines
from stentor.edge.fanout import Counters, Pace, interval_for
from stentor.edge.load import Meter
from stentor.edge.peers import Peers
from stentor.edge.protocol import Answers, Connection
from stentor.edge.proxied import Proxied
from stentor.edge.reply import Reply, brief, failure
from stentor.edge.taking import Taking, choked
from stentor.edge.turn import LoopTurn
from stentor.evidence.sources import HASH_BITS, Sample
from stentor.spaces.forecast import Headroom
from stentor.wire import forwarded
from stentor.wire.forwarded import Networks
from stentor.wire.heads import Heads
from stentor.wire.http import Request

SHORT_SHARE = 20
"""One connection in so many is kept free of listeners."""
FULL_RETRY_S = 5.0
TICK_S = 1.0
FEW = 500
"""Connections at which it is calm: what they are, with a day's requests, is gone through in hundredths of a second."""
PULSE = "/pulse.json"
QUIT_S = 3.0
"""Who was let in and is gone sooner has heard nothing."""


FULL = Overloaded("This edge is full; another one may have room.", retry_after_s=FULL_RETRY_S)
CROWDED = Overloaded(
    "Your address has too many connections here already; close some.",
    retry_after_s=FULL_RETRY_S,
    status=429,
    code="too-many-connections",
)
HASTY = Overloaded(
    "Too many requests come from your address; ask less often.", retry_after_s=1.0, status=429, code="too-often"
)
FAILED = StentorError("Something went wrong at this edge; trying again may help.")


class ForwardCounts:
    """What was passed on to the house: so far, under way, and in vain."""

    def __init__(self) -> None:
        self.count = self.busy = self.away = 0


class Young(NamedTuple):
    """A connection that was let in less than a minute ago."""

    since: float
    """Loop time."""
    space: str
    client: int | None
    """The hash of its client; None where nobody knows that one."""


class Worker:
    """The :class:`stentor.edge.protocol.Host` of all connections of this process."""

    def __init__(
        self,
        *,
        capacity: int,
        clock: Clock,
        processors: float = 1.0,
        line_bps: float = 0.0,
        places: int = 0,
        addresses: Addresses | None = None,
        trusted: Networks = (),
        tls: Tls | None = None,
        proxied: bool = False,
        room: Callable[[], Sequence[Headroom]] = tuple,
    ) -> None:
        self.clock = clock
        self.capacity = capacity
        self.processors = min(1.0, processors)
        """What this process may count on: less than one where there are more edges than processors."""
        most = capacity - capacity // SHORT_SHARE
        self.places = min(places, most) if places else most
        """Listeners at once; the other connections are for the page, the door and the music of those who wait."""
        self.counters = Counters()
        self.pace = Pace(self.processors)
        self.open = self.listeners = 0
        self.arrivals = 0
        """Who was let in: streams, and index playlists of HLS."""
        self.accepted = self.refused = 0
        self.turned_away = dict.fromkeys(("waiting", "limited", "full", "leaving"), 0)
        """Joins that were told to come back, by reason."""
        self.malformed = self.failed = self.requests = 0
        self.overdue: dict[str, int] = {}
        self.replies = [0] * 6
        self.young: dict[Connection, Young] = {}
        self.handshakes = Handshakes()
        self.taking = Taking()
        self.sample = Sample(lambda source: hash(source) % (1 << HASH_BITS))  # the gate brings that of all edges
        self.forwarded = ForwardCounts()
        self.turn = LoopTurn()
        self.replied_bytes = 0
        self.heads = Heads()
        self.meter = Meter(self, line_bps=line_bps, processors=self.processors)
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time()
        self._deadlines: Deadlines[Connection] = Deadlines(self.now)
        self._connections: set[Connection] = set()
        self.room = room
        """On the disks of this machine; for whoever reads the metrics."""
        self.tls = tls
        """With which connections are encrypted; None for plain HTTP."""
        self.leaving = False
        """This process is being ended: a balancer that asks how it is sends nobody here any more."""
        self.proxied = proxied
        """Every connection begins with the PROXY protocol."""
        self.addresses = addresses or Addresses(
            connections=0, requests=0, proxy=lambda address: forwarded.trusts(trusted, address)
        )
        self._trusted = trusted
        self._peers = Peers(trusted, secure=tls is not None)
        self._refusals: dict[str, Reply] = {}
        self._log = log.get("edge")

    def protocol_factory(self, site: Answers) -> Callable[[], asyncio.Protocol]:
        """Makes the protocol of a socket that was accepted: from the outside to the inside PROXY header, TLS, HTTP.

        ``site`` knows what is under which address; it may raise what becomes a problem document.
        """
        answers = partial(self._answer, site)

        def made() -> asyncio.Protocol:
            connection = Connection(self, answers)
            inner: asyncio.Protocol = connection
            if self.tls is not None:
                inner = Secure(inner, self.tls.context, self.handshakes)
            if self.proxied:
                return Proxied(inner, self._malformed, lambda address: self._named(connection, address))
            return inner

        return made

    # What connections ask.

    def opened(self, connection: Connection) -> bool:
        self.open += 1
        self._connections.add(connection)
        connection.began = self._loop.time()
        if self.open > self.capacity:
            self.refused += 1
            self._bars(connection)
            self._turn_away(connection, FULL)
            return False
        if not self.proxied:
            peer = connection.transport.get_extra_info("peername")
            if not self._comes(connection, peer[0] if peer else ""):
                return False
        self.accepted += 1
        return True

    def _bars(self, connection: Connection) -> None:
        """Counts a connection without a place for its source, unless a proxy would have said whose it is."""
        address = connection.peer
        if address and not self.proxied and not forwarded.trusts(self._trusted, address):
            trace = self.sample.trace(source(address))
            if trace is not None:
                trace.barred += 1

    def _named(self, connection: Connection, address: str) -> bool:
        """The proxy says whose connection it is; False when that address has too many."""
        connection.came_from(address)
        return self._comes(connection, address)

    def _comes(self, connection: Connection, address: str) -> bool:
        """Counts a connection for its address; False (already answered) when that has too many."""
        client = self.addresses.enter(address)
        if client is None:
            self._turn_away(connection, CROWDED)
            return False
        connection.client = connection.limited = client
        connection.number = connection.alone = client if client.startswith(ALONE) else ""
        connection.trace = self.sample.trace(ALONE if connection.alone else client)
        if connection.trace is not None:
            connection.trace.connections += 1
            connection.trace.open += 1
        return True

    def _speaks_for(self, connection: Connection, request: Request) -> bool:
        """Counts a proxy's connection for whom it says the request is from; False when that one has too many.

        A peer that is a client itself is counted as one, and limited by connection like any that names nobody.
        """
        itself, direct = "", False
        if address := forwarded.client(connection.peer, request.headers, self._trusted):
            self._peers.names(connection.peer)
        else:
            itself, direct = self._peers.client(connection.peer, request)
        client = source(address) or itself or connection.number
        if client != connection.client:
            self._changes_hands(connection)
            if itself and not self._peers.came(itself):
                itself, client, direct = "", connection.number, False
            entered = self.addresses.enter(address) if source(address) else limited(connection.number, itself)
            if entered is None:
                return False
            connection.limited, connection.client = entered, client
            if connection.trace is not None:
                connection.trace.open -= 1
            connection.trace = self.sample.trace(ALONE if client == connection.number else client)
            if connection.trace is not None:
                connection.trace.open += 1
        connection.alone = "" if direct else connection.number
        return True

    def _changes_hands(self, connection: Connection) -> None:
        """It is nobody's but its own."""
        self.addresses.leave(connection.limited)
        self._peers.left(itself_of(connection.limited))
        connection.client = connection.limited = connection.number

    def _turn_away(self, connection: Connection, error: StentorError) -> None:
        reply = self._refusal(error)
        connection.replied(reply.status)
        connection.transport.write(reply.render(head_only=False, keep_alive=False))
        connection.transport.close()

    def _refusal(self, error: StentorError) -> Reply:
        """Made once a second: who sends many gets them cheaply."""
        reply = self._refusals.get(error.error_code)
        if reply is None:
            reply = self._refusals[error.error_code] = failure(error, now=self.clock())
        return reply

    def closed(self, connection: Connection) -> None:
        self.open -= 1
        self._connections.discard(connection)
        young, trace = self.young.pop(connection, None), connection.trace
        if trace is not None:
            trace.open -= 1
            trace.quits += young is not None and self.now - young.since < QUIT_S and not connection.going
        self._deadlines.forget(connection)
        if connection.asks is not None:
            connection.asks.gone(connection)
        self._changes_hands(connection)

    def watch(self, connection: Connection, deadline: float) -> None:
        self._deadlines.watch(connection, deadline)

    def _answer(self, site: Answers, request: Request, connection: Connection) -> Reply | None:
        self.requests += 1
        if connection.number and not self._speaks_for(connection, request):
            return self._refusal(CROWDED)
        trace = connection.trace
        if trace is not None:
            trace.requests += 1
            if connection.told and not request.path.endswith(PULSE):  # what it asks meanwhile it asks because it waits
                trace.again += 1
        if not self.addresses.ask(connection.limited):
            if trace is not None:
                trace.refused += 1
            return self._refusal(HASTY)
        if not self.turn.room() and not of_house(request.path):
            self.turn.wait(connection, request, partial(self._answer_in_turn, site))
            return None
        return self._answer_in_turn(site, request, connection)

    def _answer_in_turn(self, site: Answers, request: Request, connection: Connection) -> Reply | None:
        try:
            return site(request, connection)
        except StentorError as error:
            # A wrong address is asked for again and again; caches take that off us, but only for a moment.
            gone = {"cache": brief(request.path), "Vary": "Accept"} if error.status in (404, 410) else {}
            return failure(error, now=self.clock(), **gone)
        except Exception:  # noqa: BLE001 the outermost boundary: one bad request must not cost the connection its answer
            self.failed += 1
            self._log.exception("request-failed", method=request.method)
            return self._refusal(FAILED)

    def _malformed(self) -> None:
        self.malformed += 1

    def refuse(self, error: StentorError) -> Reply:
        self._malformed()
        return failure(error, now=self.clock())

    def joined(self, connection: Connection) -> None:
        """A connection has become a listener."""
        self.listeners += 1
        if connection.trace is not None:
            connection.trace.hearing += 1
            self.taking.add(connection, self.now)

    def left(self, connection: Connection) -> None:
        self.listeners -= 1
        choked(connection, now=False)
        if connection.trace is not None:
            connection.trace.hearing -= 1

    # What the role does.

    @property
    def timed_out(self) -> int:
        """Connections that were too slow."""
        return sum(self.overdue.values())

    @property
    def places_left(self) -> int:
        """How many more may begin to listen."""
        return max(0, min(self.places - self.listeners, self.capacity - self.open))

    @property
    def connections(self) -> list[Connection]:
        """All there are now."""
        return list(self._connections)

    async def run(self) -> None:
        """Looks at the deadlines and the pace once a second, for ever; closes every connection when cancelled."""
        try:
            while True:
                await asyncio.sleep(TICK_S)
                self.tick()
        finally:
            for connection in list(self._connections):
                connection.transport.abort()

    def tick(self) -> None:
        """Closes what is overdue: slow heads, silent connections, listeners that take nothing."""
        self.now = self._loop.time()
        self.pace.chunks = interval_for(round(self.listeners / self.processors), self.pace.chunks)
        self._refusals.clear()
        self.addresses.second()
        self.taking.look(self.now)
        collector.look(calm=self.open < FEW)
        for connection in self._deadlines.due(self.now):
            kind = connection.overdue
            self.overdue[kind] = self.overdue.get(kind, 0) + 1
            if connection.trace is not None:
                connection.trace.stalls += kind == "stall"
            connection.transport.abort()
