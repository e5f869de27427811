"""A server of a stranger, to which something is sent: what came is kept, and the test says what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answering = Callable[["Received"], tuple[int, dict[str, str]]]


@dataclass(frozen=True)
class Received:
    """One request. Names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers 200 unless ``answering`` says otherwise."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    answering: Answering = lambda _: (200, {})
    connections: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, requests are read and not answered."""

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (line := await reader.readline()).strip():
                headers: dict[str, str] = {}
                while (header := await reader.readline()).strip():
                    name, _, value = header.decode("latin-1").partition(":")
                    headers[name.strip().lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                found = Received(line.split()[1].decode(), headers, body)
                self.received.append(found)
                await self.held.wait()
                status, more = self.answering(found)
                lines = "".join(f"{name}: {value}\r\n" for name, value in ({"Content-Length": "2"} | more).items())
                writer.write(f"HTTP/1.1 {status} So\r\n{lines}\r\nok".encode())
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever sent was killed
        finally:
            writer.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A running one on 127.0.0.1."""
    made = Receiver()
    made.held.set()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.held.set()
        server.close()
