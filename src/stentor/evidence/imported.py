"""Rows from the lines of access logs: what a proxy or a CDN saw of a space, as an edge would have told it. Pure.

Whoever asked is a keyed hash from the first moment. Lines may come in about the order of their times, as those of many
machines do; what is held does not grow with the log but for a few numbers a second in which a stream began or ended,
since logs tell of a stream when it is over.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from stentor.crowd.addresses import ALONE, source
from stentor.evidence.asked import OTHER, SEGMENT_BYTES, AskedFor, SpaceRequest, asked
from stentor.evidence.kinds import Kind, kind
from stentor.evidence.logs import LogLine
from stentor.evidence.outside import Outside
from stentor.evidence.past_players import PastPlayers
from stentor.evidence.past_streams import MOST_FOLLOWED, PastStreams, Present
from stentor.evidence.plays import DAY_MS, SEGMENTS, Plays
from stentor.evidence.robots import is_robot
from stentor.evidence.row import EdgeRoom, EdgeSecond, SpaceSecond
from stentor.evidence.sketch import Sketch
from stentor.evidence.sources import CONNECTION_US, Reach, Sample, Trace, costliest, named
from stentor.wire import forwarded
from stentor.wire.forwarded import Networks

SLACK_S: Final = 300
"""Logs of CDNs come in batches, each about in order."""
MOST_HELD: Final = 200_000
"""Requests that wait for their order; 80 MB."""
AHEAD_S: Final = 3600
MOST_AHEAD: Final = 10
"""Lines in a row that are an hour ahead; fewer are a wrong clock."""
QUIET_S: Final = 900
"""For a longer time without any request there are no rows."""
AGED_S: Final = 600
IDLE_S: Final = 75
"""So long a connection is taken for open after its last request (keepalive_timeout of nginx and browsers)."""
STAYING_S, LISTENER_S, QUIT_S, LOBBY_S = 10, 60, 3, 20
GOOD: Final = (200, 206, 304)
REFUSAL_S, REFUSAL_BYTES = 1.0, 4096
"""What was piped without a look at its status, and was over sooner than that with less, was no sound."""


class Hit(NamedTuple):
    """One request, without anybody's address."""

    ended_s: float
    took_s: float
    source: str
    client: int | None
    """Of address and agent; None when nobody was named."""
    device: int
    """Of the ticket, else of the address."""
    connection: int
    """0: the log names none."""
    robot: bool
    get: bool
    what: SpaceRequest
    ours: bool
    valid: bool
    status: int
    sent_bytes: int
    first_byte: int


class _Second:
    """What came in one second."""

    def __init__(self) -> None:
        self.requests = self.malformed = self.sent_bytes = self.accepted = 0
        self.parts = self.turned_away = self.unnamed = self.stayed_unnamed = 0
        self.replies = [0] * 5
        self.asked: dict[str, int] = {}
        self.came: dict[str, int] = {}
        self.hidden = self.plays_hidden = False


