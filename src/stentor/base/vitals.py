"""What a process takes, told by itself: memory, processor, its age, and how often it was started."""

from __future__ import annotations

import os
import resource
import time
from collections import deque
from pathlib import Path
from typing import Final

STARTS: Final = "STENTOR_STARTS"
"""The variable by which a supervisor tells a process how often it has started it, this time too."""
WINDOW: Final = 10
"""The processor in use is that between the newest of so many looks and the oldest: ten seconds of heartbeats."""
MEMORY, PROCESSOR, AGE, STARTED = "process_memory_bytes", "process_cpu", "process_age_s", "process_starts"
"""Among the numbers of a heartbeat. ``process_cpu`` is in processors: 1.0 is all of one."""
_STATM = Path("/proc/self/statm")


class Vitals:
    """Of this process; ``numbers`` is asked once a heartbeat."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._looks: deque[tuple[float, float]] = deque([(self._began, time.process_time())], maxlen=WINDOW)
        told = os.environ.get(STARTS, "")
        self._starts = float(told) if told.isdecimal() else 0.0

    def numbers(self) -> dict[str, float]:
        """For the heartbeat; without :data:`STARTED` where nobody counts the starts."""
        now, used_s = time.monotonic(), time.process_time()
        before, used_before_s = self._looks[0]
        self._looks.append((now, used_s))
        found = {
            MEMORY: float(memory_bytes()),
            PROCESSOR: round((used_s - used_before_s) / max(now - before, 0.001), 3),
            AGE: round(now - self._began, 1),
        }
        return found | ({STARTED: self._starts} if self._starts else {})


def memory_bytes() -> int:
    """What this process has in memory; 0 where the system does not say."""
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0
