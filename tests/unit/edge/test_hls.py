"""LL-HLS, rule by rule (draft-pantos-hls-rfc8216bis; research of the rules in wire.reload)."""

from __future__ import annotations

import asyncio
import io
import re

import av
import pytest

from stentor.base import grid
from stentor.crowd.orders import Orders
from stentor.edge import hls
from stentor.wire import mp4, playlist
from tests.support.edge import edge, programme, request, split
from tests.support.wait import PATIENCE_S, eventually

MEDIA = "/s/friday/hls/aac-64.m3u8"


async def test_a_reload_is_held_until_its_part_is_there() -> None:
    """_HLS_msn and _HLS_part block, and the answer has the part."""
    async with edge(chunks=36) as rig:
        waiting = asyncio.create_task(rig.get(f"{MEDIA}?_HLS_msn=3&_HLS_part=1"))
        rig.publish(3)
        await eventually(lambda: rig.worker.requests == 1, "it was asked")
        assert not waiting.done()
        rig.publish(3)
        status, fields, body = await waiting
        assert status == 200
        assert b'URI="aac-64/3.1.m4s"' in body
        assert fields["cache-control"] == "public, max-age=24"


async def test_a_part_past_the_segments_end_is_the_first_of_the_next() -> None:
    """_HLS_part=4 of segment 2 means part 0 of segment 3."""
    async with edge(chunks=36) as rig:
        waiting = asyncio.create_task(rig.get(f"{MEDIA}?_HLS_msn=2&_HLS_part=4"))
        await eventually(lambda: rig.worker.requests == 1, "it was asked")
        assert not waiting.done()
        rig.publish(3)
        assert b'URI="aac-64/3.0.m4s"' in (await waiting)[2]


async def test_without_a_part_the_whole_segment_is_waited_for() -> None:
    """_HLS_msn alone blocks until the segment is complete."""
    async with edge(chunks=36) as rig:
        waiting = asyncio.create_task(rig.get(f"{MEDIA}?_HLS_msn=3"))
        await eventually(lambda: rig.worker.requests == 1, "it was asked")
        rig.publish(9)
        await asyncio.sleep(0)
        assert not waiting.done()
        rig.publish(3)
        assert b"aac-64/3.m4s" in (await waiting)[2]


@pytest.mark.parametrize("query", ["_HLS_part=1", "_HLS_msn=x", "_HLS_msn=-1", "_HLS_msn=7", "_HLS_msn=3&_HLS_part=9"])
async def test_bad_directives_are_400(query: str) -> None:
    """A part without a segment, what is no number, and what is too far ahead."""
    async with edge(chunks=36) as rig:
        status, fields, _ = await rig.get(f"{MEDIA}?{query}")
        assert (status, fields["content-type"]) == (400, "application/problem+json")


async def test_a_hold_that_runs_out_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    """After three target durations 503, never the unchanged playlist; the hinted part as well."""
    monkeypatch.setattr(playlist, "MAX_HOLD_S", 0.2)
    async with edge(chunks=36) as rig:
        reload = asyncio.create_task(rig.get(f"{MEDIA}?_HLS_msn=3&_HLS_part=0"))
        part = asyncio.create_task(rig.get("/s/friday/hls/aac-64/3.0.m4s"))

        def answered() -> bool:
            rig.channel.advance(rig.now)
            return reload.done() and part.done()

        await eventually(answered, "both are given up")
        for status, fields, _ in (reload.result(), part.result()):
            assert status == 503
            assert fields["retry-after"] == "1"
            assert fields["cache-control"] == "no-store"


async def test_whoever_waits_when_a_space_is_forgotten_is_answered() -> None:
    """The reload that is held, and those that the same connection sent behind it: none of them waits for ever."""
    async with edge(chunks=36) as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        more = [request(f"{MEDIA}?_HLS_msn=3&_HLS_part=1"), request(MEDIA, "Connection: close")]
        writer.write(b"".join([request(f"{MEDIA}?_HLS_msn=3&_HLS_part=0"), *more]))
        await eventually(lambda: rig.worker.requests == 1, "it was asked")
        rig.channel.close()
        async with asyncio.timeout(PATIENCE_S):
            answers = await reader.read()
        assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"503", b"404", b"404"]
        writer.close()


