"""TLS above sockets: a crowd that shakes hands at once does not keep those waiting who have a connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

from stentor.base import tls
from stentor.base.secure import Handshakes, Secure
from tests.support.certificates import Authority

CROWD = 30


class Echo(asyncio.Protocol):
    """Says the first thing that it hears, and ends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)
        self._transport.close()


async def test_a_turn_of_the_loop_goes_on_with_few_handshakes(tmp_path: Path) -> None:
    """However many come; all are served. Counted, not timed: a share of no time is one from the line, and one more."""
    authority = Authority(tmp_path)
    context, _ = tls.read(authority.chain, authority.key)
    trust, shaken, loop = authority.trust(), Handshakes(share_s=0.0), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Secure(Echo(), context, shaken), "127.0.0.1", 0)
    port, steps = server.sockets[0].getsockname()[1], list[int]()

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="localhost")
        writer.write(b"hello")
        said = await reader.read()
        writer.close()
        return said

    async def count() -> None:
        while True:
            before = shaken.done
            await asyncio.sleep(0)
            steps.append(shaken.done - before)

    counting = asyncio.create_task(count())
    assert await asyncio.gather(*(ask() for _ in range(CROWD))) == [b"hello"] * CROWD
    counting.cancel()
    server.close()
    await server.wait_closed()
    assert (shaken.done, shaken.failed) == (CROWD, 0)
    assert max(steps) <= 2, steps
