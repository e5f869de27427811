"""The edge's work through an ASGI server: one endless reply for each listener, for ``bench.fanout``.

``python -m bench.asgi_server PORT``. uvicorn on uvloop and a bare application: what a framework adds comes on top. The
same bytes at the same rate as the edge: 3.2 s at once, then 0.96 s in a message.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

BURST_S, WRITE_S = 3.2, 0.96
BYTES_A_SECOND = 48_000 // 8

Message = dict[str, Any]


class Programme:
    """Everybody waits for the same next piece."""

    def __init__(self) -> None:
        self._piece: asyncio.Future[bytes] | None = None

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += WRITE_S
            await asyncio.sleep(due - loop.time())
            piece, self._piece = self._piece, None
            if piece is not None:
                piece.set_result(os.urandom(round(WRITE_S * BYTES_A_SECOND)))

    async def next(self) -> bytes:
        if self._piece is None:
            self._piece = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._piece)


class App:
    """The ASGI application."""

    def __init__(self) -> None:
        self._programme = Programme()
        self._burst = os.urandom(round(BURST_S * BYTES_A_SECOND))
        self._running: asyncio.Task[None] | None = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        headers = [(b"content-type", b"audio/aac"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        piece = self._burst
        while True:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await self._programme.next()

    async def _live(
        self, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._running = asyncio.create_task(self._programme.run(), name="programme")
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def serve(port: int) -> None:
    """For ever, beside others on the same port."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    own.bind(("127.0.0.1", port))
    config = uvicorn.Config(
        App(), loop="uvloop", http="httptools", backlog=4096,
        access_log=False, log_level="critical", timeout_graceful_shutdown=1,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[own])


if __name__ == "__main__":
    serve(int(sys.argv[1]))
