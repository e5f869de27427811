"""The disks of this machine that Stentor writes to, and how much is free on each.

What lies elsewhere (an object store, PostgreSQL, a NATS server) tells of its own disk itself.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from stentor.base.config import Settings

RECORDINGS, DATABASE, BUS = "recordings", "database", "bus"
LOOK_S: Final = 10.0


class Disk(msgspec.Struct, frozen=True):
    """One file system and what Stentor keeps on it, as it was seen a moment ago."""

    keeps: tuple[str, ...]
    free_bytes: int
    free_files: int | None = None
    """How many more files it takes; None where there is no such limit."""


def places(settings: Settings) -> dict[str, Path]:
    """Where on this machine recordings, database and bus are kept; what is elsewhere is not in it."""
    found: dict[str, Path] = {}
    for name, address in ((RECORDINGS, settings.recordings_address), (DATABASE, settings.database_address)):
        parts = urlsplit(address)
        if parts.scheme == "file":
            found[name] = Path(unquote(parts.path))
        elif parts.scheme == "sqlite":
            found[name] = Path(address.removeprefix("sqlite:///")).parent
    embedded = settings.folder / "nats"  # the roles are given its address like that of any other server
    if not settings.nats_url or (embedded / "jetstream").is_dir():
        found[BUS] = embedded
    return found


def look(where: Mapping[str, Path]) -> list[Disk]:
    """Each file system once, with all that is kept on it; a folder that is not there yet counts where it will be."""
    kept: dict[int, list[str]] = {}
    seen: dict[int, os.statvfs_result] = {}
    for name, folder in where.items():
        there = next((each for each in (folder, *folder.parents) if each.exists()), None)
        if there is None:
            continue
        try:
            device, found = there.stat().st_dev, os.statvfs(there)
        except OSError:
            continue  # what fails there fails louder elsewhere
        kept.setdefault(device, []).append(name)
        seen[device] = found
    return [_disk(tuple(names), seen[device]) for device, names in kept.items()]


class Disks:
    """The disks of this machine, looked at every :data:`LOOK_S` by ``run``: a network file system may hang."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.seen: list[Disk] = []

    async def run(self) -> None:
        """For ever."""
        while True:
            self.seen = await asyncio.to_thread(lambda: look(places(self._settings)))
            await asyncio.sleep(LOOK_S)


def _disk(keeps: tuple[str, ...], found: os.statvfs_result) -> Disk:
    return Disk(keeps, found.f_bavail * found.f_frsize, found.f_favail if found.f_files else None)