async def test_who_joins_a_window_that_is_not_there_yet_is_answered_when_it_never_comes() -> None:
    """A stream is promised before the first chunks have come; a space that is forgotten before says so."""
    async with edge(chunks=0) as rig:
        rig.window.caught_up = False
        reader, writer = await rig.open("/s/friday/live.aac", "Connection: close")
        await eventually(lambda: rig.worker.requests == 1, "it was asked")
        rig.channel.close()
        async with asyncio.timeout(PATIENCE_S):
            assert split(await reader.read())[0] == 404
        writer.close()


async def test_an_edge_that_stood_still_goes_on() -> None:
    """A machine that slept for longer than a window: the hinted part is 404, the reload is answered, the edge lives."""
    async with edge(chunks=36) as rig:
        part = asyncio.create_task(rig.get("/s/friday/hls/aac-64/3.0.m4s"))
        reload = asyncio.create_task(rig.get(f"{MEDIA}?_HLS_msn=3&_HLS_part=0"))
        await eventually(lambda: rig.worker.requests == 2, "both were asked")
        rig.now += 150
        newest = grid.chunk_at(rig.now, rig.window.doors_open_s) - 1
        rig.channel.add(programme(newest), rig.now)  # only what comes says that it was no false clock
        assert rig.window.head > newest - 10
        assert rig.window.first > 36
        status, fields, _ = await part
        assert (status, fields["cache-control"]) == (404, "no-store")
        assert (await reload)[0] == 200


async def test_the_hinted_part_is_held_and_others_are_404() -> None:
    """The part in the preload hint comes when it is whole; what is not hinted is 404 for a second at most."""
    async with edge(chunks=36) as rig:
        text = (await rig.get(MEDIA))[2].decode()
        assert '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="aac-64/3.0.m4s"' in text
        hinted = asyncio.create_task(rig.get("/s/friday/hls/aac-64/3.0.m4s"))
        await eventually(lambda: rig.worker.requests == 2, "it was asked")
        status, fields, _ = await rig.get("/s/friday/hls/aac-64/3.1.m4s")
        assert (status, fields["cache-control"]) == (404, "public, max-age=1")
        assert not hinted.done()
        rig.publish(3)
        status, fields, body = await hinted
        assert (status, fields["cache-control"]) == (200, "public, max-age=60")
        assert mp4.Demuxer().feed(body)[0].decode_time == 36 * 15_360


async def test_the_playlist_keeps_the_rules() -> None:
    """Hold-backs, part target, program date time, reports of the other renditions, parts of three target durations."""
    async with edge(chunks=130) as rig:
        status, fields, body = await rig.get(MEDIA)
        text = body.decode()
        assert status == 200
        assert fields["content-type"] == "application/vnd.apple.mpegurl"
        assert fields["cache-control"] == "public, max-age=2"
        assert fields["age"] == "0"
        assert "CAN-BLOCK-RELOAD=YES,HOLD-BACK=12,PART-HOLD-BACK=2.88" in text
        assert "#EXT-X-TARGETDURATION:4" in text
        assert "#EXT-X-PART-INF:PART-TARGET=0.96" in text
        assert text.count("#EXTINF:") == hls.SEGMENTS_SHOWN
        assert text.count("#EXT-X-PROGRAM-DATE-TIME") == hls.SEGMENTS_SHOWN + 1
        assert '#EXT-X-RENDITION-REPORT:URI="aac-32.m3u8",LAST-MSN=10,LAST-PART=2' in text
        assert "aac-64/10.2.m4s" in text


async def test_parts_and_segments_are_the_same_sound() -> None:
    """A segment is its parts one after the other, and plays: PyAV hears 3.84 s."""
    async with edge() as rig:
        parts = [(await rig.get(f"/s/friday/hls/aac-64/2.{part}.m4s"))[2] for part in range(4)]
        segment = (await rig.get("/s/friday/hls/aac-64/2.m4s"))[2]
        assert segment == b"".join(parts)
        init = (await rig.get("/s/friday/hls/aac-64/init.mp4"))[2]
        with av.open(io.BytesIO(init + segment), mode="r") as container:
            assert sum(frame.samples for frame in container.decode(audio=0)) == 184_320


