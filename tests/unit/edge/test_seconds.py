"""An edge's rows of evidence, from real listeners on real sockets."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from stentor.crowd.addresses import Addresses
from stentor.crowd.orders import Orders
from stentor.edge import fanout, protocol, seconds
from stentor.edge.seconds import Seconds
from stentor.evidence.counts import count
from stentor.evidence.kinds import Kind
from stentor.evidence.row import EdgeSecond, encode
from stentor.evidence.sources import Reach
from stentor.spaces.model import State
from tests.support.certificates import Authority
from tests.support.edge import SPACE, Rig, edge, live_space, request
from tests.support.recorded import record, recorded_space
from tests.support.wait import eventually

NAMED = "X-Forwarded-For: 192.0.2."


async def hear(rig: Rig, number: int) -> asyncio.StreamWriter:
    reader, writer = await rig.open("/s/friday/live.aac", f"{NAMED}{number}", "User-Agent: player")
    await reader.readuntil(b"\r\n\r\n")
    return writer


def limits() -> Addresses:
    return Addresses(connections=0, requests=0, proxy=lambda address: address == "127.0.0.1")


def taken(rows: Seconds) -> EdgeSecond:
    row = rows.row()
    assert row is not None
    return row


async def test_rows_agree_with_the_ledger_of_who_came() -> None:
    """Five listen, two ask for parts, one comes twice, one is turned away: every number is the ledger's."""
    async with edge(chunks=36) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        found = [taken(rows)]
        writers = [await hear(rig, number) for number in (1, 2, 3, 4, 5, 5)]
        for number in (6, 7):
            line = f"{NAMED}{number}"
            await rig.get("/s/friday/hls/index.m3u8", line)
            await rig.get("/s/friday/hls/aac-64.m3u8", line)
            await rig.get("/s/friday/hls/aac-64/2.0.m4s", line)
            await rig.get("/s/friday/hls/aac-64/1.m4s", line)
        rig.now += 1.0
        found.append(taken(rows))
        rig.publish(3)
        await asyncio.sleep(0.5)
        rig.channel.heed(Orders("friday", p=0.0))
        assert (await rig.get("/s/friday/live.aac", f"{NAMED}8"))[0] == 429
        rig.now += 1.0
        found.append(taken(rows))
        counts = count(SPACE, found)
        assert counts is not None
        assert (counts.hearing.value, counts.peak.value) == (8, 8)
        assert (counts.joins.value, counts.refused.value, counts.unique.value) == (6, 1, 7)
        chunks = sum(row.spaces[SPACE].sound_chunks for row in found)
        assert chunks == 6 * (10 + 3)
        assert counts.minutes.value == round((chunks * 0.32 + 2 * 5 * 0.96) / 60, 2)
        assert found[2].turned_away == {"waiting": 1}
        assert [row.spaces[SPACE].entered for row in found] == [0, 8, 0]  # six to streams, two to HLS
        assert b"192.0.2" not in b"".join(map(encode, found))
        for writer in writers:
            writer.close()


