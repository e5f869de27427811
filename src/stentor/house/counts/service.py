"""Adds up the rows of edges as they come, and keeps the numbers of every space.

Every house does it alike, from the same rows with the same function, so any of them answers and says the same. What is
kept (object ``counts/<space>.json``) is made anew a minute after it changed; a house that starts reads the rows of
today and those of the spaces that are on, from their beginning. Plays of earlier days are in what is kept; of a
day that two have counted the larger number stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.bus.attacks import AttackFile
from stentor.bus.board import Board
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.documents import Gone
from stentor.bus.evidence import EvidenceLog, say_counts
from stentor.evidence.closing import Closing
from stentor.evidence.counts import AudienceTally, Counts, kept_key, with_plays
from stentor.evidence.course import Course, CourseTally
from stentor.evidence.plays import DAY_MS, together
from stentor.evidence.report import kept_key as report_key
from stentor.evidence.row import EdgeSecond
from stentor.house.counts.salts import SaltKeeper
from stentor.house.counts.verdicts import LiveVerdicts
from stentor.spaces.model import Space
from stentor.store.objects import Objects

LOOK_S: Final = 1.0
KEEP_S: Final = 60.0
AFTER_S: Final = 300.0
"""So long after the end of a space its rows are waited for: edges serve it for two minutes more."""
AHEAD_MS: Final = 300_000
"""A row of so much later is of a clock that was set: it would push the rows of all others out of the course."""


class _Finished(msgspec.Struct):
    """What matters of a report that is kept."""

    final: bool
    course: Course


class AudienceCounts:
    """``follow`` and ``run`` are tasks of the role."""

    def __init__(self, bus: Bus, objects: Objects, clock: Clock) -> None:
        self._bus, self._objects, self._clock = bus, objects, clock
        self._rows = EvidenceLog(bus)
        self._salts = SaltKeeper(bus, clock)
        self.attack_file = AttackFile(bus)
        self._board = Board(bus)
        self._on_air: dict[str, int] = {}
        """When their doors opened."""
        self._tallies: dict[str, AudienceTally] = {}
        self._over: dict[str, float] = {}
        """Since when a space is not on the air (monotonic seconds)."""
        self._doors: dict[str, int] = {}
        """When the doors of those opened."""
        self._told: dict[str, Counts] = {}
        self._stored: dict[str, Counts | None] = {}
        """Of the spaces with a tally: what is kept."""
        self.verdicts = LiveVerdicts()
        self._courses: dict[str, CourseTally] = {}
        self._closings: dict[str, Closing] = {}
        self._day = -1
        self.caught_up = False
        """All rows that there were when this house began have been read: before, nothing is complete."""
        self._log = log.get("house")

    async def of(self, space: str) -> Counts | None:
        """The numbers as they stand; None while there are none. Raises :class:`Overloaded`."""
        return self._now(space) if space in self._tallies else await self._read(space)

    def course(self, space: str) -> Course | None:
        """How a space that is on, or was until a moment ago, has gone so far; None where no row has come."""
        tally = self._courses.get(space)
        return tally.course() if tally else None

    async def whole_course(self, space: str) -> Course | None:
        """The same also of a space that is long over, by its report. Raises :class:`Overloaded`."""
        kept = None if space in self._courses else await self._reported(space)
        return kept.course if kept else self.course(space)

    def closing(self, space: str) -> Closing:
        """Which edges have said the last of a space that is over."""
        return self._closings.get(space) or Closing(space)

    def watched(self) -> tuple[set[str], set[str]]:
        """The spaces that are on the air, and those that were until five minutes ago."""
        return set(self._on_air), set(self._over)

    async def _read(self, space: str) -> Counts | None:
        """What is kept. Raises :class:`Overloaded`."""
        try:
            return msgspec.json.decode(await self._objects.get(kept_key(space)), type=Counts)
        except (NotFound, msgspec.DecodeError):
            return None

    async def _reported(self, space: str) -> _Finished | None:
        """Of the report that is kept. Raises :class:`Overloaded`."""
        try:
            return msgspec.json.decode(await self._objects.get(report_key(space)), type=_Finished)
        except (NotFound, msgspec.DecodeError):
            return None

    def _now(self, space: str) -> Counts | None:
        """What is kept, and what has come since: of a space that is over only plays do."""
        found, stored = self._tallies[space].counts(), self._stored.get(space)
        if found is None or stored is None:
            return found or stored
        hidden = found.plays.at_least or stored.plays.at_least
        on = space in self._on_air or (space in self._over and found.rows >= stored.rows)
        return with_plays(found if on else stored, together(found.days, stored.days), at_least=hidden)

    async def follow(self) -> None:
        """Keeps which spaces are on air; for ever."""
        async for space in self._board.watch():
            over = space.key if isinstance(space, Gone) else space.id
            if not isinstance(space, Gone) and space.on_air:
                self._on_air[space.id] = space.doors_open_ms or 0
                self._over.pop(space.id, None)
                await self._salts.make(self._on_air)
            elif (doors_ms := self._on_air.pop(over, None)) is not None:
                self._over[over], self._doors[over] = asyncio.get_running_loop().time(), doors_ms
            elif not isinstance(space, Gone) and await self._left_open(space):
                self._over[over], self._doors[over] = asyncio.get_running_loop().time(), space.doors_open_ms or 0

    async def _left_open(self, space: Space) -> bool:
        """Whether it ended while no house was there, or just before one began anew: its report is to be completed."""
        if space.ended_ms is None or space.doors_open_ms is None or self._board.read.is_set():
            return False
        if unix_ms(self._clock()) - space.ended_ms > DAY_MS:
            return False
        try:
            kept = await self._reported(space.id)
        except Overloaded:
            return False
        return kept is not None and not kept.final

    async def follow_salts(self) -> None:
        """Keeps which salts there are; for ever."""
        await self._salts.follow()

    async def run(self) -> None:
        """Reads what edges said, tells them the sums, and keeps those; for ever."""
        await self._board.read.wait()
        now_ms = round(self._clock() * 1000)
        since_ms = min([now_ms - now_ms % DAY_MS, *self._on_air.values(), *self._doors.values()])
        following = self._rows.follow(since_ms=since_ms)
        loop = asyncio.get_running_loop()
        keep_s = loop.time() + KEEP_S
        while True:
            heed_cancel()
            await asyncio.sleep(LOOK_S)
            try:
                async for row in following.new():
                    await self._hear(row)
                self.caught_up = True
            except Overloaded:
                continue  # the bus is away, or of an older version; rows stay there
            counts = self._counts()
            await self._tell(counts)
            over = [space for space, since in self._over.items() if loop.time() - since > AFTER_S]
            await self._salts.make(self._on_air)
            if over or loop.time() >= keep_s:
                keep_s = loop.time() + KEEP_S
                await self._keep(counts)
                self._forget()
                await self._salts.tend(self._on_air.keys() | (self._over.keys() - set(over)))
            for space in over:
                for table in (self._over, self._doors, self._courses, self._closings):
                    table.pop(space, None)
                self.verdicts.forget(space)

    async def _hear(self, row: EdgeSecond) -> None:
        for space, seen in row.spaces.items():
            if space in self._on_air or space in self._over or seen.plays or seen.robots:
                if space not in self._tallies:
                    await self._begin(space)
                with suppress(Malformed):  # a newer edge, or a broken one: what it says of the space is not counted
                    self._tallies[space].hear(row)
            if space in self._on_air or space in self._over:
                self.verdicts.hear(space, row)
                self._closings.setdefault(space, Closing(space)).hear(row)
                if row.at_ms < unix_ms(self._clock()) + AHEAD_MS:
                    self._courses.setdefault(space, CourseTally(space)).hear(row)

    async def _begin(self, space: str) -> None:
        """Reads what is kept; rows wait on the bus until the store answers."""
        while space not in self._stored:
            try:
                self._stored[space] = await self._read(space)
            except Overloaded:
                await asyncio.sleep(LOOK_S)
        self._tallies[space] = AudienceTally(space)

    def _forget(self) -> None:
        """A new day has begun: what is over counts its plays from nothing, beside what is kept."""
        day = round(self._clock() * 1000) // DAY_MS
        if day != self._day:
            self._day = day
            for space in self._tallies.keys() - self._on_air.keys() - self._over.keys():
                for table in (self._tallies, self._told, self._stored):
                    table.pop(space, None)

    def _counts(self) -> dict[str, Counts]:
        found = ((space, self._now(space)) for space in self._tallies)
        return {space: counts for space, counts in found if counts is not None}

    async def _tell(self, counts: Mapping[str, Counts]) -> None:
        for space, found in counts.items():
            if not _same(found, self._told.get(space)):
                self._told[space] = found
                await say_counts(self._bus, found)

    async def keep(self, space: str) -> None:
        """Keeps the numbers of a space now: its report is complete, and a house that begins anew counts it no more."""
        if space in self._tallies and (found := self._now(space)) is not None:
            await self._keep({space: found})

    async def _keep(self, counts: Mapping[str, Counts]) -> None:
        for space, found in counts.items():
            if _same(found, self._stored.get(space)):
                continue
            try:
                await self._objects.put(kept_key(space), msgspec.json.encode(found))
            except Overloaded as error:
                self._log.warning("counts-not-kept", space=space, reason=error.detail)
                return  # in a minute again
            self._stored[space] = found


def _same(one: Counts, other: Counts | None) -> bool:
    """Whether nothing has changed but the time."""
    return other is not None and one == msgspec.structs.replace(other, rows=one.rows, until_ms=one.until_ms)
