"""The board: what everybody knows of a space. KV bucket ``board``, key = space id, value = the ``Space`` as JSON.

Only the house writes. Readers get every change at once and read the whole board again with each new connection and
every few seconds, so that a missed message heals by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import nats.errors
import nats.js.errors
from nats.js.api import KeyValueConfig, StorageType
from nats.js.kv import KeyValue

from stentor.base.errors import Overloaded
from stentor.bus.connection import Bus, heed_cancel
from stentor.spaces.model import Space

BUCKET = "board"
REREAD_S = 5.0
MAX_WAITING = 1024
"""Changes a watcher may be behind; when it is further behind, the oldest are dropped and the next re-read heals it."""

_json = msgspec.json.Decoder(Space)
_FAILED = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)


async def bucket(bus: Bus, name: str) -> KeyValue:
    """The KV bucket ``name``, made when it is not there. Raises :class:`Overloaded` without the bus."""
    try:
        try:
            return await bus.js.key_value(name)
        except nats.js.errors.NotFoundError:
            wanted = KeyValueConfig(bucket=name, history=1, storage=StorageType.FILE, replicas=bus.copies)
            return await bus.js.create_key_value(wanted)
    except _FAILED as error:
        raise Overloaded(f"The bus has no bucket {name}: {error!r}.", retry_after_s=1.0) from error


class Board:
    """The board as one process sees it."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    async def put(self, space: Space) -> None:
        """Writes a space unless a newer version is there. Raises :class:`Overloaded` without the bus."""
        kv = await bucket(self.bus, BUCKET)
        value = msgspec.json.encode(space)
        try:
            while True:
                try:
                    entry = await kv.get(space.id)
                    known = _decode(entry.value or b"")
                    if known is not None and known.version >= space.version:
                        return
                    await kv.update(space.id, value, last=entry.revision)
                except nats.js.errors.KeyNotFoundError:
                    await kv.create(space.id, value)
                except nats.js.errors.KeyWrongLastSequenceError:
                    continue  # another house wrote in between: look again
                return
        except _FAILED as error:
            raise Overloaded(f"The bus did not take the space: {error!r}.", retry_after_s=1.0) from error

    async def get(self, space: str) -> Space | None:
        """The space as it stands on the board, or None. Raises :class:`Overloaded` without the bus."""
        kv = await bucket(self.bus, BUCKET)
        try:
            return _decode((await kv.get(space)).value or b"")
        except nats.js.errors.KeyNotFoundError:
            return None
        except _FAILED as error:
            raise Overloaded(f"The bus does not answer: {error!r}.", retry_after_s=1.0) from error

    async def all(self) -> dict[str, Space]:
        """All spaces on the board. Raises :class:`Overloaded` without the bus."""
        kv = await bucket(self.bus, BUCKET)
        try:
            keys = await kv.keys()
        except nats.js.errors.NoKeysError:
            return {}
        except _FAILED as error:
            raise Overloaded(f"The bus does not answer: {error!r}.", retry_after_s=1.0) from error
        found = [await self.get(key) for key in keys]
        return {space.id: space for space in found if space is not None}

    async def watch(self) -> AsyncGenerator[Space, None]:
        """The spaces there are, then every change, each version once and never an older one; for ever."""
        waiting: asyncio.Queue[Space] = asyncio.Queue(MAX_WAITING)

        def changed(_: str, payload: bytes) -> None:
            space = _decode(payload)
            if space is not None:
                if waiting.full():
                    waiting.get_nowait()
                waiting.put_nowait(space)

        unsubscribe = await self.bus.subscribe(f"$KV.{BUCKET}.>", changed)
        seen: dict[str, int] = {}
        epoch, stale = 0, True
        try:
            while True:
                heed_cancel()
                if stale or epoch != self.bus.epoch:
                    epoch, stale = self.bus.epoch, False
                    for space in await self._all_or_none():
                        changed("", msgspec.json.encode(space))
                    heed_cancel()
                try:
                    async with asyncio.timeout(REREAD_S if seen else 0.5):
                        space = await waiting.get()
                except TimeoutError:
                    stale = True
                    continue
                if space.version > seen.get(space.id, -1):
                    seen[space.id] = space.version
                    yield space
        finally:
            await unsubscribe()

    async def _all_or_none(self) -> list[Space]:
        try:
            return list((await self.all()).values())
        except Overloaded:
            return []


def _decode(payload: bytes) -> Space | None:
    """None for a deletion (no payload) or anything that is no space."""
    try:
        return _json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
