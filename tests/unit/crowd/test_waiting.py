"""Who waits at the door: who asks is counted once at all edges together, who asks no more has gone."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from stentor.crowd.waiting import DIGITS, SKETCH, WaitingDevices, estimate

PLACES = st.floats(0.0, 1.0, exclude_max=True).map(lambda place: round(place, DIGITS))


@given(st.lists(st.tuples(PLACES, st.integers(0, 2)), max_size=SKETCH - 1), PLACES)
def test_few_are_counted_exactly(asked: list[tuple[float, int]], p: float) -> None:
    """Whoever asks at several edges is one, and whoever the door lets in waits no more."""
    edges = [WaitingDevices(), WaitingDevices(), WaitingDevices()]
    for place, edge in asked:
        edges[edge].told(place, 0.0)
    for waiting in edges:
        waiting.forget(p, -1.0)
    assert estimate((waiting.smallest() for waiting in edges), p) == len({place for place, _ in asked if place >= p})


@given(st.integers(100, 20_000), st.floats(0.0, 0.9), st.integers(0, 1000))
def test_many_are_estimated(count: int, p: float, seed: int) -> None:
    """Within a half for any crowd, wherever each of them has asked, and however often."""
    chance = random.Random(seed)
    edges = [WaitingDevices() for _ in range(4)]
    for _ in range(count):
        place = p + (1 - p) * chance.random()
        for waiting in chance.sample(edges, 2):
            waiting.told(place, 0.0)
    for waiting in edges:
        waiting.forget(p, -1.0)
    assert 0.5 * count < estimate((waiting.smallest() for waiting in edges), p) < 2 * count


def test_who_is_silent_has_gone() -> None:
    """The last time counts, not the first; and an edge's memory has an end."""
    waiting = WaitingDevices()
    for place, at in [(0.1, 0.0), (0.2, 5.0), (0.3, 6.0), (0.1, 9.0)]:
        waiting.told(place, at)
    waiting.forget(0.0, before=6.0)
    assert waiting.smallest() == [0.1, 0.3]
    waiting.forget(0.2, before=6.0)
    assert waiting.smallest() == [0.3]
    waiting.clear()
    assert len(waiting) == 0
