"""Who comes in a night of :mod:`tests.support.nights`, source by source, and the edge that counts them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Protocol

from stentor.evidence.load import PART_S, Resource
from stentor.evidence.sources import Reach, Sample

BAD_LINES = 0.0005
"""Of all streams so many are found, in a second, to take nothing: an edge looks at each twice."""


class Prices(Protocol):
    """Microseconds of processor."""

    request: float
    connection: float
    tls: float
    listener: float


class Edge:
    """What one edge counts; ``hostile`` says on whose account it is put."""

    def __init__(
        self, chance: random.Random, sample: Sample, room: dict[Resource, float], fault: str, prices: Prices, tls: bool
    ) -> None:
        self.chance, self.sample, self.room, self.fault = chance, sample, room, fault
        self.prices, self.tls = prices, tls
        self.hostile = False
        self.hearing, self.open = {False: 0.0, True: 0.0}, {False: 0.0, True: 0.0}
        self.asking = self.waiting = 0
        self.busy = 0.0
        self.taken = False
        self.begin(0)

    def begin(self, second: int) -> None:
        """A new second."""
        self.asked: dict[str, int] = {}
        self.came: dict[str, int] = {}
        self.accepted = self.requests = self.full = self.crowded = self.hasty = self.failed = self.joins = 0
        self.handshakes = self.done = 0
        self.away = {"waiting": 0, "full": 0, "leaving": 0}
        self.second = second
        self.taken = self.fault == "processor taken" and 12 <= second < 32
        self.broken = self.fault == "certificate over" and second >= 10
        self.leaving = self.fault == "edges restarted" and 20 <= second < 30

    def cost_us(self, prices: Prices, tls: bool) -> float:
        """Of this second so far."""
        handshakes = self.handshakes * (prices.tls - prices.connection) if tls else 0.0
        return (
            self.requests * prices.request + (self.accepted + self.crowded) * prices.connection + handshakes
            + sum(self.hearing.values()) * prices.listener
        )  # fmt: skip

    def exhausted(self) -> bool:
        """The processor has nothing left in this second: whoever comes stays in the accept queue."""
        return self.cost_us(self.prices, self.tls) > self.room[Resource.PROCESSOR]

    def connect(self, source: str, times: int = 1, *, stay: bool = True, shake: bool = True) -> int:
        """How many were taken."""
        source = self.named(source)
        self.came[source] = self.came.get(source, 0) + times
        if self.fault == "proxy not trusted" and sum(self.open.values()) >= self.limit():
            self.crowded += times
            return 0
        if stay:
            room = int(self.room[Resource.CONNECTIONS] - sum(self.open.values()))
            barred = max(0, times - max(0, room))
            self.full += barred
            times -= barred
        trace = self.sample.trace(source)
        if trace is not None and stay:
            trace.barred += barred
        if not times:
            return 0
        self.accepted += times
        if shake:
            self.handshakes += times
            self.done += 0 if self.broken else times
        if trace is not None:
            trace.connections += times
        if stay:
            self.hold(source, times)
        return times

    def limit(self) -> float:
        """Connections of one address, when all seem to come from one."""
        return 60.0

    def named(self, source: str) -> str:
        return "192.0.2.1" if self.fault == "proxy not trusted" else source

    def hold(self, source: str, change: int) -> None:
        """So many connections more or fewer."""
        self.open[self.hostile] += change
        if (trace := self.sample.trace(self.named(source))) is not None:
            trace.open += change

    def ask(self, source: str, times: int, far: Reach = Reach.ASKED, *, parts: int = 0, again: int = 0) -> None:
        """``parts`` of these are of sound, ``again`` on connections that were told to wait."""
        source = self.named(source)
        self.requests += times
        self.asked[source] = self.asked.get(source, 0) + times
        if (trace := self.sample.trace(source)) is not None:
            trace.requests += times
            trace.parts += parts
            trace.again += again
            trace.far = max(trace.far, far)
        if self.fault == "disk full" and self.second > 15:
            self.failed += sum(self.chance.random() < 0.2 for _ in range(times))

    def enter(self, source: str, *, stream: bool, anew: bool = False) -> bool:
        """Asks to be let in; ``anew`` on a connection that was made for it."""
        trace = self.sample.trace(self.named(source))
        reason = ""
        if self.leaving:
            reason = "leaving"
        elif sum(self.hearing.values()) + 1 > self.room[Resource.PLACES]:
            reason = "full"
        elif self.busy >= 0.9:
            reason = "waiting"
        if reason:
            self.away[reason] += 1
            if trace is not None:
                trace.far = max(trace.far, Reach.WAITED)
                trace.waits += 1
                trace.waited += 1
                trace.hls += not stream
                trace.anew += anew
            return False
        if trace is not None:
            trace.far = Reach.LET_IN
            trace.joins += 1
            trace.hearing += stream
        self.hearing[self.hostile] += stream
        self.asking += not stream
        self.joins += stream
        return True

    def choke(self, source: str, change: int) -> None:
        """So many streams more or fewer take nothing."""
        if (trace := self.sample.trace(self.named(source))) is not None:
            trace.choked += change

    def leave(self, source: str, *, quits: bool = False, stalls: bool = False) -> None:
        """A listener of a stream is gone, and its connection."""
        self.hearing[self.hostile] -= 1
        self.hold(source, -1)
        if (trace := self.sample.trace(self.named(source))) is not None:
            trace.hearing -= 1
            trace.quits += quits
            trace.stalls += stalls


class Source:
    """One address of the audience with whoever is behind it; ``arrivals`` are (second, bare player, HLS, quits)."""

    def __init__(self, name: str, arrivals: list[tuple[int, bool, bool, bool]], reloads: int, seed: int) -> None:
        self.name, self.reloads = name, reloads
        self.arrivals = sorted(arrivals, reverse=True)
        self.chance = random.Random(seed)
        self.streams = self.hls = self.pages = 0
        self.choked: list[int] = []
        """When each of the streams that take nothing goes on."""
        self.going: list[int] = []
        self.waiting: list[tuple[int, bool, bool, int, bool]] = []
        """When each asks again, whether bare, whether HLS, reloads left, and whether it has no connection."""

    def act(self, edge: Edge, second: int) -> None:
        if edge.broken:
            self._shut_out(edge, second)
            return
        if edge.leaving and self.streams:
            self._moved(edge)
        if self.streams:
            self._bad_lines(edge, second)
        if self.idle and not (self.arrivals and self.arrivals[-1][0] <= second):
            return
        while self.arrivals and self.arrivals[-1][0] <= second and not edge.exhausted():
            _, bare, hls, quits = self.arrivals.pop()
            connections = 1 if bare else self.chance.choice((1, 1, 2, 2, 3, 4))
            if not edge.connect(self.name, connections):
                self.waiting.append((second + self.chance.randrange(2, 6), bare, hls, self.reloads, True))
                edge.waiting += 1
                continue
            edge.ask(self.name, 1 if bare else self.chance.randrange(6, 15))
            self.pages += not bare
            self._enter(edge, second, bare, hls, quits, self.reloads)
        for when in [when for when in self.going if when <= second]:
            self.going.remove(when)
            self.streams -= 1
            edge.leave(self.name, quits=True)
        due = [one for one in self.waiting if one[0] <= second]
        if due:
            self.waiting = [one for one in self.waiting if one[0] > second]
        for _, bare, hls, reloads, outside in due:
            if (bare or outside) and not edge.connect(self.name, 1):
                self.waiting.append((second + self.chance.randrange(2, 6), bare, hls, reloads, True))
                continue
            edge.waiting -= 1
            if outside and not bare:
                edge.ask(self.name, self.chance.randrange(6, 15))
                self.pages += 1
            if reloads and not bare:
                again = self.chance.randrange(6, 12)
                edge.ask(self.name, again, again=0 if outside else again)
            edge.ask(self.name, 1)
            self._enter(edge, second, bare, hls, False, max(0, reloads - 1))
        parts = int(self.hls / PART_S + self.chance.random())
        asks_again = int(0.1 * sum(not outside for *_, outside in self.waiting) + self.chance.random())
        rate = 2.1 * self.hls + 0.5 * self.pages + asks_again
        if edge.fault == "own pages retry" and second >= 10:
            rate += 40 * self.pages
        if rate:
            whole = int(rate + self.chance.random())
            if whole:
                edge.ask(self.name, whole, parts=min(parts, whole), again=asks_again)

    @property
    def idle(self) -> bool:
        """Nobody is here who does anything but hear."""
        return not (self.hls or self.pages or self.waiting or self.going)

    def _bad_lines(self, edge: Edge, second: int) -> None:
        for when in [when for when in self.choked if when <= second]:
            self.choked.remove(when)
            edge.choke(self.name, -1)
        if len(self.choked) + len(self.going) < self.streams and self.chance.random() < BAD_LINES * self.streams:
            self.choked.append(second + self.chance.randrange(1, 14))
            edge.choke(self.name, 1)

    def _enter(self, edge: Edge, second: int, bare: bool, hls: bool, quits: bool, reloads: int) -> None:
        if edge.enter(self.name, stream=not hls, anew=bare):
            self.hls += hls
            self.streams += not hls
            if not hls and not bare:
                edge.connect(self.name, 1)
            if quits and not hls:
                self.going.append(second + 1 + self.chance.randrange(2))
            return
        if bare:
            edge.hold(self.name, -1)
        pause = 1 if reloads else self.chance.randrange(2, 7)
        self.waiting.append((second + pause, bare, hls, reloads, False))
        edge.waiting += 1

    def _shut_out(self, edge: Edge, second: int) -> None:
        """Handshakes fail: it tries again each few seconds."""
        tries = sum(self.chance.random() < 0.4 for _ in range(1 + len(self.arrivals)))
        if tries:
            edge.connect(self.name, tries, stay=False)

    def _moved(self, edge: Edge) -> None:
        """An edge that is being ended sends it away."""
        for _ in range(self.streams):
            edge.leave(self.name)
            self.waiting.append((edge.second + self.chance.randrange(1, 5), True, False, 0, False))
            edge.waiting += 1
        edge.choke(self.name, -len(self.choked))
        self.streams = 0
        self.going.clear()
        self.choked.clear()


@dataclass(frozen=True)
class Guests:
    """A crowd: which part comes at once, and the rest until the end; which part shares few addresses."""

    at_once: float
    within_s: int
    shared: float = 0.0
    addresses: int = 1
    reloads: int = 0
    quits: float = 0.05
    bare: float = 0.2

    def sources(self, people: int, chance: random.Random, seconds: int) -> list[Source]:
        behind: dict[str, list[tuple[int, bool, bool, bool]]] = {}
        hls = chance.uniform(0.1, 0.6)
        for number in range(people):
            when = chance.randrange(self.within_s) if chance.random() < self.at_once else chance.randrange(seconds)
            if not self.at_once and number < people * 0.7:
                when = 0  # they were there before
            name = f"shared-{chance.randrange(self.addresses)}" if chance.random() < self.shared else f"home-{number}"
            one = when, chance.random() < self.bare, chance.random() < hls, chance.random() < self.quits
            behind.setdefault(name, []).append(one)
        return [Source(name, each, self.reloads, chance.getrandbits(32)) for name, each in behind.items()]


def robots(chance: random.Random, seconds: int) -> list[Robot]:
    """Harmless: monitors like clockwork, crawlers, previews of a link that is passed on."""
    found = [Robot(f"monitor-{number}", list(range(number, seconds, 10)), 1) for number in range(5)]
    found += [Robot(f"crawler-{number}", [chance.randrange(seconds)], 4) for number in range(6)]
    previews = chance.choice((0, 5, 30))
    return found + [Robot(f"server-{number}", [chance.randrange(seconds)], 2) for number in range(previews)]


@dataclass
class Robot:
    name: str
    when: list[int]
    asks: int

    def act(self, edge: Edge, second: int) -> None:
        if second in self.when and not edge.broken and edge.connect(self.name, 1, stay=False):
            edge.ask(self.name, self.asks)


TAKES_NOTHING_AFTER_S = 8, 8, 8, 34
"""When an edge knows it: the other side's buffer is small, as such tools set it, or the usual one."""


