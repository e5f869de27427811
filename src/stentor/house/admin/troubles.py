"""What goes wrong, in words for people who have never seen a shell, and what to do; and what did lately."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from typing import Final, Protocol

import msgspec

from stentor.base import vitals
from stentor.base.clock import Clock, unix_ms
from stentor.bus.connection import heed_cancel
from stentor.spaces.lights import GREEN, Color, ProcessSeen, disk
from stentor.spaces.readiness import NEEDED

LOOK_S: Final = 5.0
KEPT: Final = 50
"""Of what is over, the newest."""
KEPT_MS: Final = 7 * 86_400_000
RESTARTED_S: Final = 3600.0
"""So long a restart is worth a word."""


class ProcessHeard(ProcessSeen, Protocol):
    """A heartbeat (``bus.status.Status`` is one)."""

    @property
    def instance(self) -> str: ...
    @property
    def problem(self) -> str: ...


class Trouble(msgspec.Struct, frozen=True):
    """One thing. ``kind`` chooses the sentence (``trouble.<kind>``) and what to do (``trouble.<kind>_do``)."""

    kind: str
    color: Color
    role: str = ""
    """Of the process that it is about, for its name in words."""
    where: str = ""
    """The process itself, or empty."""
    said: str = ""
    """A process's own words, or a number; not part of what makes it the same trouble."""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.role, self.where


class PastTrouble(msgspec.Struct, frozen=True):
    """A trouble and its time; ``until_ms`` is None while it lasts."""

    trouble: Trouble
    since_ms: int
    until_ms: int | None = None


def troubles(heard: Collection[ProcessHeard], *, bus: bool) -> list[Trouble]:
    """Everything that goes wrong now, the worst first; ``heard`` are the heartbeats of the last 3 s."""
    if not bus:
        return [Trouble("bus", Color.RED)]
    found = list(_missing(heard))
    room = disk(heard)
    if room != GREEN:
        found.append(Trouble(str(room.reason).replace("-", "_"), room.color))
    found += _of_processes(heard)
    return sorted(found, key=lambda trouble: trouble.color is not Color.RED)


def _missing(heard: Collection[ProcessHeard]) -> Iterator[Trouble]:
    roles = {each.role for each in heard}
    for role in NEEDED:
        if role not in roles:
            yield Trouble("missing", Color.RED, role)


def _of_processes(heard: Collection[ProcessHeard]) -> Iterator[Trouble]:
    for each in heard:
        if each.problem:
            yield Trouble("problem", Color.YELLOW, each.role, each.instance, each.problem)
        age_s, starts = each.numbers.get(vitals.AGE, RESTARTED_S), round(each.numbers.get(vitals.STARTED, 0))
        if starts > 1 and age_s < RESTARTED_S:
            yield Trouble("restarted", Color.YELLOW, each.role, each.instance, str(starts - 1))


class TroubleRecord:
    """Remembers what went wrong, for as long as this process lives; ``run`` is a task of the role."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lasting: dict[tuple[str, str, str], PastTrouble] = {}
        self._over: list[PastTrouble] = []

    async def run(self, look: Callable[[], Collection[Trouble]]) -> None:
        """Looks every :data:`LOOK_S`; for ever. ``look`` gives the troubles of now."""
        while True:
            heed_cancel()
            await asyncio.sleep(LOOK_S)
            self.note(look())

    def note(self, found: Collection[Trouble]) -> None:
        """What goes wrong now."""
        now_ms = unix_ms(self._clock())
        seen = {trouble.key: trouble for trouble in found}
        for key in [key for key in self._lasting if key not in seen]:
            past = self._lasting.pop(key)
            self._over.append(msgspec.structs.replace(past, until_ms=now_ms))
        for key, trouble in seen.items():
            since_ms = self._lasting[key].since_ms if key in self._lasting else now_ms
            self._lasting[key] = PastTrouble(trouble, since_ms)
        self._over = [each for each in self._over[-KEPT:] if (each.until_ms or now_ms) > now_ms - KEPT_MS]

    @property
    def past(self) -> list[PastTrouble]:
        """What is over, the newest first."""
        return self._over[::-1]
