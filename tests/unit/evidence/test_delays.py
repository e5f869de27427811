"""How long something took, by powers of two."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from stentor.evidence.delays import BUCKETS, Delays, quantile, together

TIMES = st.lists(st.floats(0.0, 10_000.0), min_size=1, max_size=200)


def of(times: list[float]) -> list[int]:
    delays = Delays()
    for each in times:
        delays.add(each)
    return delays.taken()


@given(TIMES, st.floats(0.01, 1.0))
def test_the_interval_of_a_quantile_holds_it(times: list[float], share: float) -> None:
    """Beyond the last bucket only its lower bound is known."""
    found = quantile(of(times), share)
    assert found is not None
    truth_ms = sorted(times)[math.ceil(share * len(times) - 1e-9) - 1] * 1000
    assert found.low_ms <= truth_ms
    assert truth_ms < found.high_ms or found.high_ms == 1 << (BUCKETS - 1)


@given(TIMES, TIMES)
def test_edges_and_seconds_add_up(left: list[float], right: list[float]) -> None:
    whole = together([of(left), of(right)])
    assert whole == together([of(right + left)])
    assert sum(whole) == len(left) + len(right)


def test_what_was_taken_is_not_told_again() -> None:
    delays = Delays()
    delays.add(0.003)
    assert delays.taken() == [0, 0, 1]
    assert delays.taken() == []


def test_a_clock_that_was_set_back_makes_no_time_negative() -> None:
    assert of([-5.0]) == [1]


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile([], 0.5) is None
    assert quantile([0] * BUCKETS, 0.5) is None
