"""The captions of one space at this edge, while it is on air: for the page as JSON, for players as an HLS rendition."""

from __future__ import annotations

from stentor.base.clock import Clock, unix_ms
from stentor.edge.reply import EXPOSED, Document
from stentor.wire import cue as wire
from stentor.wire import webvtt
from stentor.wire.cue import Collection, Cue
from stentor.wire.playlist import Subtitles

NAME = "captions"
RECENT = "captions.json"
RECENT_MS = 90_000
"""What it has while on air: a player is half a minute behind at most, words come up to 25 s late."""
SEGMENT_CACHE = "public, max-age=60"
"""Not for ever: an edge that has just come back may lack a cue for a moment."""
SEGMENTS_KEPT = 100


class CaptionTrack:
    """All cues of a space that this edge knows. ``offered`` says that somebody writes captions for it now."""

    def __init__(self, space: str, *, language: str, clock: Clock) -> None:
        self.offered = False
        self.cues = Collection()
        self._space, self._language, self._clock = space, language, clock
        self._segments: dict[tuple[int, int, bool], Document] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to show or to wait for."""
        return self.offered or len(self.cues) > 0

    def add(self, cue: Cue, doors_open_ms: int | None) -> None:
        """A cue from the bus, or a correction of one; one of another run of the space is ignored."""
        if cue.doors_open_ms == doors_open_ms:
            self.cues.add(cue)

    def recent(self, doors_open_ms: int) -> list[Cue]:
        """What somebody who listens now may hear now, and what was corrected of what they heard before."""
        return self.cues.since(unix_ms(self._clock()) - doors_open_ms - RECENT_MS)

    def past(self, until_ms: int) -> list[Cue]:
        """What may be heard by somebody for whom ``until_ms`` (from the opening of the doors) is now."""
        return [cue for cue in self.cues.since(until_ms - RECENT_MS) if cue.start_ms < until_ms]

    def track(self) -> Subtitles | None:
        """The rendition, for the multivariant playlist."""
        return Subtitles(f"{NAME}.m3u8", self._language) if self else None

    def segment(self, number: int, *, past: bool = False) -> Document:
        """Segment ``number`` as WebVTT; made anew when cues came or changed since it was asked for last. ``past``
        leaves late words where they were said.
        """
        key = number, self.cues.changes, past
        found = self._segments.get(key)
        if found is None:
            if len(self._segments) > SEGMENTS_KEPT:
                self._segments.clear()
            # a cue that comes late is moved by less than the time for which words wait
            near = self.cues.since(number * webvtt.SEGMENT_MS - RECENT_MS)
            found = self._segments[key] = Document(
                (webvtt.past_segment if past else webvtt.segment)(number, near),
                webvtt.CONTENT_TYPE,
                SEGMENT_CACHE,
                now=self._clock(),
                Access_Control_Expose_Headers=EXPOSED,
            )
        return found


def render(name: str, space: str, title: str, cues: list[Cue], *, now: float, begin_ms: int = 0) -> tuple[bytes, str]:
    """One of :data:`DOCUMENTS` as it is at ``now``, and its content type.

    Times of ``cues`` count from ``begin_ms`` of the recording on.
    """
    match name:
        case "captions.vtt":
            return webvtt.whole(cues, begin_ms), webvtt.CONTENT_TYPE
        case "captions.srt":
            return webvtt.subrip(cues), webvtt.SRT_TYPE
        case "transcript.txt":
            return webvtt.transcript(title, cues), webvtt.TEXT_TYPE
    return wire.document(space, cues, at_ms=unix_ms(now)), "application/json"


DOCUMENTS = (RECENT, "transcript.json", "captions.vtt", "captions.srt", "transcript.txt")
"""What :func:`render` makes: while on air the first has the newest cues, the others have all."""
