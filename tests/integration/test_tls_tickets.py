"""Who comes again with TLS is known at every edge: real edge processes, a real bus, and what becomes of it without."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from stentor.audio import hold
from stentor.base import keys, ticket_key, ticket_probe
from stentor.base.config import Settings
from stentor.base.errors import Overloaded
from stentor.bus import streams
from stentor.bus.connection import Bus, connect
from stentor.bus.ticket_salt import TicketSalt
from stentor.edge.resumed import CommonTickets
from stentor.store.objects import Objects
from tests.support.air import processes
from tests.support.certificates import Authority
from tests.support.edge import request, silent_hold
from tests.support.nats import NatsServer, nats_server
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S, patiently

LOOKED_S = 12.0
"""Edges look every five seconds."""


class Pair:
    """Two edges, each with a port of its own, at one bus."""

    def __init__(self, server: NatsServer, settings: list[Settings], authority: Authority) -> None:
        self.server, self.settings, self.trust = server, settings, authority.trust()
        self.ports = [each.audience_port for each in settings]

    def visit(self, port: int, session: ssl.SSLSession | None = None) -> tuple[ssl.SSLSession | None, bool]:
        """Asks for something, and is answered in any case: the session, and whether it was the one of before."""
        with (
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as raw,
            self.trust.wrap_socket(raw, server_hostname="localhost", session=session) as one,
        ):
            one.sendall(request("/healthz", "Connection: close"))
            said = b""
            while more := one.recv(4096):
                said += more
            assert said.startswith(b"HTTP/1.1 "), said
            return one.session, bool(one.session_reused)

    async def resumes(self, first: int, then: int) -> bool:
        """Whether the session of one edge goes on at another."""
        session, _ = await asyncio.to_thread(self.visit, first)
        return (await asyncio.to_thread(self.visit, then, session))[1]

    async def until_common(self) -> None:
        """Both edges have one key."""
        async for _ in patiently():
            try:
                if await self.resumes(*self.ports) and await self.resumes(*reversed(self.ports)):
                    return
            except OSError:  # it does not listen yet
                continue
        raise AssertionError("the edges have no common key")


@pytest_asyncio.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    authority = Authority(tmp_path)
    reason = await ticket_probe.trouble(ticket_probe.command(authority.chain, authority.key), PATIENCE_S)
    if "takes no key" in reason:
        pytest.skip(reason)
    async with nats_server(tmp_path) as server, AsyncExitStack() as stack:
        one = Settings(
            data=str(tmp_path), host="127.0.0.1", nats_url=server.url,
            tls_cert=str(authority.chain), tls_key=str(authority.key),
        )  # fmt: skip
        await Objects.open(one.recordings_address).put("hold/default", hold.encode(silent_hold()))
        settings = [msgspec.structs.replace(one, audience_port=port) for port in free_ports(2)]
        for each in settings:
            await stack.enter_async_context(processes("edge", 1, each))
        yield Pair(server, settings, authority)


async def test_a_session_goes_on_at_another_edge(pair: Pair, tmp_path: Path) -> None:
    """Also after the bus has lost the key, or was away; what was sealed before means a whole handshake, and nothing of
    the key is on a disk."""
    await pair.until_common()
    old, _ = await asyncio.to_thread(pair.visit, pair.ports[0])
    async with connect(pair.server.url, name="test") as bus:
        first = await TicketSalt(bus).agreed()
        await expire(bus)
        async for _ in patiently():
            if not (await asyncio.to_thread(pair.visit, pair.ports[0], old))[1]:
                break
        await pair.until_common()
        assert not (await asyncio.to_thread(pair.visit, pair.ports[1], old))[1]
        second = await TicketSalt(bus).agreed()
    assert first != second
    await pair.server.kill()
    assert await pair.resumes(*pair.ports), "what edges have they keep"
    await pair.server.start()
    await pair.server.prepare()
    async with connect(pair.server.url, name="test") as bus:
        third = await TicketSalt(bus).agreed()
    await asyncio.sleep(LOOKED_S)
    await pair.until_common()
    shared = keys.own(pair.settings[0], "edge").doors
    secrets = [each for salt in (first, second, third) for each in (salt, ticket_key.derived(shared, salt))]
    kept = files(tmp_path)
    assert any("jetstream" in name for name in kept)
    assert [name for name, data in kept.items() if any(each in data for each in secrets)] == []


def files(folder: Path) -> dict[str, bytes]:
    """All of them, by name."""
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


async def expire(bus: Bus) -> None:
    """The bus forgets the key as it does after twelve hours, only sooner."""
    found = (await bus.js.stream_info(streams.TLS)).config
    assert found.max_age == 12 * 3600
    await bus.js.update_stream(found.evolve(max_age=1.0, duplicate_window=1.0))
    async for _ in patiently():
        if (await bus.js.stream_info(streams.TLS)).state.messages == 0:
            break
    await bus.js.update_stream(found)


async def test_of_many_edges_one_makes_the_key(tmp_path: Path) -> None:
    """However many look at once; whoever was not the one is told to look again."""
    async with nats_server(tmp_path) as server, connect(server.url, name="test") as bus:

        async def agreed() -> bytes:
            async for _ in patiently():
                try:
                    return await TicketSalt(bus).agreed()
                except Overloaded:
                    continue
            raise AssertionError("nobody made one")

        assert len(set(await asyncio.gather(*(agreed() for _ in range(20))))) == 1


async def test_an_edge_that_cannot_take_the_key_keeps_its_own(tmp_path: Path) -> None:
    """It ends trying, and asks the bus for nothing: a process like it has crashed."""
    authority = Authority(tmp_path)
    async with nats_server(tmp_path) as server, connect(server.url, name="test") as bus:
        tls, trust = authority.tls(), authority.trust()
        own = ticket_probe.shaken(trust, tls.context).session
        async with asyncio.timeout(PATIENCE_S):
            await CommonTickets(bus, tls, b"shared").run([sys.executable, "-c", "import os; os.abort()"])
        assert not tls.common_tickets
        assert ticket_probe.shaken(trust, tls.context, own).session_reused
        assert (await bus.js.stream_info(streams.TLS)).state.messages == 0
