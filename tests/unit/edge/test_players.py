"""Players are counted as clients that ask, however often they do."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from stentor.edge.players import MOST_SOURCES, Players, Round


@dataclass(eq=False)
class One:
    client: str


def test_asking_often_makes_no_crowd() -> None:
    """One connection is one player, with one request or with thousands."""
    callers, one = Players(), One("192.0.2.1")
    for _ in range(2000):
        callers.ask(one)
    assert callers.count == 1


def test_connections_one_after_the_other_are_one_player() -> None:
    """Closed after each reply, two thousand times: all that are gone from one source are one."""
    callers = Players()
    for _ in range(2000):
        one = One("192.0.2.1")
        callers.ask(one)
        assert callers.count == 1
        callers.gone(one)
    assert callers.count == 1


def test_behind_one_address_everybody_counts() -> None:
    """A school: a hundred players that keep their connections, and one who has left."""
    callers, school = Players(), [One("192.0.2.1") for _ in range(100)]
    for one in school:
        callers.ask(one)
    assert callers.count == 100
    callers.gone(school[0])
    assert callers.count == 99


def test_a_proxy_connection_speaks_for_many() -> None:
    """Each source that it names is one; what it names beyond a bound is not counted."""
    callers, proxy = Players(), One("")
    for _ in range(2):
        for number in range(50):
            proxy.client = f"192.0.2.{number}"
            callers.ask(proxy)
    assert callers.count == 50
    for number in range(2 * MOST_SOURCES):
        proxy.client = f"2001:db8::{number}"
        callers.ask(proxy)
    assert callers.count == MOST_SOURCES


def test_who_stops_asking_is_forgotten_after_a_round() -> None:
    """Through the round after the one they asked in they count; then no more."""
    callers, one = Players(), One("192.0.2.1")
    callers.ask(one)
    callers.turn()
    assert callers.count == 1
    callers.ask(one)
    assert callers.count == 1
    callers.turn()
    callers.turn()
    assert callers.count == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 3)), max_size=60))
def test_a_round_counts_by_source_what_is_open(steps: list[tuple[bool, int, int]]) -> None:
    """As a plain model says: by source, the connections that asked and are open, and at least one. Never below zero."""
    round_, there = Round(), [One("") for _ in range(10)]
    asked: dict[str, set[int]] = {}
    for asks, number, source in steps:
        if asks:
            there[number].client = str(source)
            round_.ask(there[number])
            asked.setdefault(str(source), set()).add(number)
        else:
            round_.gone(there[number])
            for numbers in asked.values():
                numbers.discard(number)
        assert round_.count == sum(max(1, len(numbers)) for numbers in asked.values())