async def test_who_heard_half_of_a_second_is_half_a_listener_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mean of a row is of time, not of the moment at its end; who stays is whole in the next one."""
    at_s = [1000.0]
    clocks = SimpleNamespace(monotonic=lambda: at_s[0], process_time=time.process_time)  # the loop keeps its own
    for module in (fanout, seconds):
        monkeypatch.setattr(module, "time", clocks)
    async with edge(chunks=36) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        assert taken(rows).spaces[SPACE].mean == -1.0
        stays, goes = await hear(rig, 1), await hear(rig, 2)
        at_s[0] += 0.25
        goes.close()
        await eventually(lambda: rig.worker.listeners == 1, "one has gone")
        at_s[0] += 0.75
        told = taken(rows).spaces[SPACE]
        assert (told.hearing, told.mean) == (1, 1.25)
        at_s[0] += 1.0
        assert taken(rows).spaces[SPACE].mean == 1.0
        stays.close()


async def test_who_plays_by_hls_is_counted_on_the_average_of_a_second_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """By looks, of which as many count as in the middle between two; who comes just before the end is not whole."""
    at_s = [1000.0]
    clocks = SimpleNamespace(monotonic=lambda: at_s[0], process_time=time.process_time)
    monkeypatch.setattr(seconds, "time", clocks)
    async with edge(chunks=36) as rig:
        rows, target, lines = Seconds(rig.worker, rig.site, "edge-0"), "/s/friday/hls/aac-64.m3u8", []
        assert taken(rows).spaces[SPACE].asking_mean == -1.0
        for came in (0.4, 0.4, 0.2):
            at_s[0] += came
            rows.look()
            reader, writer = await rig.open(target)
            await reader.readuntil(b"#EXT")
            lines.append(writer)
            rows.look()
        told = taken(rows).spaces[SPACE]
        assert (told.shares, told.asking_mean, told.throughout) == (3.0, 0.8, 0.8)
        at_s[0] += 1.0
        assert taken(rows).spaces[SPACE].asking_mean == 3.0
        for writer in lines:
            writer.close()


async def test_who_comes_through_a_proxy_that_names_nobody_makes_it_at_least() -> None:
    """The client is not counted, and the row says so. By HLS a proxy that names its clients hides some, too."""
    async with edge(chunks=36) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        await rig.get("/s/friday/hls/index.m3u8")
        await rig.get("/s/friday/hls/aac-64.m3u8")
        found = [taken(rows).spaces[SPACE]]
        rig.publish(24)  # two segments: whoever asked has stopped
        found.append(taken(rows).spaces[SPACE])
        await rig.get("/s/friday/hls/index.m3u8", f"{NAMED}1")
        await rig.get("/s/friday/hls/aac-64.m3u8", f"{NAMED}1")
        found.append(taken(rows).spaces[SPACE])
        assert [(one.unnamed, one.hidden, one.asking) for one in found] == [(1, True, 1), (0, False, 0), (0, True, 1)]
        assert [len(one.clients) for one in found] == [0, 0, 3]


async def test_who_asked_most_is_named_by_a_keyed_id() -> None:
    """The costliest first, the same id at each edge, proxies that name nobody as 0; and how far all came."""
    async with edge(chunks=36, addresses=limits()) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        writer = await hear(rig, 1)
        for number, times in ((2, 5), (3, 9)):
            for _ in range(times):
                await rig.get("/healthz", f"{NAMED}{number}")
        await rig.get("/healthz")
        rig.channel.heed(Orders("friday", p=0.0))
        assert (await rig.get("/s/friday/live.aac", f"{NAMED}4"))[0] == 429
        rig.worker.addresses.second()
        row = taken(rows)
        hashed = rig.site.gate.source_id
        busy = [asked for asked in row.costliest if asked[1] > 1]
        assert [one[:2] for one in busy] == [(hashed("192.0.2.3") >> 32, 9), (hashed("192.0.2.2") >> 32, 5)]
        assert row.costliest[0] == (0, 1, 17)  # each came on a connection of the proxy's
        asked, waited, let_in = row.stages[Reach.ASKED], row.stages[Reach.WAITED], row.stages[Reach.LET_IN]
        assert (asked.requests, waited.requests, let_in.requests, row.halvings) == (15, 1, 1, 0)
        assert row.replies[1] + row.replies[3] == 17
        assert row.replies[3] == 1
        assert taken(rows).replies == [0] * 5
        writer.close()


async def test_an_ended_space_has_a_last_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once nobody hears it, and no row afterwards; players of HLS are given time to fetch what they are behind."""
    async with edge(chunks=36) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        line = f"{NAMED}1"
        ended_ms = round(1000 * rig.now)
        await rig.get("/s/friday/hls/index.m3u8", line)
        rig.channel.update(msgspec.structs.replace(rig.channel.space, state=State.ENDED, ended_ms=ended_ms))
        while not rig.window.finished:
            rig.publish(1)
        seen = taken(rows).spaces[SPACE]
        assert not seen.last
        rig.now += seconds.PLAYED_S + 1
        seen = taken(rows).spaces[SPACE]
        assert seen.last
        assert rows.row() is None
        await rig.get("/s/friday/hls/aac-64/2.0.m4s", line)  # from far behind: it counts all the same
        assert taken(rows).spaces[SPACE].last


