"""Cues as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.units import SeatId, SpaceId
from stentor.wire import webvtt
from stentor.wire.cue import Cue
from stentor.wire.webvtt import LEAST_SHOWN_MS, SEGMENT_MS

DOORS_MS = 1_900_000_000_000


def said(start_ms: int, end_ms: int, text: str = "Good evening.", name: str = "Ada", made_ms: int | None = None) -> Cue:
    """Made the moment it was begun, unless said otherwise (after the opening of the doors)."""
    made = start_ms - 600 if made_ms is None else made_ms
    return Cue(SpaceId("talk"), DOORS_MS, start_ms, end_ms, SeatId("ada"), name, text, "en", DOORS_MS + made)


def test_a_file_has_times_speakers_and_words() -> None:
    """The form of the standard, with hours and milliseconds, a voice span for the speaker."""
    found = webvtt.whole([said(3_723_004, 3_724_005)]).decode()
    assert found == "WEBVTT\n\n01:02:03.004 --> 01:02:04.005\n<v Ada>Good evening.\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [("a --> b", "a --&gt; b"), ("<b>&", "&lt;b&gt;&amp;"), ("one\n\ntwo", "one two"), ("  x ", "x")],
)
def test_nothing_that_is_said_becomes_markup(text: str, written: str) -> None:
    """Neither words nor names can end a cue, begin a tag or a new cue."""
    lines = webvtt.whole([said(0, 1000, text, name=text)]).decode().split("\n")
    assert lines[3] == f"<v {written}>{written}"
    assert lines[4:] == [""]


def test_a_segment_has_what_is_said_in_it() -> None:
    """With the map from its times to those of the sound; a cue over the border stands on both sides."""
    cues = [said(0, 1000, "one"), said(SEGMENT_MS - 100, SEGMENT_MS + 100, "two"), said(SEGMENT_MS, 5000, "three")]
    assert [cue.text for cue in webvtt.in_segment(0, cues)] == ["one", "two"]
    assert [cue.text for cue in webvtt.in_segment(1, cues)] == ["two", "three"]
    head = webvtt.segment(1, cues).decode().split("\n")
    assert head[:3] == ["WEBVTT", "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0", ""]


def test_late_words_are_shown_late_and_not_never() -> None:
    """What is recognised after its segment was listed stands at the beginning of the one that is listed next."""
    late = said(1000, 2000, made_ms=5000)
    assert webvtt.in_segment(0, [late]) == []
    [shown] = webvtt.in_segment(1, [late])
    assert shown.start_ms == SEGMENT_MS
    assert shown.end_ms - shown.start_ms >= LEAST_SHOWN_MS


@given(st.integers(0, 100_000), st.integers(1, 8000), st.integers(0, 20_000))
def test_no_cue_comes_into_a_segment_that_is_listed(start_ms: int, length_ms: int, delay_ms: int) -> None:
    """Whatever the delay: it stands in at least one segment, and in none that ended before it was made."""
    made_ms = start_ms + length_ms + delay_ms
    cue = said(start_ms, start_ms + length_ms, made_ms=made_ms)
    numbers = [number for number in range(60) if webvtt.in_segment(number, [cue])]
    assert numbers
    assert all((number + 1) * SEGMENT_MS > made_ms for number in numbers)


def test_a_transcript_has_a_paragraph_for_each_turn() -> None:
    """Who goes on talking is named once; who is not known has a question mark."""
    cues = [said(0, 1, "One."), said(2000, 3000, "Two."), said(65_000, 66_000, "Three.", name="")]
    assert (
        webvtt.transcript("Friday", cues).decode() == "Friday\n\n\n[0:00:00] Ada\nOne.\nTwo.\n\n[0:01:05] ?\nThree.\n"
    )
