"""The playlists of a recording, and ``gaps.json``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from stentor.base import grid
from stentor.base.rendition import RENDITIONS, Codec, Rendition
from stentor.edge.shown import ShownRecording
from stentor.wire import manifest, playlist
from stentor.wire.manifest import Entry

GROWING_KEPT = 100
"""Playlists; one of two hours has 0.6 MB of lines."""


def index(captions: str, _: ShownRecording) -> bytes:
    """``captions`` is the language of the transcript, empty without one."""
    variants = [rendition for rendition in RENDITIONS if rendition.codec is Codec.AAC]
    words = playlist.Subtitles("captions.m3u8", captions) if captions else None
    return playlist.multivariant(variants, uri=lambda rendition: f"{rendition.name}.m3u8", subtitles=words).encode()


def text(recording: ShownRecording) -> bytes:
    last = recording.entries[-1]
    end_s = (last.first_chunk + last.chunks) * grid.CHUNK_S - recording.from_s
    return playlist.vod_text("../captions.vtt", end_s).encode()


class MediaPlaylists:
    """Media playlists. One of a recording that grows goes on where it was: each segment is looked at once."""

    def __init__(self) -> None:
        self._growing: OrderedDict[tuple[str, str], _Growing] = OrderedDict()

    def render(self, space: str, rendition: Rendition, recording: ShownRecording) -> bytes:
        """The playlist of a rendition."""
        entries, name = recording.entries, rendition.name
        key, beginning = (space, name), f"{name}/init.mp4"

        def uri(number: int) -> str:
            return f"{name}/{number}.m4s"

        if recording.final:
            self._growing.pop(key, None)
            return playlist.vod(entries, rendition=name, map_uri=beginning, uri=uri).encode()
        known, version = self._growing.get(key), recording.found.version
        if known is None or not known.goes_on(entries, version):
            made = playlist.RecordedPlaylist(name, beginning, uri, kind="EVENT")
            known = self._growing[key] = _Growing(made, version)
            if len(self._growing) > GROWING_KEPT:
                self._growing.popitem(last=False)
        known.go_on(entries)
        return known.made.text(ended=False).encode()

    def forget(self, space: str) -> None:
        """Something of it was removed."""
        for rendition in RENDITIONS:
            self._growing.pop((space, rendition.name), None)


class _Growing:
    """``version`` is that of what was removed."""

    def __init__(self, made: playlist.RecordedPlaylist, version: int) -> None:
        self.made, self._version = made, version
        self._count, self._last = 0, ""

    def goes_on(self, entries: Sequence[Entry], version: int) -> bool:
        """Whether these are what was there, and more: each hash covers all before it."""
        same = self._count <= len(entries) and version == self._version
        return same and (not self._count or entries[self._count - 1].hash == self._last)

    def go_on(self, entries: Sequence[Entry]) -> None:
        self.made.add(entries[self._count :])
        self._count, self._last = len(entries), entries[-1].hash


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
