"""A site whose bus was open to all: with the first start of this version it has passwords, and all that it kept."""

from __future__ import annotations

import time
from contextlib import aclosing
from pathlib import Path

import msgspec
from nats.js.api import KeyValueConfig, RetentionPolicy, StorageType, StreamConfig

from stentor.base import keys
from stentor.base.config import Settings
from stentor.base.rendition import RENDITIONS, Source
from stentor.base.units import SpaceId
from stentor.bus import streams
from stentor.bus.board import Board
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus, connect
from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from stentor.bus.stored import bucket
from stentor.spaces.model import Space
from stentor.wire import chunk as wire
from stentor.wire.chunk import Chunk
from tests.support.nats import NatsServer

ORIGIN_MS = round(time.time() * 1000)
KEPT = Space(SpaceId("talk"), "A talk", version=3)


def chunk(number: int) -> Chunk:
    frames = {rendition.name: [b"x"] * rendition.frames_per_chunk for rendition in RENDITIONS}
    return Chunk("talk", number, ORIGIN_MS, Source.STAGE, ORIGIN_MS, 0, b"{}", frames)


async def left_by_an_older_version(bus: Bus) -> None:
    """Streams and buckets as the roles made them, with something in each."""
    await bus.js.add_stream(
        StreamConfig(
            name="CHUNKS",
            subjects=["chunk.*"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=24 * 3600,
            duplicate_window=300,
            allow_direct=True,
        )
    )
    for number in range(3):
        await bus.js.publish("chunk.talk", wire.encode(chunk(number)))
    for name, key, value in (
        ("board", "talk", msgspec.json.encode(KEPT)),
        ("leases", "archive.talk", b"archive-0 1"),
    ):
        made = await bus.js.create_key_value(KeyValueConfig(bucket=name, history=1, storage=StorageType.FILE))
        await made.put(key, value)


async def test_what_an_open_bus_kept_is_there_for_those_with_passwords(tmp_path: Path) -> None:
    """The log can be read on, the board and the leases stand; readers of this version get them by their own ways."""
    settings = Settings(data=str(tmp_path))
    before = NatsServer(tmp_path)
    await before.start()
    async with connect(before.url, name="old") as bus:
        await left_by_an_older_version(bus)
    await before.kill()
    now = NatsServer(tmp_path, keys.write(settings, keys.folder(settings)).users())
    await now.start()
    try:
        async with join(settings, OPERATOR, name="up") as bus:
            await streams.prepare(bus)
        async with join(settings, "archive", name="archive") as archive:
            found: list[int] = []
            async for item in ChunkLog(archive).follow("talk", doors_open_ms=ORIGIN_MS, start=0):
                found.append(item.number)
                if len(found) == 3:
                    break
            assert found == [0, 1, 2]
            assert (await bucket(archive, streams.LEASES).get("archive.talk")).value == b"archive-0 1"
        async with join(settings, "edge", name="edge") as edge, aclosing(Board(edge).watch()) as spaces:
            assert await anext(spaces) == KEPT
        async with join(settings, "programme", name="programme") as programme:
            await ChunkLog(programme).publish(chunk(3))
            assert await ChunkLog(programme).last("talk") == 3
    finally:
        await now.kill()
