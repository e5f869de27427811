"""The edge's own worker and site with a synthetic programme of 48 kbit/s in real time, for ``bench.fanout``.

``python -m bench.edge_server PORT LEAST_CHUNKS AMONG [CHAIN KEY]``: a write carries so many chunks at least, and so
many edges share a processor. With certificate files it speaks TLS. No bus, everything else as in the role.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import uvloop

from stentor.audio.hold import HoldLoop
from stentor.base import collector, grid, keys
from stentor.base.descriptors import descriptors
from stentor.base.rendition import RENDITIONS, Source
from stentor.base.tls import Tls
from stentor.base.units import SeatId, SpaceId
from stentor.edge.channel import Channel
from stentor.edge.gate import Gate
from stentor.edge.heartbeat import heartbeat
from stentor.edge.site import Site
from stentor.edge.sockets import BACKLOG, listen_on
from stentor.edge.worker import Worker
from stentor.spaces import portraits
from stentor.spaces.model import Role, Seat, Space, State
from stentor.store.objects import Objects
from stentor.wire.chunk import Chunk

FRAME_BYTES = 121
"""15 frames of 128 bytes with their ADTS headers every 0.32 s: 48 kbit/s."""
PORTRAIT_BYTES = 3000


def chunk(number: int, doors_open_ms: int) -> Chunk:
    frames = {each.name: [os.urandom(FRAME_BYTES)] * each.frames_per_chunk for each in RENDITIONS}
    return Chunk("bench", number, doors_open_ms, Source.STAGE, 0, 0, b"", frames)


METRICS_TOKEN = "bench"


async def serve(port: int, least_chunks: int, among: int, *files: str) -> None:
    """For ever."""
    tls = Tls(Path(files[0]), Path(files[1]), clock=time.time) if files else None
    worker = Worker(capacity=descriptors(), clock=time.time, processors=1 / among, tls=tls)
    gate = Gate(keys.derived("edge", b"nobody waits in this bench"), (), worker)
    objects = Objects.open("memory://")
    silence = {each.name: [[b"\0"] * each.frames_per_chunk] * grid.HOLD_CHUNKS for each in RENDITIONS}
    music = HoldLoop("", b"", silence)
    site = Site(
        worker,
        gate,
        objects=objects,
        address="",
        metrics_token=METRICS_TOKEN,
        music=music,
        status=lambda: heartbeat(worker, site.channels, "bench"),
    )
    doors_open_ms = round(time.time() * 1000) - 30_000
    seat = Seat(SeatId("seat"), "Speaker", Role.SPEAKER, account="account", picture_ms=1)
    space = Space(SpaceId("bench"), "Bench", State.LIVE, doors_open_ms=doors_open_ms, seats={seat.id: seat})
    await objects.put(portraits.key(seat.account, 1), os.urandom(PORTRAIT_BYTES))
    channel = site.channels["bench"] = Channel(space, music, worker)
    site.ready = True
    window = channel.open(time.time())
    loop = asyncio.get_running_loop()
    [listening] = listen_on("127.0.0.1", port)
    await loop.create_server(worker.protocol_factory(site.answer), sock=listening, backlog=BACKLOG)
    collector.begin(collector.MANY)
    deadlines = asyncio.create_task(worker.run(), name="deadlines")
    while not deadlines.done():
        worker.pace.chunks = max(least_chunks, worker.pace.chunks)
        while window.head + 1 < grid.chunk_at(time.time(), window.doors_open_s):
            channel.add(chunk(window.head + 1, doors_open_ms), time.time())
        channel.advance(time.time())
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:]))
