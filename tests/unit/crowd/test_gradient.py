"""The limit on work at once follows the delays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stentor.crowd.gradient import INTERVAL_S, LEAST, MOST, STANDING_S, Gradient, Patience


def served(gradient: Gradient, answers: int, *, processors: float, each_s: float) -> int:
    """The limit after so many answers of a server with so many processors, which is always asked all it lets in."""
    for _ in range(answers):
        at_once = gradient.limit
        gradient.answered(each_s * max(1.0, at_once / processors), at_once)
    return gradient.limit


def test_a_server_with_room_is_let_do_more() -> None:
    """While nothing becomes slower the limit rises to its end."""
    assert served(Gradient(), 2_000, processors=1_000, each_s=0.01) == MOST


def test_a_server_that_becomes_slower_gets_less_at_once() -> None:
    """Delays of ten times the usual bring the limit down; when they are over it rises again."""
    gradient = Gradient()
    high = served(gradient, 2_000, processors=1_000, each_s=0.01)
    low = served(gradient, 30, processors=1_000, each_s=0.1)
    assert low < high / 2
    assert served(gradient, 2_000, processors=1_000, each_s=0.01) == high


def test_a_quiet_server_learns_nothing() -> None:
    """With less than half of the limit under way slow answers are no queue: the limit stays."""
    gradient = Gradient()
    for number in range(500):
        gradient.answered(0.01 * (1 + number % 20), 2)
    assert gradient.limit == LEAST


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 500)), max_size=300))
def test_the_limit_stays_between_its_ends(answers: list[tuple[float, int]]) -> None:
    """Whatever comes."""
    gradient = Gradient()
    for took_s, at_once in answers:
        gradient.answered(took_s, at_once)
        assert LEAST <= gradient.limit <= MOST


def test_a_standing_queue_has_little_patience() -> None:
    """Within 0.1 s of an empty queue one may wait that long; later only 5 ms."""
    patience = Patience()
    assert patience.wait_s(0.0) == STANDING_S
    patience.empty(10.0)
    assert patience.wait_s(10.0 + INTERVAL_S / 2) == INTERVAL_S
    assert patience.wait_s(10.0 + 2 * INTERVAL_S) == STANDING_S
