"""Steps of the wall clock."""

from __future__ import annotations

from itertools import pairwise

import pytest

from stentor.base.clock import FAR_S, SLEW, STEP_S, Slewed, Steps


@pytest.mark.parametrize("by_s", [2.0, -2.0, STEP_S, -3600.0])
def test_a_step_is_found_once(by_s: float) -> None:
    """In either direction, to the millisecond, and never again."""
    steps = Steps(1000.0, 5.0)
    assert steps.look(1001.0, 6.0) == 0.0
    assert steps.look(1002.0 + by_s, 7.0) == pytest.approx(by_s, abs=1e-6)
    assert steps.look(1003.0 + by_s, 8.0) == 0.0


def test_small_corrections_are_none() -> None:
    """A clock that is slewed, by however much in the end, is not set."""
    steps = Steps(0.0, 0.0)
    assert [steps.look(1.1 * second, float(second)) for second in range(1, 60)] == [0.0] * 59


def test_a_slewed_clock_never_stands_nor_goes_back() -> None:
    """It shows the wall clock, and makes up for a step little by little."""
    slewed = Slewed()
    assert [slewed.now(1000.0 + second, 5.0 + second) for second in range(3)] == [1000.0, 1001.0, 1002.0]
    fast = [slewed.now(1003.0 + second + 2.0, 8.0 + second) for second in range(41)]
    assert all(later - earlier == pytest.approx(1 + SLEW) for earlier, later in pairwise(fast[:39]))
    assert fast[-1] == pytest.approx(1045.0)
    back = [slewed.now(1044.0 + second, 49.0 + second) for second in range(41)]
    assert all(later > earlier for earlier, later in pairwise(back))
    assert back[-1] == pytest.approx(1084.0)


@pytest.mark.parametrize("by_s", [2 * FAR_S, -2 * FAR_S])
def test_it_follows_at_once_where_it_is_far_from_right(by_s: float) -> None:
    """A machine without a battery starts in 1970."""
    slewed = Slewed()
    slewed.now(1000.0, 5.0)
    assert slewed.now(1001.0 + by_s, 6.0) == 1001.0 + by_s
