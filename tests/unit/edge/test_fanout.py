"""Fan-out over real sockets: bursts, groups of joiners, slow listeners, exact counts."""

from __future__ import annotations

import asyncio
import io
import socket

import av
import pytest

from stentor.base import grid
from stentor.crowd.orders import Orders
from stentor.edge import fanout, protocol
from stentor.edge.fanout import interval_for, spread_s
from stentor.edge.worker import Worker
from stentor.wire import adts, mp4, ogg
from tests.support.edge import edge, encoded, programme, request
from tests.support.wait import PATIENCE_S, eventually


async def read_head(reader: asyncio.StreamReader) -> dict[str, str]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    return dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)


async def test_a_listener_gets_a_burst_and_then_every_chunk() -> None:
    """live.aac begins 10 chunks back, says which, and goes on without a hole."""
    async with edge() as rig:
        reader, writer = await rig.open("/s/friday/live.aac")
        head = await read_head(reader)
        assert head["X-Stentor-Chunk"] == "50"
        assert head["X-Stentor-Origin"] == "1900000000000"
        await eventually(lambda: rig.worker.listeners == 1, "the listener is counted")
        rig.publish(3)
        wanted = [frame for number in range(50, 63) for frame in programme(number).frames["aac-64"]]
        data = await reader.readexactly(len(adts.pack(wanted)))
        assert adts.unpack(data) == wanted
        writer.close()
        await eventually(lambda: rig.worker.listeners == 0, "the listener is counted out")
        assert rig.channel.counts()["aac"] == 0


@pytest.mark.parametrize(
    ("burst", "chunks"), [("0.64", 2), ("4", 12), ("7.3", 23), ("60", 23), ("0", 2), ("nan", 10), ("x", 10), ("", 10)]
)
async def test_the_burst_can_be_chosen(burst: str, chunks: int) -> None:
    """?burst= is in seconds, 0.64 to 7.3; what is no such number gives the nearest, or the usual."""
    async with edge() as rig:
        reader, writer = await rig.open(f"/s/friday/live.aac?burst={burst}")
        assert (await read_head(reader))["X-Stentor-Chunk"] == str(60 - chunks)
        writer.close()


async def test_a_late_joiner_of_ogg_begins_near_zero_and_plays() -> None:
    """Pages are placed for each group of joiners; PyAV plays them from 0 and hears every sample."""
    async with edge() as rig:
        rig.publish(100)
        reader, writer = await rig.open("/s/friday/live.opus")
        head = await read_head(reader)
        rig.publish(30)
        first = int(head["X-Stentor-Chunk"])
        data, pages = b"", 2 + rig.window.head - first + 1
        demuxer = ogg.OggDemuxer()
        found: list[ogg.Page] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(found) < pages:
                data += (piece := await reader.read(65536))
                found += demuxer.feed(piece)
        writer.close()
        assert [page.sequence for page in found] == list(range(pages))
        assert found[2].granule == 15_360
        with av.open(io.BytesIO(data), mode="r") as container:
            frames = list(container.decode(audio=0))
        assert frames[0].time is not None
        assert abs(frames[0].time) < 0.05
        assert sum(frame.samples for frame in frames) >= (pages - 2) * 15_360 - 960


async def test_a_late_joiner_of_mp4_begins_at_zero_with_the_pulse() -> None:
    """Fragments are placed for each group of joiners, and carry the pulse of their chunk."""
    async with edge() as rig:
        reader, writer = await rig.open("/s/friday/live.mp4")
        first = int((await read_head(reader))["X-Stentor-Chunk"])
        rig.publish(1)
        demuxer = mp4.Demuxer()
        fragments: list[mp4.Fragment] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(fragments) < 61 - first:
                fragments += demuxer.feed(await reader.read(65536))
        writer.close()
        assert [fragment.decode_time for fragment in fragments] == [15_360 * n for n in range(len(fragments))]
        assert fragments[0].frames == encoded()["aac-64"][first % 60]


async def test_joiners_of_one_part_share_their_bytes() -> None:
    """Placing is done once a group, whoever many are in it: the work does not grow with the listeners."""
    async with edge() as rig:
        opened = [await rig.open("/s/friday/live.opus") for _ in range(100)]
        for reader, _ in opened:
            await read_head(reader)
        stream = rig.channel.streams["opus", "opus-24"]
        assert stream.count == 100
        rig.publish(1)
        assert len(stream._payloads) == 1
        for _, writer in opened:
            writer.close()
        await eventually(lambda: stream.count == 0, "all are counted out")


