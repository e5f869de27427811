"""Which numbers a reader takes, and what the refused ones say of its own clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stentor.wire.horizon import AHEAD_S, LATELY, Horizon, ahead

NOW = 1_800_000_000.0


@given(st.floats(min_value=-(2.0**62), max_value=2.0**62))
def test_thirty_seconds_ahead_and_no_more(later_s: float) -> None:
    """Whatever is behind is taken, however far; what is more than 30 s ahead is refused and counted."""
    horizon = Horizon()
    assert horizon.admits(NOW + later_s, NOW) is (NOW + later_s <= NOW + AHEAD_S)
    assert horizon.refused == ahead(NOW + later_s, NOW)


@given(st.lists(st.booleans(), max_size=100))
def test_the_majority_tells_whose_clock_is_wrong(far: list[bool]) -> None:
    """Of the newest messages most are far ahead: then it is our clock; few are: then it is somebody else's."""
    horizon = Horizon()
    for one in far:
        horizon.admits(NOW + 3600 * one, NOW)
    newest = far[-LATELY:]
    assert horizon.clock_wrong is (len(newest) == LATELY and sum(newest) > LATELY / 2)


def test_a_clock_that_was_set_right_is_right() -> None:
    """After a few numbers that fit nothing is held against the clock any more."""
    horizon = Horizon()
    for number in range(100):
        horizon.admits(NOW + 3600 + number, NOW + number)
    assert horizon.clock_wrong
    for number in range(LATELY // 2):
        horizon.admits(NOW + 3600 + number, NOW + 3600 + number)
    assert not horizon.clock_wrong
    assert horizon.refused == 100
