"""Reading playlists: what the writing side makes, and what others may send."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.base.rendition import RENDITIONS
from stentor.client import m3u8
from stentor.wire import playlist


def _live(newest_part: int, *, ended: bool = False) -> m3u8.Media:
    """Segments from 0 of four parts each, up to a part."""
    segments = []
    for number in range(newest_part // 4 + 1):
        parts = tuple(playlist.Part(f"{number}.{k}.m4s") for k in range(4) if number * 4 + k <= newest_part)
        segments.append(playlist.Segment(number, f"{number}.m4s", 1_700_000_000_000 + number * 3840, parts=parts))
    unfinished = segments.pop() if len(segments[-1].parts) < 4 else None
    return m3u8.media(
        playlist.media(segments, map_uri="init.mp4", open_segment=unfinished, hint="next.m4s", ended=ended)
    )


def test_what_the_server_writes_is_read() -> None:
    """Times, parts, hold-backs and the hint survive the way through text."""
    live = _live(21)
    assert live.low_latency
    assert (live.part_hold_back_s, live.hold_back_s, live.part_target_s) == (2.88, 12.0, 0.96)
    assert (live.map_uri, live.preload_hint) == ("init.mp4", "next.m4s")
    assert [segment.number for segment in live.segments] == list(range(6))
    assert live.segments[1].starts_at == 1_700_000_003.84
    assert live.segments[5].uri == ""
    assert len(live.segments[5].parts) == 2
    (first, *_) = m3u8.variants(playlist.multivariant(RENDITIONS, uri=lambda rendition: f"{rendition.name}.m3u8"))
    assert (first.uri, first.codecs) == ("aac-64.m3u8", "mp4a.40.2")
    assert m3u8.variants("#EXTM3U\n#EXT-X-TARGETDURATION:4\n") == []


def test_a_player_begins_the_hold_back_away_from_the_edge() -> None:
    """Three parts with low latency, three target durations without; at the beginning once it has ended."""
    live = _live(21)
    assert m3u8.begin_at(live, parts=True) == (4, 3)
    assert m3u8.begin_at(live, parts=False) == (1, 0)
    assert m3u8.begin_at(_live(19, ended=True), parts=False) == (0, 0)
    assert m3u8.begin_at(_live(1), parts=True) == (0, 0), "a young space: from its beginning"


def test_parts_are_dated_by_their_segment() -> None:
    """A part begins where the parts before it end."""
    items = list(m3u8.items_from(_live(21), 5, 1, parts=True))
    assert [(item.segment, item.part, item.uri) for item in items] == [(5, 1, "5.1.m4s")]
    assert items[0].starts_at == pytest.approx(1_700_000_000 + 5 * 3.84 + 0.96)


def test_the_next_request_is_the_next_part_or_segment() -> None:
    """After the last part of a finished segment comes the next segment's first."""
    live = _live(21)
    assert m3u8.next_after(live, 4, 4) == (5, 0)
    assert m3u8.next_after(live, 5, 2) == (5, 2)


@given(st.integers(0, 60), st.integers(0, 60))
def test_everything_is_fetched_once_and_in_order(first: int, more: int) -> None:
    """However the playlist grows between two reloads, each part comes once."""
    fetched: list[tuple[int, int | None]] = []
    at = (0, 0)
    for newest in sorted((first, first + more)):
        live = _live(newest)
        for item in m3u8.items_from(live, *at, parts=True):
            if item.part is None:
                fetched.extend((item.segment, part) for part in range(4))
                at = item.segment + 1, 0
            else:
                fetched.append((item.segment, item.part))
                at = m3u8.next_after(live, item.segment, item.part + 1)
    assert fetched == sorted(set(fetched))
    if more <= 12:  # no part has left the playlist meanwhile
        assert len(fetched) == first + more + 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "#EXTM3U\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:nan\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:-1\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:yesterday\n",
        "#EXTM3U\n" + "#\n" * 60_000,
    ],
)
def test_what_is_no_playlist_is_malformed(text: str) -> None:
    """Text that is no media playlist, or has no numbers where they belong, is refused."""
    with pytest.raises(Malformed):
        m3u8.media(text)


_LINES = st.sampled_from(
    ["#EXT-X-PART:DURATION=1,URI=a", "#EXTINF:4,", "a.m4s", "#EXT-X-GAP", "#EXT-X-MEDIA-SEQUENCE:9", "#EXT-X-ENDLIST"]
)


@settings(max_examples=200)
@given(st.lists(st.one_of(_LINES, st.text(max_size=30))))
def test_any_text_is_read_or_refused(lines: list[str]) -> None:
    """Whatever comes: a playlist or Malformed, never another error."""
    text = "\n".join(["#EXTM3U", "#EXT-X-TARGETDURATION:4", *lines])
    try:
        found = m3u8.media(text)
        m3u8.variants(text)
        list(m3u8.items_from(found, *m3u8.begin_at(found, parts=True), parts=True))
    except Malformed:
        return
