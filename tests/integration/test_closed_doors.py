"""Doors that are closed again and opened anew, through a real programme and a real archive."""

from __future__ import annotations

import time
from pathlib import Path

from stentor.base import grid
from stentor.base.config import Settings
from stentor.base.rendition import Source
from stentor.bus.board import Board
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import connect
from stentor.bus.status import BEATING, Statuses
from stentor.spaces import commands as c
from stentor.spaces.model import Space, State
from stentor.store.objects import Objects
from stentor.wire import manifest
from stentor.wire.manifest import Entry
from tests.support.air import logged, music_object, processes, staged
from tests.support.nats import nats_server
from tests.support.spaces import CREATE, do
from tests.support.speech import voice
from tests.support.wait import eventually


async def test_a_recording_goes_on_where_doors_were_closed_again(tmp_path: Path) -> None:
    """The programme stops, and goes on by the old numbers; the chain holds, and the pause is a gap before the talk."""
    async with nats_server(tmp_path / "nats") as nats, connect(nats.url, name="test") as bus:
        settings = Settings(data=str(tmp_path), nats_url=nats.url, log_level="WARNING")
        objects = Objects.open(settings.recordings_address)
        await objects.put("hold/default", music_object())
        statuses, board, log = Statuses(time.time), Board(bus), ChunkLog(bus)
        await statuses.start(bus, *BEATING)

        def stopped() -> bool:
            heard = statuses.fresh(time.time(), "programme")
            return bool(heard) and not heard[0].spaces

        def complete() -> bool:
            return any(one.spaces["talk"].complete for one in statuses.fresh(time.time(), "archive") if one.spaces)

        async def told(space: Space, *commands: c.Command) -> Space:
            space = do(space, *commands, now=time.time())
            await board.put(space)
            return space

        async with processes("programme", 1, settings), processes("archive", 1, settings):
            space = await told(do(None, CREATE, now=time.time()), c.OpenDoors())
            origin_ms = space.doors_open_ms
            await logged(log, space, grid.CHUNKS_PER_SEGMENT)
            space = await told(space, c.CloseDoors())
            await eventually(stopped, "it stops")
            shut = grid.chunk_at(time.time(), (origin_ms or 0) / 1000)
            await eventually(lambda: grid.chunk_at(time.time(), (origin_ms or 0) / 1000) > shut + 6, "two seconds pass")
            space = await told(space, c.OpenDoors())
            assert space.doors_open_ms == origin_ms
            async with staged(bus, space, voice("reader")):
                space = await told(space, c.GoLive())
                chunks = await logged(log, space, (space.live_chunk or 0) + grid.CHUNKS_PER_SEGMENT)
            space = await told(space, c.End())
            await eventually(complete, "the recording is complete")
        pages = [await objects.get(key) for key, _ in await objects.list("recordings/talk/manifest")]
    entries: list[Entry] = [entry for page in pages for entry in manifest.decode_page(page)]
    assert space.state is State.ENDED
    assert manifest.verify(entries) == []
    assert len({chunk.number for chunk in chunks}) == len(chunks), "no number twice"
    assert entries[-1].first_chunk + entries[-1].chunks - 1 == space.last_chunk
    sources = {run.source for entry in entries for run in entry.runs if run.first >= (space.live_chunk or 0)}
    assert Source.STAGE in sources
    assert Source.GAP not in sources