@pytest.mark.parametrize("file", ["2.4.m4s", "02.m4s", "2.m4s.m4s", "x.m4s", "-1.m4s", "9.m4s", "2.0.mp4", "1.2.3.m4s"])
async def test_only_one_name_for_each_file(file: str) -> None:
    """Other spellings are 404, so that a cache holds a file once."""
    async with edge() as rig:
        assert (await rig.get(f"/s/friday/hls/aac-64/{file}"))[0] == 404
        assert (await rig.get("/s/friday/hls/mp3/2.m4s"))[0] == 404


async def test_five_hundred_blocked_players_are_answered_by_one_part() -> None:
    """One sweep answers them all with the same playlist, made once."""
    async with edge(chunks=36) as rig:
        target = f"{MEDIA}?_HLS_msn=3&_HLS_part=0"
        opened = [await rig.open(MEDIA) for _ in range(500)]
        for reader, writer in opened:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
            writer.write(request(target, "Accept-Encoding: gzip", "Connection: close"))
        await eventually(lambda: rig.worker.requests == 1000, "all ask")
        gone = opened.pop()
        gone[1].close()
        await eventually(lambda: rig.worker.open == 499, "one leaves before the answer")
        assert rig.channel.counts()["hls"] == 499
        rig.publish(3)
        replies = set()
        for reader, writer in opened:
            async with asyncio.timeout(PATIENCE_S):
                replies.add(await reader.read())
            writer.close()
        assert len(replies) == 1
        assert split(replies.pop())[0] == 200


async def test_before_the_first_segment_a_player_waits() -> None:
    """A playlist without a segment makes players give up: it is held for the first 4 s of a space."""
    async with edge(chunks=6) as rig:
        waiting = asyncio.create_task(rig.get(MEDIA))
        await eventually(lambda: rig.worker.requests == 1, "it was asked")
        rig.publish(6)
        assert b"aac-64/0.m4s" in (await waiting)[2]


async def test_the_end_closes_the_playlist() -> None:
    """The last, shorter part and segment are there, ENDLIST stands, and directives are ignored from then on."""
    async with edge(chunks=36) as rig:
        held = asyncio.create_task(rig.get(f"{MEDIA}?_HLS_msn=3&_HLS_part=2"))
        hinted = asyncio.create_task(rig.get("/s/friday/hls/aac-64/3.0.m4s"))
        await eventually(lambda: rig.worker.requests == 2, "both ask")
        rig.window.end(37)
        rig.publish(2)
        text = (await held)[2].decode()
        assert text.endswith("#EXT-X-ENDLIST\n")
        assert "#EXTINF:0.64,\naac-64/3.m4s" in text
        assert "PRELOAD-HINT" not in text
        assert (await hinted)[0] == 200
        assert (await rig.get(f"{MEDIA}?_HLS_msn=99"))[2].decode() == text
        assert (await rig.get("/s/friday/hls/aac-64/3.m4s"))[0] == 200


async def test_the_rung_without_parts_still_blocks() -> None:
    """No part, no hint; a reload waits for the next whole segment."""
    async with edge(chunks=36) as rig:
        rig.channel.heed(Orders(rig.channel.space.id, rung=4))
        text = (await rig.get(MEDIA))[2].decode()
        assert "EXT-X-PART" not in text
        assert "PRELOAD-HINT" not in text
        assert "CAN-BLOCK-RELOAD=YES" in text
        waiting = asyncio.create_task(rig.get(f"{MEDIA}?_HLS_msn=3"))
        await eventually(lambda: rig.worker.requests == 2, "it was asked")
        rig.publish(12)
        assert b"aac-64/3.m4s" in (await waiting)[2]


