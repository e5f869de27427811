"""Playlists: every line where the standard wants it."""

from __future__ import annotations

import itertools
import math
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.rendition import RENDITIONS, Source
from stentor.edge import overflow
from stentor.wire import manifest, playlist
from stentor.wire.playlist import DateRange, Part, RenditionReport, Segment

START_MS = 1_700_000_000_000


def segment(number: int, parts: int = 4) -> Segment:
    return Segment(
        number,
        f"aac-64/{number}.m4s",
        START_MS + number * 3840,
        parts=tuple(Part(f"aac-64/{number}.{k}.m4s") for k in range(parts)),
    )


def live(first: int, last: int, open_parts: int, **more: object) -> str:
    return playlist.media(
        [segment(n) for n in range(first, last + 1)],
        map_uri="aac-64/init.mp4",
        open_segment=segment(last + 1, open_parts),
        hint=f"aac-64/{last + 1}.{open_parts}.m4s",
        reports=[
            RenditionReport("opus-24.m3u8", last + 1 if open_parts else last, open_parts - 1 if open_parts else 3)
        ],
        **more,  # type: ignore[arg-type]
    )


def test_a_live_playlist_is_exactly_this() -> None:
    """The whole text of a small one, with parts, hint and report."""
    assert live(10, 11, 2) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:6\n"
        "#EXT-X-TARGETDURATION:4\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=12,PART-HOLD-BACK=2.88\n"
        "#EXT-X-PART-INF:PART-TARGET=0.96\n"
        "#EXT-X-MEDIA-SEQUENCE:10\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MAP:URI="aac-64/init.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:58.400Z\n"
        '#EXT-X-PART:DURATION=0.96,URI="aac-64/10.0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.96,URI="aac-64/10.1.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.96,URI="aac-64/10.2.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.96,URI="aac-64/10.3.m4s",INDEPENDENT=YES\n'
        "#EXTINF:3.84,\n"
        "aac-64/10.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:14:02.240Z\n"
        '#EXT-X-PART:DURATION=0.96,URI="aac-64/11.0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.96,URI="aac-64/11.1.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.96,URI="aac-64/11.2.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.96,URI="aac-64/11.3.m4s",INDEPENDENT=YES\n'
        "#EXTINF:3.84,\n"
        "aac-64/11.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:14:06.080Z\n"
        '#EXT-X-PART:DURATION=0.96,URI="aac-64/12.0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.96,URI="aac-64/12.1.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="aac-64/12.2.m4s"\n'
        '#EXT-X-RENDITION-REPORT:URI="opus-24.m3u8",LAST-MSN=12,LAST-PART=1\n'
    )


@given(st.integers(0, 50), st.integers(0, 12), st.integers(0, 3))
@settings(max_examples=60)
def test_parts_stand_only_near_the_end(first: int, count: int, open_parts: int) -> None:
    """Segments whose end is at most 12 s from the playlist's end have parts, older ones none; and no segment half."""
    text = live(first, first + count - 1, open_parts)
    lines = text.splitlines()
    assert f"#EXT-X-MEDIA-SEQUENCE:{first}" in lines
    for n in range(first, first + count):
        distance = (first + count - 1 - n) * 3.84 + open_parts * 0.96
        shown = sum(f'/{n}.{k}.m4s",INDEPENDENT' in text for k in range(4))
        assert shown == (4 if distance <= 12 else 0)
    assert sum(line.startswith("#EXT-X-PART:") and f"/{first + count}." in line for line in lines) == open_parts
    assert lines.count("#EXTINF:3.84,") == count
    assert text.count("PRELOAD-HINT") == 1


