"""The curve of an audience: bounded, and never lower than the truth."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stentor.evidence.counts import count
from stentor.evidence.curve import MOST_STEPS, NO_CURVE, Curve, drawn
from stentor.evidence.row import EdgeSecond, SpaceSecond

SECONDS = st.dictionaries(st.integers(1_900_000_000, 1_900_000_000 + 20_000), st.integers(0, 10**6), max_size=60)


def at(curve: Curve, second: int) -> int:
    number = (second - curve.since_s) // curve.step_s
    return curve.peaks[number] if 0 <= number < len(curve.peaks) else 0


@given(st.lists(SECONDS, max_size=6))
def test_no_second_is_higher_than_its_step(parts: list[dict[int, int]]) -> None:
    """However the seconds come; the highest step is the highest second, and there are never more than 240."""
    curve, most = NO_CURVE, 0
    for part in parts:
        curve = drawn(curve, part)
        most = max([most, *part.values()])
        assert len(curve.peaks) <= MOST_STEPS
        assert max(curve.peaks, default=0) == most
    for part in parts:
        assert all(at(curve, second) >= hearing for second, hearing in part.items())


def test_a_space_that_nobody_hears_any_more_does_not_change() -> None:
    """Zeros at the end are left out: nothing is told or stored anew."""
    curve = drawn(NO_CURVE, {10: 3, 11: 4})
    assert drawn(curve, {12: 0, 500: 0}) == curve == Curve(10, 1, (3, 4))


def test_a_clock_that_was_set_leaves_the_curve_as_it_was() -> None:
    """Else one row of a year ahead would make a point of the whole evening."""
    curve = drawn(NO_CURVE, {1000: 3, 1100: 5})
    assert drawn(curve, {1000 + 400 * 86_400: 9}) == curve


def test_an_evening_of_ten_hours_keeps_its_peak() -> None:
    """Through the rows of edges, of which only the last minute is kept one by one."""
    rows = [
        EdgeSecond("a", (1_900_000_000 + second) * 1000, spaces={"talk": SpaceSecond(hearing=second % 100)})
        for second in range(36_000)
    ]
    found = count("talk", rows)
    assert found is not None
    assert found.curve.step_s * len(found.curve.peaks) >= 36_000 - found.curve.step_s
    assert max(found.curve.peaks) == found.peak.value == 99
