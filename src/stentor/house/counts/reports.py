"""Keeps a report of every space that is on, and the last one when it is over: edges show it to everybody.

Every house does it alike, from the same rows and the same record; who writes last writes the same.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.config import Settings
from stentor.base.detached import Detached
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.bus.connection import heed_cancel
from stentor.evidence import attack, signed
from stentor.evidence.report import RecordingState, Report, WayReach, kept_key, report
from stentor.house.counts import rehearsed
from stentor.house.counts.service import AudienceCounts
from stentor.house.spaces.service import Spaces
from stentor.spaces.events import Event
from stentor.spaces.model import Space, State
from stentor.store import proof
from stentor.store.reach import ReachTable
from stentor.wire import manifest

LOOK_S: Final = 1.0
ANEW_S: Final = 60.0
REST: Final = 200
"""One that takes long is made anew after so many times as long: half a percent of a processor at most."""
FINAL_MS: Final = 50_000
"""After the end a report is completed with what has come: usually all edges have said their last and the recording is
complete by then.
"""
MOST_EVENTS: Final = 10_000


_EDGE: Final = re.compile(r"^(edge-\d+)-.*$")
"""The name of a process, and of its machine, which is nobody's business."""


class ReportKeeper:
    """``run`` is a task of the role."""

    def __init__(self, spaces: Spaces, counts: AudienceCounts, clock: Clock, settings: Settings, secret: bytes) -> None:
        self._signer = Detached(secret)
        self._spaces, self._counts, self._clock, self._settings = spaces, counts, clock, settings
        self._due: dict[str, float] = {}
        """When each is to be made anew (monotonic seconds)."""
        self._reach = ReachTable(spaces.store.work)
        self._complete: set[str] = set()
        """Those of which nothing is made any more."""
        self._log = log.get("house")

    async def run(self) -> None:
        """For ever."""
        loop = asyncio.get_running_loop()
        while True:
            heed_cancel()
            await asyncio.sleep(LOOK_S)
            on, over = self._counts.watched()
            self._complete &= over
            for space in self._due.keys() - on - over:
                del self._due[space]
            for space in on | over - self._complete:
                try:
                    done = space in over and await self._done(space)
                    if done or loop.time() >= self._due.get(space, 0.0):
                        began_s = loop.time()
                        await self._keep(space, over=space in over, final=done)
                        self._due[space] = loop.time() + max(ANEW_S, REST * (loop.time() - began_s))
                except NotFound:
                    continue  # no row yet, or removed
                except Overloaded as error:
                    self._log.warning("report-not-kept", space=space, reason=error.detail)

    async def _done(self, space: str) -> bool:
        """Whether nothing more will come of a space that is over, or it has been waited for long enough."""
        found = await self._spaces.load(space)
        if found.ended_ms is None or not self._counts.caught_up:
            return False
        told = found.state is State.REPLAY and not self._counts.closing(space).awaited(found.ended_ms)
        return told or unix_ms(self._clock()) >= found.ended_ms + FINAL_MS

    async def _keep(self, space: str, *, over: bool, final: bool) -> None:
        """What is complete stays as it is: another house may have been first."""
        if over and await self._kept_complete(space):
            self._complete.add(space)
            return
        made = await self.make(space, final=final)
        told, title = msgspec.json.encode(made), (await self._spaces.load(space)).title
        both = signed.sign(made, title, {signed.REPORT: told}, self._signer)
        await self._spaces.objects.put(signed.kept_key(space), msgspec.json.encode(both))
        await self._spaces.objects.put(kept_key(space), told)
        if final:
            await self._counts.keep(space)
            self._complete.add(space)
            after_s = (unix_ms(self._clock()) - (made.ended_ms or 0)) / 1000
            self._log.info("report-complete", space=space, after_s=round(after_s, 1), silent=made.silent)

    async def _kept_complete(self, space: str) -> bool:
        try:
            return msgspec.json.decode(await self._spaces.objects.get(kept_key(space)), type=Report).final
        except (NotFound, msgspec.DecodeError):
            return False

    async def make(self, space: str, *, final: bool = False) -> Report:
        """As it stands. Raises :class:`NotFound` before the first row and for what was removed, :class:`Overloaded`."""
        found = await self._spaces.load(space)
        course = self._counts.course(found.id)
        if found.removed is not None or found.doors_open_ms is None or course is None:
            raise NotFound("There is no report of this space.", code="no-report")
        verdict, counts = await self._counts.verdicts.of(found.id, anew=final), await self._counts.of(found.id)
        if verdict is None or counts is None:
            raise NotFound("There is no report of this space.", code="no-report")
        recording, spans = await self._recording(found)
        closing = self._counts.closing(found.id)
        silent = closing.silent(found.ended_ms, unix_ms(self._clock())) if final and found.ended_ms else []
        silent = [_EDGE.sub(r"\1", edge) for edge in silent]
        events = await self._events(found)
        rehearsal = await asyncio.to_thread(rehearsed.newest, self._settings, found.doors_open_ms)
        reached = await self._reach.of(found.id)
        if final:
            await self._reach.came(found.id, counts.ways, now_ms=unix_ms(self._clock()))
        ways = {
            way: WayReach(counts.ways.get(way, 0), *((one.told, one.sent) if (one := reached.get(way)) else ()))
            for way in sorted({*reached, *counts.ways})
        }
        told = await self._counts.attack_file.read()  # empty unless STENTOR_ATTACK_FILE is on
        return report(
            found, events, verdict, counts, course,
            final=final, spans=spans, recording=recording, rehearsal=rehearsal, silent=silent, ways=ways,
            addresses_kept=attack.within(told, found.doors_open_ms, counts.until_ms),
        )  # fmt: skip

    async def _events(self, space: Space) -> list[Event]:
        """All of them, of a long evening in several turns."""
        found: list[Event] = []
        after = 0
        while page := await self._spaces.store.history(space.id, after=after, limit=MOST_EVENTS):
            found += [event for _, event in page]
            after = page[-1][0]
        return found

    async def _recording(self, space: Space) -> tuple[RecordingState | None, Iterable[tuple[str, int, float]]]:
        """What its manifest says: the state of it, and what was not the stage."""
        try:
            entries = [entry async for entry in proof.entries_of(self._spaces.objects, space.id)]
        except Malformed:
            return None, ()
        if not entries:
            return None, ()
        told = await asyncio.to_thread(manifest.gap_report, entries)
        faults = len(await asyncio.to_thread(manifest.verify, entries))
        spans = [(span.source.value, span.start_ms, span.duration_s) for span in told.spans]
        complete = space.state is State.REPLAY
        return RecordingState(len(entries), entries[-1].hash, faults, complete), spans