@dataclass(frozen=True)
class Attack:
    """What each hostile source does, of which as many come as the night wants. Ranges are drawn by source."""

    resource: Resource
    held: tuple[int, int] = (0, 0)
    """Connections that it keeps."""
    lasts_s: int = 0
    """Until a held one is closed by the edge, and made anew."""
    opens: tuple[float, float] = (0, 0)
    """Connections a second that end at once."""
    asks: tuple[float, float] = (0, 0)
    """Requests a second."""
    asks_a_connection: int = 0
    handshakes: bool = False
    """It begins them; the resource is what they cost."""
    tls: bool = False
    joins: bool = False
    joins_once: bool = False
    quits: bool = False
    stalls: bool = False
    waits: bool = False
    far: Reach = Reach.ASKED

    @property
    def needs_tls(self) -> bool:
        return self.handshakes or self.tls

    def sources(self, level: float, prices: Prices, tls: bool, chance: random.Random, seconds: int) -> list[Hostile]:
        """As many as take ``level`` of the resource together."""
        found: list[Hostile] = []
        took = 0.0
        while took < level:
            one = Hostile(self, f"bot-{len(found)}", chance)
            takes = one.cost_us(prices, tls) if self.resource is Resource.PROCESSOR else float(one.held)
            if took + takes > level:
                one.slow((level - took) / takes)
                takes = level - took
            took += takes
            found.append(one)
        return found


