"""ICE with bounds, a port range and servers by configuration."""

import asyncio
import importlib.metadata
import os
from collections.abc import AsyncIterator

import pytest

from stentor.base.errors import Overloaded, SetupError
from stentor.stage import ice as stage_ice
from stentor.stage.ice import Ice, IceSettings, guard_datagrams, parse_servers

LOOPBACK = IceSettings(addresses=("127.0.0.1",))
PORTS = (41_200, 41_203)


@pytest.fixture
async def guarded() -> AsyncIterator[None]:
    """This test's loop, with the port range in force."""
    undo = guard_datagrams(asyncio.get_running_loop(), PORTS)
    yield
    undo()


def test_the_adapter_was_written_for_this_aioice() -> None:
    """`Ice` and `guard_datagrams` use aioice's inside: look at both before another version is let in."""
    assert importlib.metadata.version("aioice").startswith("0.13.")


async def test_sockets_are_bound_inside_the_range(guarded: None) -> None:
    """Every connection takes a port of the range, no two the same."""
    connections = [Ice(LOOPBACK) for _ in range(4)]
    for connection in connections:
        await connection.gather_candidates()
    assert {each.local_candidates[0].port for each in connections} == set(range(PORTS[0], PORTS[1] + 1))
    with pytest.raises(Overloaded):
        await Ice(LOOPBACK).gather_candidates()
    for connection in connections:
        await connection.close()
    freed = Ice(LOOPBACK)
    await freed.gather_candidates()
    await freed.close()


async def test_other_endpoints_of_the_loop_choose_their_port(guarded: None) -> None:
    """A socket with a port of its own keeps it: the range is for ICE."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 41_300))
    assert transport.get_extra_info("sockname")[1] == 41_300
    transport.close()


async def test_strangers_datagrams_are_dropped(guarded: None) -> None:
    """Nothing that anybody can send to an open port raises, fills memory or wakes the transport for nothing."""
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    connection = Ice(LOOPBACK)
    await connection.gather_candidates()
    (protocol,) = connection._protocols
    stun = bytes.fromhex("000100082112a442") + bytes(12)
    wrong_lengths = [stun[:20] + bytes([0, kind, 0, 3, 1, 1, 1, 0]) for kind in (0x03, 0x09, 0x24, 0x20, 0x06)]
    wrong_lengths.append(stun[:20] + bytes.fromhex("8029000301010100"))
    for datagram in [b"", b"\x00", *wrong_lengths, *(os.urandom(size) for size in range(1, 400))]:
        protocol.datagram_received(datagram, ("127.0.0.1", 9))
    for _ in range(1000):
        protocol.datagram_received(b"\x80" + os.urandom(100), ("127.0.0.1", 9))
    assert connection._queue.qsize() == stage_ice.MAX_WAITING_DATAGRAMS
    assert connection.dropped >= 1000 - stage_ice.MAX_WAITING_DATAGRAMS
    assert failures == []
    await connection.close()


async def test_candidates_are_bounded_and_nonsense_is_passed_over() -> None:
    """A speaker's candidates cannot make the stage check the whole network."""
    connection = Ice(LOOPBACK)
    for line in [
        "", "1 1 udp", "1 1 udp 1 name.local 5 typ host", "1 2 udp 1 192.0.2.1 5 typ host", "ü " * 9,
        "1 1 udp 1 fe80::1%21 5 typ host", "1 1 udp 1 fe80::1 5 typ host", "1 1 udp 1 2001:db8::1%2 5 typ host",
        "1 1 udp 1 0.0.0.0 5 typ host", "1 1 udp 1 ff02::1 5 typ host", "1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
    ]:  # fmt: skip
        await connection.add(line)
    assert connection.remote_candidates == []
    for number in range(100):
        await connection.add(f"{number} 1 udp 2130706431 192.0.2.{number} 50000 typ host")
    assert 0 < len(connection.remote_candidates) <= stage_ice.MAX_CANDIDATES
    await connection.no_more()
    await connection.no_more()
    await connection.close()


def test_servers_are_read() -> None:
    """One STUN and one TURN server are used; speakers are told of both."""
    settings = parse_servers("stun:stun.example.org:3479, turn:me:secret@turn.example.org?transport=tcp")
    assert settings.servers == {
        "stun_server": ("stun.example.org", 3479),
        "turn_server": ("turn.example.org", 3478),
        "turn_username": "me",
        "turn_password": "secret",
        "turn_ssl": False,
        "turn_transport": "tcp",
    }
    assert settings.links[0] == '<stun:stun.example.org:3479>; rel="ice-server"'
    assert 'username="me"; credential="secret"' in settings.links[1]
    assert parse_servers("turns:me:secret@turn.example.org").servers["turn_server"] == ("turn.example.org", 5349)
    assert parse_servers("") == IceSettings()


@pytest.mark.parametrize("text", ["stun", "http://x", "turn:host:3478", "stun:host:port", "stun:", "turn:a:b@h?x=1"])
def test_servers_that_are_none_stop_the_start(text: str) -> None:
    """A typing error is told at once, not at the first call that fails."""
    with pytest.raises(SetupError):
        parse_servers(text)
