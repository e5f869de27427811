"""The rehearsal listener over HLS: low latency, plain, and a replay."""

from __future__ import annotations

from collections import Counter

import pytest

from stentor.base.grid import CHUNK_S
from stentor.client.listener import listen, probe
from tests.support.audience import PAST_CHUNKS, audience
from tests.support.sound import assert_heard, missing

pytestmark = pytest.mark.realtime


async def test_low_latency_hls_is_heard_part_by_part() -> None:
    """Blocking reloads bring every part once, in order, to the end of the space."""
    async with audience(last=PAST_CHUNKS + 11) as space:
        report, heard = await probe(f"{space.url}/hls/index.m3u8")
        assert report.kind == "ll-hls"
        assert report.ended
        assert report.discontinuities == []
        assert report.problems == []
        assert report.stalls == []
        assert assert_heard(space.pcm, heard.samples()).compared_s > 5.0
        assert missing(space.pcm, heard.samples()) == []
        assert report.arrival_ms is not None
        assert 40.0 < report.arrival_ms.median < 1500.0
        assert "Reader" in report.talked_s
        files = Counter(request for request in space.requests if request.endswith(".m4s"))
        assert set(files.values()) == {1}
        assert any("_HLS_msn=2&_HLS_part=" in request for request in space.requests)


async def test_an_old_player_hears_whole_segments() -> None:
    """Without low latency, whole segments are fetched; they begin the hold-back away from the live edge."""
    async with audience(last=PAST_CHUNKS + 5) as space:
        report, heard = await probe(f"{space.url}/hls/index.m3u8", low_latency=False, rendition="opus-24")
        assert report.kind == "hls"
        assert report.ended
        assert report.sound_s == pytest.approx((PAST_CHUNKS + 6) * CHUNK_S)
        assert_heard(space.pcm, heard.samples())
        files = [request for request in space.requests if request.endswith(".m4s")]
        assert files == [f"/s/test/hls/opus-24/{number}.m4s" for number in range(3)]


async def test_the_rung_without_parts_is_followed_by_segment() -> None:
    """A server that blocks but gives no parts is asked for the next whole segment."""
    async with audience(last=PAST_CHUNKS + 14) as space:
        space.parts = False
        report = await listen(f"{space.url}/hls/aac-32.m3u8")
        assert report.kind == "hls"
        assert report.ended
        assert report.discontinuities == []
        assert any(request.endswith("_HLS_msn=2") for request in space.requests)
