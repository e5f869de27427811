"""The bench's crowd in C at a real edge: it counts what the edge counts, and measures what a rehearsal measures."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import psutil
import pytest

from bench import peers
from bench.listeners import Met, listen
from bench.program import NO_COMPILER, compiler
from stentor.base import grid
from stentor.rehearsal.order import CrowdMix, Format
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.rehearse import rehearse
from tests.support.edge import SPACE, Rig, edge
from tests.support.wait import eventually

pytestmark = [
    pytest.mark.skipif(compiler() is None, reason=NO_COMPILER),
]

STREAM = f"/s/{SPACE}/live.aac"
SILENCE_S = 1.5


def crowd(rig: Rig, listeners: int, *, seconds: float) -> asyncio.Task[Met]:
    """All of them come within half a second and stay for ``seconds``."""
    stream = f"http://127.0.0.1:{rig.port}{STREAM}"
    return asyncio.create_task(asyncio.to_thread(listen, stream, listeners, listeners * 2, seconds), name="crowd")


async def on_air(rig: Rig, chunks: int) -> None:
    """The programme goes on for so long."""
    for _ in range(chunks):
        await asyncio.sleep(grid.CHUNK_S)
        rig.publish()


async def head_bytes(rig: Rig) -> int:
    """How long the head of a stream's answer is."""
    reader, writer = await rig.open(STREAM)
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await eventually(lambda: rig.worker.listeners == 0, "the edge has forgotten that listener")
    return len(head)


async def test_it_counts_what_the_edge_sends() -> None:
    """As many listeners as the edge has seen, and every byte that it wrote."""
    async with edge(chunks=40) as rig:
        head = await head_bytes(rig)
        worker, counters = rig.worker, rig.worker.counters
        before, joined = worker.replied_bytes + counters.bytes_sent, counters.joins
        listening = crowd(rig, 500, seconds=8.0)
        await eventually(lambda: worker.listeners == 500, "all listen")
        await on_air(rig, 9)
        met = await listening
        sent = worker.replied_bytes + counters.bytes_sent - before
        assert (met.come, met.connected, met.answered_200, met.heard, met.playing) == (500,) * 5
        assert (met.refused, met.cut, met.statuses, met.errors) == (0, 0, {}, {})
        assert counters.joins - joined == 500
        assert met.sound_bytes == sent - 500 * head


async def test_who_finds_no_room_and_who_is_cut_off() -> None:
    """Both are counted, and for neither is a pause hidden."""
    async with edge(chunks=40, places=100) as rig:
        listening = crowd(rig, 120, seconds=6.0)
        await eventually(lambda: rig.worker.listeners == 100 and rig.worker.requests == 120, "all have asked")
        for connection in [one for one in rig.worker._connections if one.group is not None][:30]:
            connection.transport.abort()
        chunks = 0
        while not listening.done():
            await on_air(rig, 1)
            chunks += 1
        met = await listening
        assert (met.come, met.connected, met.heard, met.playing) == (120, 120, 100, 70)
        assert (met.refused, met.cut, met.statuses) == (20, 30, {"429": 20})
        assert met.pause_s is not None
        assert met.pause_s.most > chunks * grid.CHUNK_S / 2, "that of who is cut off lasts until the end"
        assert met.pause_s.p50 < met.pause_s.most, "that of who stays does not"


@pytest.mark.realtime
async def test_it_measures_as_a_rehearsal_does() -> None:
    """Side by side at one edge that is silent for a moment: the same pauses, and as many bits."""
    async with edge(chunks=40) as rig:
        page = f"http://127.0.0.1:{rig.port}/s/{SPACE}"
        straight = CrowdMix({Format.AAC: 1.0}, shared=0.0, straight=True, stay=True)
        plan = RehearsalPlan(page=page, listeners=200, curve="step", within_s=0.5, for_s=9.0, mix=straight)
        rehearsing = asyncio.create_task(rehearse(plan), name="rehearsal")
        listening = crowd(rig, 200, seconds=8.5)
        await eventually(lambda: rig.worker.listeners == 400, "all listen")
        await on_air(rig, 6)
        await asyncio.sleep(SILENCE_S)
        while not (listening.done() and rehearsing.done()):
            await on_air(rig, 1)
        met, report = await listening, await rehearsing
        assert report.heard == met.heard == 200
        assert met.pause_s is not None
        assert report.pause_ms is not None
        assert met.pause_s.least > SILENCE_S
        assert met.pause_s.p50 * 1000 == pytest.approx(report.pause_ms.median, abs=100)
        assert met.sound_bytes == pytest.approx(report.received_bytes, rel=0.1)  # one ends a little later


async def test_players_of_hls_fetch_each_segment_once() -> None:
    """The last three at first, then what is new, at the edge's own playlist; only segments are sound."""
    async with edge(chunks=48) as rig:
        playlist = f"/s/{SPACE}/hls/aac-64.m3u8"
        stream = f"http://127.0.0.1:{rig.port}{playlist}"
        rate, seconds = 400.0, 10.0
        listening = asyncio.create_task(asyncio.to_thread(listen, stream, 200, rate, seconds), name="players")
        await eventually(lambda: rig.worker.requests >= 200 * 4, "all have three segments")
        rig.publish(grid.CHUNKS_PER_SEGMENT)
        met = await listening
        sizes = [len((await rig.get(f"/s/{SPACE}/hls/aac-64/{each}.m4s"))[2]) for each in range(1, 5)]
        assert (met.heard, met.playing, met.refused, met.cut, met.statuses) == (200, 200, 0, 0, {})
        assert met.sound_bytes == 200 * sum(sizes)
        assert met.pause_s is not None
        assert met.pause_s.least > 3.0, "the next look is a target duration later"


async def test_players_of_hls_that_find_nothing() -> None:
    """An answer that is no playlist is a refusal, and its status is told."""
    async with edge(chunks=24) as rig:
        met = await asyncio.to_thread(listen, f"http://127.0.0.1:{rig.port}/s/{SPACE}/hls/none.m3u8", 20, 100.0, 1.0)
        assert (met.heard, met.refused, met.statuses) == (0, 20, {"404": 20})


def test_each_of_the_processes_that_share_a_port_is_waited_for() -> None:
    """A crowd that came earlier would find one of them alone, and it has descriptors for its own part only."""
    with peers.asgi(peers.A_PROCESS + 1) as peer:
        assert peer is not None
        lines = [line for process in peer.processes for line in process.net_connections("tcp4")]
        listening = [line.laddr.port for line in lines if line.status == psutil.CONN_LISTEN]
        assert listening == [urlsplit(peer.stream).port] * 2
