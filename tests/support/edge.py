"""An edge for tests: the real worker, site and channel behind a real socket, with a clock that the test moves.

Chunks come from :func:`programme`: a real voice in every rendition, 20 s that repeat.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import cache

import numpy as np

from stentor.audio.encoder import ProgrammeEncoder
from stentor.audio.hold import HoldLoop, silent_chunk
from stentor.base import grid, keys
from stentor.base.config import Settings
from stentor.base.rendition import RENDITIONS, Source
from stentor.base.tls import Tls
from stentor.base.units import SpaceId
from stentor.bus.salts import Salt, of_day, of_space
from stentor.bus.status import Status
from stentor.crowd.addresses import Addresses
from stentor.edge.channel import Channel
from stentor.edge.forward import Forwarder
from stentor.edge.gate import Gate
from stentor.edge.heartbeat import heartbeat
from stentor.edge.metrics import ToldByHouses
from stentor.edge.site import Site
from stentor.edge.window import Window
from stentor.edge.worker import Worker
from stentor.evidence.plays import DAY_MS
from stentor.spaces import pulse
from stentor.spaces.forecast import Headroom
from stentor.spaces.model import Space, State
from stentor.store.objects import Objects
from stentor.wire import forwarded
from stentor.wire.chunk import Chunk
from tests.support import templates
from tests.support.speech import voice
from tests.support.wait import PATIENCE_S, eventually

templates.share()

SPACE = SpaceId("friday")
METRICS_TOKEN = "for whom it may concern"
DOORS_OPEN_MS = 1_900_000_000_000
VOICE_CHUNKS = 60
SILENT_PCM_BYTES = 2 * grid.HOLD_CHUNKS * grid.CHUNK_SAMPLES


@cache
def silent_hold() -> HoldLoop:
    """A loop of silence: 192 times the same chunk."""
    silent = silent_chunk()
    return HoldLoop("silence", bytes(SILENT_PCM_BYTES), {name: [frames] * 192 for name, frames in silent.items()})


@cache
def encoded() -> dict[str, list[list[bytes]]]:
    """Rendition → the frames of 60 chunks of a reader."""
    pcm = voice("reader")[: VOICE_CHUNKS * grid.CHUNK_SAMPLES].reshape(VOICE_CHUNKS, -1)
    found = {}
    for rendition in RENDITIONS:
        encoder = ProgrammeEncoder(rendition)
        found[rendition.name] = [encoder.encode(np.ascontiguousarray(chunk)) for chunk in pcm]
    return found


def live_space(**changes: object) -> Space:
    """A space that is live since its doors opened."""
    fields: dict[str, object] = {
        "id": SPACE,
        "title": "Friday talk",
        "state": State.LIVE,
        "doors_open_ms": DOORS_OPEN_MS,
        "live_ms": DOORS_OPEN_MS,
        "version": 1,
    }
    return Space(**(fields | changes))  # type: ignore[arg-type]


def programme(number: int, *, source: Source = Source.STAGE) -> Chunk:
    """Chunk ``number`` as the programme would publish it."""
    frames = {name: chunks[number % VOICE_CHUNKS] for name, chunks in encoded().items()}
    at_ms = DOORS_OPEN_MS + (number + 1) * grid.CHUNK_MS
    beat = pulse.build(live_space(), chunk=number, at_ms=at_ms, source=source, listeners=3, seats=[])
    return Chunk(SPACE, number, DOORS_OPEN_MS, source, at_ms, 40, beat, frames)


class Rig:
    """A running edge with one live space."""

    def __init__(self, worker: Worker, site: Site, channel: Channel, port: int, objects: Objects) -> None:
        self.worker = worker
        self.site = site
        self.channel = channel
        self.port = port
        self.objects = objects
        self.now = DOORS_OPEN_MS / 1000
        self.trust: ssl.SSLContext | None = None
        """With which clients of a rig with TLS check its certificate."""

    @property
    def window(self) -> Window:
        window = self.channel.window
        assert window is not None
        return window

    def publish(self, count: int = 1) -> None:
        """The next ``count`` chunks come from the bus, each at the moment it ends."""
        for _ in range(count):
            number = self.window.head + 1
            self.now = DOORS_OPEN_MS / 1000 + (number + 1) * grid.CHUNK_S
            self.channel.add(programme(number), self.now)

    async def get(self, target: str, *lines: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        """One request on a connection of its own: status, header fields, body."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.trust)
        try:
            writer.write(request(target, *lines, "Connection: close", method=method))
            async with asyncio.timeout(PATIENCE_S):
                return split(await reader.read())
        finally:
            writer.close()

    async def metrics(self) -> str:
        """What an operator reads."""
        return (await self.get("/metrics", f"Authorization: Bearer {METRICS_TOKEN}"))[2].decode()

    async def open(self, target: str, *lines: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection with the request on its way."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.trust)
        writer.write(request(target, *lines))
        return reader, writer


def request(target: str, *lines: str, method: str = "GET") -> bytes:
    host = [] if any(line.startswith("Host: ") for line in lines) else ["Host: edge"]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *host, *lines, "", ""]).encode()


