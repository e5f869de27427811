"""First light: two people talk, everyone hears it, nothing is lost.

The whole of Stentor with real processes. Two real voices come over real WebRTC and take turns; one listener of each
kind hears hold music and then both, and so does whoever plays the recording.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest

from stentor.audio.loudness import integrated_lufs
from stentor.audio.pcm import Samples
from stentor.client.listener import probe
from stentor.client.report import ListenerReport
from stentor.client.speaker import Speaker
from stentor.wire import manifest
from tests.support.sound import assert_heard, assert_not_heard, gaps, voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, in_turn, whole

pytestmark = pytest.mark.realtime

RATE = 48_000
MUSIC_S = 5.0
KINDS = {
    "aac": ("/live.aac", True),
    "opus": ("/live.opus", True),
    "mp4": ("/live.mp4", True),
    "ll-hls": ("/hls/index.m3u8", True),
    "hls": ("/hls/index.m3u8", False),
}
LEVEL_LUFS = -16.0
HOLD_LUFS = -20.0


@dataclass
class Story:
    """What came of one talk: what was said, what each kind of listener heard and found, what was kept."""

    reader: Samples
    cards: Samples
    reports: dict[str, ListenerReport]
    heard: dict[str, Samples]
    recording: dict[str, Samples]
    read_by_libav: dict[str, float]
    pages: list[manifest.Entry]
    gap_report: dict[str, Any]
    ended: dict[str, Any]
    other_heard: dict[str, Samples]
    answers: list[httpx.Response]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One talk from the doors to the replay; every test looks at another side of it."""
    return asyncio.run(_talk(tmp_path_factory.mktemp("first-light")))


async def _talk(folder: Path) -> Story:
    reader, cards = voice("reader")[: 10 * RATE], voice("cards")[: 9 * RATE]
    first, second = in_turn(reader, cards)
    async with whole(folder) as house:
        tokens = await house.space("talk", "guest")
        listening = {
            kind: asyncio.create_task(probe(house.audience("talk", path), low_latency=low), name=kind)
            for kind, (path, low) in KINDS.items()
        }
        reading = [asyncio.create_task(asyncio.to_thread(_libav, house.audience("talk", path))) for path in _LIVE]
        await house.until("talk", lambda view: view["listeners"] >= 3, "the progressive listeners are counted")
        await asyncio.sleep(MUSIC_S)
        async with (
            Speaker(house.whip("talk"), tokens["host"], first, name="host", pause_s=60, keep_heard_s=60) as host,
            Speaker(house.whip("talk"), tokens["guest"], second, name="guest", pause_s=60, keep_heard_s=60) as guest,
        ):
            await house.until("talk", _both_connected, "both are on the stage")
            await house.call("POST", "/spaces/talk/live")
            await asyncio.sleep(first.size / RATE + 2.0)
            await house.call("POST", "/spaces/talk/end")
            other_heard = {"host": host.monitor.heard.samples(), "guest": guest.monitor.heard.samples()}
        found = {kind: await asyncio.wait_for(task, PATIENCE_S) for kind, task in listening.items()}
        ended = await house.until("talk", lambda view: view["state"] == "replay", "the recording is complete")
        kept = {}
        for name, path in {"m4a": "/recording.m4a", "hls": "/replay/index.m3u8"}.items():
            _, sound = await probe(house.audience("talk", path))
            kept[name] = sound.samples()
        gap_report = (await house.client.get(house.audience("talk", "/gaps.json"))).json()
        pages = sorted((folder / "objects" / "recordings" / "talk" / "manifest").glob("*.jsonl"))
        return Story(
            reader,
            cards,
            {kind: report for kind, (report, _) in found.items()},
            {kind: sound.samples() for kind, (_, sound) in found.items()},
            kept,
            dict(zip(_LIVE, await asyncio.gather(*reading), strict=True)),
            [entry for page in pages for entry in manifest.decode_page(page.read_bytes())],
            gap_report,
            ended,
            other_heard,
            await _strangers(house),
        )


_LIVE = ("/live.aac", "/live.opus", "/live.mp4", "/hls/index.m3u8")


def _libav(url: str, seconds: float = 4.0) -> float:
    """Opens a live stream as ffmpeg does and decodes some of it; returns its RMS."""
    with av.open(url, timeout=20) as container:
        blocks: list[Samples] = []
        for frame in container.decode(audio=0):
            blocks.append(frame.to_ndarray().astype(np.float32).reshape(-1))
            if sum(block.size for block in blocks) > seconds * RATE:
                break
    return float(np.sqrt(np.mean(np.square(np.concatenate(blocks)))))


