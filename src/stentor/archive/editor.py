"""Orders listener cuts of what has been recorded, and has them made one after the other, in processes that step back.

While a recording goes on, each quarter of an hour of it is measured, so that at the end only the cutting is left.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import msgspec

from stentor import end_with_parent
from stentor.archive.recording import RecordingTask
from stentor.archive.worker import CuttingTask
from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Overloaded
from stentor.base.grid import CHUNKS_PER_SEGMENT
from stentor.bus.lease import Lease
from stentor.spaces.model import Space
from stentor.store import editions
from stentor.store.editions import MOST_ATTEMPTS, CutOrder, EditionState
from stentor.store.objects import Objects
from stentor.wire.manifest import PAGE_ENTRIES

LOOK_S: Final = 10.0
FIRST_RETRY_MS: Final = 15_000
LONGEST_RETRY_MS: Final = 3_600_000
MOST_SAID: Final = 300
_PAGE_CHUNKS: Final = PAGE_ENTRIES * CHUNKS_PER_SEGMENT
OPEN: Final = (EditionState.WAITING, EditionState.MEASURING, EditionState.CUTTING)


class Editor:
    """``run`` and the lease are tasks of the role. ``recordings`` are those that this process looks after."""

    def __init__(
        self, objects: Objects, lease: Lease, recordings: Callable[[], Mapping[str, RecordingTask]], clock: Clock
    ) -> None:
        self._objects, self._lease, self._recordings, self._clock = objects, lease, recordings, clock
        self._finished: dict[str, Space] = {}
        self._measured: dict[str, int] = {}
        """Pages of recordings that go on."""
        self._news = asyncio.Event()
        self._log = log.get("archive")
        self.made = self.failed = 0

    def finished(self, space: Space) -> None:
        """The recording of a space is complete: a cut is ordered, unless there is one, or an order."""
        self._finished.setdefault(space.id, space)
        self._news.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()
            self._news.clear()
            try:
                await self._order()
                await self._measure()
                if self._lease.held:
                    await self._make()
            except Overloaded as error:
                self._log.warning("editions-wait", detail=error.detail)

    async def _order(self) -> None:
        for space in list(self._finished.values()):
            there = await editions.made(self._objects, space.id, len(space.removals))
            if there is None and await editions.ordered(self._objects, space.id) is None:
                await editions.put(self._objects, editions.wanted(space, unix_ms(self._clock())))
            self._finished.pop(space.id, None)

    async def _measure(self) -> None:
        """A page of a recording that goes on, when it is whole. A recording that is done is measured when it is cut."""
        recordings = self._recordings()
        for gone in self._measured.keys() - recordings.keys():
            del self._measured[gone]
        for space, recording in list(recordings.items()):
            pages = (recording.newest + 1) // _PAGE_CHUNKS
            if recording.space.on_air and pages > self._measured.get(space, 0):
                self._measured[space] = pages
                await self._run(CuttingTask(self._objects.address, space))

    async def _make(self) -> None:
        now_ms = unix_ms(self._clock())
        for order in await editions.orders(self._objects):
            if order.state in OPEN and order.due_ms <= now_ms:
                trouble = await self._run(CuttingTask(self._objects.address, order.space, order))
                await self._note(order, trouble)

    async def _note(self, order: CutOrder, trouble: str) -> None:
        """What has become of an order, unless somebody has ordered anew meanwhile."""
        if not trouble:
            self.made += 1
            self._log.info("edition-made", space=order.space)
            return
        self._log.warning("edition-failed", space=order.space, detail=trouble)
        there = await editions.ordered(self._objects, order.space)
        if there is None or there.asked_ms != order.asked_ms:
            return
        attempts = order.attempts + 1
        if attempts >= MOST_ATTEMPTS:
            self.failed += 1
        wait_ms = min(FIRST_RETRY_MS << order.attempts, LONGEST_RETRY_MS)
        state = EditionState.FAILED if attempts >= MOST_ATTEMPTS else EditionState.WAITING
        due_ms = unix_ms(self._clock()) + wait_ms
        await editions.put(
            self._objects,
            msgspec.structs.replace(there, state=state, attempts=attempts, due_ms=due_ms, done=0.0, problem=trouble),
        )

    async def _run(self, work: CuttingTask) -> str:
        """Does it in a process that ends with this one; what went wrong, empty when nothing did."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", end_with_parent.__file__, str(os.getpid()),
            sys.executable, "-P", "-m", "stentor.archive.worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, start_new_session=True,
        )  # fmt: skip
        try:
            _, complaint = await process.communicate(msgspec.json.encode(work))
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            return ""
        said = complaint.decode(errors="replace").strip().rpartition("\n")[2][:MOST_SAID]
        return said or f"The process that makes it ended with {process.returncode}."
