"""Tells the rows of an edge once a second, and who was hostile where the operator wants to know it."""

from __future__ import annotations

import asyncio
import time

from stentor.base.clock import unix_ms
from stentor.bus.attacks import AttackFile
from stentor.bus.connection import Bus
from stentor.bus.evidence import EvidenceLog
from stentor.crowd.addresses import ALONE
from stentor.edge.seconds import Seconds
from stentor.edge.worker import Worker
from stentor.evidence.attack import Collected
from stentor.evidence.kinds import Kind

LOOKS = 10
"""At the accept queue, in a second."""
ATTACK_S = 10
"""Seconds between two parts of the attack file."""


class RowKeeper:
    """``run`` is a task of the role. What the bus does not take is lost, and nothing waits for it."""

    def __init__(self, bus: Bus, worker: Worker, seconds: Seconds, edge: str, *, attack_file: bool) -> None:
        self._log, self._file = EvidenceLog(bus), AttackFile(bus)
        self._clock, self._seconds, self._edge = worker.clock, seconds, edge
        self._hostile = Collected()
        if attack_file:
            worker.sample.on_hostile = self._note

    async def run(self) -> None:
        """For ever."""
        told = 0
        while True:
            left_s = self._seconds.left_s()
            due_s = time.monotonic() + left_s  # each rest is rounded to milliseconds, and ten of them would add up
            for looks in range(max(1, round(left_s * LOOKS)), 0, -1):
                await asyncio.sleep((due_s - time.monotonic()) / looks)
                self._seconds.look()
            if (row := self._seconds.row()) is not None:
                await self._log.publish(row)
            told += 1
            if told % ATTACK_S == 0 and (hostile := self._hostile.taken(self._edge)) is not None:
                await self._file.tell(hostile)

    def _note(self, source: str, kind: Kind, requests: int, connections: int) -> None:
        """A proxy that names nobody is not in the file."""
        if not source.startswith(ALONE):
            self._hostile.add(source, kind, unix_ms(self._clock()), requests, connections)
