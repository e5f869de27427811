"""Works at editions in a process of its own that steps back: ``python -m stentor.archive.worker``.

The work comes by standard input: one :class:`CuttingTask` as JSON. A talk that is on beside it does not notice: the
kernel gives this process what is left over (``SCHED_IDLE``), of the disk as well. It may be killed at any time.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from stentor.archive.edition import Cutter, measure
from stentor.base.clock import unix_ms
from stentor.base.errors import StentorError
from stentor.base.units import SpaceId
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import editions, proof
from stentor.store.editions import CutOrder, EditionState
from stentor.store.objects import Objects
from stentor.wire.manifest import PAGE_ENTRIES

TELL_S: Final = 1.0
"""So often at most it is said how far it is."""
_IOPRIO_SET: Final = {"x86_64": 251, "aarch64": 30}
_IDLE_CLASS: Final = 3 << 13
"""Of ioprio_set(2): the disk, too, when nobody else wants it."""
NICENESS: Final = 19
AUTOGROUP: Final = Path("/proc/self/autogroup")
"""Of sched(7): without it the niceness of a process counts within its session only."""


class CuttingTask(msgspec.Struct, frozen=True):
    """``order``: the cut that is to be made; without one, what is recorded of ``space`` is measured."""

    objects: str
    space: str
    order: CutOrder | None = None


def main() -> None:
    """Does the work; ends with 1 and a sentence on standard error where it cannot be done."""
    step_back()
    work = msgspec.json.decode(sys.stdin.buffer.read(), type=CuttingTask)
    try:
        asyncio.run(_work(work))
    except StentorError as error:
        sys.exit(error.detail)


def step_back() -> None:
    """This process gets only what nobody else wants."""
    os.nice(NICENESS)
    if os.getsid(0) == os.getpid():  # where the kernel shares by sessions, one of its own counts as little, too
        with suppress(OSError):
            AUTOGROUP.write_text(str(NICENESS))
    with suppress(OSError):  # some containers allow no other policy; the niceness holds
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    number = _IOPRIO_SET.get(platform.machine())
    if number is not None:
        ctypes.CDLL(None).syscall(number, 1, 0, _IDLE_CLASS)


async def _work(work: CuttingTask) -> None:
    objects = Objects.open(work.objects)
    if work.order is None:
        await _measure(objects, work.space)
        return
    teller = _ProgressTeller(objects, work.order)
    cutter = Cutter(objects, work.order, teller.told, free_bytes=lambda: free_bytes(work.objects))
    edits = await cutter.make(lambda: unix_ms(time.time()))
    await teller.said(EditionState.MADE, 1.0)
    print(msgspec.json.encode({"cut_ms": edits.cut_ms, "processor_s": edits.processor_s}).decode())


def free_bytes(address: str) -> int | None:
    """Of the disk that a folder of objects is on; None for another kind of store."""
    parts = urlsplit(address)
    return shutil.disk_usage(unquote(parts.path)).free if parts.scheme == "file" else None


async def _measure(objects: Objects, space: str) -> None:
    """The whole pages of a recording that goes on."""

    async def told(_state: EditionState, _done: float) -> None:
        """Nobody waits for it."""

    entries = [entry async for entry in proof.entries_of(objects, space)]
    whole = entries[: len(entries) // PAGE_ENTRIES * PAGE_ENTRIES]
    if whole:
        await measure(objects, space, whole, whole, Withdrawal(SpaceId(space)), told)


class _ProgressTeller:
    """Writes into the order how far it is, unless somebody has ordered anew."""

    def __init__(self, objects: Objects, order: CutOrder) -> None:
        self._objects, self._order = objects, order
        self._told_s = float("-inf")

    async def told(self, state: EditionState, done: float) -> None:
        if time.monotonic() - self._told_s >= TELL_S:
            self._told_s = time.monotonic()
            await self.said(state, done)

    async def said(self, state: EditionState, done: float) -> None:
        there = await editions.ordered(self._objects, self._order.space)
        if there is not None and there.asked_ms == self._order.asked_ms:
            await editions.put(
                self._objects, msgspec.structs.replace(there, state=state, done=round(done, 3), problem="")
            )


if __name__ == "__main__":
    main()
