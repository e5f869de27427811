"""Backups without a shell: made now or every day, listed, fetched and deleted. ``stentor backup`` makes them.

Beside each stands what is known of it (``<name>.json``); one that somebody put there by hand is listed, too, unchecked.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from stentor.base import folder, log
from stentor.base.clock import Clock, unix_ms
from stentor.base.config import Settings
from stentor.base.errors import Conflict, NotFound, Overloaded
from stentor.bus.connection import heed_cancel
from stentor.house.admin import chore
from stentor.house.admin.schema import BackupFailure, BackupList, BackupRunning, BackupView
from stentor.house.site.service import SiteKeeper
from stentor.store import backup

NAME: Final = r"^stentor-[0-9]{8}-[0-9]{6}\.tar$"
_NAME = re.compile(NAME)
LOOK_S: Final = 20.0
HOUR_MS: Final = 3_600_000
FULL: Final = ("No space left", "disk is full")
"""How a system and SQLite say that a disk is full."""
SPARE_BYTES: Final = 256 << 20
"""So much stays free besides a backup: recordings and the database go on."""


class _Known(msgspec.Struct, frozen=True):
    """What stands beside a backup."""

    made_ms: int
    checked_ms: int
    by: str


class Backups:
    """``run`` is a task of the role; ``leads`` says whether this process is the one that makes the daily ones."""

    def __init__(self, settings: Settings, site: SiteKeeper, clock: Clock, leads: Callable[[], bool]) -> None:
        self._settings, self._site, self._clock, self._leads = settings, site, clock, leads
        self._making: asyncio.Task[None] | None = None
        self.spare_bytes = SPARE_BYTES
        self._beginning = asyncio.Lock()
        self._since_ms = 0
        self._failed: BackupFailure | None = None
        self._log = log.get("house")

    @property
    def busy(self) -> bool:
        """Whether one is being made."""
        return self._making is not None

    @property
    def data(self) -> Path:
        """The data folder."""
        return self._settings.folder

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self._settings.backups_folder

    async def run(self) -> None:
        """Makes the daily one when its hour has come; for ever."""
        try:
            while True:
                heed_cancel()
                await asyncio.sleep(LOOK_S)
                if self._leads() and await self._due():
                    with suppress(Conflict):  # it is in ``failed``, and the next hour tries again
                        await self.make(by="")
        finally:
            if self._making is not None:
                self._making.cancel()
                await asyncio.wait([self._making])

    async def _due(self) -> bool:
        """Whether it is the hour, and nothing was made or has failed in it."""
        now_ms, hour = unix_ms(self._clock()), self._site.wishes.backup_hour
        began_ms = now_ms - now_ms % HOUR_MS
        if hour is None or (began_ms // HOUR_MS) % 24 != hour or self._making is not None:
            return False
        if self._failed is not None and self._failed.at_ms >= began_ms:
            return False
        newest = next(iter(await asyncio.to_thread(self._found)), None)
        return newest is None or newest.made_ms < began_ms

    async def view(self) -> BackupList:
        """All there are, the newest first."""
        found = await asyncio.to_thread(self._found)
        wishes = self._site.wishes
        return BackupList(
            folder=str(self.folder),
            own_disk=await asyncio.to_thread(self._own_disk),
            backups=found,
            running=BackupRunning(self._since_ms, await asyncio.to_thread(self._written)) if self._making else None,
            failed=self._failed,
            hour=wishes.backup_hour,
            keep=wishes.backup_keep,
        )

    async def make(self, *, by: str) -> str:
        """Begins one, and returns its name. ``by`` is a handle; empty for the clock or the admin token.

        Raises :class:`Conflict`: one is being made (``backup-running``), the folder cannot be written
        (``backups-unwritable``), or there is no room (``backup-no-room``).
        """
        async with self._beginning:
            if self._making is not None:
                raise Conflict("A backup is being made already; wait until it is done.", code="backup-running")
            now = self._clock()
            self._since_ms = unix_ms(now)
            try:
                await asyncio.to_thread(self._require_room)
            except Conflict as error:
                self._failed = BackupFailure(self._since_ms, error.error_code, error.detail)
                raise
            name = f"stentor-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}.tar"
            self._making = asyncio.create_task(self._make(name, by), name="backup")
        return name

    def _require_room(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.try_to_write(self.folder)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise _no_room(_size(self._settings), 0) from error
            raise Conflict(
                f"Nothing can be written to {self.folder} ({error.strerror}). Let Stentor write there, or name another "
                "folder in STENTOR_BACKUPS.",
                code="backups-unwritable",
            ) from error
        free, wanted = shutil.disk_usage(self.folder).free, _size(self._settings) + self.spare_bytes
        if free < wanted:
            raise _no_room(wanted, free)

    async def _make(self, name: str, by: str) -> None:
        file = self.folder / name
        try:
            ended = await chore.run(self._settings, "backup", str(file), "--check")
            now_ms = unix_ms(self._clock())
            if ended.code:
                full = any(said in ended.said for said in FULL)
                reason = "backup-no-room" if full else "backup-failed"
                self._failed = BackupFailure(now_ms, reason, ended.said)
                self._log.warning("backup-failed", file=name, detail=ended.said)
                return
            known = msgspec.json.encode(_Known(self._since_ms, now_ms, by))
            await asyncio.to_thread(_beside(file).write_bytes, known)
            self._failed = None
            self._log.info("backup-made", file=name)
            await self._forget_old()
        except (OSError, ValueError) as error:  # the system starts no process, or takes no file
            self._failed = BackupFailure(unix_ms(self._clock()), "backup-failed", str(error))
            self._log.warning("backup-failed", file=name, detail=str(error))
        finally:
            self._making = None

    async def _forget_old(self) -> None:
        """Keeps the newest, as many as administrators want, where it is made every day."""
        wishes = self._site.wishes
        if wishes.backup_hour is not None:
            for old in (await asyncio.to_thread(self._found))[wishes.backup_keep :]:
                await asyncio.to_thread(self._delete, self.folder / old.name)

    def file(self, name: str) -> Path:
        """One that is there. Raises :class:`NotFound`."""
        file = self.folder / name
        if not _NAME.fullmatch(name) or not file.is_file():
            raise NotFound("There is no such backup.", code="backup-not-found")
        return file

    async def delete(self, name: str) -> None:
        """Raises :class:`NotFound`, :class:`Overloaded` when the disk does not let it."""
        try:
            await asyncio.to_thread(self._delete, self.file(name))
        except OSError as error:
            raise Overloaded(f"The backup cannot be deleted: {error.strerror}.", retry_after_s=5.0) from error

    def _delete(self, file: Path) -> None:
        _beside(file).unlink(missing_ok=True)
        file.unlink(missing_ok=True)

    def _found(self) -> list[BackupView]:
        try:
            files = sorted((each for each in self.folder.iterdir() if _NAME.fullmatch(each.name)), reverse=True)
        except OSError:
            return []
        return [found for file in files if (found := _view(file)) is not None]

    def _written(self) -> int:
        """How much of the one that is being made is there: its draft, beside its place."""
        return sum(each.stat().st_size for each in self.folder.glob(".stentor-*.tar.*") if each.is_file())

    def _own_disk(self) -> bool:
        """Whether they are on another disk than the data."""
        with suppress(OSError):
            return self.folder.stat().st_dev != self._settings.folder.stat().st_dev
        return False


def _no_room(wanted_bytes: int, free_bytes: int) -> Conflict:
    return Conflict(
        f"A backup takes about {wanted_bytes / 1e9:.1f} GB, and {free_bytes / 1e9:.1f} GB are free: delete old backups "
        "or recordings, or name a folder on another disk in STENTOR_BACKUPS.",
        code="backup-no-room",
    )


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _view(file: Path) -> BackupView | None:
    try:
        seen = file.stat()
    except OSError:
        return None  # just deleted
    try:
        known = msgspec.json.decode(_beside(file).read_bytes(), type=_Known)
    except (OSError, msgspec.DecodeError):
        return BackupView(file.name, round(seen.st_mtime * 1000), seen.st_size, None, "")
    return BackupView(file.name, known.made_ms, seen.st_size, known.checked_ms, known.by)


def _size(settings: Settings) -> int:
    """About what a backup takes: what is in the data folder and goes into one."""
    total = 0
    for here, folders, files in os.walk(settings.folder):
        if here == str(settings.folder):
            folders[:] = [each for each in folders if each == "objects" or each not in backup.MADE_AGAIN]
        for name in files:
            with suppress(OSError):
                total += Path(here, name).stat().st_size
    return total
