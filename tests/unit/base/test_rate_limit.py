"""How fast tokens can be guessed, or anything be done too often."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import Overloaded
from stentor.base.rate_limit import MOST, Bucket, RateLimit

LIMIT = Bucket(burst=10, refill_ms=6000)


class Refused(Overloaded):
    """Somebody has no try left."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("Wait.", retry_after_s=wait_s)


def test_a_few_slips_cost_nothing() -> None:
    """Whoever pastes the wrong token a few times need not wait."""
    guesses = RateLimit(LIMIT, Refused)
    for _ in range(LIMIT.burst - 1):
        guesses.note("a", 0.0)
    assert guesses.wait_s("a", 0.0) == 0.0


def test_guessing_is_slowed_down() -> None:
    """After the burst an address waits, others do not, and the wait runs out."""
    guesses = RateLimit(LIMIT, Refused)
    for _ in range(LIMIT.burst):
        guesses.note("a", 0.0)
    assert guesses.wait_s("a", 0.0) == 6.0
    with pytest.raises(Refused):
        guesses.spend("a", 0.0)
    assert guesses.wait_s("b", 0.0) == 0.0
    assert guesses.wait_s("a", 6.0) == 0.0


def test_memory_is_bounded() -> None:
    """However many addresses guess, only so many are remembered, the latest for certain."""
    guesses = RateLimit(LIMIT, Refused)
    for number in range(MOST + 50):
        for _ in range(LIMIT.burst if number == MOST + 49 else 1):
            guesses.note(str(number), 0.0)
    assert len(guesses) == MOST
    assert guesses.wait_s(str(MOST + 49), 0.0) > 0


def test_who_may_do_it_all_again_is_forgotten() -> None:
    """With the next try of anybody: nothing is kept of who has been calm for long enough."""
    guesses = RateLimit(LIMIT, Refused)
    for key, at in (("a", 0.0), ("b", 1.5), ("c", 7.0)):
        guesses.spend(key, at)
    assert len(guesses) == 2
    guesses.spend("c", 12.0)
    assert len(guesses) == 1


def test_a_burst_is_counted_exactly() -> None:
    """At whatever time it comes: no rounding takes a try away or gives one more."""
    for burst, refill_ms, now in ((10, 100, 1000.1), (200, 5, 123_456.789), (20, 100, 1_900_000_000.7)):
        limit = RateLimit(Bucket(burst, refill_ms), Refused)
        for _ in range(burst):
            limit.spend("", now)
        assert limit.wait_s("", now) == refill_ms / 1000
        limit.spend("", now + refill_ms / 1000)


@settings(max_examples=100)
@given(st.lists(st.floats(0, 3), max_size=200))
def test_the_rate_holds_whatever_the_rhythm(pauses: list[float]) -> None:
    """No rhythm of guessing gets more looked at than the burst and one every six seconds."""
    guesses, now, looked_at = RateLimit(LIMIT, Refused), 0.0, 0
    for pause in pauses:
        now += pause
        if guesses.wait_s("a", now) == 0.0:
            looked_at += 1
            guesses.note("a", now)
    assert looked_at <= LIMIT.burst + now / 6.0 + 1
