"""Who was told to wait, and for how long: places in rows, put together over edges."""

from __future__ import annotations

import random

import pytest

from stentor.base.errors import Malformed
from stentor.evidence.outside import Outside, Waits


def test_a_device_that_asks_at_many_edges_waits_once() -> None:
    """From its first refusal to its last word, wherever it asks; who is let in has waited until then."""
    waits = Waits()
    for second in range(0, 100, 10):
        asked = Outside()
        asked.told(0.1, second)
        asked.told(0.3, second)
        waits.hear(1000.0 + second, *asked.taken())
    came = Outside()
    came.let_in(0.1)
    came.let_in(0.7)  # nobody told it to wait
    waits.hear(1100.0, *came.taken())
    assert waits.count() == (2, 1, (100 + 90) / 2)


def test_what_is_taken_is_of_the_time_since() -> None:
    asked = Outside()
    asked.told(0.5, 7.0)
    assert len(asked.taken()[0]) == 6
    assert asked.taken() == (b"", b"", 0)
    assert asked.heeds(600.0)
    assert not asked.heeds(607.0)


def test_halvings_of_one_edge_bind_those_of_others() -> None:
    """Whoever asked at a quiet edge is in the sample only if it would be at the busy one."""
    waits, quiet, busy = Waits(), Outside(), Outside()
    chance = random.Random(1)
    for _ in range(1000):
        quiet.told(chance.random(), 0.0)
    for _ in range(4000):
        busy.told(chance.random(), 0.0)
    waits.hear(1.0, *quiet.taken())
    waits.hear(2.0, *busy.taken())
    waits.hear(3.0, *quiet.taken())
    assert waits.halvings == 2 or waits.halvings == 3
    assert waits.count()[0] * 2**waits.halvings == pytest.approx(5000, rel=0.2)


@pytest.mark.parametrize("told", [(b"12345", b"", 0), (b"", b"1234567", 0), (b"", b"", -1), (b"", b"", 49)])
def test_what_names_no_places_is_refused(told: tuple[bytes, bytes, int]) -> None:
    with pytest.raises(Malformed):
        Waits().hear(1.0, *told)
