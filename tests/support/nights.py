"""Nights whose truth is known: a crowd, robots, somebody hostile, a fault of one's own, each second as rows of edges.

Sources act one by one; what edges make of them goes through their own code: the sample of sources, their kinds, the
costliest. The truth is this module's ledger of who took what. Costs are drawn anew for each night, since the rules do
not know what a request costs on a machine.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from functools import lru_cache

from stentor.evidence.load import FEWEST, HELD_BACK, Resource, judged
from stentor.evidence.row import EdgeRoom, EdgeSecond, SpaceSecond
from stentor.evidence.sources import CONNECTION_US, TLS_US, Reach, Sample, costliest, named
from stentor.evidence.verdict import LEAST_SHARE, Outcome
from tests.support.sources import Attack, Edge, Guests, Hostile, Robot, Source, robots

SPACE = "friday"
BEGAN_MS = 1_900_000_000_000
SECONDS = 60
ROOMY = 4.0

ATTACKS: dict[str, Attack] = {
    "page flood": Attack(Resource.PROCESSOR, held=(1, 4), asks=(30, 300)),
    "connect and hold": Attack(Resource.CONNECTIONS, held=(10, 60), lasts_s=10),
    "TLS handshakes": Attack(Resource.PROCESSOR, opens=(5, 40), handshakes=True),
    "slow heads": Attack(Resource.CONNECTIONS, held=(5, 30), lasts_s=20),
    "slow readers": Attack(Resource.PLACES, held=(1, 4), joins=True, lasts_s=36, stalls=True),
    "join and leave": Attack(Resource.PROCESSOR, opens=(2, 10), asks_a_connection=1, joins=True, quits=True),
    "door flood": Attack(Resource.PROCESSOR, held=(1, 1), asks=(40, 400)),
    "connect and close": Attack(Resource.PROCESSOR, opens=(20, 100)),
    "ticket farm": Attack(Resource.PROCESSOR, held=(1, 2), asks=(40, 200), far=Reach.WAITED),
    "404 scan": Attack(Resource.PROCESSOR, held=(1, 2), asks=(15, 100)),
    "what is no HTTP": Attack(Resource.PROCESSOR, opens=(10, 60)),
    "playlist flood": Attack(Resource.PROCESSOR, held=(1, 2), asks=(50, 500), joins_once=True),
    "deaf to 429": Attack(Resource.PROCESSOR, held=(1, 2), asks=(15, 100), waits=True),
    "large posts": Attack(Resource.PROCESSOR, held=(1, 2), asks=(15, 60)),
    "many houses": Attack(Resource.PROCESSOR, opens=(0.1, 0.3), asks_a_connection=1, tls=True),
    "patient flood": Attack(Resource.PROCESSOR, held=(1, 3), asks=(15, 60), joins_once=True),
    "one request a connection": Attack(Resource.PROCESSOR, opens=(3, 20), asks_a_connection=1),
    "flood of many ways": Attack(
        Resource.PROCESSOR, held=(2, 5), opens=(1, 4), asks=(15, 60), asks_a_connection=2, joins_once=True
    ),
}
"""Eighteen kinds. A flood of SYN with false senders is not among them: it fills nothing that rows tell of."""
CROWDS: dict[str, Guests] = {
    "push": Guests(0.6, within_s=8),
    "flash": Guests(0.3, within_s=25),
    "carrier": Guests(0.5, within_s=10, shared=0.7, addresses=6),
    "school": Guests(0.6, within_s=6, shared=0.5, addresses=3),
    "reloaders": Guests(0.5, within_s=8, reloads=4, quits=0.35),
    "steady": Guests(0.7, within_s=20),
    "hotel": Guests(0.5, within_s=12, shared=0.9, addresses=12, reloads=2, quits=0.15, bare=0.5),
    "edge lost": Guests(0.9, within_s=2, bare=0.6),
    "two halls": Guests(0.3, within_s=18, shared=0.6, addresses=30, reloads=1, quits=0.25, bare=0.35),
}
FAULTS = (
    "limit too low", "descriptors too few", "processor taken", "edges restarted", "certificate over",
    "proxy not trusted", "disk full", "own pages retry",
)  # fmt: skip
SHARES, LOADS = (0.0, 0.05, 0.2, 0.5, 0.8), (0.7, 1.3, 2.0)


@dataclass(frozen=True)
class Night:
    """What is to happen. ``share`` is the hostile sources' of the load, ``load`` all that comes against what fits."""

    seed: int
    crowd: str
    attack: str = "page flood"
    share: float = 0.0
    load: float = 0.7
    fault: str = ""

    @property
    def needs_tls(self) -> bool:
        return self.fault == "certificate over" or (self.share > 0 and ATTACKS[self.attack].needs_tls)

    @property
    def resource(self) -> Resource:
        if self.fault == "limit too low":
            return Resource.PLACES
        if self.fault == "descriptors too few":
            return Resource.CONNECTIONS
        if self.share:
            return ATTACKS[self.attack].resource
        return random.Random(self.seed).choice([Resource.PROCESSOR, Resource.PLACES])