@given(st.integers(0, 20), st.integers(0, 200))
@settings(max_examples=40)
def test_from_part_to_part_a_playlist_only_grows_at_its_end(first: int, newest: int) -> None:
    """6.2.1: lines are appended; parts no longer near the end go; hint and reports, at the end, are new."""
    complete, open_parts = divmod(newest, 4)
    now = live(first, first + complete - 1, open_parts)
    later_complete, later_parts = divmod(newest + 1, 4)
    later = live(first, first + later_complete - 1, later_parts)

    def kept(text: str) -> list[str]:
        return [x for x in text.splitlines() if not x.startswith(("#EXT-X-PART:", "#EXT-X-PRELOAD", "#EXT-X-REND"))]

    old, new = kept(now), kept(later)
    # where a segment has just begun, its date appears with its first part
    assert new[: len(old)] == old


def test_the_rung_without_parts_still_blocks() -> None:
    """Players ask once a segment; no parts, no hint, no part in the reports."""
    text = live(10, 14, 2, parts=False)
    assert "PART" not in text
    assert "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=12\n" in text
    assert text.endswith('aac-64/14.m4s\n#EXT-X-RENDITION-REPORT:URI="opus-24.m3u8",LAST-MSN=15\n')


def test_an_ended_playlist_hints_and_reports_nothing() -> None:
    """ENDLIST is its last line."""
    text = live(10, 14, 0, ended=True)
    assert text.endswith("aac-64/14.m4s\n#EXT-X-ENDLIST\n")
    assert "HINT" not in text
    assert "REPORT" not in text


def test_a_playlist_before_the_first_segment_begins_with_its_number() -> None:
    """Doors just open: only the parts of segment 0, or nothing at all."""
    assert "#EXT-X-MEDIA-SEQUENCE:0\n" in live(0, -1, 1)
    assert playlist.media([], map_uri="i", open_segment=segment(7, 1), parts=False).count("SEQUENCE:7\n") == 1
    assert playlist.media([], map_uri="i").endswith('#EXT-X-MAP:URI="i"\n')


def test_date_ranges_carry_client_attributes() -> None:
    """Names and values as the standard allows, and nothing else."""
    span = DateRange("a", "stentor.state", START_MS, 1.5, {"X-STATE": "live"})
    line = (
        '#EXT-X-DATERANGE:ID="a",CLASS="stentor.state",START-DATE="2023-11-14T22:13:20.000Z",DURATION=1.5,'
        'X-STATE="live"\n'
    )
    assert line in live(1, 2, 1, dateranges=[span])
    open_end = msgspec.structs.replace(span, duration_s=None, attributes={})
    assert ',START-DATE="2023-11-14T22:13:20.000Z"\n' in live(1, 2, 1, dateranges=[open_end])
    for bad in ({"STATE": "x"}, {"X-state": "x"}, {"X-A": 'a"b'}, {"X-A": "a\nb"}):
        with pytest.raises(ValueError, match=r"attribute|quoted"):
            live(1, 2, 1, dateranges=[msgspec.structs.replace(span, attributes=bad)])


def test_the_multivariant_playlist_names_every_rendition() -> None:
    """Bandwidth with what is added to the sound, codecs, one line each, the universal one first."""
    text = playlist.multivariant(RENDITIONS, uri=lambda r: f"{r.name}.m3u8")
    lines = text.splitlines()
    assert lines[3] == '#EXT-X-STREAM-INF:BANDWIDTH=92000,AVERAGE-BANDWIDTH=76000,CODECS="mp4a.40.2"'
    assert lines[4::2] == ["aac-64.m3u8", "aac-32.m3u8", "opus-24.m3u8"]
    assert 'CODECS="opus"' in lines[7]


def entries(*numbers: int) -> list[manifest.Entry]:
    stored = {"aac-64": manifest.StoredObject("k", 1, "")}
    return [
        manifest.Entry(
            number=n,
            start_ms=START_MS + min(n, 1000) * 3840,
            runs=[
                manifest.Run(Source.STAGE, n * 12, n * 12 + 10),
                manifest.Run(Source.GAP, n * 12 + 10, n * 12 + 12),
            ],
            renditions=stored,
        )
        for n in numbers
    ]


