"""Faults of counting that others had in public, each tried at a real edge, from its sockets to the number."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec
import pytest

from stentor.edge import seconds
from stentor.edge.seconds import Seconds
from stentor.evidence.counts import Counts, count
from stentor.evidence.row import EdgeSecond
from stentor.spaces.model import State
from tests.support.edge import SPACE, Rig, edge, request
from tests.support.recorded import record, recorded_space
from tests.support.wait import eventually

LIST, INDEX, STREAM = "/s/friday/hls/aac-64.m3u8", "/s/friday/hls/index.m3u8", "/s/friday/live.aac"
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def named(number: int) -> str:
    """What a proxy says that is trusted."""
    return f"X-Forwarded-For: 192.0.2.{number}"


async def hear(rig: Rig, *lines: str) -> asyncio.StreamWriter:
    reader, writer = await rig.open(STREAM, *lines)
    await reader.readuntil(b"\r\n\r\n")
    return writer


async def ask(client: Client, target: str, *lines: str) -> None:
    """A reply, read to its end, on a connection that stays."""
    reader, writer = client
    writer.write(request(target, *lines))
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))


class Told:
    """An edge's rows, a second apart."""

    def __init__(self, rig: Rig, name: str = "edge-0") -> None:
        self.rig, self._seconds = rig, Seconds(rig.worker, rig.site, name)
        self.rows: list[EdgeSecond] = []
        self.tell()

    def tell(self) -> None:
        self.rig.now += 1.0
        row = self._seconds.row()
        if row is not None:
            self.rows.append(row)

    def counts(self) -> Counts:
        self.tell()
        return counts(self.rows)


def counts(rows: Iterable[EdgeSecond]) -> Counts:
    found = count(SPACE, rows)
    assert found is not None
    return found


async def test_icecast_kh_283_an_edge_that_begins_anew_has_not_1844674407370955160_listeners() -> None:
    """Its counters begin at nothing while those before stood at many: no number runs below it."""
    rows: list[EdgeSecond] = []
    for listeners in (5, 1):
        async with edge(chunks=60 + 3 * len(rows)) as rig:  # the second begins later
            told = Told(rig)
            writers = [await hear(rig, named(n)) for n in range(listeners)]
            rig.publish(3)
            told.tell()
            rows += told.rows
            for writer in writers:
                writer.close()
    found = counts(rows)
    assert (found.joins.value, found.peak.value) == (6, 5)
    assert 0 <= found.minutes.value < 2


async def test_icecast_kh_398_who_is_torn_away_is_not_counted_any_more() -> None:
    """Fifty are cut off without a word; two are left, not fifty-two."""
    async with edge() as rig:
        told = Told(rig)
        writers = [await hear(rig, named(n)) for n in range(52)]
        told.tell()
        for writer in writers[2:]:
            writer.transport.abort()
        await eventually(lambda: rig.worker.listeners == 2, "the edge has noticed")
        found = told.counts()
        assert (found.hearing.value, found.peak.value) == (2, 52)
        for writer in writers[:2]:
            writer.close()


async def test_azuracast_3700_nobody_is_unique_where_people_listen_is_never_said() -> None:
    """Also where none of them can be told from the others."""
    async with edge() as rig:
        told = Told(rig)
        writers = [await hear(rig) for _ in range(8)]  # by a proxy that names nobody
        found = told.counts()
        assert found.hearing.value == 8
        assert found.unique.value >= 1
        assert found.unique.high == 8
        for writer in writers:
            writer.close()


async def test_azuracast_1892_there_are_not_more_unique_listeners_than_came() -> None:
    """Nine come, each twice, and by both formats."""
    async with edge() as rig:
        told = Told(rig)
        for n in range(9):
            for _ in range(2):
                (await hear(rig, named(n))).close()
                await rig.get(INDEX, named(n))
        found = told.counts()
        assert 9 * 0.97 <= found.unique.value <= 9
        assert found.unique.value <= found.joins.value == 18


async def test_azuracast_1785_a_relay_is_one_listener_whoever_hears_it() -> None:
    """What it does with the sound an edge does not know, and does not guess."""
    async with edge() as rig:
        told = Told(rig)
        writer = await hear(rig, named(1), "User-Agent: Icecast 2.4.4", "Icy-MetaData: 1")
        rig.publish(6)
        found = told.counts()
        assert (found.hearing.value, found.joins.value, found.unique.value) == (1, 1, 1)
        writer.close()


async def test_azuracast_6975_behind_a_proxy_everybody_is_who_the_proxy_says() -> None:
    """Twenty players on one of its connections; the address of the proxy is nobody's."""
    async with edge() as rig:
        told = Told(rig)
        client = await rig.open(INDEX, named(0))
        reader = client[0]
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        for n in range(20):
            await ask(client, INDEX, named(n))
            await ask(client, LIST, named(n))
        found = told.counts()
        assert found.unique.value == pytest.approx(20, abs=1)
        assert found.hearing.value == 20
        client[1].close()