def _both_connected(view: dict[str, Any]) -> bool:
    return [seat["state"] for seat in view["seats"]] == ["connected", "connected"]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_listener_hears_music_and_then_both_voices(story: Story, kind: str) -> None:
    """Hold music first, at its loudness; then each voice, surely recognised, at the loudness of speech."""
    heard = story.heard[kind]
    first, second = assert_heard(story.reader, heard), assert_heard(story.cards, heard)
    assert 0 < first.offset_samples < second.offset_samples
    music = heard[: first.offset_samples - 2 * RATE]
    assert music.size > 2 * RATE, "there was music before the talk"
    assert abs(integrated_lufs(music) - HOLD_LUFS) < 3
    for match, said in ((first, story.reader), (second, story.cards)):
        loudness = integrated_lufs(heard[match.offset_samples : match.offset_samples + said.size])
        assert abs(loudness - LEVEL_LUFS) < 3, f"{kind} hears speech at {loudness:.1f} LUFS"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_hears_a_gap(story: Story, kind: str) -> None:
    """No chunk is missing, no stretch is silent, nothing had to be reconnected, and the end is an end."""
    report = story.reports[kind]
    assert report.discontinuities == []
    assert report.problems == []
    assert report.reconnects == 0
    assert report.ended
    assert gaps(story.heard[kind], least_s=1.0) == []


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", ["m4a", "hls"])
def test_the_recording_holds_the_same(story: Story, kind: str) -> None:
    """Music and both voices, in order, as long as the talk was."""
    recorded = story.recording[kind]
    first, second = assert_heard(story.reader, recorded), assert_heard(story.cards, recorded)
    assert 0 < first.offset_samples < second.offset_samples
    span_s = (story.ended["ended_ms"] - story.ended["doors_open_ms"]) / 1000
    assert abs(recorded.size / RATE - span_s) < 0.7
    live = story.heard["aac"]
    there = assert_heard(story.reader, live)
    loudness = [
        integrated_lufs(sound[match.offset_samples : match.offset_samples + story.reader.size])
        for sound, match in ((recorded, first), (live, there))
    ]
    assert abs(loudness[0] - loudness[1]) < 0.5


@pytest.mark.timeout(240)
def test_the_manifest_proves_it(story: Story) -> None:
    """The hash chain holds, every chunk is there once, and the gap report hides nothing because there is nothing."""
    assert manifest.verify(story.pages) == []
    chunks = [chunk for entry in story.pages for run in entry.runs for chunk in range(run.first, run.last)]
    assert chunks == list(range(len(chunks)))
    assert story.gap_report["faults"] == []
    assert story.gap_report["spans"] == []
    assert set(story.gap_report["seconds"]) == {"hold", "stage"}


@pytest.mark.timeout(240)
def test_each_speaker_hears_the_other_and_not_himself(story: Story) -> None:
    """Mix-minus: what comes back has the other's voice in it, never one's own."""
    assert_heard(story.cards, story.other_heard["host"], least=0.7)
    assert_heard(story.reader, story.other_heard["guest"], least=0.7)
    assert_not_heard(story.reader, story.other_heard["host"])
    assert_not_heard(story.cards, story.other_heard["guest"])


@pytest.mark.timeout(240)
@pytest.mark.parametrize("path", _LIVE)
def test_ffmpegs_libraries_read_each_stream_live(story: Story, path: str) -> None:
    """What mpv, VLC and ffmpeg are built on opens every stream and decodes sound from it."""
    assert story.read_by_libav[path] > 0.001


@pytest.mark.timeout(240)
def test_the_pulse_inside_the_audio_names_who_talks(story: Story) -> None:
    """The listener of the MP4 stream learns from the sound itself who is talking, and that it was live."""
    report = story.reports["mp4"]
    assert report.talked_s.get("host", 0) > 5
    assert report.talked_s.get("guest", 0) > 4
    assert [change.source for change in report.sources] == ["hold", "stage"]
    assert report.mouth_ms is not None


@pytest.mark.timeout(240)
def test_strangers_get_documented_answers(story: Story) -> None:
    """Both ports are healthy; unknown spaces, on both, and a missing token are problem documents (RFC 9457)."""
    assert [reply.status_code for reply in story.answers] == [200, 200, 401, 404, 404]
    for reply in story.answers[2:]:
        assert reply.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail"} <= set(reply.json())


async def _strangers(house: Whole) -> list[httpx.Response]:
    ports = (house.settings.port, house.settings.audience_port)
    urls = [f"http://127.0.0.1:{port}/healthz" for port in ports]
    api = f"http://127.0.0.1:{ports[0]}/api/v1/spaces"
    urls += [f"{api}/talk/events", f"{api}/none", house.audience("none", "/live.aac")]
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        return [await client.get(url) for url in urls]