async def test_players_of_parts_live_through_the_rung_without() -> None:
    """Who waits gets the playlist without parts at once, then whole segments; a hinted part still comes."""
    async with edge(chunks=36) as rig:
        reload = asyncio.create_task(rig.get(f"{MEDIA}?_HLS_msn=3&_HLS_part=1"))
        hinted = asyncio.create_task(rig.get("/s/friday/hls/aac-64/3.0.m4s"))
        await eventually(lambda: rig.worker.requests == 2, "both ask")
        rig.channel.heed(Orders(rig.channel.space.id, rung=4))
        status, _, text = await reload
        assert status == 200
        assert b"EXT-X-PART" not in text
        again = await rig.get(f"{MEDIA}?_HLS_msn=3&_HLS_part=1")
        assert again[2] == text
        following = asyncio.create_task(rig.get(f"{MEDIA}?_HLS_msn=3"))
        await eventually(lambda: rig.worker.requests == 4, "it goes on by segments")
        rig.publish(12)
        assert (await hinted)[0] == 200
        assert b"aac-64/3.m4s" in (await following)[2]


async def test_listeners_without_parts_are_counted_once() -> None:
    """They ask once a segment; for the whole of it they count."""
    async with edge(chunks=36) as rig:
        rig.channel.heed(Orders(rig.channel.space.id, rung=4))
        opened = [await rig.open(MEDIA) for _ in range(2)]
        for reader, writer in opened:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(request(f"{MEDIA}?_HLS_msn=3"))
        await eventually(lambda: rig.worker.requests == 4, "both ask")
        for _ in range(3):
            rig.publish(3)
            assert rig.channel.playlists().listeners() == 2
        rig.publish(3)
        for _, writer in opened:
            writer.close()


async def test_a_frugal_rung_lists_the_cheap_rendition_only() -> None:
    """New players get aac-32; those that have chosen already keep their playlist."""
    async with edge(chunks=36) as rig:
        rig.channel.heed(Orders(rig.channel.space.id, rung=3))
        text = (await rig.get("/s/friday/hls/index.m3u8"))[2].decode()
        assert "aac-32.m3u8" in text
        assert "aac-64" not in text
        assert (await rig.get(MEDIA))[0] == 200
        rig.channel.heed(Orders(rig.channel.space.id, rung=0))
        assert "aac-64.m3u8" in (await rig.get("/s/friday/hls/index.m3u8"))[2].decode()


@pytest.mark.parametrize("keeps", [True, False])
async def test_whoever_asks_for_playlists_again_and_again_is_one_listener(keeps: bool) -> None:
    """On one connection or on one after the other: a flood of playlists does not narrow the door."""
    async with edge(chunks=36) as rig:
        hls_of_space = rig.channel.playlists()
        if keeps:
            reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
            writer.write(request(MEDIA) * 60)
            await eventually(lambda: rig.worker.requests == 60, "all are asked")
        else:
            for _ in range(60):
                await rig.get(MEDIA)
        rig.publish(3)
        assert hls_of_space.listeners() == 1
        if keeps:
            writer.close()
            await eventually(lambda: rig.worker.open == 0, "it has gone")
            assert hls_of_space.listeners() == 0
            del reader
        rig.publish(24)
        assert hls_of_space.listeners() == 0


async def test_what_an_address_means_is_forgotten_when_the_window_moves_on() -> None:
    """The same address asks for another playlist after each part, and after each rung; one too far ahead stays one."""
    async with edge(chunks=36) as rig:
        first, again = (await rig.get(MEDIA))[2], (await rig.get(MEDIA))[2]
        assert first == again
        assert (await rig.get(f"{MEDIA}?_HLS_msn=6"))[0] == 400
        rig.publish(3)
        moved = (await rig.get(MEDIA))[2]
        assert b"aac-64/3.1.m4s" in moved, "the part after the newest is hinted"
        assert b"aac-64/3.1.m4s" not in first
        rig.channel.playlists().give(parts=False, frugal=False)
        assert b"EXT-X-PART:" in moved
        assert b"EXT-X-PART:" not in (await rig.get(MEDIA))[2]


async def test_addresses_that_somebody_makes_up_are_not_all_kept() -> None:
    """A thousand queries are answered alike, and a bounded number of them is remembered."""
    async with edge(chunks=36) as rig:
        bodies = {(await rig.get(f"{MEDIA}?x={number}"))[2] for number in range(hls.MOST_ASKED + 20)}
        assert len(bodies) == 1
        assert len(rig.channel.playlists()._asked) == hls.MOST_ASKED
