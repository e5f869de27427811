"""The log files of the processes: they never grow beyond a bound, and a terminal may show them.

Each process appends to its own file. Nobody stands between, so a log never holds anybody up.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 5 << 20
"""Days of an ordinary site; one file of so much more is kept, so that the newest lines are always there."""
LOOK_S = 5.0
SHOW_S = 0.2
MOST_SHOWN_BYTES = 1 << 20
"""Of one file at once; what a process has said beyond in :data:`SHOW_S` is in its file."""


def bound(folder: Path, most_bytes: int = MOST_BYTES) -> None:
    """Moves what is in a file that has grown too large to ``<name>.log.1``; what was there is forgotten.

    The file stays the same, for its process has it open to append. Lines of this very moment may be lost.
    """
    for file in folder.glob("*.log"):
        with suppress(OSError):  # it has just gone
            if file.stat().st_size <= most_bytes:
                continue
            with suppress(OSError):  # the disk is full: then the old lines go, and make room
                shutil.copyfile(file, file.with_name(f"{file.name}.1"))
            os.truncate(file, 0)


async def keep(folder: Path) -> None:
    """Bounds the files of a folder; for ever."""
    while True:
        await asyncio.to_thread(bound, folder)
        await asyncio.sleep(LOOK_S)


class Tail:
    """What comes to the files of a folder after this moment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = {file: file.stat().st_size for file in folder.glob("*.log")}

    def new(self) -> str:
        """The whole lines that have come since the last look."""
        found = []
        for file in sorted(self._folder.glob("*.log")):
            with file.open("rb") as source:
                size, at = os.fstat(source.fileno()).st_size, self._read.get(file, 0)
                at = max(at if at <= size else 0, size - MOST_SHOWN_BYTES)
                source.seek(at)
                data = source.read(MOST_SHOWN_BYTES)
            whole = data.rfind(b"\n") + 1
            self._read[file] = at + whole
            found.append(data[:whole].decode("utf-8", "replace"))
        return "".join(found)


async def show(folder: Path, write: Callable[[str], None]) -> None:
    """Passes on what comes to the files of a folder; for ever."""
    tail = Tail(folder)
    try:
        while True:
            await asyncio.sleep(SHOW_S)
            write(tail.new())
    finally:
        write(tail.new())