def split(reply: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, header fields (lower case) and body of a whole reply."""
    head, _, body = reply.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}, body


DAY = DOORS_OPEN_MS // DAY_MS
SALT = b"what the house gives to all edges"
SECRET = b"the secret that all processes share"


@asynccontextmanager
async def edge(
    space: Space | None = None,
    *,
    chunks: int = 60,
    capacity: int = 5000,
    tls: Tls | None = None,
    trust: ssl.SSLContext | None = None,
    proxied: bool = False,
    addresses: Addresses | None = None,
    places: int = 0,
    address: str = "",
    house: str = "",
    hub: str = "",
    room: Sequence[Headroom] = (),
    edges: Callable[[Status], Iterable[Status]] = lambda own: [own],
    told: ToldByHouses = ToldByHouses(),  # noqa: B008 (it is frozen)
) -> AsyncIterator[Rig]:
    """A rig whose window holds the first ``chunks`` chunks; it must run on uvloop, as the edge does."""
    rig: list[Rig] = []
    start = DOORS_OPEN_MS / 1000
    trusted = forwarded.networks("127.0.0.1")
    worker = Worker(
        capacity=capacity,
        places=places,
        clock=lambda: rig[0].now if rig else start,
        addresses=addresses,
        trusted=trusted,
        tls=tls,
        proxied=proxied,
        room=lambda: room,
    )
    objects = Objects.open("memory://")
    own = keys.derived("edge", SECRET)
    gate = Gate(own, trusted, worker)
    for name in (of_space(SPACE), *(of_day(day) for day in range(DAY, DAY + 3))):
        gate.keyed.hear(Salt(name, 1, SALT))
    site = Site(
        worker,
        gate,
        objects=objects,
        address=address,
        hub=hub,
        forwarder=Forwarder(Settings(house_url=house), own, trusted, worker) if house else None,
        metrics_token=METRICS_TOKEN,
        music=silent_hold(),
        status=lambda: heartbeat(worker, site.channels, "edge-0"),
        edges=edges,
        told=told,
    )
    server = await asyncio.get_running_loop().create_server(worker.protocol_factory(site.answer), "127.0.0.1", 0)
    channel = Channel(space or live_space(), silent_hold(), worker)
    rig.append(Rig(worker, site, channel, server.sockets[0].getsockname()[1], objects))
    rig[0].trust = trust
    site.channels[channel.space.id] = channel
    site.ready = True
    if channel.space.on_air:
        channel.open(start)
        rig[0].publish(chunks)
    deadlines = asyncio.create_task(worker.run(), name="deadlines")
    try:
        yield rig[0]
    finally:
        server.close()
        deadlines.cancel()
        await asyncio.gather(deadlines, return_exceptions=True)
        await site.stop()
        await eventually(lambda: worker.open == 0, "every connection is gone")
        await asyncio.sleep(0.01)  # and the clients' ends, which uvloop closes in its next rounds
