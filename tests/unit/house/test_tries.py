"""The limit on tries."""

from __future__ import annotations

import pytest

from stentor.base.errors import Overloaded
from stentor.house.guesses import BURST, REFILL_S
from stentor.house.tries import Tries


def test_tries_are_spent_and_given_back() -> None:
    """Wrong ones are counted a key, right ones are not; time brings more; a refusal costs nothing."""
    now = 0.0
    tries = Tries(lambda: now)
    for _ in range(3 * BURST):
        tries.spend("a", "b")
        tries.refund("a", "b")
    for _ in range(BURST):
        tries.spend("a", "b")
    for keys in (["a"], ["b"], ["a", "c"]):
        with pytest.raises(Overloaded) as refused:
            tries.spend(*keys)
        assert (refused.value.status, refused.value.retry_after_s) == (429, REFILL_S)
    tries.spend("c")
    now = REFILL_S
    tries.spend("a")
