"""Looking at the edges while a crowd is there, by their heartbeats."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import psutil

from stentor.rehearsal.rehearsed import EdgeLook

LOOK_S: Final = 1.0

Process = Mapping[str, Any]
"""What the house says of one process."""
Processes = Callable[[], Sequence[Process]]
"""Of all of them; blocks."""


class EdgeWatch:
    """Looks once a second until it is cancelled; ``looks`` has everything that was seen."""

    def __init__(self, processes: Processes, *, began: float) -> None:
        self.looks: list[EdgeLook] = []
        self._processes = processes
        self._began = began

    async def run(self) -> None:
        """Raises what the house's refusal means."""
        busy = Busy()
        while True:
            heard = await asyncio.to_thread(self._processes)
            machine = round(busy.share(), 3)
            if edges := [one["numbers"] for one in heard if one["role"] == "edge"]:
                self.looks.append(look(edges, at_s=round(time.time() - self._began, 1), machine=machine))
            await asyncio.sleep(LOOK_S)


class Busy:
    """What share of the machine's processors everything but the rehearsal itself takes."""

    def __init__(self) -> None:
        self._crowd = psutil.Process()
        self._before = self._used()

    def share(self) -> float:
        """Since the last time that it was asked."""
        before, self._before = self._before, self._used()
        crowd_s, busy_s, all_s = (now - then for now, then in zip(self._before, before, strict=True))
        return min(1.0, max(0.0, busy_s - max(0.0, crowd_s)) / all_s) if all_s > 0 else 0.0

    def _used(self) -> tuple[float, float, float]:
        """Processor seconds of the rehearsal's processes, of everything that works, and of all processors together."""
        crowd_s = 0.0
        for process in (self._crowd, *self._crowd.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                crowd_s += sum(process.cpu_times()[:2])
        times = psutil.cpu_times()
        return crowd_s, sum(times) - times.idle - times.iowait - times.guest - times.guest_nice, sum(times)


def look(edges: Sequence[Mapping[str, float]], *, at_s: float, machine: float) -> EdgeLook:
    """The numbers of all edges as one; a sum for what adds up, the worst for what does not."""

    def worst(name: str) -> float:
        return max(edge.get(name, 0.0) for edge in edges)

    return EdgeLook(
        at_s=at_s,
        listeners=round(sum(edge.get("listeners", 0) + edge.get("listeners_hls", 0) for edge in edges)),
        cpu=round(sum(edge.get("cpu", 0.0) for edge in edges), 3),
        busiest=round(worst("cpu"), 3),
        lag_ms=round(worst("lag") * 1000, 1),
        line=round(worst("line"), 3),
        full=round(max(edge.get("connections", 0) / max(1, edge.get("capacity", 1)) for edge in edges), 3),
        memory_bytes=sum(edge.get("memory_bytes", 0.0) for edge in edges),
        machine=machine,
        places=round(sum(edge.get("places", 0) for edge in edges)),
    )