@dataclass
class Hostile:
    attack: Attack
    name: str
    chance: random.Random
    held: int = 0
    opens: float = 0.0
    asks: float = 0.0
    choked: int = 0
    since: list[int] = field(default_factory=list)
    """When each held connection was made."""

    def __post_init__(self) -> None:
        self.held = self.chance.randint(*self.attack.held)
        self.opens = self.chance.uniform(*self.attack.opens)
        self.asks = self.chance.uniform(*self.attack.asks)
        self.begins = self.chance.randrange(2, 6)
        self.chokes_s = self.chance.choice(TAKES_NOTHING_AFTER_S)

    def slow(self, share: float) -> None:
        """Does only so much of it."""
        self.opens, self.asks = self.opens * share, self.asks * share
        if not self.asks:
            self.held = max(1, round(self.held * share)) if self.held else 0

    def cost_us(self, prices: Prices, tls: bool) -> float:
        """A second."""
        requests = self.asks + self.opens * self.attack.asks_a_connection
        if self.attack.lasts_s:
            return self.held / self.attack.lasts_s * (prices.tls if tls and self.attack.joins else prices.connection)
        return self.opens * (prices.tls if tls else prices.connection) + requests * prices.request

    def act(self, edge: Edge, second: int, pace: float) -> None:
        if second < self.begins:
            return
        attack, name = self.attack, self.name
        if attack.lasts_s:
            for _ in [one for one in self.since if one + attack.lasts_s <= second]:
                self._ends(edge)
            self.since = [one for one in self.since if one + attack.lasts_s > second]
        for _ in range(self.held - len(self.since)):
            if edge.exhausted():
                break
            if edge.connect(name, 1, shake=not attack.lasts_s or attack.joins):
                if attack.joins or attack.joins_once:
                    edge.ask(name, 1)
                    if not edge.enter(name, stream=attack.joins, anew=True) and attack.joins:
                        edge.hold(name, -1)
                        continue
                jitter = self.chance.randrange(3) if attack.lasts_s else 0
                self.since.append(second - jitter)
        if attack.stalls:
            choked = sum(one + self.chokes_s <= second for one in self.since)
            edge.choke(name, choked - self.choked)
            self.choked = choked
        new = int(self.opens * pace + self.chance.random())
        if new and attack.joins:
            for _ in range(new):
                if edge.connect(name, 1):
                    edge.ask(name, 1)
                    if edge.enter(name, stream=True, anew=True):
                        edge.leave(name, quits=True)
                    else:
                        edge.hold(name, -1)
        elif new:
            edge.connect(name, new, stay=False)
            if attack.asks_a_connection:
                edge.ask(name, new * attack.asks_a_connection)
        asks = int(self.asks * pace + self.chance.random()) if self.asks else 0
        if asks and self.since:
            edge.ask(name, asks, attack.far)
            if attack.waits and edge.busy >= 0.9:
                edge.away["waiting"] += asks
                if (trace := edge.sample.trace(name)) is not None:
                    trace.waits += asks
                    trace.waited += asks

    def _ends(self, edge: Edge) -> None:
        if self.attack.joins:
            edge.leave(self.name, stalls=self.attack.stalls)
        else:
            edge.hold(self.name, -1)
