"""The rehearsal listener where nothing has to come in time: what was recorded, is saved, or cannot be heard."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from stentor.audio.media import read_audio
from stentor.base.errors import BadInput, NotFound, Overloaded, SetupError
from stentor.base.grid import CHUNK_S
from stentor.client.listener import listen, probe
from stentor.wire import adts
from tests.support.audience import PAST_CHUNKS, audience
from tests.support.sound import assert_heard


async def test_what_was_received_is_saved(tmp_path: Path) -> None:
    """Saved as it came it plays in a player; as WAV it is the decoded sound."""
    async with audience(last=PAST_CHUNKS) as space:
        raw, wav = tmp_path / "saved.aac", tmp_path / "saved.wav"
        first = await listen(f"{space.url}/live.aac", save=raw)
        second = await listen(f"{space.url}/live.aac", save=wav)
        assert len(adts.unpack(raw.read_bytes())) * 1024 / 48_000 == pytest.approx(first.sound_s, abs=0.001)
        assert_heard(space.pcm, read_audio(raw))
        with wave.open(str(wav)) as file:
            assert file.getframerate() == 48_000
            assert file.getnframes() / 48_000 == pytest.approx(second.sound_s, abs=0.05)
        with pytest.raises(BadInput, match="Cannot save"):
            await listen(f"{space.url}/live.aac", save=tmp_path / "nowhere" / "saved.aac")


async def test_a_recording_is_heard_whole() -> None:
    """A recording is fetched as fast as it comes and has no delay."""
    async with audience(last=40) as space:
        report, heard = await probe(f"{space.url}/recording.m4a")
        assert report.ended
        assert report.sound_s == pytest.approx(41 * CHUNK_S)
        assert report.arrival_ms is None
        assert assert_heard(space.pcm[: 41 * 15_360], heard.samples()).compared_s > 12


async def test_what_cannot_be_heard_says_why() -> None:
    """Each refusal is an error that says what to do."""
    async with audience(last=40) as space:
        space.problem = (404, {}, b'{"detail":"There is no such space."}')
        with pytest.raises(NotFound, match="no such space"):
            await listen(f"{space.url}/live.aac")
        space.problem = (503, {"Retry-After": "7"}, b"")
        with pytest.raises(Overloaded) as full:
            await listen(f"{space.url}/live.aac")
        assert full.value.retry_after_s == 7.0
        url = space.url
    with pytest.raises(SetupError, match="cannot be reached"):
        await listen(f"{url}/live.aac")
    with pytest.raises(BadInput, match="nothing to listen to"):
        await listen(f"{url}/picture.png")
    with pytest.raises(BadInput, match="no web address"):
        await listen("ftp://example.org/live.aac")


async def test_a_replay_is_fetched_whole() -> None:
    """A playlist that has ended is heard from its first segment, as fast as it comes."""
    async with audience(last=PAST_CHUNKS - 3) as space:
        report, heard = await probe(f"{space.url}/hls/index.m3u8")
        assert report.kind == "replay"
        assert report.ended
        assert report.arrival_ms is None
        assert report.sound_s == pytest.approx((PAST_CHUNKS - 2) * CHUNK_S)
        assert_heard(space.pcm[: (PAST_CHUNKS - 2) * 15_360], heard.samples())


async def test_a_rendition_that_is_not_there_is_named() -> None:
    """Asking for an unknown rendition lists those there are."""
    async with audience(last=40) as space:
        with pytest.raises(BadInput, match=r"no rendition flac.*aac-64\.m3u8"):
            await listen(f"{space.url}/hls/index.m3u8", rendition="flac")
