"""Archives that are being brought along: from the object store into a file of our own, with only what is wanted of it.

Foreign bytes are read by a process of its own (``house.imports.reader``); here only what that has written is.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Final

import msgspec

from stentor.base import log
from stentor.base.errors import BadInput
from stentor.house.imports.reader import BAD, MOST_UNPACKED_BYTES, NO_OUTBOX, TIME_S, TOO_LARGE, ImportedLess
from stentor.house.media.service import MOST_BYTES as MOST_OF_PICTURE
from stentor.store.objects import Objects

PART_BYTES: Final = 1 << 20
MOST_LINES_BYTES: Final = 400 * 1024 * 1024
REFUSALS: Final = {
    BAD: BadInput("This archive is damaged, or none at all.", code="bad-archive", field="file"),
    TOO_LARGE: BadInput("There is more in this archive than is brought along.", code="archive-too-large", field="file"),
    NO_OUTBOX: BadInput("There is no outbox.json in this archive.", code="archive-no-outbox", field="file"),
}
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG")


class Unpacked:
    """One archive; :meth:`close` deletes the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._zip: zipfile.ZipFile | None = None

    @classmethod
    async def open(cls, objects: Objects, key: str) -> Unpacked:
        """Raises :class:`BadInput` of :data:`REFUSALS`, :class:`NotFound`, :class:`Overloaded`."""
        made = tempfile.TemporaryFile(prefix="stentor-move")  # noqa: SIM115 it is closed with this
        try:
            with tempfile.TemporaryFile(prefix="stentor-move") as source:
                await objects.get_file(key, source)
                source.seek(0)
                async with _reading(source, "pack") as stdout:
                    written = 0
                    while part := await stdout.read(PART_BYTES):
                        written += len(part)
                        if written > MOST_UNPACKED_BYTES + MOST_LINES_BYTES:
                            raise REFUSALS[TOO_LARGE]
                        await asyncio.to_thread(made.write, part)
        except BaseException:
            made.close()
            raise
        return cls(made)

    async def posts(self, now_ms: int) -> tuple[ImportedLess, list[str]]:
        """What is left out, and the posts as JSON. Raises :class:`BadInput`."""
        self._file.seek(0)
        async with _reading(self._file, "posts", f"{now_ms}") as stdout:
            parts, size = list[bytes](), 0
            while part := await stdout.read(PART_BYTES):
                parts.append(part)
                size += len(part)
                if size > MOST_LINES_BYTES:
                    raise REFUSALS[TOO_LARGE]
        first, *lines = b"".join(parts).decode().splitlines()
        return msgspec.json.decode(first, type=ImportedLess), lines

    async def picture(self, name: str) -> bytes:
        """One of its pictures. Raises :class:`BadInput`."""
        return await asyncio.to_thread(self._picture, name)

    def _picture(self, name: str) -> bytes:
        try:
            if self._zip is None:
                self._zip = zipfile.ZipFile(self._file)
            with self._zip.open(name) as found:
                return found.read(MOST_OF_PICTURE)
        except (zipfile.BadZipFile, KeyError, OSError) as error:
            raise REFUSALS[BAD] from error

    def close(self) -> None:
        if self._zip is not None:
            self._zip.close()
        self._file.close()


@asynccontextmanager
async def _reading(source: IO[bytes], *what: str) -> AsyncIterator[asyncio.StreamReader]:
    """The process with a file as its standard input, and what it writes. Raises :class:`BadInput` when it refuses, or
    does not come to an end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "stentor.house.imports.reader", *what,
        stdin=source, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(TIME_S + 5.0):
            yield process.stdout
            said = (await process.stderr.read(1000)).decode(errors="replace")
            code = await process.wait()
    except TimeoutError as error:
        raise REFUSALS[TOO_LARGE] from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code:
        log.get("house").warning("archive-refused", what=what[0], code=code, detail=said[-200:])
        raise REFUSALS.get(said, REFUSALS[BAD])
