"""The window of ticks: sorted, bounded, each once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.programme.ticks import AHEAD_TICKS, TickWindow
from stentor.wire.horizon import LATELY
from stentor.wire.tick import Tick


def tick(number: int, delay_ms: int = 0) -> Tick:
    return Tick(number, delay_ms, 0, b"")


def test_ticks_in_any_order_make_a_chunk() -> None:
    """A chunk is whole with its sixteenth tick, whichever that is."""
    window = TickWindow(2)
    whole = [window.put(tick(number)) for number in (47, *range(32, 47))]
    assert whole == [False] * 15 + [True]
    assert [each.number for each in window.take(2) if each] == list(range(32, 48))


def test_the_first_of_two_equals_counts() -> None:
    """A stage that says a tick twice is not heard twice."""
    window = TickWindow(0)
    window.put(tick(3, delay_ms=1))
    window.put(tick(3, delay_ms=2))
    assert [each.delay_ms for each in window.take(0) if each] == [1]


def test_late_and_early_ticks_are_counted_and_dropped() -> None:
    """Wrong clocks do not fill the memory."""
    window = TickWindow(5)
    window.put(tick(79))
    window.put(tick(80 + AHEAD_TICKS))
    window.take(5)
    window.put(tick(95))
    assert (window.late, window.horizon.refused) == (2, 1)


def test_ticks_that_are_all_early_tell_of_a_wrong_clock() -> None:
    """A few are somebody's slip; when most of the newest are, one of two clocks is wrong, until they fit again."""
    window = TickWindow(0)
    for number in range(LATELY):
        window.put(tick(number))
    for number in range(LATELY // 2):
        window.put(tick(AHEAD_TICKS + number))
    assert not window.horizon.clock_wrong
    window.put(tick(2 * AHEAD_TICKS))
    assert window.horizon.clock_wrong
    for number in range(LATELY):
        window.put(tick(number))
    assert not window.horizon.clock_wrong


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 2000), st.none()), max_size=300))
def test_it_is_bounded(steps: list[int | None]) -> None:
    """Whatever comes, never more than the window is kept, and no tick is given out in two chunks."""
    window, chunk, given_out = TickWindow(0), 0, set[int]()
    for step in steps:
        if step is not None:
            window.put(tick(step))
            assert len(window._ticks) <= AHEAD_TICKS
            continue
        numbers = {each.number for each in window.take(chunk) if each}
        assert not numbers & given_out
        given_out |= numbers
        chunk += 1
