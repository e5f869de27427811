"""Heartbeats: what every process says of itself, on ``status.<role>.<instance>``, and a collection of everybody's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from stentor.audio.watch import Oddity
from stentor.base.vitals import Vitals
from stentor.bus.connection import Bus
from stentor.spaces.quality import Quality
from stentor.spaces.simulcast import DestinationSeen

MAX_SENDERS = 10_000
"""More processes than any cluster has; beyond it the one unheard longest is forgotten."""
READS_BATCHES = "reads_batches"
"""Among the numbers of a programme: it reads several ticks in a message. Versions before this one do not."""
READS_SPANS = "reads_spans"
"""Among the numbers of an edge and of an archive: it reads one message for several chunks."""
READS_NAMES = "reads_names"
"""Among the numbers of an edge: it takes names from beside a recording (``spaces.names``)."""
READS_CLOSING = "reads_closing"
"""Among the numbers of a house: it keeps the grid of a space whose doors were closed again."""
READS_SHORT_LINKS = "reads_short_links"
"""Among the numbers of a house: it reads short tokens of invitations (``spaces.tokens``)."""
READS_PRIVATE = "reads_private"
"""Among the numbers of an edge: it keeps private spaces to those with a pass (``spaces.private``)."""
READS_DELAY = "reads_delay"
"""Among the numbers of programme, edge, archive and captions: it keeps the broadcast delay (``spaces.delay``)."""
BEATING = ("archive", "captions", "courier", "edge", "house", "programme", "stage")
"""The roles that tell of themselves."""
FRESH_S = 3.0
"""A process unheard for so long counts as gone."""
URGENT_S = 0.05
"""How soon a change is told that does not wait for the next heartbeat."""


class SeatStatus(msgspec.Struct, frozen=True):
    """A seat as the stage sees it now."""

    id: str
    name: str
    role: str
    state: Literal["connected", "lost"] = "connected"
    talking: bool = False
    heard: bool = True
    """A voice has come over this connection; a stage of an older version does not say."""
    muted: bool = False
    self_muted: bool = False
    """Their own page has switched the microphone off."""
    aside: bool = False
    """Speaks to those on the stage alone; a stage of an older version cannot, and does not say so."""
    level_dbfs: float = -96.0
    delay_ms: int = 0
    loss: float = 0.0
    """Share of packets lost on the way to the stage, 0 to 1."""
    jitter_ms: int = 0
    quality: Quality = Quality.GOOD
    oddities: list[Oddity] = []
    """What is odd about the sound."""
    spoken_s: float = 0.0
    """How long this person has spoken since the space went live, as far as this stage has heard it."""


class SpaceStatus(msgspec.Struct, frozen=True):
    """One space as one process sees it."""

    chunk: int = -1
    """The newest chunk made, sent or stored."""
    listeners: int = 0
    waiting: int = 0
    """Devices outside that asked this edge lately."""
    places: list[float] = []
    """The smallest places of those devices (``crowd.waiting``)."""
    source: str = ""
    lag_ms: int = 0
    unkept: int = 0
    """Chunks that were made here and that the bus has not taken: they wait in this process's memory."""
    complete: bool = False
    """The archive has everything of an ended space."""
    seats: list[SeatStatus] = []
    formats: dict[str, int] = {}
    """An edge's listeners by format."""
    rung: int = 0
    """Of the ladder, as an edge follows it."""
    fillers: int = 0
    """Chunks that an edge filled in itself."""
    reactions: dict[str, int] = {}
    """Those that an edge took since it started."""
    problem: str = ""
    destinations: list[DestinationSeen] = []
    """Of a courier: where else the space is sent, and how that stands."""
    players: float = 0.0
    """Of an edge's listeners those by HLS; ``listeners`` has them rounded."""
    last_hash: str = ""
    """Of an archive: the hash of the newest entry of the recording's manifest (``wire.manifest.chain``)."""


class Status(msgspec.Struct, frozen=True):
    """One heartbeat."""

    role: str
    instance: str
    at_ms: int
    pid: int
    spaces: dict[str, SpaceStatus] = {}
    numbers: dict[str, float] = {}
    problem: str = ""


NOTHING = SpaceStatus()


def news(seen: SpaceStatus) -> tuple[int, dict[str, int], list[tuple[str, bool, bool]]]:
    """What people care for of a space that waits: listeners, reactions, who is on the stage and talks."""
    return seen.listeners, seen.reactions, [(seat.id, seat.talking, seat.muted) for seat in seen.seats]


_decoder = msgspec.json.Decoder(Status)


async def beat(
    bus: Bus, make: Callable[[], Status], *, every_s: float = 1.0, urgent: Callable[[], object] | None = None
) -> None:
    """Publishes ``make()`` for ever: every so often, and within :data:`URGENT_S` of a change of ``urgent()``.

    What the process takes (:class:`Vitals`) stands beside its own numbers.
    """
    vitals = Vitals()
    while True:
        told = urgent and urgent()
        status = make()
        status = msgspec.structs.replace(status, numbers=vitals.numbers() | status.numbers)
        if bus.refused:
            status = msgspec.structs.replace(status, numbers=status.numbers | {"bus_refused": float(bus.refused)})
        await bus.publish(f"status.{status.role}.{status.instance}", msgspec.json.encode(status))
        if urgent is None:
            await asyncio.sleep(every_s)
            continue
        for _ in range(round(every_s / URGENT_S)):
            await asyncio.sleep(URGENT_S)
            if urgent() != told:
                break


