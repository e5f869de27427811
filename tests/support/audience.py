"""A small server of the audience's addresses: real encoded chunks in real time, and faults on request.

It is no edge: one space, no limits. It exists so that the listener is tested against the formats themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from urllib.parse import parse_qsl, urlsplit

import msgspec

from stentor.audio.encoder import ProgrammeEncoder
from stentor.audio.pcm import Samples
from stentor.base import grid
from stentor.base.rendition import BY_NAME, RENDITIONS
from stentor.spaces.model import Role, State
from stentor.spaces.pulse import Pulse, PulseSeat
from stentor.wire import adts, mp4, ogg, playlist
from tests.support.speech import voice

SERVER_DELAY_S = 0.05
"""From the end of a chunk on the clock until it can be sent."""
PAST_CHUNKS = 24
BURST_CHUNKS = 10


@cache
def encoded_voice() -> tuple[Samples, dict[str, list[list[bytes]]]]:
    """26 s of the reader, and its chunks in every rendition."""
    reader = voice("reader")
    pcm = reader[: reader.size // grid.CHUNK_SAMPLES * grid.CHUNK_SAMPLES]
    chunks = pcm.reshape(-1, grid.CHUNK_SAMPLES)
    encoders = {rendition.name: ProgrammeEncoder(rendition) for rendition in RENDITIONS}
    return pcm, {name: [encoder.encode(chunk) for chunk in chunks] for name, encoder in encoders.items()}


class Audience:
    """A space whose doors opened :data:`PAST_CHUNKS` chunks ago, and which ends with chunk ``last``."""

    def __init__(self, last: int) -> None:
        self.pcm, self.frames = encoded_voice()
        self.last = min(last, len(self.frames["aac-64"]) - 1)
        self.doors_open_ms = round(time.time() * 1000) - PAST_CHUNKS * grid.CHUNK_MS
        self.url = ""
        self.requests: list[str] = []
        self.problem: tuple[int, dict[str, str], bytes] | None = None
        """What every request gets instead, while it is set."""
        self.stall_at: dict[int, float] = {}
        """Before chunk n the stream stands still for so long (once)."""
        self.skip: set[int] = set()
        """Chunks that nobody gets."""
        self.cut_at: int | None = None
        """Before this chunk the connection is cut (once)."""
        self.parts = True

    def due(self, chunk: int) -> float:
        """Wall-clock time at which chunk ``chunk`` can be sent."""
        return grid.chunk_start(chunk + 1, self.doors_open_ms / 1000) + SERVER_DELAY_S

    def newest(self) -> int:
        """The newest chunk that is there."""
        done = grid.chunk_at(time.time() - SERVER_DELAY_S, self.doors_open_ms / 1000) - 1
        return min(done, self.last)

    def pulse(self, chunk: int) -> bytes:
        """The reader talks in every second second; the source is ``hold`` before chunk 26."""
        talking = (chunk // 3) % 2 == 0
        seat = PulseSeat(id="reader", name="Reader", role=Role.SPEAKER, talking=talking, muted=False, level=-20)
        return msgspec.json.encode(
            Pulse(
                v=1,
                space="test",
                title="A test",
                state=State.LIVE,
                chunk=chunk,
                at=round(self.due(chunk) * 1000),
                source="hold" if chunk < 26 else "stage",
                listeners=7,
                seats=[seat],
            )
        )

    def fragment(self, rendition: str, chunks: range, shift: int = 0) -> bytes:
        """One fragment a chunk, with its pulse."""
        return b"".join(self._fragment(rendition, chunk, shift) for chunk in chunks)

    def _fragment(self, rendition: str, chunk: int, shift: int) -> bytes:
        at = grid.decode_time(chunk - shift)
        event = mp4.emsg(self.pulse(chunk), decode_time=at, duration=grid.CHUNK_SAMPLES, id=chunk)
        frames = self.frames[rendition][chunk]
        return mp4.fragment(BY_NAME[rendition], sequence=chunk + 1, decode_time=at, frames=frames, emsg=event)

    def packers(self, kind: str, first: int) -> tuple[bytes, Callable[[int], bytes]]:
        """What a progressive stream begins with, and how a chunk goes into it."""
        if kind == "aac":
            return b"", lambda chunk: adts.pack(self.frames["aac-64"][chunk])
        if kind == "mp4":
            init = mp4.init(BY_NAME["aac-64"])
            return init, lambda chunk: self.fragment("aac-64", range(chunk, chunk + 1), shift=first)
        return ogg.headers(1, mp4.OPUS_PRE_SKIP), lambda chunk: ogg.page(
            self.frames["opus-24"][chunk],
            serial=1,
            sequence=chunk - first + 2,
            granule=grid.decode_time(chunk - first + 1),
        )

    async def stream(self, kind: str, writer: asyncio.StreamWriter) -> None:
        """A progressive response, chunked: the burst, then in real time to the end of the space."""
        first = max(0, self.newest() + 1 - BURST_CHUNKS)
        opening, pack = self.packers(kind, first)
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: audio/any\r\n"
            + f"X-Stentor-Chunk: {first}\r\nX-Stentor-Origin: {self.doors_open_ms}\r\n\r\n".encode()
        )
        if opening:
            writer.write(_http_chunk(opening))
        for chunk in range(first, self.last + 1):
            await asyncio.sleep(max(0.0, self.due(chunk) - time.time()))
            await asyncio.sleep(self.stall_at.pop(chunk, 0.0))
            if chunk == self.cut_at:
                self.cut_at = None
                writer.transport.abort()
                return
            if chunk not in self.skip:
                writer.write(_http_chunk(pack(chunk)))
                await writer.drain()
        writer.write(b"0\r\n\r\n")

    def live_playlist(self, rendition: str) -> str:
        """The media playlist of a rendition as it is now."""
        newest = self.newest()
        ended = newest == self.last
        segments = [self._segment(rendition, n, newest) for n in range(newest // 12 + 1)]
        complete = [s for s in segments if ended or (s.number + 1) * 12 <= newest + 1]
        unfinished = segments[-1] if segments and not ended and len(complete) < len(segments) else None
        hint_at = (newest + 1) // 3
        hint = f"{rendition}/{hint_at // 4}.{hint_at % 4}.m4s"
        return playlist.media(
            complete, map_uri=f"{rendition}/init.mp4", open_segment=unfinished, hint=hint, parts=self.parts, ended=ended
        )

    def _segment(self, rendition: str, number: int, newest: int) -> playlist.Segment:
        last = min(number * 12 + 11, newest)
        # The last part of an ended space may be short.
        count = -(-(last + 1 - number * 12) // 3) if newest == self.last else (last + 1 - number * 12) // 3
        parts = [playlist.Part(f"{rendition}/{number}.{part}.m4s") for part in range(count)]
        return playlist.Segment(
            number,
            f"{rendition}/{number}.m4s",
            self.doors_open_ms + number * 3840,
            (last - number * 12 + 1) * grid.CHUNK_S,
            tuple(parts),
        )

    async def blocked(self, query: dict[str, str]) -> None:
        """Waits for the segment or part that a reload asks for."""
        if "_HLS_msn" not in query:
            return
        number, part = int(query["_HLS_msn"]), int(query.get("_HLS_part", "3"))
        wanted = min(number * 12 + part * 3 + 2, self.last)
        await asyncio.sleep(max(0.0, self.due(wanted) - time.time() + 0.001))

    def file(self, name: str) -> bytes:
        """``init.mp4``, ``{n}.m4s`` or ``{n}.{k}.m4s`` of a rendition, as ``{rendition}/{file}``."""
        rendition, _, rest = name.partition("/")
        if rest == "init.mp4":
            return mp4.init(BY_NAME[rendition])
        number, *part = (int(piece) for piece in rest.removesuffix(".m4s").split("."))
        first, count = (number * 12 + part[0] * 3, 3) if part else (number * 12, 12)
        return self.fragment(rendition, range(first, min(first + count, self.last + 1)))

    async def answer(self, target: str, writer: asyncio.StreamWriter) -> None:
        self.requests.append(target)
        if self.problem is not None:
            status, headers, body = self.problem
            _plain(writer, status, body, headers)
            return
        parsed = urlsplit(target)
        name = parsed.path.removeprefix("/s/test/")
        if name.startswith("live."):
            await self.stream(name.removeprefix("live."), writer)
        elif name == "recording.m4a":
            everything = self.fragment("aac-64", range(self.last + 1))
            _plain(writer, 200, mp4.init(BY_NAME["aac-64"], duration_s=(self.last + 1) * 0.32) + everything)
        elif name == "hls/index.m3u8":
            _plain(writer, 200, playlist.multivariant(RENDITIONS, uri=lambda r: f"{r.name}.m3u8").encode())
        elif name.endswith(".m3u8"):
            await self.blocked(dict(parse_qsl(parsed.query)))
            _plain(writer, 200, self.live_playlist(name.removeprefix("hls/").removesuffix(".m3u8")).encode())
        else:
            _plain(writer, 200, self.file(name.removeprefix("hls/")))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self.answer(head.decode().split(" ")[1], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def _http_chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def _plain(writer: asyncio.StreamWriter, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    fields = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    writer.write(f"HTTP/1.1 {status} Status\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode() + body)


@asynccontextmanager
async def audience(*, last: int) -> AsyncIterator[Audience]:
    """A server on a free port of 127.0.0.1 (``.url`` ends in ``/s/test``), open for :data:`PAST_CHUNKS` chunks."""
    encoded_voice()
    space = Audience(last)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await space.serve(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    space.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/s/test"
    try:
        yield space
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks)
