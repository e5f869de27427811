"""Documents that everybody knows: a KV bucket with one JSON document a key, each version newer than the one before.

A reader hears every change and every document that is taken away at once. It reads the bucket once for each connection,
and every few seconds what the bucket has since: so a message that was lost heals by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec
import nats.js.errors
from nats.js.api import Header
from nats.js.kv import KV_OP, KV_PURGE, MSG_ROLLUP_SUBJECT

from stentor.base.errors import Overloaded
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.stored import FAILED, StoredMessages, bucket

CATCH_UP_S = 5.0
"""How often a reader asks the bucket for what it did not hear."""
RETRY_S = 0.5
MOST_HEARD = 1024
"""Changes that wait for a reader; it finds what comes beyond them in the bucket."""
GONE_S = 60.0
"""So long the bucket keeps the mark of a document that was taken away; who comes later sees that it is not there."""


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


class Gone(NamedTuple):
    """The document under this key was taken away."""

    key: str


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

    async def put(self, document: D, *, anew: bool = True) -> None:
        """Writes a document unless a newer version is there; with ``anew=False`` only where an older one stands.

        Raises :class:`Overloaded` without the bus.
        """
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
                    if anew:
                        await kv.create(key, value)
                except nats.js.errors.KeyWrongLastSequenceError:
                    continue  # another house wrote in between: look again
                return
        except FAILED as error:
            raise Overloaded(f"The bus did not take {key}: {error!r}.", retry_after_s=1.0) from error

    async def get(self, key: str) -> D | None:
        """The document under ``key``, or None. Raises :class:`Overloaded` without the bus."""
        kv = bucket(self.bus, self.bucket)
        try:
            return self._decode((await kv.get(key)).value or b"")
        except nats.js.errors.KeyNotFoundError:
            return None
        except FAILED as error:
            raise Overloaded(f"The bus does not answer: {error!r}.", retry_after_s=1.0) from error

    async def drop(self, key: str, *, version: int | None = None) -> None:
        """Takes a document away for everybody, unless it is newer than ``version``. Raises :class:`Overloaded`."""
        kv = bucket(self.bus, self.bucket)
        try:
            entry = await kv.get(key)
            known = self._decode(entry.value or b"")
            if known is not None and version is not None and known.version > version:
                return
            headers = {
                KV_OP: KV_PURGE,
                Header.ROLLUP: MSG_ROLLUP_SUBJECT,
                Header.EXPECTED_LAST_SUBJECT_SEQUENCE: str(entry.revision),
            }
            await self.bus.js.publish(f"$KV.{self.bucket}.{key}", headers=headers, msg_ttl=GONE_S)
        except (nats.js.errors.KeyNotFoundError, nats.js.errors.BadRequestError):
            return  # it is gone already, or somebody has just written it: then it is needed
        except FAILED as error:
            raise Overloaded(f"The bus did not drop {key}: {error!r}.", retry_after_s=1.0) from error

    async def watch(self) -> AsyncGenerator[D | Gone, None]:
        """The documents there are, then every change, each version once and never an older one; for ever.

        Outlives the bus: of each document its version is kept here, so that what went while the bus was away is told
        as well. Nothing is kept of a document that is gone.
        """
        came: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(MOST_HEARD)

        def heard(subject: str, payload: bytes) -> None:
            with suppress(asyncio.QueueFull):
                came.put_nowait((subject, payload))

        unsubscribe = await self.bus.subscribe(f"$KV.{self.bucket}.>", heard)
        seen: dict[str, int] = {}
        unseen: set[str] | None = set()
        epoch, reader = self.bus.epoch, self._reader()
        known = 0
        try:
            while True:
                heed_cancel()
                if epoch != self.bus.epoch:
                    epoch, reader, unseen = self.bus.epoch, self._reader(), set(seen)
                try:
                    while messages := await reader.next():
                        for message in messages:
                            if unseen is not None:
                                unseen.discard(self._key_of(message.subject))
                            if change := self._change(message.subject, message.data, seen):
                                yield change
                except Overloaded:
                    await asyncio.sleep(RETRY_S)
                    continue
                if unseen is not None:
                    # A bucket that was made anew counts from one: what it lacks was lost, not taken away.
                    for key in unseen if reader.last >= known else ():
                        del seen[key]
                        yield Gone(key)
                    unseen = None
                    self.read.set()
                known = reader.last
                async for subject, payload in self._heard(came, epoch):
                    if change := self._change(subject, payload, seen):
                        yield change
        finally:
            await unsubscribe()

    async def _heard(
        self, came: asyncio.Queue[tuple[str, bytes]], epoch: int
    ) -> AsyncGenerator[tuple[str, bytes], None]:
        """What is heard until it is time to catch up, or the connection is another one."""
        now = asyncio.get_running_loop().time
        until = now() + CATCH_UP_S
        while epoch == self.bus.epoch and (left_s := until - now()) > 0:
            try:
                async with asyncio.timeout(min(left_s, RETRY_S)):
                    found = await came.get()
            except TimeoutError:
                continue
            yield found

    def _reader(self) -> StoredMessages:
        return StoredMessages(self.bus, f"KV_{self.bucket}", f"$KV.{self.bucket}.>")

    def _key_of(self, subject: str) -> str:
        return subject.removeprefix(f"$KV.{self.bucket}.")

    def _change(self, subject: str, payload: bytes, seen: dict[str, int]) -> D | Gone | None:
        """What a message says that was not known; ``seen`` is changed."""
        key, document = self._key_of(subject), self._decode(payload)
        if document is not None and document.version > seen.get(key, -1):
            seen[key] = document.version
            return document
        return Gone(key) if not payload and seen.pop(key, None) is not None else None

    def _decode(self, payload: bytes) -> D | None:
        """None for a deletion (no payload) or anything that is no such document."""
        try:
            return self._decoder.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