class Statuses:
    """The newest heartbeat of every process; times are those of arrival, so clocks may differ."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heard: dict[tuple[str, str], tuple[float, Status]] = {}
        self._followers: list[Callable[[Status], None]] = []
        self._news_followers: list[Callable[[str], None]] = []

    def follow(self, heard: Callable[[Status], None]) -> None:
        """Calls ``heard`` with every heartbeat from now on; it must be quick."""
        self._followers.append(heard)

    def follow_spaces(self, told: Callable[[str], None]) -> None:
        """Calls ``told`` with the space whenever its listeners, reactions or seats change; it must be quick."""
        self._news_followers.append(told)

    async def start(self, bus: Bus, *roles: str) -> None:
        """Listens from now on, for as long as the bus lives, to these roles."""
        for role in roles:
            await bus.subscribe(f"status.{role}.>", self._hear)

    def _hear(self, _: str, payload: bytes) -> None:
        try:
            status = _decoder.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return  # not a heartbeat: a newer or a broken process; the others count
        before = self._heard.pop((status.role, status.instance), None)  # the newest stands last
        self._heard[status.role, status.instance] = (self._clock(), status)
        if len(self._heard) > MAX_SENDERS:
            del self._heard[next(iter(self._heard))]
        for heard in self._followers:
            heard(status)
        if self._news_followers:
            self._tell_news(status, before[1].spaces if before else {})

    def _tell_news(self, status: Status, known: Mapping[str, SpaceStatus]) -> None:
        for space, seen in status.spaces.items():
            if news(seen) != news(known.get(space, NOTHING)):
                for follower in self._news_followers:
                    follower(space)

    def fresh(self, now: float, role: str | None = None, within_s: float = FRESH_S) -> list[Status]:
        """Heartbeats heard in the last ``within_s`` seconds, of one role or of all."""
        return [
            status
            for heard, status in self._heard.values()
            if now - heard <= within_s and (role is None or status.role == role)
        ]

    def listeners(self, space: str, now: float) -> int:
        """How many hear the space, summed over the edges."""
        seen = (status.spaces[space] for status in self.fresh(now, "edge") if space in status.spaces)
        return round(sum(one.listeners - round(one.players) + one.players for one in seen))

    def reads_batches(self, now: float) -> bool:
        """Whether there are programmes, and all of them read several ticks in a message."""
        programmes = self.fresh(now, "programme")
        return bool(programmes) and all(status.numbers.get(READS_BATCHES) for status in programmes)

    def reads_spans(self, now: float) -> bool:
        """Whether there are edges or archives, and all of them read one message for several chunks that wait."""
        readers = [*self.fresh(now, "edge"), *self.fresh(now, "archive")]
        return bool(readers) and all(status.numbers.get(READS_SPANS) for status in readers)

    def reads_names(self, now: float) -> bool | None:
        """Whether all edges take names from beside a recording; None while there is no edge."""
        edges = self.fresh(now, "edge")
        return all(status.numbers.get(READS_NAMES) for status in edges) if edges else None

    def reads_short_links(self, now: float) -> bool:
        """Whether houses are heard, and all of them read short tokens."""
        houses = self.fresh(now, "house")
        return bool(houses) and all(status.numbers.get(READS_SHORT_LINKS) for status in houses)

    def reads_closing(self, now: float) -> bool:
        """Whether houses are heard, and all of them know spaces whose doors were closed again."""
        houses = self.fresh(now, "house")
        return bool(houses) and all(status.numbers.get(READS_CLOSING) for status in houses)

    def reads_private(self, now: float) -> bool:
        """Whether all edges that are heard keep private spaces to those with a pass."""
        return all(status.numbers.get(READS_PRIVATE) for status in self.fresh(now, "edge"))

    def reads_delay(self, now: float) -> bool:
        """Whether all programmes, edges, archives and captions that are heard keep the broadcast delay."""
        roles = ("programme", "edge", "archive", "captions")
        return all(status.numbers.get(READS_DELAY) for role in roles for status in self.fresh(now, role))

    def places(self, now: float) -> int:
        """Listeners that all edges together can carry."""
        return round(sum(edge.numbers.get("places", 0) for edge in self.fresh(now, "edge")))

    def destinations(self, space: str, now: float) -> list[DestinationSeen]:
        """Where else the space is sent, and how that stands."""
        couriers = (status.spaces.get(space) for status in self.fresh(now, "courier"))
        return [each for seen in couriers if seen is not None for each in seen.destinations]

    def captioned(self, space: str, now: float) -> bool:
        """Whether a process of captions listens to the space."""
        return any(space in status.spaces for status in self.fresh(now, "captions"))

    def reactions(self, space: str, now: float) -> dict[str, dict[str, int]]:
        """By edge: the reactions that it took since it started."""
        edges = self.fresh(now, "edge")
        return {status.instance: status.spaces[space].reactions for status in edges if space in status.spaces}

    def last_hash(self, space: str, now: float) -> str:
        """Of the recording so far, as the archive that has most of it tells; empty while there is none."""
        told = [status.spaces[space] for status in self.fresh(now, "archive") if space in status.spaces]
        return max(told, key=lambda one: one.chunk).last_hash if told else ""

    def seats(self, space: str, now: float) -> list[SeatStatus]:
        """The seats of the stage that holds the space; empty when there is none."""
        for status in self.fresh(now, "stage"):
            if space in status.spaces and status.spaces[space].seats:
                return status.spaces[space].seats
        return []
