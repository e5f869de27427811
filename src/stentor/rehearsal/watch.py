"""Looking at the edges while a crowd is there: their heartbeats, and their processes where they run on this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import psutil

from stentor.rehearsal.rehearsed import EdgeLook

LOOK_S: Final = 1.0
ROLE: Final = ("role", "edge")
"""What stands in the command line of an edge."""

Processes = Callable[[], Sequence[Mapping[str, Any]]]
"""What the house says of all processes; blocks."""


class EdgeWatch:
    """Looks once a second until it is cancelled; ``looks`` has everything that was seen."""

    def __init__(self, processes: Processes, *, began: float) -> None:
        self.looks: list[EdgeLook] = []
        self._processes = processes
        self._began = began
        self._known: dict[int, psutil.Process] = {}
        self._used: dict[int, tuple[float, float]] = {}

    async def run(self) -> None:
        """Raises what the house's refusal means."""
        psutil.cpu_percent()
        while True:
            heard = await asyncio.to_thread(self._processes)
            self.looks.append(self._look([one for one in heard if one["role"] == "edge"]))
            await asyncio.sleep(LOOK_S)

    def _look(self, edges: Sequence[Mapping[str, Any]]) -> EdgeLook:
        here = [process for edge in edges if (process := self._process(int(edge["pid"]))) is not None]
        shares = [share for process in here if (share := self._share(process)) is not None]
        lags = [float(edge["numbers"]["lag_ms"]) for edge in edges if "lag_ms" in edge["numbers"]]
        return EdgeLook(
            at_s=round(time.time() - self._began, 1),
            listeners=round(sum(edge["numbers"].get("listeners", 0) for edge in edges)),
            cpu=round(sum(shares), 3) if shares else None,
            busiest=round(max(shares), 3) if shares else None,
            lag_ms=max(lags, default=None),
            memory_bytes=sum(process.memory_info().rss for process in here) if here else None,
            machine=round(psutil.cpu_percent() / 100, 3),
        )

    def _process(self, pid: int) -> psutil.Process | None:
        """The edge's process, when it is one of this machine: a number alone may be another's."""
        try:
            process = self._known.get(pid) or psutil.Process(pid)
            line = process.cmdline()
        except psutil.Error:
            return None
        if any(line[index : index + 2] == list(ROLE) for index in range(len(line))):
            self._known[pid] = process
            return process
        return None

    def _share(self, process: psutil.Process) -> float | None:
        """Of one processor since the last look; None at the first one."""
        used, now = sum(process.cpu_times()[:2]), time.monotonic()
        before, self._used[process.pid] = self._used.get(process.pid), (used, now)
        return None if before is None or now <= before[1] else (used - before[0]) / (now - before[1])
