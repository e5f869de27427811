"""Clips: what may be asked for, and that exactly those frames come out."""

from __future__ import annotations

import pytest

from stentor.base import grid
from stentor.base.errors import BadInput
from stentor.base.rendition import Rendition
from stentor.wire import clip, mp4
from stentor.wire.clip import Cut
from tests.support.encoded import AAC, OPUS, frames, probe


def segments(rendition: Rendition, count: int) -> list[bytes]:
    """Whole segments of a tone, a fragment each."""
    chunks = frames(rendition, count * grid.CHUNKS_PER_SEGMENT)
    return [
        mp4.fragment(
            rendition, sequence=number + 1, decode_time=number * grid.SEGMENT_SAMPLES,
            frames=[frame for chunk in chunks[12 * number : 12 * number + 12] for frame in chunk],
        )
        for number in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("rendition", [AAC, OPUS], ids=lambda rendition: rendition.name)
def test_the_frames_of_the_cut_and_no_others(rendition: Rendition) -> None:
    """From the middle of one segment into the next, to the frame; any player says how long it is."""
    data = clip.clip(segments(rendition, 3), rendition, Cut(2.5, 6.0))
    found = [frame for fragment in mp4.Demuxer().feed(data) for frame in fragment.frames]
    flat = [frame for chunk in frames(rendition, 36) for frame in chunk]
    first, end = (round(at_s * 48_000 / rendition.frame_samples) for at_s in (2.5, 6.0))
    assert found == flat[first:end]
    seen = probe(data)
    assert seen.duration_s == pytest.approx(3.5, abs=0.05)
    assert seen.first_s < 0.01  # Opus begins behind its pre-skip
    assert seen.warnings == []


def test_a_clip_ends_with_the_recording() -> None:
    """What lies behind the end is left out; nothing at all is an error."""
    data = clip.clip(segments(AAC, 1), AAC, Cut(3.0, 9.0))
    assert probe(data).duration_s == pytest.approx(0.84, abs=0.03)
    with pytest.raises(BadInput):
        clip.clip(segments(AAC, 1), AAC, Cut(3.84, 9.0))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, None),
        ("1", None),
        ("x", "3"),
        ("-1", "3"),
        ("3", "3.2"),
        ("3", "2"),
        ("0", "60.5"),
        ("nan", "3"),
        ("0", "inf"),
    ],
)
def test_what_is_no_clip_is_refused(start: str | None, end: str | None) -> None:
    """Half a second to a minute, from before to."""
    with pytest.raises(BadInput):
        clip.asked(start, end)
