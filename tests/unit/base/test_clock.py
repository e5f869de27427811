"""Steps of the wall clock."""

from __future__ import annotations

import pytest

from stentor.base.clock import STEP_S, Steps


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
