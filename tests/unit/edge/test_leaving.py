"""An edge that is told to go: nobody new, everybody else moved away without a loss."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stentor.base.drain import Drain
from stentor.edge import leaving, sockets
from stentor.edge.leaving import Leaving, due_by
from tests.support.edge import Rig, edge, request, split
from tests.support.wait import PATIENCE_S, eventually


@asynccontextmanager
async def told_to_go(rig: Rig, *, over_s: float) -> AsyncIterator[asyncio.Task[None]]:
    """The rig's edge on its way out."""
    drain = Drain()
    going = asyncio.create_task(Leaving(rig.worker, [], [], over_s=over_s).run(drain))
    drain.begin()
    try:
        yield going
    finally:
        going.cancel()
        await asyncio.wait([going])


def test_connections_end_evenly_and_never_slower_than_need_be() -> None:
    """600 in 30 s are 20 a second; 20 do not take 30 s; without time all go at once."""
    assert [due_by(at, 600, 30.0) for at in (0.0, 7.5, 15.0, 29.99, 30.0)] == [0, 150, 300, 599, 600]
    assert due_by(2.0, 20, 30.0) == 20
    assert due_by(0.0, 600, 0.0) == 600


async def test_an_edge_without_listeners_goes_at_once() -> None:
    """Nobody waits for Ctrl-C: no time passes where nobody is to be moved."""
    async with edge() as rig, told_to_go(rig, over_s=3600.0) as going:
        await eventually(going.done, "it has gone")


async def test_a_balancer_is_told_before_anybody_is_moved() -> None:
    """While it alone has the port /healthz says no, and who comes all the same is served."""
    async with edge() as rig:
        reader, writer = await rig.open("/s/friday/live.aac")
        await reader.readuntil(b"\r\n\r\n")
        async with told_to_go(rig, over_s=3600.0):
            await eventually(lambda: rig.worker.leaving, "it has been told")
            status, _, body = await rig.get("/healthz")
            assert (status, body) == (503, b'{"ready":false,"draining":true}')
            assert (await rig.get("/s/friday/door.json"))[0] == 200
            assert rig.worker.listeners == 1
        writer.close()


async def test_a_stream_ends_behind_a_whole_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a listener has got is as much as one of an edge that stays: whole frames, nothing cut, nothing left out."""
    monkeypatch.setattr(leaving, "NOTICE_S", 0.0)
    async with edge() as rig:
        reader, writer = await rig.open("/s/friday/live.aac?burst=1")
        await reader.readuntil(b"\r\n\r\n")
        rig.publish(2)
        async with told_to_go(rig, over_s=0.0) as going:
            async with asyncio.timeout(PATIENCE_S):
                sound = await reader.read()
            await eventually(going.done, "it has gone")
        frames = 0
        while sound:
            assert sound[:2] == b"\xff\xf1"
            sound = sound[(sound[3] & 3) << 11 | sound[4] << 3 | sound[5] >> 5 :]
            frames += 1
        assert frames % 15 == 0
        assert rig.worker.listeners == 0
        writer.close()


async def test_a_kept_connection_gets_its_reply_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blocked playlist is answered when its part is there, and says that the connection closes."""
    monkeypatch.setattr(leaving, "NOTICE_S", 0.0)
    async with edge() as rig:
        reader, writer = await rig.open("/s/friday/hls/aac-64.m3u8?_HLS_msn=5&_HLS_part=0")
        await eventually(lambda: any(each.held for each in rig.worker.connections), "the playlist is held back")
        async with told_to_go(rig, over_s=60.0) as going:
            await eventually(lambda: all(each.going for each in rig.worker.connections), "its turn has come")
            rig.publish(12)
            async with asyncio.timeout(PATIENCE_S):
                status, fields, body = split(await reader.read())
            assert (status, fields["connection"]) == (200, "close")
            assert body.startswith(b"#EXTM3U")
            await eventually(going.done, "it has gone")
        writer.close()


async def test_who_asks_for_sound_on_a_kept_connection_is_sent_to_another_edge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """429 with the second to come back in, and the connection ends: the next one is another edge's."""
    monkeypatch.setattr(leaving, "LEAST_PER_S", 0.001)
    async with edge() as rig:
        reader, writer = await rig.open("/s/friday/door.json")
        await reader.readuntil(b"}")
        async with told_to_go(rig, over_s=4.0):
            await eventually(lambda: rig.worker.places == 0, "nobody is let in any more")
            writer.write(request("/s/friday/live.aac"))
            async with asyncio.timeout(PATIENCE_S):
                status, fields, body = split(
                    (await reader.read()).partition(b"HTTP/1.1 429")[2].join([b"HTTP/1.1 429", b""])
                )
        assert (status, fields["retry-after"], fields["connection"]) == (429, "1", "close")
        assert b'"code":"edge-leaving"' in body
        writer.close()


def test_the_port_of_another_process_is_seen() -> None:
    """Two that share a port see each other; one that is alone, or whose neighbour has stopped listening, does not."""
    [own] = sockets.listen_on("127.0.0.1", 0)
    port = own.getsockname()[1]
    with own, socket.socket() as other:
        assert not sockets.shared([own])
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", port))
        assert not sockets.shared([own])
        other.listen()
        assert sockets.shared([own])
        other.close()
        assert not sockets.shared([own])


async def test_a_scaler_reads_who_comes_and_how_many_more_may() -> None:
    """Places, those left, and arrivals by stream and by playlist; none are left at an edge that goes."""
    async with edge(places=10) as rig:
        reader, writer = await rig.open("/s/friday/live.aac")
        await reader.readuntil(b"\r\n\r\n")
        await rig.get("/s/friday/hls/index.m3u8")
        text = await rig.metrics()
        assert 'stentor_edge_places{edge="edge-0"} 10.0' in text
        assert 'stentor_edge_places_left{edge="edge-0"} 9.0' in text
        assert 'stentor_edge_arrivals_total{edge="edge-0"} 2.0' in text
        rig.worker.places = 0
        assert 'stentor_edge_places_left{edge="edge-0"} 0.0' in await rig.metrics()
        writer.close()
