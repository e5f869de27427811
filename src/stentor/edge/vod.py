"""The playlists of a recording, and ``gaps.json``."""

from __future__ import annotations

import msgspec

from stentor.base import grid
from stentor.base.rendition import RENDITIONS, Codec, Rendition
from stentor.edge.shown import ShownRecording
from stentor.wire import manifest, playlist


def index(captions: str, _: ShownRecording) -> bytes:
    """``captions`` is the language of the transcript, empty without one."""
    variants = [rendition for rendition in RENDITIONS if rendition.codec is Codec.AAC]
    words = playlist.Subtitles("captions.m3u8", captions) if captions else None
    return playlist.multivariant(variants, uri=lambda rendition: f"{rendition.name}.m3u8", subtitles=words).encode()


def text(recording: ShownRecording) -> bytes:
    last = recording.entries[-1]
    end_s = (last.first_chunk + last.chunks) * grid.CHUNK_S - recording.from_s
    return playlist.vod_text("../captions.vtt", end_s).encode()


def media(rendition: Rendition, recording: ShownRecording) -> bytes:
    def uri(number: int) -> str:
        return f"{rendition.name}/{number}.m4s"

    lines = playlist.vod(recording.entries, rendition=rendition.name, map_uri=f"{rendition.name}/init.mp4", uri=uri)
    if recording.final:
        return lines.encode()
    # 4.4.3.5: EVENT: "Media Segments can only be added to the end", which is what a growing recording does.
    lines = lines.replace("#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-PLAYLIST-TYPE:EVENT")
    return lines.removesuffix("#EXT-X-ENDLIST\n").encode()


def gaps(recording: ShownRecording) -> bytes:
    """Seconds by source, every gap and filler with its time, what was removed, and whether the hashes hold together."""
    entries = recording.manifest.entries
    report = manifest.gap_report(entries)
    return msgspec.json.encode(
        {
            "v": 1,
            "final": recording.final,
            "segments": len(entries),
            "last_hash": entries[-1].hash,
            "seconds": report.seconds,
            "spans": [span._asdict() for span in report.spans],
            "removed": [
                {"from_ms": each.from_ms, "to_ms": each.to_ms, "at_ms": each.at_ms, "reason": each.reason}
                for each in recording.found.removals
            ],
            "faults": [fault._asdict() for fault in manifest.verify(entries)],
        }
    )
