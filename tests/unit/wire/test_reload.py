"""Blocking reload: ready, held or refused, exactly as the standard has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput
from stentor.wire import reload
from stentor.wire.reload import Decision, Directives, blocks

READY, HOLD, TOO_FAR = Decision.READY, Decision.HOLD, Decision.TOO_FAR


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, Directives()),
        ({"_HLS_msn": "7"}, Directives(7)),
        ({"_HLS_msn": "007", "_HLS_part": "0", "_HLS_skip": "YES", "x": "y"}, Directives(7, 0)),
        ({"_HLS_msn": "7", "_HLS_part": "3"}, Directives(7, 3)),
        ({"_HLS_msn": "7", "_HLS_part": "4"}, Directives(8, 0)),
        ({"_HLS_msn": "7", "_HLS_part": "9" * 18}, Directives(8, 0)),  # however they write it, they wait for the same
    ],
)
def test_directives_are_read(query: dict[str, str], expected: Directives) -> None:
    """Ours are taken, others passed over; past the last part of a segment begins the next."""
    assert Directives.parse(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"_HLS_part": "1"},
        {"_HLS_msn": ""},
        {"_HLS_msn": "-1"},
        {"_HLS_msn": "1.5"},
        {"_HLS_msn": "٣"},
        {"_HLS_msn": "1" * 19},
        {"_HLS_msn": "1", "_HLS_part": "x"},
    ],
)
def test_bad_directives_are_400(query: dict[str, str]) -> None:
    """A part without a segment, and what is not a decimal integer."""
    with pytest.raises(BadInput) as caught:
        Directives.parse(query)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("msn", "part", "expected"),
    [
        (None, None, READY),
        (9, None, READY),  # complete
        (10, None, HOLD),  # under way: its second part is the newest
        (11, None, HOLD),
        (12, None, TOO_FAR),  # more than two after the last complete one, 9
        (10, 0, READY),
        (10, 1, READY),
        (10, 2, HOLD),
        (9, 3, READY),
        (9, 4, READY),  # past the end of 9: part 0 of 10
        (10, 4, HOLD),  # past the end of 10: part 0 of 11, three after the newest
        (11, 0, HOLD),
        (11, 1, TOO_FAR),  # four after the newest; the limit is 3.125
        (12, 0, TOO_FAR),
        (0, None, READY),  # long gone: the whole playlist is delivered
    ],
)
def test_what_is_asked_of_a_playlist_that_shows_part_1_of_segment_10(
    msn: int | None, part: int | None, expected: Decision
) -> None:
    """Every branch of 6.2.5.2."""
    assert blocks(Directives(msn, part), 10, 1) is expected


@given(st.integers(0, 30), st.none() | st.integers(0, 9))
def test_nothing_is_held_once_the_stream_has_ended(msn: int, part: int | None) -> None:
    """Directives are ignored beside ENDLIST."""
    assert blocks(Directives(msn, part), 10, 1, ended=True) is READY


@given(st.integers(0, 30), st.none() | st.integers(0, 9), st.integers(0, 120))
def test_a_hold_always_becomes_ready_as_parts_come(msn: int, part: int | None, newest: int) -> None:
    """In time every request goes from too far to held to ready, and never back."""
    order = [TOO_FAR, HOLD, READY]
    before = blocks(Directives(msn, part), *divmod(newest, 4))
    after = blocks(Directives(msn, part), *divmod(newest + 1, 4))
    assert order.index(after) >= order.index(before)
    assert blocks(Directives(msn, part), *divmod(newest + 200, 4)) is READY


def test_before_the_first_part_the_first_requests_are_held() -> None:
    """Those who come before the sound wait for it."""
    assert blocks(Directives(0), -1, 3) is HOLD
    assert blocks(Directives(0, 0), -1, 3) is HOLD
    assert blocks(Directives(2), -1, 3) is TOO_FAR
    assert blocks(Directives(), -1, 3) is READY


def test_without_parts_whole_segments_are_counted() -> None:
    """The rung without parts: the newest complete segment is all there is."""
    assert blocks(Directives(10), 10, 0, parts_per_segment=1) is READY
    assert blocks(Directives(11), 10, 0, parts_per_segment=1) is HOLD
    assert blocks(Directives(13), 10, 0, parts_per_segment=1) is TOO_FAR


def test_numbers_are_those_of_the_standard() -> None:
    """Times for caches and holds with a target duration of 4 s."""
    assert (reload.CACHE_BLOCKING_OK_S, reload.CACHE_BLOCKING_ERROR_S) == (24, 16)
    assert (reload.CACHE_OK_S, reload.CACHE_ERROR_S, reload.CACHE_MEDIA_ERROR_S) == (2, 4, 4)
    assert reload.MAX_HOLD_S == 12
    assert pytest.approx(3.125) == reload.ADVANCE_PART_LIMIT
