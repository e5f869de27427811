"""Documents that everybody knows: a KV bucket with one JSON document a key, each version newer than the one before.

Readers get every change at once and read the whole bucket again with each new connection and every few seconds, so
that a missed message heals by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Generic, Protocol, TypeVar

import msgspec
import nats.errors
import nats.js.errors

from stentor.base.errors import Overloaded
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.stored import Stored, bucket

REREAD_S = 5.0
MAX_WAITING = 1024
"""Changes a watcher may be behind; when it is further behind, the oldest are dropped and the next re-read heals it."""

_FAILED = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


D = TypeVar("D", bound=Versioned)


class Documents(Generic[D]):
    """A bucket as one process sees it."""

    bucket: str
    kind: type[D]

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.read = asyncio.Event()
        """Everything that was there has been handed out by :meth:`watch`, once."""
        self._decoder = msgspec.json.Decoder(self.kind)

    def key(self, document: D) -> str:
        """Under which key a document stands."""
        raise NotImplementedError

    async def put(self, document: D) -> None:
        """Writes a document unless a newer version is there. Raises :class:`Overloaded` without the bus."""
        kv = bucket(self.bus, self.bucket)
        key, value = self.key(document), msgspec.json.encode(document)
        try:
            while True:
                try:
                    entry = await kv.get(key)
                    known = self._decode(entry.value or b"")
                    if known is not None and known.version >= document.version:
                        return
                    await kv.update(key, value, last=entry.revision)
                except nats.js.errors.KeyNotFoundError:
                    await kv.create(key, value)
                except nats.js.errors.KeyWrongLastSequenceError:
                    continue  # another house wrote in between: look again
                return
        except _FAILED as error:
            raise Overloaded(f"The bus did not take {key}: {error!r}.", retry_after_s=1.0) from error

    async def get(self, key: str) -> D | None:
        """The document under ``key``, or None. Raises :class:`Overloaded` without the bus."""
        kv = bucket(self.bus, self.bucket)
        try:
            return self._decode((await kv.get(key)).value or b"")
        except nats.js.errors.KeyNotFoundError:
            return None
        except _FAILED as error:
            raise Overloaded(f"The bus does not answer: {error!r}.", retry_after_s=1.0) from error

    async def drop(self, key: str) -> None:
        """Takes a document away for good; readers keep what they know of it. Raises :class:`Overloaded`."""
        kv = bucket(self.bus, self.bucket)
        try:
            await kv.delete(key)
        except _FAILED as error:
            raise Overloaded(f"The bus did not drop {key}: {error!r}.", retry_after_s=1.0) from error

    async def all(self) -> dict[str, D]:
        """All documents by key. Raises :class:`Overloaded` without the bus."""
        reader = Stored(self.bus, f"KV_{self.bucket}", f"$KV.{self.bucket}.>")
        found: dict[str, D] = {}
        while messages := await reader.next():
            for message in messages:
                document = self._decode(message.data)
                if document is not None and message.subject == f"$KV.{self.bucket}.{self.key(document)}":
                    found[self.key(document)] = document
        return found

    async def watch(self) -> AsyncGenerator[D, None]:
        """The documents there are, then every change, each version once and never an older one; for ever."""
        waiting: asyncio.Queue[D] = asyncio.Queue(MAX_WAITING)

        def changed(_: str, payload: bytes) -> None:
            document = self._decode(payload)
            if document is not None:
                if waiting.full():
                    waiting.get_nowait()
                waiting.put_nowait(document)

        unsubscribe = await self.bus.subscribe(f"$KV.{self.bucket}.>", changed)
        seen: dict[str, int] = {}
        epoch, stale, read = 0, True, False
        try:
            while True:
                heed_cancel()
                if stale or epoch != self.bus.epoch:
                    epoch, stale = self.bus.epoch, False
                    found = await self._all_or_none()
                    read = found is not None
                    for document in found or ():
                        changed("", msgspec.json.encode(document))
                    heed_cancel()
                if read and waiting.empty():
                    self.read.set()
                try:
                    async with asyncio.timeout(REREAD_S if read else 0.5):
                        document = await waiting.get()
                except TimeoutError:
                    stale = True
                    continue
                if document.version > seen.get(self.key(document), -1):
                    seen[self.key(document)] = document.version
                    yield document
        finally:
            await unsubscribe()

    async def _all_or_none(self) -> list[D] | None:
        try:
            return list((await self.all()).values())
        except Overloaded:
            return None

    def _decode(self, payload: bytes) -> D | None:
        """None for a deletion (no payload) or anything that is no such document."""
        try:
            return self._decoder.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