async def test_a_slow_listener_is_skipped_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever does not read loses whole chunks, is counted, and is closed in the end; the one beside hears all."""
    monkeypatch.setattr(protocol, "STALL_S", 1.0)
    async with edge() as rig:
        slow = socket.create_connection(("127.0.0.1", rig.port))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(request("/s/friday/live.aac"))
        reader, writer = await rig.open("/s/friday/live.aac")
        await read_head(reader)
        await eventually(lambda: rig.worker.listeners == 2, "both listen")
        heard = 0
        async with asyncio.timeout(PATIENCE_S):
            while rig.worker.counters.skipped == 0:
                rig.publish(20)
                heard += len(await reader.read(1 << 20))
        assert heard > 0
        await eventually(lambda: rig.worker.listeners == 1, "the slow one is closed")
        assert rig.worker.timed_out == 1
        writer.close()
        slow.close()


async def test_at_the_end_everybody_gets_the_last_chunk_and_the_end() -> None:
    """The last page of Ogg says so, and the connection closes after it."""
    async with edge() as rig:
        reader, writer = await rig.open("/s/friday/live.opus")
        await read_head(reader)
        rig.window.end(64)
        rig.publish(5)
        async with asyncio.timeout(PATIENCE_S):
            data = await reader.read()
        pages = ogg.parse(data)
        assert pages[-1].last
        assert not any(page.last for page in pages[:-1])
        writer.close()
        status, _, _ = await rig.get("/s/friday/live.opus")
        assert status == 404


def test_writes_become_coarser_with_the_crowd_and_finer_with_less() -> None:
    """0.32 s for few, 0.96 and 1.92 s for many; between the limits it stays as it is."""
    assert [interval_for(count, 1) for count in (0, 4_000, 4_001, 12_001)] == [1, 1, 3, 6]
    assert [interval_for(count, 6) for count in (9_000, 6_000, 3_000, 1_000)] == [6, 3, 3, 1]


@pytest.mark.parametrize(("processors", "chunks"), [(2.0, 3), (1.0, 3), (1 / 3, 6)])
async def test_edges_that_share_a_processor_write_more_coarsely(processors: float, chunks: int) -> None:
    """What counts is how many listeners a processor has, not a process; one process never uses two."""
    worker = Worker(capacity=20_000, clock=lambda: 0.0, processors=processors)
    worker.listeners = 8_000
    worker.tick()
    assert worker.pace.chunks == chunks


def test_writes_are_spread_wider_where_edges_share_a_processor() -> None:
    """Four edges of one processor take four times as long, and all are through before the next chunk."""
    assert spread_s(1_000, 1.0) == pytest.approx(0.04)
    assert spread_s(1_000, 0.25) == pytest.approx(0.16)
    assert spread_s(20_000, 0.25) == fanout.MOST_SPREAD_S < grid.CHUNK_S


async def test_coarse_writes_carry_every_chunk() -> None:
    """With an interval of three chunks a listener still gets each chunk once."""
    async with edge() as rig:
        rig.worker.pace.chunks = 3
        opened = [await rig.open("/s/friday/live.aac") for _ in range(7)]
        for reader, _ in opened:
            assert (await read_head(reader))["X-Stentor-Chunk"] == "50"
        rig.publish(6)
        frames = [frame for number in range(50, 64) for frame in programme(number).frames["aac-64"]]
        wanted = adts.pack(frames)
        for reader, writer in opened:
            async with asyncio.timeout(PATIENCE_S):
                assert await reader.readexactly(len(wanted)) == wanted
            writer.close()


def test_slots_fit_every_interval() -> None:
    """Each phase of each interval has the same number of slots."""
    assert all(fanout.SLOTS % interval == 0 for interval in fanout.INTERVALS)


async def test_a_rung_makes_writes_coarser_and_ends_that_again() -> None:
    """From rung 2 on a listener gets 3 chunks a write, from 3 on 6, whoever few there are; nothing is lost between."""
    async with edge() as rig:
        reader, writer = await rig.open("/s/friday/live.opus")
        await read_head(reader)
        for rung, chunks in ((2, 3), (3, 6), (0, 1)):
            rig.channel.heed(Orders(rig.channel.space.id, rung=rung))
            rig.publish(12)  # whatever is on its way is written out
            before = rig.worker.counters.writes
            for _ in range(12):
                rig.publish(1)
            assert rig.worker.counters.writes - before == 12 // chunks
        rig.publish(6)
        demuxer = ogg.OggDemuxer()
        pages: list[ogg.Page] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(pages) < 2 + 12 + 78:
                pages += demuxer.feed(await reader.read(65536))
        writer.close()
        assert [page.sequence for page in pages] == list(range(len(pages)))


async def test_a_frugal_rung_halves_the_bits_of_who_listens() -> None:
    """In mid-stream aac-64 becomes aac-32 and again aac-64: the very frames of the one or the other, none twice."""
    async with edge() as rig:
        reader, writer = await rig.open("/s/friday/live.aac")
        first = int((await read_head(reader))["X-Stentor-Chunk"])
        for rung in (0, 3, 0):
            rig.channel.heed(Orders(rig.channel.space.id, rung=rung))
            rig.publish(6)
        rig.publish(6)
        heard: list[bytes] = []
        buffer = bytearray()
        async with asyncio.timeout(PATIENCE_S):
            while len(heard) < 15 * (84 - first):
                buffer += await reader.read(65536)
                heard += adts.split(buffer)
        writer.close()
        pieces = {number: heard[15 * (number - first) :][:15] for number in range(first, 84)}
        frugal = [number for number, piece in pieces.items() if piece == programme(number).frames["aac-32"]]
        assert frugal == list(range(66, 72)), "the seams of this voice fit there"
        for number in pieces.keys() - set(frugal):
            assert pieces[number] == programme(number).frames["aac-64"]
