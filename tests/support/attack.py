"""An attack on a whole Stentor, as a process of its own: ``python -m tests.support.attack`` and an order in JSON.

All at once: peers that read nothing, heads that never end, connections that say nothing, requests as fast as they are
answered on every path of the audience, bytes that are no HTTP, and a flood of the house's public pages. They come from
forty addresses of the loopback network, so that no limit of one address ends it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import socket
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import msgspec
import uvloop

SLOW_READERS, SLOW_HEADS, SILENT, BROKEN = 60, 100, 300, 60
"""More than one in ten is broken."""
ASKING = 3
"""Closed loops on each path."""
PATHS = (
    "", "/door.json", "/ticket", "/pulse.json", "/comments.json", "/captions.json", "/captions.vtt", "/embed",
    "/portraits/nobody", "/listen.m3u", "/event.ics", "/hold.m4a", "/hls/index.m3u8", "/hls/aac-64.m3u8",
    "/hls/aac-64.m3u8?_HLS_msn=9999", "/hls/aac-64/init.mp4", "/hls/aac-64/2.m4s", "/clip?from=0&to=2",
    "/clip.m4a?from=0&to=2", "/gaps.json", "/chapters.json", "/peaks.json", "/recording.m4a", "/replay/index.m3u8",
    "/replay/aac-64.m3u8", "/overflow/120/index.m3u8", "/overflow/120/aac-64.m3u8", "/nowhere",
)  # fmt: skip
"""Of a space; :data:`POSTED` besides."""
POSTED = "/react/clap"
PAGES = ("/", "/sign-in", "/api/v1/spaces", "/api/v1/recordings")
SOURCES = [f"127.0.0.{number}" for number in range(20, 60)]


class Order(msgspec.Struct, frozen=True):
    """Where to, and for how long."""

    audience_port: int
    port: int
    space: str
    seconds: float


class Attack:
    """What is done, and how often it got through."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.done: Counter[str] = Counter()
        self._sources = itertools.cycle(SOURCES)
        self._chance = random.Random(7)

    async def run(self) -> None:
        """Everything, until the time is over."""
        waves: list[Coroutine[Any, Any, None]] = [
            *(self._again(self._slow_reader) for _ in range(SLOW_READERS)),
            *(self._again(self._slow_head) for _ in range(SLOW_HEADS)),
            *(self._again(self._silent) for _ in range(SILENT)),
            *(self._again(self._broken) for _ in range(BROKEN)),
        ]
        space = f"/s/{self.order.space}"
        for path in PATHS:
            waves += [self._ask(self.order.audience_port, space + path, "audience") for _ in range(ASKING)]
        waves += [self._ask(self.order.audience_port, space + POSTED, "audience", "POST") for _ in range(ASKING)]
        for path in PAGES:
            waves += [self._ask(self.order.port, path, "house") for _ in range(ASKING)]
        tasks = [asyncio.create_task(wave) for wave in waves]
        await asyncio.wait(tasks, timeout=self.order.seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _again(
        self, wave: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
    ) -> None:
        """One such peer after another."""
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await self._open(self.order.audience_port)
                self.done[wave.__name__] += 1
                try:
                    await wave(reader, writer)
                finally:
                    writer.transport.abort()
            await asyncio.sleep(0.1)

    async def _slow_reader(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads
        writer.write(self._request(f"/s/{self.order.space}/live.aac"))
        await asyncio.Event().wait()

    async def _slow_head(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET / HTTP/1.1\r\nHost: edge\r\n")
        while not reader.at_eof():
            await asyncio.sleep(0.5)
            writer.write(b"X-Slow: 1\r\n")

    async def _silent(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def _broken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        whole = self._request(f"/s/{self.order.space}/door.json")
        writer.write(
            self._chance.choice([self._chance.randbytes(200), whole[:-9], whole * 50, b"GET \0 HTTP/9\r\n\r\n"])
        )
        await asyncio.sleep(0.05)

    async def _ask(self, port: int, path: str, name: str, method: str = "GET") -> None:
        """One request after the other on connections that are kept."""
        while True:
            with suppress(OSError, asyncio.IncompleteReadError, ValueError):
                reader, writer = await self._open(port)
                try:
                    while not reader.at_eof():
                        writer.write(self._request(path, method))
                        self.done[f"{name} {await _status(reader)}"] += 1
                finally:
                    writer.transport.abort()
            await asyncio.sleep(0.01)

    async def _open(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port, local_addr=(next(self._sources), 0))

    def _request(self, path: str, method: str = "GET") -> bytes:
        return f"{method} {path} HTTP/1.1\r\nHost: edge\r\n\r\n".encode()


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of one reply, which is read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, length = head.partition(b"content-length: ")
    if length:
        await reader.readexactly(int(length.split(b"\r\n", 1)[0]))
    return int(head.split(b" ", 2)[1])


async def attacked(order: Order) -> dict[str, int]:
    """Runs the attack in a process of its own; returns what it has done."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.attack",
        msgspec.json.encode(order).decode(),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), order.seconds + 20)
    finally:
        if process.returncode is None:
            process.kill()
    return msgspec.json.decode(out, type=dict[str, int])


if __name__ == "__main__":
    os.nice(10)  # it stands for other machines: what it needs itself is not the victim's
    attack = Attack(msgspec.json.decode(sys.argv[1], type=Order))
    uvloop.run(attack.run())
    print(msgspec.json.encode(attack.done).decode())