async def test_who_listens_for_a_minute_is_a_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two streams of one client are one; who has left, or only asked for the index, is none."""
    monkeypatch.setattr(seconds, "LISTENER_S", 3.0)
    async with edge(chunks=36, addresses=limits()) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        writers = [await hear(rig, 1), await hear(rig, 1)]
        (await hear(rig, 2)).close()
        reader, writer = await rig.open("/s/friday/hls/index.m3u8", f"{NAMED}4")
        await reader.readuntil(b"\r\n\r\n")
        writers.append(writer)
        nobody = (await rig.open("/s/friday/live.aac"))[1]
        await eventually(lambda: rig.worker.counters.joins == 4 and len(rig.worker.young) == 4, "all are let in")
        found = [taken(rows)]
        assert found[0].spaces[SPACE].stayed == b""
        await eventually(
            lambda: rig.worker.now >= max(one.since for one in rig.worker.young.values()) + 3, "time passes"
        )
        rig.now += 1.0
        found.append(taken(rows))
        seen = found[1].spaces[SPACE]
        assert (len(seen.stayed), seen.stayed_unnamed, rig.worker.young) == (3, 1, {})
        counts = count(SPACE, found)
        assert counts is not None
        assert (counts.listeners.value, counts.listeners.high, counts.unique.value) == (1, 2, 3)
        for writer in (*writers, nobody):
            writer.close()


async def test_who_asks_for_playlists_for_a_minute_is_a_listener() -> None:
    """On one connection, or on a new one each time; not who came half a minute ago."""
    async with edge(chunks=36, addresses=limits()) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        target, stays = "/s/friday/hls/aac-64.m3u8", await rig.open("/s/friday/hls/index.m3u8", f"{NAMED}1")
        for turn in range(18):
            stays[1].write(request(target, f"{NAMED}1"))
            for number in (2, 3) if turn > 9 else (2,):
                await rig.get(target, f"{NAMED}{number}")
            rig.publish(12)
        seen = taken(rows).spaces[SPACE]
        assert (len(seen.stayed), seen.asking, seen.shares) == (2 * 3, 3, 3.0)
        stays[1].close()


async def test_who_waits_is_a_device_wherever_it_asks_and_its_wait_ends_when_it_is_let_in() -> None:
    """Two edges, three devices: one is let in after 20 s at the other edge, one gives up, one comes when it is open."""
    wide, shut = Orders("friday"), Orders("friday", p=0.0, epoch=1, narrow_ms=1)
    async with edge(chunks=36, addresses=limits()) as one, edge(chunks=36, addresses=limits()) as other:
        rigs, found, writers = (one, other), [], []
        rows = [Seconds(rig.worker, rig.site, f"edge-{number}") for number, rig in enumerate(rigs)]
        for second in range(41):
            for rig in rigs:
                rig.channel.heed(wide if second > 35 else shut)
                rig.now += 1.0
            if second in (0, 10):
                for number in (1, 2):
                    assert (await rigs[second // 10].get("/s/friday/live.aac", f"{NAMED}{number}"))[0] == 429
            if second == 36:
                writers += [await hear(other, 1), await hear(other, 3)]
            found += [taken(each) for each in rows]
        counts = count(SPACE, found)
        assert counts is not None
        assert (counts.refused.value, counts.refused_devices.value, counts.waited.value) == (4, 2, 1)
        assert counts.waited_minutes.value == pytest.approx((36 + 10) / 60, abs=0.01)
        assert counts.waited_minutes.low == counts.waited_minutes.high
        for writer in writers:
            writer.close()


async def test_a_minute_of_a_recording_is_a_play_and_less_or_again_is_none() -> None:
    """By segments, by ranges of the file, twice on one connection: one each. 40 s, heads and a robot are no plays."""
    async with edge(recorded_space(), addresses=limits()) as rig:
        await record(rig.objects, 240, {range(240): "ada"})
        rows = Seconds(rig.worker, rig.site, "edge-0")
        size = int((await rig.get("/s/friday/recording.m4a", f"{NAMED}9", method="HEAD"))[1]["content-length"])
        for number in [*range(10), *range(10), *range(10, 20)]:
            target = f"/s/friday/replay/aac-64/{number}.m4s"
            await rig.get(target, f"{NAMED}1", "User-Agent: VLC/3.0.20")
            await rig.get(target, f"{NAMED}2", "User-Agent: somebot/1.0")
            await rig.get(target, f"{NAMED}3", "User-Agent: VLC/3.0.20", method="HEAD")
            await rig.get(f"/s/friday/replay/aac-64/{number % 10}.m4s", f"{NAMED}4", "User-Agent: VLC/3.0.20")
        for first in range(0, size, size // 4):
            part = f"Range: bytes={first}-{min(size, first + size // 4) - 1}"
            await rig.get("/s/friday/recording.m4a", f"{NAMED}5", "User-Agent: mpv 0.37", part)
        await rig.get("/s/friday/recording.m4a", f"{NAMED}1", "User-Agent: VLC/3.0.20")
        await rig.get("/s/friday/replay/aac-64/1.m4s")  # of a proxy that names nobody
        counts = count(SPACE, [taken(rows)])
        assert counts is not None
        assert (counts.plays.value, counts.plays_gross.value, counts.plays.at_least) == (2, 3, True)
        assert rows.row() is None
        rig.now += 86_400
        await rig.get("/s/friday/recording.m4a", f"{NAMED}1", "User-Agent: VLC/3.0.20")
        assert taken(rows).spaces[SPACE].plays == 1


async def test_first_sound_is_measured_where_a_connection_asks_for_it_first() -> None:
    """A connection that was open for other things would only tell how long that was."""
    async with edge(chunks=36) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        first = await hear(rig, 1)
        reader, later = await rig.open("/healthz", f"{NAMED}2")
        await reader.readuntil(b"\r\n\r\n")
        later.write(request("/s/friday/live.aac", f"{NAMED}2"))
        await eventually(lambda: rig.worker.counters.joins == 2, "both hear")
        seen = taken(rows).spaces[SPACE]
        assert (seen.joins, sum(seen.first_sound)) == (2, 1)
        counts = count(SPACE, [taken(rows), EdgeSecond("edge-0", 1, spaces={SPACE: seen})])
        assert counts is not None
        assert 0 < counts.first_sound_ms.value <= 8192
        first.close()
        later.close()


async def test_handshakes_and_what_was_too_slow_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is done, one is nonsense, one does not end: that one is cut off."""
    monkeypatch.setattr(protocol, "HEAD_S", 1.0)
    authority = Authority(tmp_path)
    async with edge(chunks=1, tls=authority.tls(), trust=authority.trust()) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        assert (await rig.get("/healthz"))[0] == 200
        silent, wrong = [await asyncio.open_connection("127.0.0.1", rig.port) for _ in range(2)]
        wrong[1].write(b"GET / HTTP/1.1\r\n\r\n")
        await eventually(lambda: rig.worker.timed_out == 1, "the silent one is cut off")
        await eventually(lambda: rig.worker.handshakes.failed == 2, "both have failed")
        row = taken(rows)
        assert row.tls == (3, 1, 2)
        assert row.timed_out == {"handshake": 1}
        silent[1].close()
        wrong[1].close()


