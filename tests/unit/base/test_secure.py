"""TLS above sockets: a crowd that shakes hands at once does not keep those waiting who have a connection."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from stentor.base import tls
from stentor.base.secure import Handshakes, Secure, end
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


class Line(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing more comes."""


class Answer(Echo):
    """Says what it hears, and stays."""

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


class Farewell(Echo):
    """The same, as what is said to who wants nothing more."""

    def data_received(self, data: bytes) -> None:
        end(self._transport, data)


@pytest.mark.parametrize("above", [Answer, Farewell])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_the_ticket_goes_with_the_first_reply(
    version: ssl.TLSVersion, above: type[asyncio.Protocol], tmp_path: Path
) -> None:
    """Who has shaken hands gets nothing more before it asks, in TLS 1.3; its ticket and the reply are one write, and
    where that is the last one the end of the connection, too."""
    authority = Authority(tmp_path)
    trust, line = authority.trust(), Line()
    trust.maximum_version = version
    secure = Secure(above(), tls.read(authority.chain, authority.key)[0], Handshakes(share_s=60.0))
    secure.connection_made(line)
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust.wrap_bio(coming, going, server_hostname="localhost")

    def to_and_fro() -> None:
        known = len(line.written)
        secure.data_received(going.read())
        coming.write(b"".join(line.written[known:]))

    for _ in range(2):
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        to_and_fro()
    client.do_handshake()
    assert len(line.written) == (1 if version == ssl.TLSVersion.TLSv1_3 else 2)
    client.write(b"hello")
    before = len(line.written)
    to_and_fro()
    assert client.read(100) == b"hello"
    assert len(line.written) == before + 1
    assert client.session is not None
    assert client.session.has_ticket
    if above is Farewell:
        assert client.read(100) == b""
