"""The rehearsal listener against real streams in real time, and against their faults."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.grid import CHUNK_S
from stentor.client.listener import listen, probe
from stentor.client.report import ListenerReport
from tests.support.audience import PAST_CHUNKS, audience
from tests.support.sound import assert_heard, loudness_difference_lu, missing, mouth_to_ear

pytestmark = pytest.mark.realtime


@pytest.mark.parametrize("kind", ["aac", "opus", "mp4"])
async def test_a_progressive_stream_is_heard_to_its_end(kind: str) -> None:
    """From the burst to the end of the space: the voice, its loudness, the delay; no gap, no stall."""
    async with audience(last=PAST_CHUNKS + 8) as space:
        report, heard = await probe(f"{space.url}/live.{kind}", seed=1)
        samples = heard.samples()
        first = space.pcm[: samples.size]
        assert report.ended
        assert report.kind == kind
        assert report.sound_s == pytest.approx(19 * CHUNK_S, abs=0.33)
        assert report.stalls == []
        assert report.discontinuities == []
        assert report.problems == []
        match = assert_heard(space.pcm, samples)
        assert match.compared_s > 5.0
        assert missing(space.pcm, samples) == []
        assert abs(loudness_difference_lu(space.pcm[-first.size :], samples)) < 6.0
        assert report.arrival_ms is not None
        assert report.ear_ms is not None
        assert 40.0 < report.arrival_ms.median < 300.0
        assert report.ear_ms.median > report.arrival_ms.median
        assert report.loudness_lufs is not None
        delay = mouth_to_ear(
            space.pcm, lambda sample: space.doors_open_ms / 1000 + sample / 48_000, samples, heard.clock()
        )
        assert delay.least_s > 0.04


async def test_the_pulse_inside_the_sound_is_read() -> None:
    """MP4 tells who talks, where the sound comes from, and how many hear it."""
    async with audience(last=PAST_CHUNKS + 6) as space:
        report = await listen(f"{space.url}/live.mp4")
        assert [change.source for change in report.sources] == ["hold", "stage"]
        assert report.sources[1].chunk == 26
        assert report.talked_s.keys() == {"Reader"}
        assert 0 < report.talked_s["Reader"] < report.sound_s
        assert report.listeners == 7
        assert (report.title, report.state) == ("A test", "live")


async def test_a_stall_is_counted_with_its_length() -> None:
    """A stream that stands still for longer than the buffer lasts is a stall of a player; nothing is lost."""
    async with audience(last=PAST_CHUNKS + 16) as space:
        space.stall_at = {PAST_CHUNKS + 2: 4.5}
        report = await listen(f"{space.url}/live.aac")
        assert len(report.stalls) == 1
        assert 0.5 < report.stalled_s < 2.5
        assert report.discontinuities == []


async def test_chunks_that_are_missing_are_seen() -> None:
    """A stream with its own time shows what was left out of it."""
    async with audience(last=PAST_CHUNKS + 6) as space:
        space.skip = {PAST_CHUNKS + 1, PAST_CHUNKS + 2}
        report = await listen(f"{space.url}/live.opus")
        assert [round(jump.length_s, 2) for jump in report.discontinuities] == [0.64]


@pytest.mark.parametrize("kind", ["aac", "mp4"])
async def test_a_cut_connection_is_made_again_without_a_hole(kind: str) -> None:
    """After a cut the listener comes back, leaves out what it has heard, and has lost nothing."""
    async with audience(last=PAST_CHUNKS + 10) as space:
        space.cut_at = PAST_CHUNKS + 3
        report, heard = await probe(f"{space.url}/live.{kind}", seed=3)
        assert report.ended
        assert report.reconnects >= 1
        assert any("lost" in problem for problem in report.problems)
        assert report.discontinuities == []
        assert report.sound_s == pytest.approx(21 * CHUNK_S, abs=0.33)
        assert_heard(space.pcm, heard.samples())


async def test_without_reconnecting_a_cut_is_the_end() -> None:
    """A listener that shall not come back reports what it has."""
    async with audience(last=PAST_CHUNKS + 10) as space:
        space.cut_at = PAST_CHUNKS + 2
        report = await listen(f"{space.url}/live.aac", reconnect=False)
        assert not report.ended
        assert report.reconnects == 0
        assert report.sound_s > 3.0


async def test_a_listener_leaves_after_its_time_and_tells_how_it_goes() -> None:
    """``seconds`` ends it, ``on_report`` hears from it meanwhile, and the report is JSON."""
    told: list[ListenerReport] = []
    async with audience(last=70) as space:
        report = await listen(space.url, seconds=1.5, on_report=told.append, every_s=0.3)
    assert report.url.endswith("/live.aac"), "a listener's page stands for its plainest stream"
    assert not report.ended
    assert len(told) >= 2
    assert told[-1].sound_s >= told[0].sound_s
    assert msgspec.json.decode(report.json(), type=ListenerReport) == report