async def test_rows_tell_how_sources_behave_and_how_much_room_there_is() -> None:
    """One listens, one is gone at once again and again, one connects and says nothing."""
    addresses = Addresses(connections=0, requests=0, proxy=lambda address: False)
    async with edge(chunks=36, addresses=addresses) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")

        async def open_from(source: int, *, hears: bool = False) -> asyncio.StreamWriter:
            local = (f"127.0.0.{source}", 0)
            reader, writer = await asyncio.open_connection("127.0.0.1", rig.port, local_addr=local)
            if hears:
                writer.write(request("/s/friday/live.aac"))
                await reader.readuntil(b"\r\n\r\n")
            return writer

        listening = [await open_from(21, hears=True)]
        for _ in range(5):
            (await open_from(22, hears=True)).close()
        silent = [await open_from(23) for _ in range(6)]
        await eventually(lambda: rig.worker.open == 7 and rig.worker.listeners == 1, "who is gone is counted out")
        row = taken(rows)
        listener, fleeting, idle = (row.kinds[each] for each in (Kind.LISTENING, Kind.FLEETING, Kind.SILENT))
        assert (listener.sources, listener.hearing, listener.open) == (1, 1, 1)
        assert (fleeting.sources, fleeting.requests, fleeting.hearing, fleeting.open) == (1, 5, 0, 0)
        assert (idle.sources, idle.connections, idle.open) == (1, 6, 6)
        assert (row.room.places, row.room.connections, row.room.cpu_ms) == (
            rig.worker.places, rig.worker.capacity, 1000 * rig.worker.processors
        )  # fmt: skip
        for writer in (*listening, *silent):
            writer.close()


