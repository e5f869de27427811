"""What houses tell edges of all other processes and of the lights, so that one edge's ``/metrics`` has everything:
subject ``installation``, once a second, nothing kept. No names, no titles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from stentor.bus.connection import Bus
from stentor.bus.status import Status

SUBJECT = "installation"
HEARD_S = 5.0
"""What is older is not told any more: no house is there."""
MOST_PROCESSES = 1000


class ProcessTold(msgspec.Struct, frozen=True):
    """One process that is not an edge."""

    role: str
    instance: str
    numbers: dict[str, float] = {}
    """Of its heartbeat."""
    lag_ms: dict[str, int] = {}
    """How far it is behind, by space."""
    problem: bool = False
    """Whether it says that something is wrong."""


class Installation(msgspec.Struct, frozen=True):
    """Everything but the edges."""

    processes: list[ProcessTold] = []
    lights: dict[str, dict[str, str]] = {}
    """By space and light: ``green``, ``yellow``, ``red`` or ``off``."""


def told(statuses: Iterable[Status]) -> list[ProcessTold]:
    """What is told of these processes."""
    return [
        ProcessTold(
            each.role,
            each.instance,
            each.numbers,
            {space: seen.lag_ms for space, seen in each.spaces.items()} if each.role in LAGGING else {},
            bool(each.problem),
        )
        for each in statuses
        if each.role != "edge"
    ][:MOST_PROCESSES]


LAGGING = frozenset({"programme", "archive"})
"""Roles that say how far behind they are with a space."""


async def say(bus: Bus, found: Installation) -> None:
    """To all edges."""
    await bus.publish(SUBJECT, msgspec.json.encode(found))


class InstallationHeard:
    """The newest word of any house. ``clock`` is a steady one, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heard = (float("-inf"), b"")

    async def start(self, bus: Bus) -> None:
        """Listens for as long as the bus lives."""
        await bus.subscribe(SUBJECT, self.hear)

    def hear(self, _: str, payload: bytes) -> None:
        self._heard = self._clock(), payload

    def now(self) -> Installation:
        """Nothing while no house is heard, or one whose word this version does not read."""
        heard_s, payload = self._heard
        if self._clock() - heard_s > HEARD_S:
            return Installation()
        try:
            return msgspec.json.decode(payload, type=Installation)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Installation()
