"""The budget of arrivals, with a million people by the same code that sends."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stentor.crowd import pace
from stentor.crowd.pace import RESPONSE, SHARE

NOW_MS = 1_900_000_000_000


def inboxes(people: int, hosts: int, rng: random.Random) -> list[int]:
    """As people are spread over servers: few have many, most have a handful."""
    weights = [rng.paretovariate(0.9) for _ in range(hosts)]
    total = sum(weights)
    found = [max(1, min(people // 50, round(weight * people / total))) for weight in weights]
    more, one_more = divmod(max(0, people - sum(found)), hosts)  # what the largest are not given
    return [many + more + (at < one_more) for at, many in enumerate(found)]


def test_a_million_people_at_twenty_thousand_inboxes_stay_within_the_budget() -> None:
    """In no second more come than the site bears, though the largest have 20,000 people; and the large go first."""
    rng = random.Random(7)
    groups = inboxes(1_000_000, 20_000, rng)
    for per_s in (200.0, 700.0, 5000.0):
        free_ms, told = NOW_MS, list[tuple[int, int]]()
        turns = pace.in_turn(groups, lambda group: group, rng.random)
        for at in range(0, len(turns), 32):  # as they are asked for
            some = turns[at : at + 32]
            moments, free_ms = pace.reserve_all(free_ms, NOW_MS, some, per_s)
            told += zip(moments, some, strict=True)
        found = pace.coming(told, free_ms + 600_000)
        assert max(found) <= per_s
        assert sum(found) >= 0.99 * sum(groups) * RESPONSE
        assert max(found) > 0.5 * min(per_s, 2000.0), "and the budget is used"
        assert (free_ms - NOW_MS) / 1000 <= 1.01 * pace.needed_s(sum(groups), per_s)
        sizes = [people.bit_length() // 2 for _, people in told]
        assert sizes == sorted(sizes, reverse=True)


@given(st.lists(st.lists(st.integers(1, 500), min_size=1, max_size=30), min_size=10, max_size=10), st.randoms())
def test_ten_that_send_at_once_share_it(senders: list[list[int]], rng: random.Random) -> None:
    """Whoever asks next gets the moment after, whichever of the ten it is: the mean never passes the budget."""
    free_ms, told, per_s = 0, [], 100.0
    waiting = [list(groups) for groups in senders]
    while any(waiting):
        groups = rng.choice([each for each in waiting if each])
        people = groups.pop()
        slot = pace.reserve(free_ms, NOW_MS, people, per_s)
        told.append((slot, people))
        free_ms = slot.free_ms
    for (before, people), (after, _) in pairwise(told):
        assert after.at_ms - before.at_ms >= people * RESPONSE * 1000 / (SHARE * per_s) - 1


def test_the_order_is_nobodys_to_guess() -> None:
    rng = random.Random(1)
    first, second = (list(pace.in_turn(range(100, 120), lambda _: 9, rng.random)) for _ in range(2))
    assert first != second
    assert sorted(first) == sorted(second)


def test_what_the_site_bears() -> None:
    """As it was shown, else as it is reckoned; while people wait at a door hardly anybody is sent there."""
    assert pace.budget_per_s(4, 120.0) == 120.0
    assert 1000 < pace.budget_per_s(4) < 2000
    assert pace.budget_per_s(4, 120.0, waiting=1) == pace.LEAST_PER_S
    assert pace.budget_per_s(0) == pace.LEAST_PER_S


def test_sending_begins_minutes_before() -> None:
    """So that the last have three minutes left to come; with very many a quarter of an hour before."""
    needed_ms = round(pace.needed_s(100_000, 700.0) * 1000)
    assert pace.begins_ms(NOW_MS, 100_000, 700.0) == NOW_MS - needed_ms - pace.LAST_MS
    assert pace.begins_ms(NOW_MS, 10_000_000, 700.0) == NOW_MS - pace.AHEAD_MS


def test_how_many_come_is_learnt() -> None:
    """From nothing the assumption; a handful moves it little, thousands make it what they were."""
    assert pace.response(0, 0) == RESPONSE
    assert 0.29 < pace.response(10, 10) < 0.36
    assert abs(pace.response(20_000, 2_000) - 0.1) < 0.003
    assert pace.response(10, 10_000) == 1.0


def test_people_alone_at_their_servers_take_their_part_too() -> None:
    """Thousands of groups of one, each of less than a millisecond."""
    moments, free_ms = pace.reserve_all(0, NOW_MS, [1] * 10_000, 5000.0)
    assert free_ms - NOW_MS == 10_000 * RESPONSE / (SHARE * 5000.0) * 1000
    assert moments == sorted(moments)


def test_fewer_who_come_are_told_sooner() -> None:
    moments, free_ms = pace.reserve_all(0, NOW_MS, [100, 100], 100.0, 0.1)
    assert moments == [NOW_MS, NOW_MS + 125]
    assert free_ms == NOW_MS + 250
