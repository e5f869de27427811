"""The newest numbers and their least."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stentor.audio.recent import RecentNumbers


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.integers(1, 6))
def test_the_least_is_that_of_the_newest(numbers: list[float], count: int) -> None:
    """Whatever has gone out of the row counts no more."""
    newest = RecentNumbers(count)
    for end, number in enumerate(numbers, start=1):
        newest.put(number)
        there = numbers[max(0, end - count) : end]
        assert list(newest) == there
        assert newest.least == min(there)
        assert len(newest) == len(there)
