"""An edge's rows of evidence, from real listeners on real sockets."""

from __future__ import annotations

import asyncio
import socket

from stentor.crowd.orders import Orders
from stentor.edge.seconds import Seconds
from stentor.evidence.counts import count
from stentor.evidence.row import EdgeSecond, encode
from stentor.spaces.model import State
from tests.support.edge import SPACE, Rig, edge, live_space

NAMED = "X-Forwarded-For: 192.0.2."


async def hear(rig: Rig, number: int) -> asyncio.StreamWriter:
    reader, writer = await rig.open("/s/friday/live.aac", f"{NAMED}{number}", "User-Agent: player")
    await reader.readuntil(b"\r\n\r\n")
    return writer


def taken(rows: Seconds) -> EdgeSecond:
    row = rows.row()
    assert row is not None
    return row


async def test_rows_agree_with_the_ledger_of_who_came() -> None:
    """Five listen, two ask for parts, one comes twice, one is turned away: every number is the ledger's."""
    async with edge(chunks=36) as rig:
        rows = Seconds(rig.worker, rig.site.channels, "edge-0")
        found = [taken(rows)]
        writers = [await hear(rig, number) for number in (1, 2, 3, 4, 5, 5)]
        for number in (6, 7):
            line = f"{NAMED}{number}"
            await rig.get("/s/friday/hls/index.m3u8", line)
            await rig.get("/s/friday/hls/aac-64.m3u8", line)
            await rig.get("/s/friday/hls/aac-64/2.0.m4s", line)
            await rig.get("/s/friday/hls/aac-64/1.m4s", line)
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
        assert b"192.0.2" not in b"".join(map(encode, found))
        for writer in writers:
            writer.close()


async def test_who_comes_through_a_proxy_that_names_nobody_makes_it_at_least() -> None:
    """The client is not counted, and the row says so: this one, until somebody comes so again."""
    async with edge(chunks=36) as rig:
        rows = Seconds(rig.worker, rig.site.channels, "edge-0")
        await rig.get("/s/friday/hls/index.m3u8")
        await rig.get("/s/friday/hls/aac-64.m3u8")
        found = [taken(rows).spaces[SPACE]]
        rig.publish(24)  # two segments: whoever asked has stopped
        found.append(taken(rows).spaces[SPACE])
        await rig.get("/s/friday/hls/index.m3u8", f"{NAMED}1")
        await rig.get("/s/friday/hls/aac-64.m3u8", f"{NAMED}1")
        found.append(taken(rows).spaces[SPACE])
        assert [(one.unnamed, one.hidden, one.asking) for one in found] == [(1, True, 1), (0, False, 0), (0, False, 1)]
        assert [len(one.clients) for one in found] == [0, 0, 3]


async def test_nothing_on_the_air_makes_no_row() -> None:
    async with edge(live_space(state=State.SCHEDULED, doors_open_ms=None)) as rig:
        assert Seconds(rig.worker, rig.site.channels, "edge-0").row() is None


async def test_the_longest_accept_queue_of_the_second_is_told() -> None:
    """As the kernel says of our own socket; afterwards it is empty again."""
    async with edge(chunks=1) as rig:
        rows = Seconds(rig.worker, rig.site.channels, "edge-0")
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
