"""The disk of the embedded bus: a server that has met a full one takes nothing more until it is started anew.

(nats-server 2.15: one write that fails closes a stream for writing, and room on the disk does not open it again.)
Meanwhile chunks are announced and heard all the same, and wait for the log in the programme's memory.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

LOOK_S = 0.5
FULL_BYTES = 4 << 20
"""Less room than this may have been too little for a write between two looks."""
ROOM_BYTES = 12 << 20
"""Ten minutes of one space; with less the server would only meet the same end again."""


class DiskMemory:
    """What is remembered of a disk between two looks; pure."""

    def __init__(self) -> None:
        self.full = False
        """It was, and the server has not been started since."""

    def look(self, free_bytes: int) -> bool:
        """Whether the server is to be started anew: there is room again after there was none."""
        if free_bytes < FULL_BYTES:
            self.full = True
        elif self.full and free_bytes >= ROOM_BYTES:
            self.full = False
            return True
        return False


async def watch(folder: Path, restart: Callable[[], None]) -> None:
    """Calls ``restart`` whenever the disk of ``folder`` has room again after it was full; for ever."""
    disk = DiskMemory()
    while True:
        if disk.look(shutil.disk_usage(folder).free):
            restart()
        await asyncio.sleep(LOOK_S)