async def test_rows_tell_who_was_told_to_wait_and_who_got_no_connection() -> None:
    """Asking again on the same connection made no new one; whoever finds no room is a source that has none."""
    nobody = Addresses(connections=0, requests=0, proxy=lambda address: False)
    async with edge(capacity=3, addresses=nobody) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        rig.channel.heed(Orders("friday", p=0.0))
        reader, writer = await rig.open("/s/friday/live.aac")
        for _ in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            writer.write(request("/s/friday/live.aac"))
        await eventually(lambda: rig.worker.turned_away["waiting"] == 3, "the third is told to wait")
        waiting = taken(rows).kinds[Kind.WAITING]
        assert (waiting.requests, waiting.waits, waiting.anew) == (3, 3, 1)
        others = [await rig.open("/s/friday") for _ in range(2)]
        barred = [await asyncio.open_connection("127.0.0.1", rig.port, local_addr=("127.0.0.7", 0)) for _ in range(3)]
        await eventually(lambda: rig.worker.refused == 3, "all are refused")
        new = taken(rows).kinds[Kind.NEW]
        assert (new.barred, new.outside, new.connections) == (3, 1, 0)
        for each in (writer, *(one[1] for one in (*others, *barred))):
            each.close()


async def test_nothing_on_the_air_makes_no_row() -> None:
    async with edge(live_space(state=State.SCHEDULED, doors_open_ms=None)) as rig:
        assert Seconds(rig.worker, rig.site, "edge-0").row() is None


async def test_the_longest_accept_queue_of_the_second_is_told() -> None:
    """As the kernel says of our own socket; afterwards it is empty again."""
    async with edge(chunks=1) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        assert taken(rows).queue == -1
        with socket.create_server(("127.0.0.1", 0), backlog=8) as listening:
            rows.sockets = [listening]
            clients = [socket.create_connection(listening.getsockname()) for _ in range(5)]
            rows.look()
            for one in clients:
                one.close()
                listening.accept()[0].close()
            rows.look()
            row = taken(rows)
            assert (row.queue, row.queue_limit) == (5, 8)
            rows.look()
            assert taken(rows).queue == 0


async def test_rows_are_due_at_the_end_of_a_second() -> None:
    """Of the same one at all edges, whenever each has started; and never twice in one."""
    async with edge(chunks=36) as rig:
        rows = Seconds(rig.worker, rig.site, "edge-0")
        for now, left_s in ((100.25, 0.75), (101.0, 1.0), (101.98, 1.02)):
            rig.now = now
            assert rows.left_s() == pytest.approx(left_s)
