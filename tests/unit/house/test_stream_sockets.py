"""A stream over WebSocket that is never silent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stentor.house.streaming import sockets
from stentor.house.streaming.hub import StreamClient
from tests.support.wait import PATIENCE_S


class Line:
    """The app's side: it says nothing, and keeps what it is sent."""

    gone = False

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = asyncio.Event()

    async def read(self) -> bytes:
        await self.closed.wait()
        return b""

    async def write(self, data: bytes) -> None:
        self.sent.append(data)
        await asyncio.sleep(0)

    def close(self) -> None:
        self.closed.set()


async def test_a_token_that_was_taken_back_ends_a_busy_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at every 25 seconds, also while there is always something to say."""
    monkeypatch.setattr(sockets, "SILENT_S", 0.02)
    line, looks = Line(), list[bool]()
    client = StreamClient(1, lambda event, name: b"")

    async def lasts() -> bool:
        looks.append(len(looks) < 3)
        return looks[-1]

    async def heed(_: object) -> None:
        raise AssertionError("the app has said nothing")

    async def chatter() -> None:
        while True:
            if client.waiting.empty():
                client.waiting.put_nowait(b"something")
            await asyncio.sleep(0)

    tunnel: Any = line
    talk = asyncio.create_task(chatter())
    async with asyncio.timeout(PATIENCE_S):
        await sockets.SocketStream(tunnel, client, heed, lasts).run()
    talk.cancel()
    assert looks == [True, True, True, False]
    assert line.sent.count(b"something") > 3
