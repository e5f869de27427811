"""A space that waits, and then talks: programme, edge and archive on a real bus, and one who listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stentor.archive import role as archive
from stentor.base import grid
from stentor.base.config import Settings
from stentor.base.rendition import Source
from stentor.bus.board import Board
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus, connect
from stentor.bus.status import BEATING, Statuses
from stentor.edge import role as edge
from stentor.programme import role as programme
from stentor.spaces.model import Space
from stentor.store.objects import Objects
from stentor.wire import adts, manifest, mp4
from stentor.wire.chunk import Chunk
from tests.support.air import ended, live, logged, music, music_object, opened, staged
from tests.support.edge import request, split
from tests.support.house import client
from tests.support.nats import nats_server
from tests.support.ports import free_ports
from tests.support.speech import voice
from tests.support.wait import eventually

WAITED_CHUNKS = 18
TALKED_CHUNKS = 10


class Site:
    """All roles that make, carry and keep sound, in this process."""

    def __init__(self, bus: Bus, settings: Settings, statuses: Statuses) -> None:
        self.bus, self.settings, self.statuses = bus, settings, statuses

    def chunk(self, role: str) -> int:
        """The newest chunk of the space as a role tells."""
        found = self.statuses.fresh(asyncio.get_running_loop().time(), role)
        return max((status.spaces["talk"].chunk for status in found if "talk" in status.spaces), default=-1)

    async def reaches(self, number: int) -> None:
        await eventually(lambda: self.chunk("edge") >= number, f"the edge has sent chunk {number}")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    port, audience_port = free_ports(2)
    async with nats_server(tmp_path / "bus") as nats, connect(nats.url, name="test") as bus:
        settings = Settings(
            data=str(tmp_path), host="127.0.0.1", port=port, audience_port=audience_port, edges=1, nats_url=nats.url
        )
        await Objects.open(settings.recordings_address).put("hold/default", music_object())
        statuses = Statuses(asyncio.get_running_loop().time)
        await statuses.start(bus, *BEATING)
        roles = [(programme.run, "programme-0"), (programme.run, "programme-1"), (edge.run, "edge-0")]
        running = [
            asyncio.create_task(run(settings, instance=name), name=name)
            for run, name in [*roles, (archive.run, "archive-0")]
        ]
        yield Site(bus, settings, statuses)
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=10)


async def listen(site: Site) -> bytes:
    """Everything that a listener is sent, from the doors to the end."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", site.settings.audience_port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.write(request("/s/talk/live.aac", "Connection: close"))
        found = await reader.read()
        writer.close()
        if b" 200 " in found.split(b"\r\n", 1)[0]:
            return found
        await asyncio.sleep(0.05)


def frames(chunk: Chunk, rendition: str) -> list[bytes]:
    """What is heard in a chunk of the log."""
    return chunk.frames[rendition] if chunk.frames else music().chunk_frames(chunk.number)[rendition]


def assert_recorded(space: Space, chunks: list[Chunk], segments: list[bytes]) -> None:
    """The recording has the frames of the log."""
    demuxer = mp4.Demuxer()
    kept = [frame for data in segments for fragment in demuxer.feed(data) for frame in fragment.frames]
    assert kept == [frame for chunk in chunks for frame in frames(chunk, "aac-64")], space.id


async def test_what_waits_is_one_signal_with_the_talk(site: Site) -> None:
    """Edge, log and recording have the same bytes from the doors over the seam to the end, and no filler; while it
    waits there is a message a segment and not one a chunk.
    """
    now = asyncio.get_running_loop().time
    await eventually(lambda: site.statuses.reads_spans(now()), "edge and archive tell of themselves")
    space = opened()
    await Board(site.bus).put(space)
    listening = asyncio.create_task(listen(site), name="listener")
    async with staged(site.bus, space, voice("reader")):
        await site.reaches(WAITED_CHUNKS)
        messages = (await site.bus.js.stream_info("CHUNKS")).state.messages
        assert messages < WAITED_CHUNKS / 2
        async with client(f"http://127.0.0.1:{site.settings.audience_port}") as anyone:
            told = json.loads((await anyone.get("/s/talk/pulse.json")).text)
        assert (told["state"], told["source"], told["listeners"]) == ("doors_open", "hold", 1)
        space = live(space)
        await Board(site.bus).put(space)
        assert space.live_chunk is not None
        await site.reaches(space.live_chunk + TALKED_CHUNKS)
        space = ended(space)
        await Board(site.bus).put(space)
        _, head, body = split(await listening)
    assert space.last_chunk is not None
    chunks = await logged(ChunkLog(site.bus), space, space.last_chunk)
    assert [chunk.number for chunk in chunks] == list(range(space.last_chunk + 1))
    sources = {chunk.source for chunk in chunks[: space.live_chunk]}, {chunk.source for chunk in chunks[-5:]}
    assert sources == ({Source.HOLD}, {Source.STAGE})
    first = int(head["x-stentor-chunk"])
    assert body == b"".join(adts.pack(frames(chunk, "aac-64")) for chunk in chunks[first:])
    objects = Objects.open(site.settings.recordings_address)
    await eventually(lambda: site.chunk("archive") >= len(chunks) - 1, "the recording is complete")
    last = grid.segment_of(space.last_chunk)
    segments = [await objects.get(manifest.segment_key("talk", "aac-64", number)) for number in range(last + 1)]
    assert_recorded(space, chunks, segments)
