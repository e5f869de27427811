"""A stream as server-sent events (HTML, 9.2): one stream a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from stentor.house.streaming.hub import Hub, StreamClient
from stentor.house.streaming.messages import ALIVE

SILENT_S: Final = 15.0
"""So long nothing is said at most."""
CHECKED_S: Final = 30.0
HEADERS: Final = {"cache-control": "private, no-store", "x-accel-buffering": "no"}
"""Proxies must pass every event on at once."""
Check = Callable[[], Awaitable[bool]]


async def lines(hub: Hub, client: StreamClient, lasts: Check) -> AsyncIterator[bytes]:
    """The bytes of one, until it is too slow, or may not listen any more. It has joined already."""
    loop = asyncio.get_running_loop()
    checked_s = loop.time()
    try:
        yield ALIVE
        while True:
            data = ALIVE
            try:
                async with asyncio.timeout(SILENT_S):
                    if not (data := await client.waiting.get()):
                        return
            except TimeoutError:
                pass
            if loop.time() - checked_s > CHECKED_S:
                checked_s = loop.time()
                if not await lasts():
                    return
            yield data
    finally:
        hub.leave(client)
