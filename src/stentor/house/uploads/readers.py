"""Files of other people: each is decoded by a process of its own (``house.decoder``), a few at a time.

A file that takes long, or takes the decoder down, costs its sender an error and nobody else anything.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

import msgspec
import numpy as np

from stentor.audio.file import FileSound
from stentor.base import log
from stentor.base.errors import BadInput, Overloaded
from stentor.house.uploads.decoder import TIME_S, Decoded
from stentor.house.uploads.photo import CoverPicture, Photo

SOUNDS, PICTURES = 2, 1
"""Decoders at once: a file of a slow kind leaves the other place free; a picture takes up to half a gigabyte."""
MOST_WAITING: Final = 6
"""Files that wait for a place, with up to 50 MB each in memory."""
WAIT_S: Final = 30.0
DEADLINE_S: Final = TIME_S + 5.0
"""The decoder ends itself after ``TIME_S``; a machine that is busy gives it that late."""
MOST_REPLY_BYTES: Final = 20 * 1024 * 1024
"""64 s of float32 have 12 MB."""
MOST_COMPLAINT_BYTES: Final = 4096
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG")
"""What a decoder gets of the environment: no token, no key, no address."""


class Readers:
    """Decodes what is uploaded. ``owner``, a space or an account, has one place at most."""

    def __init__(self) -> None:
        self._sounds, self._pictures = asyncio.Semaphore(SOUNDS), asyncio.Semaphore(PICTURES)
        self._owners: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting = 0
        self._log = log.get("house")

    async def sound(self, owner: str, data: bytes, longest_s: float, *, whole: bool = True) -> FileSound:
        """The sound of a file, as :func:`stentor.audio.file.read`; raises :class:`BadInput` as that does.

        Raises :class:`Overloaded` when too many files wait already.
        """
        async with self._place(owner, self._sounds):
            reply = await self._decode(data, "sound", f"{longest_s}", "whole" if whole else "")
        return FileSound(np.frombuffer(reply.data, dtype=np.float32), tuple(reply.left_out))

    async def picture(self, owner: str, data: bytes) -> bytes:
        """A square JPEG of a picture; raises :class:`BadInput`, :class:`Overloaded`."""
        async with self._place(owner, self._pictures):
            return (await self._decode(data, "picture")).data

    async def photo(self, owner: str, data: bytes) -> Photo:
        """A picture of a post, and smaller; raises :class:`BadInput`, :class:`Overloaded`."""
        async with self._place(owner, self._pictures):
            return msgspec.msgpack.decode((await self._decode(data, "photo")).data, type=Photo)

    async def cover(self, owner: str, data: bytes) -> CoverPicture:
        """A picture as the cover of a space; raises :class:`BadInput`, :class:`Overloaded`."""
        async with self._place(owner, self._pictures):
            return msgspec.msgpack.decode((await self._decode(data, "cover")).data, type=CoverPicture)

    @asynccontextmanager
    async def _place(self, owner: str, places: asyncio.Semaphore) -> AsyncIterator[None]:
        full = Overloaded(
            "Many files are being read just now; send this one again in a moment.", retry_after_s=5.0, reason="busy"
        )
        if self._waiting >= MOST_WAITING:
            raise full
        lock = self._owners.setdefault(owner, asyncio.Lock())
        async with AsyncExitStack() as held:
            self._waiting += 1
            try:
                async with asyncio.timeout(WAIT_S):
                    await held.enter_async_context(lock)
                    await held.enter_async_context(places)
            except TimeoutError:
                raise full from None
            finally:
                self._waiting -= 1
            yield

    async def _decode(self, data: bytes, *what: str) -> Decoded:
        refusal = BadInput("This file cannot be read: its decoder did not come to an end.", reason="undecodable")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "stentor.house.uploads.decoder", *what,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        try:
            async with asyncio.timeout(DEADLINE_S):
                _, said, complaint = await asyncio.gather(
                    _give(process, data),
                    _take(process.stdout, MOST_REPLY_BYTES),
                    _take(process.stderr, MOST_COMPLAINT_BYTES),
                )
                await process.wait()
            reply = msgspec.msgpack.decode(said, type=Decoded)
        except (TimeoutError, msgspec.DecodeError) as error:
            complaint = b"" if isinstance(error, TimeoutError) else complaint
            detail = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            self._log.warning("decoder-failed", what=what[0], size=len(data), code=process.returncode, detail=detail)
            raise refusal from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if reply.refusal:
            raise BadInput(reply.refusal, code=reply.code, **reply.fields)
        return reply


async def _give(process: asyncio.subprocess.Process, data: bytes) -> None:
    """Writes ``data`` to the process; one that ends before it has read all has its reasons."""
    assert process.stdin is not None
    try:
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        pass


async def _take(stream: asyncio.StreamReader | None, most: int) -> bytes:
    """What comes, to the end or to ``most`` bytes."""
    assert stream is not None
    parts: list[bytes] = []
    while most > 0 and (part := await stream.read(min(most, 1 << 20))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)
