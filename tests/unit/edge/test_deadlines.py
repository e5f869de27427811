"""Deadlines: nobody is due early, and everybody is due within a second."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.edge.deadlines import Deadlines


class One:
    def __init__(self) -> None:
        self.deadline = float("inf")
        self.bucket = -1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0.5, 3.0, 10.0, 60.0, 200.0, float("inf")]))))
def test_due_exactly_once_and_within_a_second(changes: list[tuple[int, float]]) -> None:
    """Whatever is changed at whatever second, a deadline is met neither early nor more than a second late."""
    now = 1000.0
    deadlines: Deadlines[One] = Deadlines(now)
    ones = [One() for _ in range(6)]
    for index, seconds in changes:
        deadlines.watch(ones[index], now + seconds)
        now += 0.4
        for one in deadlines.due(now):
            assert one.deadline <= now
            one.deadline = float("inf")
    for _ in range(300):
        now += 1.0
        for one in deadlines.due(now):
            assert now - 2.0 <= one.deadline <= now
            one.deadline = float("inf")
    assert all(one.deadline == float("inf") for one in ones)


def test_what_is_forgotten_is_never_due() -> None:
    """A closed connection is not looked at again."""
    deadlines: Deadlines[One] = Deadlines(0.0)
    one = One()
    deadlines.watch(one, 3.0)
    deadlines.forget(one)
    assert deadlines.due(100.0) == []
