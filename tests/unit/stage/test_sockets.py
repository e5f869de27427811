"""Sockets that wait for whoever has a clock."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from stentor.stage.ice import Ice, IceSettings, guard_datagrams
from tests.support.wait import eventually

LOOPBACK = IceSettings(addresses=("127.0.0.1",))
MEDIA, OTHER = b"\x80media", b"\x16handshake"


@pytest.fixture(autouse=True)
async def guarded() -> AsyncIterator[None]:
    undo = guard_datagrams(asyncio.get_running_loop(), None)
    yield
    undo()


@contextmanager
def sending_to(ice: Ice) -> Iterator[socket.socket]:
    """A stranger's socket whose datagrams come to ``ice``."""
    candidate = ice.local_candidates[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((candidate.host, candidate.port))
        yield sender


async def test_datagrams_wait_until_they_are_collected_and_tell_when_they_came() -> None:
    """From the first look on the loop is not woken for them; the kernel knows how long each has waited."""
    heard: list[tuple[bytes, float]] = []
    ice = Ice(LOOPBACK, lambda datagram, age_s: heard.append((datagram, age_s)))
    await ice.gather_candidates()
    with sending_to(ice) as sender:
        sender.send(MEDIA)
        await eventually(lambda: len(heard) == 1, "it comes by itself")
        ice.collect()
        sender.send(MEDIA + b"1")
        await asyncio.sleep(0.2)
        sender.send(MEDIA + b"2")
        sender.send(OTHER)
        assert len(heard) == 1
        ice.collect()
    assert [datagram for datagram, _ in heard[1:]] == [MEDIA + b"1", MEDIA + b"2"]
    assert heard[1][1] - heard[2][1] > 0.1
    assert ice._queue.get_nowait() == (OTHER, 1)
    await ice.close()
    ice.collect()


async def test_one_look_takes_no_more_than_five_seconds_of_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever floods the port does not hold the stage up; the rest waits."""
    monkeypatch.setattr("stentor.stage.sockets.MAX_AT_ONCE", 4)
    heard: list[bytes] = []
    ice = Ice(LOOPBACK, lambda datagram, _: heard.append(datagram))
    await ice.gather_candidates()
    ice.collect()
    with sending_to(ice) as sender:
        for _ in range(6):
            sender.send(MEDIA)
        ice.collect()
        assert len(heard) == 4
        ice.collect()
        assert len(heard) == 6
    await ice.close()


async def test_what_cannot_be_sent_is_not_sent() -> None:
    """A network that is gone, or an address that leads nowhere, is no failure of the stage."""
    ice = Ice(LOOPBACK)
    await ice.gather_candidates()
    (protocol,) = ice._protocols
    protocol.transport.sendto(b"x", ("255.255.255.255", 9))
    await ice.close()
    protocol.transport.sendto(b"x", ("127.0.0.1", 9))
    assert protocol.transport.is_closing()
