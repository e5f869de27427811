"""The edge behind a proxy that speaks the PROXY protocol, with and without TLS."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from stentor.edge import protocol
from tests.support.certificates import Authority
from tests.support.edge import edge, request, split
from tests.support.wait import PATIENCE_S, eventually

HEADER = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"


async def test_the_header_is_taken_off_wherever_it_is_cut() -> None:
    """Alone, in pieces, or in one packet with the request."""
    async with edge(proxied=True) as rig:
        data = HEADER + request("/healthz", "Connection: close")
        for cut in (0, 3, len(HEADER) - 1, len(HEADER), len(HEADER) + 5):
            reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
            writer.write(data[:cut])
            await asyncio.sleep(0.02)  # a packet of its own
            writer.write(data[cut:])
            async with asyncio.timeout(PATIENCE_S):
                assert split(await reader.read())[0] == 200
            writer.close()


@pytest.mark.parametrize("data", [request("/healthz"), b"PROXY TCP4 nobody\r\n", bytes(40)])
async def test_who_comes_past_the_proxy_is_cut_off(data: bytes) -> None:
    """No header, no answer: nobody may name an address of their own choice."""
    async with edge(proxied=True) as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(data)
        with suppress(ConnectionError):  # reset or end, as it comes
            assert not await reader.read()
        assert rig.worker.malformed == 1
        writer.close()


async def test_a_header_that_does_not_end_is_a_slow_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seconds to the first request cover it."""
    monkeypatch.setattr(protocol, "HEAD_S", 1.0)
    async with edge(proxied=True) as rig:
        _, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(b"PROXY ")
        await eventually(lambda: rig.worker.timed_out == 1, "it is cut off")
        writer.close()


async def test_tls_begins_behind_the_header(tmp_path: Path) -> None:
    """As balancers do that pass TLS through."""
    authority = Authority(tmp_path)
    async with edge(proxied=True, tls=authority.tls()) as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(HEADER)
        await writer.start_tls(authority.trust(), server_hostname="localhost")
        writer.write(request("/s/friday/hls/aac-64/2.1.m4s", "Connection: close"))
        async with asyncio.timeout(PATIENCE_S):
            assert len(split(await reader.read())[2]) > 6000
        writer.close()
