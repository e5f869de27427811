"""How fast tokens can be guessed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import Overloaded
from stentor.house.who.rate_limit import BURST, MAX_ADDRESSES, REFILL_S, RateLimit


class Refused(Overloaded):
    """Somebody has no try left."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("Wait.", retry_after_s=wait_s)


def test_a_few_slips_cost_nothing() -> None:
    """Whoever pastes the wrong token a few times need not wait."""
    guesses = RateLimit(Refused)
    for _ in range(BURST - 1):
        guesses.note("a", 0.0)
    assert guesses.wait_s("a", 0.0) == 0.0


def test_guessing_is_slowed_down() -> None:
    """After the burst an address waits, others do not, and the wait runs out."""
    guesses = RateLimit(Refused)
    for _ in range(BURST):
        guesses.note("a", 0.0)
    assert guesses.wait_s("a", 0.0) == REFILL_S
    with pytest.raises(Refused):
        guesses.spend("a", 0.0)
    assert guesses.wait_s("b", 0.0) == 0.0
    assert guesses.wait_s("a", REFILL_S) == 0.0


def test_memory_is_bounded() -> None:
    """However many addresses guess, only so many are remembered, the latest for certain."""
    guesses = RateLimit(Refused)
    for number in range(MAX_ADDRESSES + 50):
        for _ in range(BURST if number == MAX_ADDRESSES + 49 else 1):
            guesses.note(str(number), 0.0)
    assert len(guesses._spent) == MAX_ADDRESSES
    assert guesses.wait_s(str(MAX_ADDRESSES + 49), 0.0) > 0


@settings(max_examples=100)
@given(st.lists(st.floats(0, 3), max_size=200))
def test_the_rate_holds_whatever_the_rhythm(pauses: list[float]) -> None:
    """No rhythm of guessing gets more looked at than the burst and one every six seconds."""
    guesses, now, looked_at = RateLimit(Refused), 0.0, 0
    for pause in pauses:
        now += pause
        if guesses.wait_s("a", now) == 0.0:
            looked_at += 1
            guesses.note("a", now)
    assert looked_at <= BURST + now / REFILL_S + 1
