"""What one address may have of an edge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.crowd.addresses import ALONE, MOST_PAST, Addresses, source


def limits(connections: int = 2, requests: int = 3) -> Addresses:
    return Addresses(connections=connections, requests=requests, proxy=lambda address: address == "10.0.0.1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::5", "2001:db8:1:3::5", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_a_source_is_an_ipv4_address_or_a_64(one: str, other: str, same: bool) -> None:
    """One customer has a /64 and as many addresses in it as he likes."""
    assert (source(one) == source(other)) is same


def test_connections_are_counted_in_and_out() -> None:
    """Two at once and no third; when one has gone there is room again, and others were never concerned."""
    one = limits()
    kept = [one.enter("192.0.2.1"), one.enter("192.0.2.1")]
    assert one.enter("192.0.2.1") is None
    assert one.refused_connections == 1
    assert one.enter("192.0.2.2") == "192.0.2.2"
    assert kept[0] is not None
    one.leave(kept[0])
    assert one.enter("192.0.2.1") == "192.0.2.1"


def test_requests_are_counted_by_the_second() -> None:
    """Three, then no more until the next second."""
    one = limits()
    assert [one.ask("a") for _ in range(4)] == [True, True, True, False]
    assert one.ask("b")
    one.second()
    assert one.ask("a")
    assert one.refused_requests == 1


def test_each_connection_of_a_proxy_counts_alone() -> None:
    """As many as it likes, each with the requests of one; so does what is no address. A limit of 0 is none."""
    one = limits()
    kept = [one.enter("10.0.0.1") for _ in range(5)] + [one.enter("not:an:address")]
    assert None not in kept
    assert len(set(kept)) == 6
    assert [one.ask(str(kept[0])) for _ in range(4)] == [True, True, True, False]
    assert one.ask(str(kept[1]))
    free = limits(connections=0, requests=0)
    assert None not in [free.enter("192.0.2.1") for _ in range(50)]
    assert all(free.ask("192.0.2.1") for _ in range(50))


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.booleans()), max_size=200))
def test_nothing_is_left_of_who_has_gone(moves: list[tuple[str, bool]]) -> None:
    """Whatever came and went: as many count as are there, and those who left are forgotten."""
    one = limits(connections=5)
    there: list[str] = []
    for address, comes in moves:
        if comes:
            if (kept := one.enter(address)) is not None:
                there.append(kept)
        elif address in there:
            there.remove(address)
            one.leave(address)
        assert max((there.count(each) for each in there), default=0) <= 5
    for each in there:
        one.leave(each)
    assert not one._open


def test_what_came_is_told_once() -> None:
    """With what was refused; proxies that name nobody are one source."""
    one = limits()
    for _ in range(3):
        one.enter("192.0.2.1")
    alone = [one.enter("10.0.0.1") for _ in range(2)]
    for source_ in ("192.0.2.1", *alone):
        assert source_ is not None
        one.ask(source_)
    one.second()
    one.ask("192.0.2.1")
    one.second()
    assert one.past() == ({"192.0.2.1": 2, ALONE: 2}, {"192.0.2.1": 3, ALONE: 2})
    assert one.past() == ({}, {})


def test_a_row_has_what_came_in_its_own_second() -> None:
    """Whenever the edge's seconds began: nothing is told twice, and nothing waits for the next row."""
    one = limits(requests=0)
    found = []
    for row in range(4):
        for _ in range(row + 1):
            one.ask("192.0.2.1")
        one.enter("10.0.0.1")
        found.append(one.past())
        one.ask("192.0.2.2")
        if row != 1:  # once the edge is too busy to begin one
            one.second()
    assert [asked.get("192.0.2.1") for asked, _ in found] == [1, 2, 3, 4]
    assert [asked.get("192.0.2.2") for asked, _ in found] == [None, 1, 1, 1]
    assert [came for _, came in found] == [{ALONE: 1}] * 4
    for _ in range(MOST_PAST + 2):  # nobody asks for rows
        one.second()
    one.ask("192.0.2.1")
    assert one.past() == ({"192.0.2.1": 1}, {})


def test_what_nobody_asks_for_is_not_kept() -> None:
    """An hour without a row costs no memory."""
    one = limits(requests=0)
    for _ in range(3600):
        one.ask("192.0.2.1")
        one.second()
    assert one.past()[0] == {"192.0.2.1": MOST_PAST}