class LogTally:
    """The log of one space. ``hashed`` gives 64 evenly spread bits of a text, by a key that nobody keeps."""

    def __init__(
        self,
        space: str,
        hashed: Callable[[str], int],
        *,
        name: str = "log",
        trusted: Networks = (),
        room: EdgeRoom | None = None,
    ) -> None:
        self.streams = PastStreams()
        self.ours = self.late = self.wrong_time = self.unnamed = self.without_connection = self.without_time = 0
        """Requests: of the space, out of order, of a clock that is wrong, of nobody, of no connection; streams of
        which the log does not say how long they took."""
        self.since_s, self.until_s = 1 << 62, -1
        """Of the space."""
        self._space, self._hashed, self._name, self._trusted, self._room = (
            space,
            hashed,
            name,
            trusted,
            room or EdgeRoom(),
        )
        self._held: dict[int, list[Hit]] = defaultdict(list)
        self._count = 0
        self._newest = self._done = -1
        self._ahead: list[Hit] = []
        self._sample = Sample(lambda text: int(text, 16) if text != ALONE else 0)
        self._clients, self._stayed = Sketch(), Sketch()
        self._outside, self._plays = Outside(), Plays()
        self._connections: OrderedDict[int, tuple[int, str]] = OrderedDict()
        self._players, self._lobby = PastPlayers(), Present()
        self._young: OrderedDict[int, tuple[float, float]] = OrderedDict()
        """HLS: since when a client listens, and when it asked last."""

    def hear(self, line: LogLine) -> Iterator[EdgeSecond]:
        """Takes a request; gives the rows of seconds of which nothing more will come."""
        hit = self._hit(line)
        if self._newest >= 0 and hit.ended_s > self._newest + AHEAD_S:
            self._ahead.append(hit)
            if len(self._ahead) < MOST_AHEAD:
                return
            for each in self._ahead:
                self._hold(each)
            self._ahead = []
        else:
            self.wrong_time += len(self._ahead)
            self._ahead = []
            self._hold(hit)
        if int(hit.ended_s) < self._newest and self._count <= MOST_HELD:
            return  # nothing is settled before a new second begins
        while self._held and (min(self._held) < self._newest - SLACK_S or self._count > MOST_HELD):
            yield from self._settle(min(self._held))

    def finish(self) -> Iterator[EdgeSecond]:
        """The rows that are left."""
        for hit in self._ahead:
            self._hold(hit)
        for second in sorted(self._held):
            yield from self._settle(second)

    def with_streams(self, rows: Iterable[EdgeSecond]) -> Iterator[EdgeSecond]:
        """All rows that were given, with the streams in them, from the first request of the space to its last."""
        if first := self.streams.seconds[:1]:
            self.since_s = min(self.since_s, *first)
        for row in self.streams.added(rows, self._empty):
            if self.since_s <= row.at_ms // 1000 <= self.until_s:
                yield row

    def _empty(self, second: int) -> EdgeSecond:
        at_ms = 1000 * second + 999
        return EdgeSecond(self._name, at_ms, spaces={self._space: SpaceSecond()}, room=self._room)

    def _hit(self, line: LogLine) -> Hit:
        """From here on there is no address."""
        headers = {"x-forwarded-for": line.forwarded} if line.forwarded else {}
        one = source(forwarded.client(line.address, headers, self._trusted)) if line.address else ""
        named = f"{self._hashed(f'source {one}'):016x}" if one else ALONE
        what = asked(line.target, self._space)
        ticket = what.ticket if what else ""
        self.unnamed += not one
        self.without_connection += not line.connection
        took_s = line.took_s
        if what and what.wish is AskedFor.STREAM and took_s < 0:
            self.without_time += 1
            took_s = line.sent_bytes * 8 / what.number
        return Hit(
            line.ended_s,
            max(0.0, took_s),
            named,
            self._hashed(f"client {one} {line.agent}") if one else None,
            self._hashed(f"device {ticket or one or line.connection}"),
            self._hashed(f"connection {one} {line.connection}") if line.connection else 0,
            is_robot(line.agent),
            line.method == "GET",
            what or OTHER,
            what is not None,
            bool(line.target),
            line.status or _status(took_s, line),
            line.sent_bytes,
            line.first_byte,
        )

    def _hold(self, hit: Hit) -> None:
        second = int(hit.ended_s)
        if second <= self._done:  # too late for its second: it counts in the next one
            self.late += 1
            second = self._done + 1
        self._newest = max(self._newest, second)
        self._held[second].append(hit)
        self._count += 1

    def _settle(self, second: int) -> Iterator[EdgeSecond]:
        """The rows up to that second, of which everything has come."""
        hits = self._held.pop(second)
        self._count -= len(hits)
        if self._done >= 0:
            gap = second - self._done - 1
            for quiet in range(second - min(gap, AGED_S), second):
                row = self._row(quiet, _Second())
                if gap <= QUIET_S:
                    yield row
        found = _Second()
        for hit in sorted(hits, key=lambda hit: (hit.ended_s, hit.what.waits)):
            self._take(hit, found)
        yield self._row(second, found)
        self._done = second

    def _take(self, hit: Hit, into: _Second) -> None:
        into.requests += 1
        into.malformed += not hit.valid
        if 100 <= hit.status < 600:
            into.replies[hit.status // 100 - 1] += 1
        into.asked[hit.source] = into.asked.get(hit.source, 0) + 1
        trace = self._sample.trace(hit.source)
        if hit.connection:
            self._connect(hit, trace, into)
        elif trace is not None:
            trace.held_s += 1  # so that nobody is judged by how much one connection asks
            trace.came = max(trace.came, 1)
        if trace is not None:
            trace.requests += 1
            trace.far = max(trace.far, Reach.ASKED)
        if hit.what.wish is not AskedFor.STREAM or hit.status != 200:
            into.sent_bytes += hit.sent_bytes
        if hit.ours:
            self.ours += 1
            self.since_s = min(self.since_s, int(hit.ended_s))
            self.until_s = max(self.until_s, int(hit.ended_s))
            self._take_ours(hit, trace, into)

    def _take_ours(self, hit: Hit, trace: Trace | None, into: _Second) -> None:
        wish, good = hit.what.wish, hit.status in GOOD
        if wish in (AskedFor.DOOR, AskedFor.STREAM) and hit.get:
            if hit.status == 429:
                self._turn_away(hit, trace, into)
            elif good:
                self._let_in(hit, trace, into)
        elif wish is AskedFor.PLAYLIST and good:
            self._reload(hit, into)
        elif wish is AskedFor.SOUND and hit.status in (200, 206) and hit.get:
            into.parts += hit.what.number
            if trace is not None:
                trace.parts += hit.what.number
        elif wish is AskedFor.TICKET and trace is not None:
            trace.far = max(trace.far, Reach.WAITED)
        elif wish in (AskedFor.SEGMENT, AskedFor.FILE) and hit.status in (200, 206) and hit.get:
            self._play(hit, into)

    def _connect(self, hit: Hit, trace: Trace | None, into: _Second) -> None:
        if hit.connection not in self._connections:
            into.accepted += 1
            into.came[hit.source] = into.came.get(hit.source, 0) + 1
            if trace is not None:
                trace.connections += 1
                trace.open += 1
        self._connections[hit.connection] = int(hit.ended_s), hit.source
        self._connections.move_to_end(hit.connection)
        if len(self._connections) > MOST_FOLLOWED:
            self._disconnect()

    def _disconnect(self) -> None:
        connection, (_, name) = self._connections.popitem(last=False)
        self._players.gone(connection)
        trace = self._sample.trace(name)
        if trace is not None and trace.open:
            trace.open -= 1

    def _turn_away(self, hit: Hit, trace: Trace | None, into: _Second) -> None:
        into.turned_away += 1
        if trace is not None:
            trace.waits += 1
            trace.waited += 1
            trace.far = max(trace.far, Reach.WAITED)
        self._outside.told(_place(hit.device), hit.ended_s)
        self._lobby.hear(hit.device, int(hit.ended_s) + LOBBY_S)

    def _let_in(self, hit: Hit, trace: Trace | None, into: _Second) -> None:
        began_s = hit.ended_s - hit.took_s
        if trace is not None:
            trace.far = Reach.LET_IN
            trace.joins += 1
        if hit.client is None:
            into.unnamed += 1
        else:
            self._clients.add(hit.client)
        waited = self._outside.heeds(began_s)
        if hit.what.wish is AskedFor.DOOR:
            if waited:
                self._outside.let_in(_place(hit.device))
            if hit.client is not None and hit.client not in self._young:
                self._young[hit.client] = hit.ended_s, hit.ended_s
                if len(self._young) > MOST_FOLLOWED:
                    self._young.popitem(last=False)
            return
        if trace is not None:
            trace.quits += hit.took_s < QUIT_S
            trace.kind = kind(trace)
        self.streams.add(began_s, hit.ended_s, hit.sent_bytes, Kind.LISTENING if trace is None else trace.kind)
        if waited:
            self.streams.let_in(began_s, _place(hit.device))
        if hit.took_s >= LISTENER_S:
            if hit.client is None:
                into.stayed_unnamed += 1
            else:
                self._stayed.add(hit.client)

    def _reload(self, hit: Hit, into: _Second) -> None:
        self._players.ask(hit.connection, hit.source, hit.client, hit.ended_s, hit.what)
        if hit.client is None:
            into.hidden = True
            return
        since, last = self._young.get(hit.client, (0.0, 0.0))
        if not last:
            return
        since = since if hit.ended_s - last <= STAYING_S else hit.ended_s
        if hit.ended_s - since >= LISTENER_S:
            del self._young[hit.client]
            self._stayed.add(hit.client)
        else:
            self._young[hit.client] = since, max(last, hit.ended_s)

    def _play(self, hit: Hit, into: _Second) -> None:
        day = int(hit.ended_s * 1000) // DAY_MS
        if day > self._plays.day:
            self._plays.begin(day)
        if hit.client is None:
            into.plays_hidden = True
            return
        pieces = range(hit.what.number, hit.what.number + 1)
        if hit.what.wish is AskedFor.FILE:  # which bytes came, the log says when it names the range
            first = hit.first_byte // SEGMENT_BYTES
            pieces = range(first, first + min(SEGMENTS, hit.sent_bytes // SEGMENT_BYTES))
        for piece in pieces:
            if self._plays.heard(self._space, hit.client, piece, robot=hit.robot):
                return

    def _row(self, second: int, found: _Second) -> EdgeSecond:
        while self._connections and next(iter(self._connections.values()))[0] + IDLE_S < second:
            self._disconnect()
        told, let_in, halvings = self._outside.taken()
        plays = self._plays.taken().get(self._space)
        playing = self._players.at(second)
        space = SpaceSecond(
            asking=round(playing),
            shares=round(playing, 3),
            lobby=self._lobby.at(second),
            parts=found.parts,
            turned_away=found.turned_away,
            clients=self._clients.grown(),
            unnamed=found.unnamed,
            stayed=self._stayed.grown(),
            stayed_unnamed=found.stayed_unnamed,
            hidden=found.hidden,
            told=told,
            let_in=let_in,
            halvings=halvings,
            plays_hidden=found.plays_hidden,
        )
        if plays is not None:
            space = msgspec.structs.replace(
                space, plays=plays.plays, robots=plays.robots, players=plays.keys, players_halvings=plays.halvings
            )
        dear = costliest(found.asked, found.came, connection_us=CONNECTION_US)
        stages = self._sample.taken()
        return msgspec.structs.replace(
            self._empty(second),
            accepted=found.accepted,
            requests=found.requests,
            malformed=found.malformed,
            replies=found.replies,
            turned_away={"waiting": found.turned_away} if found.turned_away else {},
            sent_bytes=found.sent_bytes,
            spaces={self._space: space},
            costliest=[(0 if one == ALONE else named(int(one, 16)), times, came) for one, times, came in dear],
            halvings=self._sample.halvings,
            stages=stages,
            kinds=self._sample.kinds,
        )


def _status(took_s: float, line: LogLine) -> int:
    """Of what was piped."""
    return 429 if took_s < REFUSAL_S and line.sent_bytes < REFUSAL_BYTES else 200


def _place(device: int) -> float:
    """In [0, 1): what ``evidence.outside`` names a device by."""
    return (device >> 11) / 2**53