async def test_ant_media_2812_a_player_without_cookies_is_not_eight() -> None:
    """It asks again and again, each time on a connection of its own."""
    async with edge() as rig:
        told = Told(rig)
        await rig.get(INDEX, named(1))
        for _ in range(12):
            await rig.get(LIST, named(1))
        found = told.counts()
        assert (found.hearing.value, found.peak.value, found.unique.value) == (1, 1, 1)


async def test_owncast_323_who_asks_seldom_is_still_there() -> None:
    """Three players that ask for a playlist once a segment are three in every second between."""
    async with edge() as rig:
        told = Told(rig)
        clients = [await rig.open(LIST, named(n)) for n in range(3)]
        await asyncio.gather(*(reader.readuntil(b"\r\n\r\n") for reader, _ in clients))
        for _ in range(3):
            rig.publish(3)
            told.tell()
            assert counts(told.rows).hearing.value == 3
        for _, writer in clients:
            writer.close()


async def test_peertube_1181_three_houses_say_the_same() -> None:
    """Whatever order the rows of the edges come in, and whoever gets some twice."""
    rows: list[EdgeSecond] = []
    for name in ("edge-0", "edge-1", "edge-2"):
        async with edge() as rig:
            told = Told(rig, name)
            writers = [await hear(rig, named(n)) for n in range(4)]
            told.tell()
            rows += told.rows
            for writer in writers:
                writer.close()
    orders = rows, rows[::-1], [*rows[1::2], *rows, *rows[::2]]
    assert len({counts(order).peak.value for order in orders}) == 1
    assert counts(rows) == counts(rows[::-1]) == counts(orders[2])


async def test_podlove_659_the_same_recording_by_many_requests_is_one_play() -> None:
    """Once a minute of it has come, whatever is asked again adds nothing: neither ranges nor a look at its head."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 300, {range(300): "ada"})
        told = Seconds(rig.worker, rig.site, "edge-0")
        told.row()
        agent = "User-Agent: PodcastAddict/v5"  # Seriously Simple Stats 83: one list of robots had it
        await rig.get("/s/friday/recording.m4a", named(1), agent, method="HEAD")
        await rig.get("/s/friday/recording.m4a", named(1), agent, "Range: bytes=0-1")
        for _ in range(3):
            await rig.get("/s/friday/recording.m4a", named(1), agent)
        row = told.row()
        assert row is not None
        assert counts([row]).plays.value == 1


async def test_peertube_6025_many_plays_from_one_address_are_many_and_a_visit_is_none() -> None:
    """There an address had one view an hour, so that a link shared at work had 250 of 2,000. Twenty-five devices behind
    one address hear a minute each, forty look at the page."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 300, {range(300): "ada"})
        told = Seconds(rig.worker, rig.site, "edge-0")
        told.row()
        for n in range(40):
            await rig.get("/s/friday/", named(1), f"User-Agent: Mozilla/5.0 (Android 15; SM-{n}) Chrome/140.0.0.0")
        for n in range(25):
            agent = f"User-Agent: Mozilla/5.0 (Android 15; SM-{n}) Chrome/140.0.0.0"
            await rig.get("/s/friday/recording.m4a", named(1), agent)
        row = told.row()
        assert row is not None
        assert counts([row]).plays.value == 25


async def test_srs_3697_behind_a_cache_a_number_says_that_there_may_be_more() -> None:
    """One request came for all who play; who hears a stream has a connection, which no cache shares."""
    for target, at_least in ((LIST, True), ("", False)):
        async with edge() as rig:
            told = Told(rig)
            writer = await hear(rig, named(2))
            if target:
                await rig.get(INDEX, named(1))
                await rig.get(target, named(1))
            found = told.counts()
            assert (found.hearing.at_least, found.peak.at_least, found.minutes.at_least) == (at_least,) * 3
            assert found.hearing.value == 1 + at_least
            writer.close()


async def test_ant_media_7223_when_it_is_over_nobody_hears_it() -> None:
    """The number of players stood where it was, and the next evening's was added to it."""
    async with edge() as rig:
        told = Told(rig)
        for n in range(4):
            await rig.get(INDEX, named(n))
            await rig.get(LIST, named(n))
        assert told.counts().hearing.value == 4
        over = msgspec.structs.replace(rig.channel.space, state=State.ENDED, ended_ms=round(1000 * rig.now))
        rig.channel.update(over)
        while not rig.window.finished:
            rig.publish(1)
        rig.now += seconds.PLAYED_S + 1
        found = told.counts()
        assert (found.hearing.value, found.peak.value) == (0, 4)


async def test_ant_media_5704_who_connects_again_and_again_is_one() -> None:
    """A line that breaks six times: six times it began, one heard it, and never two at once."""
    async with edge() as rig:
        told = Told(rig)
        for _ in range(6):
            writer = await hear(rig, named(1), "User-Agent: VLC/3.0")
            told.tell()
            writer.close()
            await eventually(lambda: rig.worker.listeners == 0, "the line is broken")
        writer = await hear(rig, named(1), "User-Agent: VLC/3.0")
        found = told.counts()
        assert (found.joins.value, found.unique.value, found.hearing.value) == (7, 1, 1)
        assert found.peak.value <= 1
        writer.close()