def test_a_recordings_playlist_marks_its_gaps_and_has_no_discontinuity() -> None:
    """Gaps are date ranges over sound that goes on."""
    text = playlist.vod(entries(3, 4), rendition="aac-64", map_uri="i.mp4", uri=lambda n: f"{n}.m4s")
    assert text.startswith("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n")
    assert "#EXT-X-MEDIA-SEQUENCE:3\n" in text
    assert text.count('CLASS="stentor.gap"') == 2
    assert ',START-DATE="2023-11-14T22:13:34.720Z",DURATION=0.64' in text
    assert "DISCONTINUITY" not in text
    assert "#EXT-X-GAP" not in text
    assert text.endswith("#EXTINF:3.84,\n4.m4s\n#EXT-X-ENDLIST\n")


def test_those_behind_have_a_live_playlist_of_the_recording() -> None:
    """No type, so that segments may leave it (6.2.2); it ends when the recording does; what is missing is a gap."""
    follow = partial(playlist.overflow, rendition="aac-64", map_uri="i.mp4", uri=lambda n: f"{n}.m4s")
    text = follow(entries(3, 5), ended=False)
    assert text.startswith("#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:3\n")
    assert "PLAYLIST-TYPE" not in text
    assert "#EXT-X-GAP\n#EXTINF:3.84,\n4.m4s\n" in text
    assert text.endswith("#EXTINF:3.84,\n5.m4s\n")
    assert follow(entries(3, 5), ended=True) == text + "#EXT-X-ENDLIST\n"


def test_a_hole_is_one_line_however_long() -> None:
    """The times after it stay true, no segment is longer than the target, and who follows live begins behind it."""
    first, last = entries(0, 2**38)
    hole = manifest.Entry(
        number=1, start_ms=START_MS + 3840, runs=[manifest.Run(Source.GAP, 12, 12 * 2**38)], renditions={}
    )
    text = playlist.vod([first, hole, last], rendition="aac-64", map_uri="i.mp4", uri=lambda n: f"{n}.m4s")
    assert text.count("#EXTINF") == 3
    hole_s = (2**38 - 1) * 3.84
    assert f"#EXT-X-TARGETDURATION:{math.ceil(hole_s)}\n" in text
    assert text.count("#EXT-X-GAP") == 1
    assert list(overflow.due([first, hole, last], 2**60)) == [last]


def test_a_segment_that_the_manifest_lacks_is_a_gap_of_its_length() -> None:
    """The times after it stay true."""
    text = playlist.vod(entries(3, 6), rendition="aac-64", map_uri="i.mp4", uri=lambda n: f"{n}.m4s")
    assert "#EXT-X-VERSION:8\n" in text
    assert "#EXT-X-GAP\n#EXTINF:7.68,\n4.m4s\n#EXT-X-PROGRAM" in text
    other = playlist.vod(entries(3), rendition="opus-24", map_uri="i.mp4", uri=lambda n: f"{n}.m4s")
    assert "#EXT-X-GAP\n#EXT-X-PROGRAM-DATE-TIME" in other


def test_a_recording_of_nothing_is_an_empty_playlist() -> None:
    """Still one that parses."""
    text = playlist.vod([], rendition="aac-64", map_uri="i", uri=str)
    assert text.endswith('#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI="i"\n#EXT-X-ENDLIST\n')


def test_every_line_is_a_tag_or_an_address() -> None:
    """Nothing empty, nothing with a line break in it."""
    for text in (live(0, 5, 3), live(0, 5, 0, ended=True)):
        assert all(line.startswith("#EXT") or line.endswith(".m4s") for line in text.splitlines())
    pairs = itertools.pairwise(live(0, 5, 3).splitlines())
    assert all(b.endswith(".m4s") for a, b in pairs if a.startswith("#EXTINF"))
