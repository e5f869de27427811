"""Ranges, encodings and entity tags as RFC 9110 has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.wire.http import Unsatisfiable, accepts_gzip, etag_matches, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-", (0, 100)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-500", (0, 100)),
        (" Bytes=5-6 ", (5, 7)),
        ("bytes = 5 - 6", None),
        (None, None),
        ("", None),
        ("bytes=-", None),
        ("bytes=9-5", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=٣-٤", None),
    ],
)
def test_a_range_is_what_the_standard_says(header: str | None, expected: tuple[int, int] | None) -> None:
    """One range of bytes is taken, everything else is the whole."""
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)])
def test_a_range_of_nothing_is_416(header: str, size: int) -> None:
    """With the size, for Content-Range."""
    with pytest.raises(Unsatisfiable) as caught:
        parse_range(header, size)
    assert (caught.value.status, caught.value.fields["size"]) == (416, size)


@given(st.text(alphabet="bytes=-0123456789, ", max_size=20), st.integers(0, 1000))
def test_a_range_lies_within(header: str, size: int) -> None:
    """Whatever is asked, only bytes that exist and at least one."""
    try:
        found = parse_range(header, size)
    except Unsatisfiable:
        return
    assert found is None or 0 <= found[0] < found[1] <= size


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; Q=0.000", False),
        ("*", True),
        ("*;q=0, gzip", True),
        ("gzip;q=0, *", False),
        ("x-gzip", True),
        ("br", False),
        ("identity", False),
        ("gzip;q=nan", False),
        ("gzip;level=9", True),
        ("gzip" + ", br" * 200, False),
        ("", False),
        (None, False),
    ],
)
def test_gzip_is_taken_when_it_is_allowed(header: str | None, expected: bool) -> None:
    """By name before the asterisk, and q=0 means no."""
    assert accepts_gzip(header) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False), (None, False)],
)
def test_entity_tags_are_compared_weakly(header: str | None, expected: bool) -> None:
    """RFC 9110, 8.8.3.2: the weak mark does not count."""
    assert etag_matches(header, '"a"') is expected
    assert etag_matches(header, 'W/"a"') is expected
