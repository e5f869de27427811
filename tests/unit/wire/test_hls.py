"""Playlists and segments together: libav plays what they say, from start to end, without a complaint."""

from __future__ import annotations

from pathlib import Path

import av
import av.logging
import pytest

from stentor.base.rendition import Codec, Rendition, Source
from stentor.wire import manifest, mp4, playlist
from tests.support import encoded

START_MS = 1_700_000_000_000


def write_segments(folder: Path, rendition: Rendition, first: int, count: int) -> None:
    """Init and segments as an edge serves them: each of four parts with a pulse."""
    chunks = encoded.frames(rendition, count * 12)
    (folder / "init.mp4").write_bytes(mp4.init(rendition))
    for n in range(count):
        parts = b""
        for k in range(4):
            at = (first + n) * 184_320 + k * 46_080
            frames = [frame for chunk in chunks[n * 12 + k * 3 : n * 12 + k * 3 + 3] for frame in chunk]
            event = mp4.emsg(b'{"v":1}', decode_time=at, duration=46_080, id=at)
            parts += mp4.fragment(rendition, sequence=n * 4 + k, decode_time=at, frames=frames, emsg=event, styp=k == 0)
        (folder / f"{first + n}.m4s").write_bytes(parts)


def play(path: Path) -> tuple[str, int, list[str]]:
    """Codec, samples and complaints of libav's HLS player."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture(local=False) as complaints, av.open(str(path), "r", format="hls") as container:
            samples = sum(frame.samples for frame in container.decode(audio=0))
            codec = container.streams.audio[0].codec_context.name
    finally:
        av.logging.set_level(level)
    return codec, samples, [text for number, _, text in complaints if number <= av.logging.WARNING]


@pytest.mark.parametrize("rendition", [encoded.AAC, encoded.OPUS], ids=lambda r: r.name)
def test_a_stream_that_has_ended_plays(tmp_path: Path, rendition: Rendition) -> None:
    """The last playlist of a live stream, parts and all, begun an hour after the doors."""
    write_segments(tmp_path, rendition, 937, 4)
    segments = [
        playlist.Segment(n, f"{n}.m4s", START_MS + n * 3840, parts=(playlist.Part(f"{n}.0.m4s"),))
        for n in range(937, 941)
    ]
    (tmp_path / "live.m3u8").write_text(playlist.media(segments, map_uri="init.mp4", ended=True))
    codec, samples, complaints = play(tmp_path / "live.m3u8")
    assert (codec, complaints) == ("aac" if rendition.codec is Codec.AAC else "opus", [])
    assert 4 * 184_320 - mp4.OPUS_PRE_SKIP <= samples <= 4 * 184_320


def test_a_recording_plays_through_its_gaps(tmp_path: Path) -> None:
    """The playlist made from the manifest."""
    write_segments(tmp_path, encoded.AAC, 0, 3)
    entries = [
        manifest.Entry(
            number=n,
            start_ms=START_MS + n * 3840,
            runs=[manifest.Run(Source.STAGE, n * 12, n * 12 + 6), manifest.Run(Source.GAP, n * 12 + 6, n * 12 + 12)],
            renditions={"aac-64": manifest.StoredObject(f"{n}", 1, "")},
        )
        for n in range(3)
    ]
    text = playlist.vod(entries, rendition="aac-64", map_uri="init.mp4", uri=lambda n: f"{n}.m4s")
    (tmp_path / "vod.m3u8").write_text(text)
    assert play(tmp_path / "vod.m3u8") == ("aac", 3 * 184_320, [])
