"""Whether listeners take what they are sent: who takes nothing is known long before the buffers are full."""

from __future__ import annotations

import asyncio
import socket

import pytest

from stentor.crowd.addresses import Addresses
from stentor.crowd.orders import Orders
from stentor.edge.seconds import Seconds
from stentor.edge.taking import AGAIN_S, LOOKS_S
from stentor.evidence.kinds import STUCK_S, Kind
from stentor.evidence.row import EdgeSecond
from tests.support.edge import Rig, edge, request
from tests.support.wait import eventually

NAMED = "X-Forwarded-For: 192.0.2."


@pytest.fixture
def limits() -> Addresses:
    return Addresses(connections=0, requests=0, proxy=lambda address: address == "127.0.0.1")


def taken(rows: Seconds) -> EdgeSecond:
    row = rows.row()
    assert row is not None
    return row


async def reads_nothing(rig: Rig, source: str) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(one, ("127.0.0.1", rig.port))
    await loop.sock_sendall(one, request("/s/friday/live.aac", source))
    return one


async def test_who_takes_nothing_is_stuck_until_it_goes_on(limits: Addresses) -> None:
    """It is in the rows, and who listens beside it is not; when it reads again it is a listener."""
    async with edge(chunks=36, addresses=limits) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        stuck = await reads_nothing(rig, f"{NAMED}1")
        reader, writer = await rig.open("/s/friday/live.aac", f"{NAMED}2")
        reading = asyncio.create_task(_read_on(reader))
        await eventually(lambda: rig.worker.listeners == 2, "both listen")
        now, taking = rig.worker.now, rig.worker.taking
        for look_s in (LOOKS_S[0], *[AGAIN_S] * 3):
            await _time_passes(rig)
            now += look_s
            taking.look(now)
        for _ in range(STUCK_S):
            rig.worker.sample.taken()
        row = taken(rows)
        assert (row.kinds[Kind.STUCK].hearing, row.kinds[Kind.LISTENING].hearing) == (1, 1)
        late = asyncio.create_task(_read_late(stuck))
        await _time_passes(rig)
        taking.look(now + AGAIN_S)
        row = taken(rows)
        assert (row.kinds[Kind.STUCK].hearing, row.kinds[Kind.LISTENING].hearing) == (0, 2)
        for task in (reading, late):
            task.cancel()
        await asyncio.gather(reading, late, return_exceptions=True)
        stuck.close()
        writer.close()


async def _read_on(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def _read_late(one: socket.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(one, 65536):
        pass


async def _time_passes(rig: Rig) -> None:
    """Four seconds of sound, so to speak."""
    for _ in range(12):
        rig.publish()
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)


async def test_what_is_asked_while_waiting_is_said(limits: Addresses) -> None:
    """The page once more and the door, and neither what came before nor the page's pulse; nothing when it is let in."""
    async with edge(chunks=36, addresses=limits) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        rig.channel.heed(Orders("friday", p=0.0))
        reader, writer = await rig.open("/s/friday", f"{NAMED}1")
        await _answered(reader)
        for path in ("/live.aac", "", "/door.json", "/pulse.json", "/live.aac"):
            writer.write(request(f"/s/friday{path}", f"{NAMED}1"))
            await _answered(reader)
        row = taken(rows)
        waiting = row.kinds[Kind.WAITING]
        assert (waiting.requests, waiting.waits, waiting.again) == (6, 2, 2)
        rig.channel.heed(Orders("friday", p=1.0, version=2))
        for path in ("/hls/index.m3u8", "/door.json", "/hls/aac-64/2.0.m4s", "/hls/aac-64/1.m4s"):
            writer.write(request(f"/s/friday{path}", f"{NAMED}1"))
            await _answered(reader)
        row = taken(rows)
        listening = row.kinds[Kind.LISTENING]
        assert (listening.requests, listening.again, listening.parts) == (4, 0, 5)
        writer.close()


async def _answered(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