@dataclass
class Ledger:
    """By second and side (False: the audience), of each resource in its own unit: what it took."""

    took: dict[Resource, list[dict[bool, float]]] = field(
        default_factory=lambda: {each: [{False: 0.0, True: 0.0} for _ in range(SECONDS)] for each in Resource}
    )
    told: list[int] = field(default_factory=lambda: [0] * SECONDS)
    """By second: how many the door told to wait."""


@dataclass(frozen=True)
class Truth:
    """Shares of the resource over the seconds in which it was full, or over the fullest ones."""

    resource: Resource
    audience: float
    """What the audience would have taken if there were room for all."""
    hostile: float
    """What hostile sources took."""
    full_seconds: int
    total: float
    fault: str


@dataclass(frozen=True)
class Replay:
    night: Night
    rows: list[EdgeSecond]
    truth: Truth
    ledger: Ledger

    def hostile(self, resource: Resource) -> float:
        """Their part of what was used of it in the seconds by which it is judged."""
        seconds = [(row.at_ms - BEGAN_MS) // 1000 for row in judged(self.rows, resource)[0]]
        took = [self.ledger.took[resource][second] for second in seconds]
        whole = sum(side[False] + side[True] for side in took)
        return sum(side[True] for side in took) / whole if whole else 0.0


class Costs:
    """Microseconds, this night's machine; the rules take others for it."""

    def __init__(self, chance: random.Random) -> None:
        speed = chance.uniform(0.5, 2.0)

        def near(us: float) -> float:
            return us * speed * chance.gauss(1.0, 0.08)

        self.request, self.connection, self.tls, self.listener = near(30), near(CONNECTION_US), near(TLS_US), near(9)


def replay(night: Night) -> Replay:
    """Twice: once with room for all, without hostile sources and faults, which tells what the audience would take."""
    chance = random.Random(night.seed)
    costs, tls = Costs(chance), chance.random() < 0.5 or night.needs_tls
    people = chance.randrange(80, 220)
    guests = CROWDS[night.crowd]
    roomy = dict.fromkeys(Resource, 1000000000000.0)
    alone = _Run(night, guests.sources(people, random.Random(night.seed + 1), SECONDS), [], roomy, costs, tls)
    alone.run(rows=False)
    resource = night.resource
    wanted = [alone.ledger.took[resource][second][False] for second in range(SECONDS)]
    level = sum(sorted(wanted)[-15:]) / 15
    hostile: list[Hostile] = []
    if night.share:
        hostile = ATTACKS[night.attack].sources(
            level * night.share / (1 - night.share), costs, tls, random.Random(night.seed + 2), SECONDS
        )
    besides = sum(one.cost_us(costs, tls) for one in hostile)
    room = _room(night, alone.ledger, resource, level / (1 - night.share) / night.load, besides, chance)
    run = _Run(night, guests.sources(people, random.Random(night.seed + 1), SECONDS), hostile, room, costs, tls).run()
    truths = [_truth(night, run.ledger, each, room[each], alone.ledger) for each in Resource if room.get(each)]
    truth = max(truths, key=lambda truth: (truth.full_seconds, truth.total))
    return Replay(night, run.rows, truth, run.ledger)


def _room(
    night: Night, alone: Ledger, resource: Resource, most: float, besides_us: float, chance: random.Random
) -> dict[Resource, float]:
    """How much there is of each: of the one that is to be full as given, of the others enough, but not too much."""
    peaks = {each: max(side[False] for side in alone.took[each]) for each in Resource}
    room = {each: max(1.0, peak) * ROOMY for each, peak in peaks.items()}
    room[Resource.LINE] = 0.0
    room[resource] = max(1.0, most)
    if resource is not Resource.PROCESSOR:
        usual = sum(side[False] for side in alone.took[Resource.PROCESSOR][-20:]) / 20
        used = usual * min(1.0, most / max(1.0, peaks[resource])) + 0.35 * usual + besides_us
        idle = (4.0, 8.0) if night.fault else (1.1, 1.35)  # where a limit is too low, the processor has little to do
        room[Resource.PROCESSOR] = used * chance.uniform(*idle)
    if night.fault in ("limit too low", "descriptors too few"):
        # had there been no such number, the machine would have had room for all, also when they came
        room[Resource.PROCESSOR] = max(room[Resource.PROCESSOR], 2.2 * peaks[Resource.PROCESSOR])
    if night.fault in ("processor taken", "edges restarted", "certificate over", "disk full"):
        room[resource] = max(room[resource], 1.6 * peaks[resource])
    if night.fault == "own pages retry":
        room[resource] = 2.0 * sum(side[False] for side in alone.took[resource][-20:]) / 20
    if night.fault == "proxy not trusted":
        room[Resource.PLACES] = ROOMY * peaks[Resource.PLACES]
        room[Resource.PROCESSOR] = 2.0 * peaks[Resource.PROCESSOR]
    return room


def _truth(night: Night, ledger: Ledger, resource: Resource, most: float, alone: Ledger) -> Truth:
    took = ledger.took[resource]
    totals = [(side[False] + side[True]) / most for side in took]
    full = [second for second, total in enumerate(totals) if is_full(ledger, resource, second, total)]
    judged = full if len(full) >= 3 else sorted(range(SECONDS), key=lambda second: -totals[second])[:5]
    wanted = [side[False] for side in alone.took[resource]]
    done = sum(totals[second] for second in judged) / len(judged)
    most *= max(1.0, done)  # a full processor may have done a little more in a second than was thought
    audience = sum(wanted[second] for second in judged) / most / len(judged)
    hostile = sum(took[second][True] for second in judged) / most / len(judged)
    total = min(1.0, done)
    return Truth(resource, audience, hostile, len(full), max(total, audience + hostile), night.fault)


def is_full(ledger: Ledger, resource: Resource, second: int, total: float) -> bool:
    """Nine tenths; or seven, while the door tells people to wait, since it holds places, processor and line there."""
    narrow = resource is not Resource.CONNECTIONS and ledger.told[second] > 0
    return total >= (HELD_BACK if narrow else 0.9)


def expected(truth: Truth) -> Outcome:
    """By the definitions of docs/explanation/verdict.md, from the ledger alone."""
    if truth.fault:
        return Outcome.SELF_INFLICTED
    if truth.full_seconds < FEWEST:
        return Outcome.NOTHING_WAS_FULL
    if truth.audience >= 1.0 or truth.hostile < LEAST_SHARE * min(1.0, truth.total):
        return Outcome.POPULARITY
    return Outcome.ATTACK if truth.hostile > truth.audience else Outcome.MIXED


def at_border(truth: Truth) -> bool:
    """Within a tenth of where another finding begins (full, filled by the audience, the larger part, worth naming), or
    two seconds longer or shorter full than counts."""
    if truth.fault:
        return False
    share = truth.hostile / min(1.0, truth.total)
    return (
        FEWEST - 2 <= truth.full_seconds <= FEWEST + 1
        or (truth.full_seconds < FEWEST and truth.total >= 0.8)
        or abs(truth.audience - 1.0) <= 0.1
        or (truth.audience < 1.0 and abs(truth.hostile - truth.audience) <= 0.1)
        or abs(share - LEAST_SHARE) <= 0.03
    )


class _Run:
    """One night at one edge (or two), with so much room."""

    def __init__(
        self, night: Night, guests: list[Source], hostile: list[Hostile], room: dict[Resource, float], costs: Costs,
        tls: bool,
    ) -> None:  # fmt: skip
        self.night, self.room, self.costs, self.tls = night, room, costs, tls
        self.chance = random.Random(night.seed + 3)
        self.ledger = Ledger()
        self.sources: list[Source | Robot] = [*guests, *robots(self.chance, SECONDS)]
        self.hostile = hostile
        self.edge = Edge(
            self.chance, Sample(_spread, most=400 if night.seed % 10 == 0 else 16_384), room, night.fault, costs, tls
        )
        self.rows: list[EdgeSecond] = []

    @property
    def room_told(self) -> EdgeRoom:
        places, connections = (round(min(1e9, self.room[each])) for each in (Resource.PLACES, Resource.CONNECTIONS))
        return EdgeRoom(places, connections, 0, 1000)

    def run(self, *, rows: bool = True) -> _Run:
        for second in range(SECONDS):
            whole_us = self._second(second)
            if rows:
                self._row(second, whole_us)
        return self

    def _second(self, second: int) -> float:
        """Microseconds of processor that were wanted."""
        edge, costs, took = self.edge, self.costs, self.ledger.took
        edge.begin(second)
        for source in self.sources:
            source.act(edge, second)
        audience_us = edge.cost_us(costs, self.tls)
        edge.hostile = True
        left = self.room[Resource.PROCESSOR] - audience_us
        wanted = sum(one.cost_us(costs, self.tls) for one in self.hostile)
        pace = 1.0 if left >= wanted or not wanted else max(0.02, left / wanted)
        for one in self.hostile:
            one.act(edge, second, pace)
        whole_us = edge.cost_us(costs, self.tls)
        edge.hostile = False
        took[Resource.PROCESSOR][second] = {False: audience_us, True: whole_us - audience_us}
        took[Resource.PLACES][second] = dict(edge.hearing)
        took[Resource.CONNECTIONS][second] = dict(edge.open)
        self.ledger.told[second] = edge.away["waiting"]
        return whole_us

    def _row(self, second: int, whole_us: float) -> None:
        edge, room = self.edge, self.room
        scale = 1000.0 / room[Resource.PROCESSOR]
        busy = min(1.0, whole_us / room[Resource.PROCESSOR])
        edge.busy = busy
        top = costliest(edge.asked, edge.came, connection_us=TLS_US if self.tls else CONNECTION_US)
        stages = edge.sample.taken()
        tls = (edge.handshakes, edge.done, edge.handshakes - edge.done) if self.tls else (0, 0, 0)
        cpu_ms = round(whole_us * scale) if busy < 1 else round(1000 * self.chance.uniform(0.93, 1.0))
        late = round(1000 * self.chance.uniform(0.3, 0.9)) if edge.taken else round(100 * busy**8)
        self.rows.append(
            EdgeSecond(
                "edge-0", BEGAN_MS + 1000 * second, round(edge.open[False] + edge.open[True]),
                edge.accepted, edge.requests,
                edge.full, edge.crowded, edge.hasty, failed=edge.failed, tls=tls,
                turned_away={reason: times for reason, times in edge.away.items() if times},
                cpu_ms=round(0.4 * cpu_ms) if edge.taken else cpu_ms, lag_ms=late,
                spaces={SPACE: SpaceSecond(hearing=round(edge.hearing[False] + edge.hearing[True]), asking=edge.asking,
                                           lobby=round(edge.waiting * self.chance.gauss(1, 0.06)), joins=edge.joins)},
                costliest=[(named(_spread(source)), asked, came) for source, asked, came in top],
                halvings=edge.sample.halvings, stages=stages, kinds=edge.sample.kinds,
                room=self.room_told,
            )
        )  # fmt: skip


@lru_cache(100_000)
def _spread(source: str) -> int:
    return int.from_bytes(hashlib.blake2b(source.encode(), digest_size=8).digest(), "big")
