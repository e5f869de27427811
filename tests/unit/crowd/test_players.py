"""Players are counted as clients that ask, however often, on however many connections, at however many edges."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base import grid
from stentor.crowd.addresses import ALONE
from stentor.crowd.players import LISTENER_PARTS, MOST_SESSIONS, MOST_SOURCES, PARTS_KEPT, SEGMENTS_KEPT, Players

PACE = grid.PARTS_PER_SEGMENT
SOON = 3 * SEGMENTS_KEPT
"""Parts after which whatever was at the beginning is forgotten."""


@dataclass(eq=False)
class One:
    client: str = "192.0.2.1"
    alone: str = ""


def plain(players: Players, one: One, part: int, session: str = "") -> None:
    players.ask(one, session, "somebody", part, PACE)


def next_part(players: Players, one: One, part: int, session: str = "") -> None:
    players.ask(one, session, "somebody", part, 1, amid=True)


def test_asking_often_makes_no_crowd() -> None:
    """One connection is one player, with one request or with thousands."""
    players, one = Players(), One()
    for number in range(2000):
        plain(players, one, number % 5)
    assert players.count(5) == 1


def test_connections_one_after_the_other_are_one_player() -> None:
    """Closed after each reply, two thousand times: all that are gone from one source are one."""
    players = Players()
    for number in range(2000):
        one = One()
        plain(players, one, number // 10)
        assert players.count(number // 10) == 1
        players.gone(one)
        assert players.count(number // 10) == 1


def test_behind_one_address_everybody_counts() -> None:
    """A school: a hundred players that keep their connections, and one who has left."""
    players, school = Players(), [One() for _ in range(100)]
    for part in range(SOON):
        for number, one in enumerate(school):
            if (part + number) % PACE == 0:
                plain(players, one, part)
    assert players.count(SOON) == 100
    players.gone(school[0])
    assert players.count(SOON) == 99


@pytest.mark.parametrize("reload_s", [3.84, 4.0, 4.6])
def test_one_that_reloads_by_the_target_duration_is_whole(reload_s: float) -> None:
    """It is longer than a segment, so now and then there is a segment in which it does not ask."""
    players, one, at_s = Players(), One(), 0.3
    for part in range(200):
        while at_s < (part + 1) * grid.PART_S:
            plain(players, one, int(at_s / grid.PART_S))
            at_s += reload_s
        assert players.count(part) == 1


@pytest.mark.parametrize("edges", [1, 2, 8])
@pytest.mark.parametrize("session", ["", "a session"])
def test_a_browser_with_six_connections_is_one_player(edges: int, session: str) -> None:
    """It asks on whichever is free; those may be connections to several edges."""
    dice = random.Random(edges)
    there = [Players() for _ in range(edges)]
    lines = [(One(), dice.choice(there)) for _ in range(6)]
    seen = []
    for part in range(20 * SOON):
        line, players = dice.choice(lines)
        if part:
            next_part(players, line, part, session)
        else:
            plain(players, line, part, session)
        if part > SOON:
            seen.append(sum(each.count(part) for each in there))
    assert sum(seen) / len(seen) == pytest.approx(1, abs=0.005)
    assert max(seen) <= 1.001


@pytest.mark.parametrize("edges", [1, 2])
@pytest.mark.parametrize("session", ["", "a session"])
def test_a_player_that_reloads_on_two_connections_is_one(session: str, edges: int) -> None:
    """Also at two edges, where each is a half after a while."""
    there, lines, seen = [Players() for _ in range(edges)] * (3 - edges), [One(), One()], []
    for part in range(4 * SOON):
        if part % PACE == 0:
            turn = part // PACE % 2
            plain(there[turn], lines[turn], part, session)
        seen.append(sum(each.count(part) for each in there[:edges]))
    assert max(seen) <= 2
    late = seen[SOON:]
    assert sum(late) / len(late) == pytest.approx(1, abs=0.04)


def test_one_that_follows_all_renditions_is_one() -> None:
    """VLC loads both playlists each time, on whichever connections."""
    players, lines = Players(), [One() for _ in range(4)]
    for part in range(0, 8 * PACE, PACE):
        for number, rendition in enumerate(("aac-32", "aac-64")):
            players.ask(lines[(part // PACE // 8 + number) % 4], "", "VLC", part, PACE, rendition=rendition)
        assert players.count(part) == 1


def test_vlc_is_one_from_its_beginning() -> None:
    """As VLC 3.0.24 asks: for two renditions on two connections, then on a third and a fourth in turn."""
    players, lines = Players(), [One() for _ in range(4)]
    asks = {0: (0, 1), 5: (2,), 9: (3,), 14: (2,), 18: (3,), 23: (2,), 27: (2,), 31: (2,), 36: (2,), 40: (2,)}
    for part in range(44):
        for number in asks.get(part, ()):
            players.ask(lines[number], "", "VLC", part, PACE, rendition="aac-64" if number else "aac-32")
        assert players.count(part) == 1


def test_a_second_player_of_a_home_is_another() -> None:
    """It begins when the first is due, which has kept its connection."""
    players, lines = Players(), [One() for _ in range(2)]
    for part in range(SOON):
        for number, one in enumerate(lines):
            if part % PACE == 0 and part >= 2 * number * PACE:
                plain(players, one, part)
    assert players.count(SOON) == 2


def test_a_page_that_is_loaded_anew_is_one_player() -> None:
    """On the same connection comes a new session: the old one has no connection any more."""
    players, one = Players(), One()
    for number in range(10):
        plain(players, one, number, f"session {number}")
        assert players.count(number) == 1


def test_nobody_makes_up_sessions() -> None:
    """A source has as many as it has connections; through a proxy no more than one address may have connections."""
    players, one, other = Players(), One(), One()
    for number in range(3000):
        plain(players, one if number % 2 else other, 0, str(number))
    assert players.count(0) == 2
    players, pool = Players(), [One("192.0.2.1", "#1") for _ in range(16)]
    for number in range(MOST_SESSIONS + 500):
        plain(players, pool[number % 16], 0, str(number))
    assert players.count(0) == MOST_SESSIONS


def test_a_proxy_connection_speaks_for_many() -> None:
    """Each source that it names is one, on whichever of its connections; what one names beyond a bound is not."""
    players, pool = Players(), [One("", f"#{number}") for number in range(4)]
    for part in range(SOON):
        for number in range(50):
            line = pool[(part + number) % 4]
            line.client = f"192.0.2.{number}"
            if (part + number) % PACE == 0:
                plain(players, line, part)
        assert players.count(part) <= 50
    assert players.count(SOON) == 50
    assert players.hidden  # it may be a cache
    for number in range(2 * MOST_SOURCES):
        pool[0].client = f"2001:db8::{number}"
        plain(players, pool[0], 10 * SOON)
    assert players.count(10 * SOON) <= MOST_SOURCES


def test_through_a_proxy_that_names_nobody_there_are_at_least_so_many() -> None:
    """It is said that more may be there, until it is gone."""
    dice, players, pool = (
        random.Random(1),
        Players(),
        [One(f"{ALONE}{number}", f"{ALONE}{number}") for number in range(8)],
    )
    for part in range(SOON):
        if part % PACE == 0:
            plain(players, dice.choice(pool), part)
        assert players.count(part) <= len(pool)
    assert players.hidden
    for line in pool:
        players.gone(line)
    players.count(2 * SOON)
    assert not players.hidden


@pytest.mark.parametrize(("pace", "kept"), [(1, PARTS_KEPT), (PACE, SEGMENTS_KEPT)])
def test_who_stops_asking_is_forgotten(pace: int, kept: int) -> None:
    """Though its connection stays open: by and by, and at once when it is closed."""
    for closed in (False, True):
        players, one = Players(), One()
        for part in range(0, SOON, pace):
            players.ask(one, "", "somebody", part, pace)
        assert players.count(SOON) == 1
        if closed:
            players.gone(one)
            assert players.count(SOON) == 0
        assert players.count(SOON + kept + 1) == 0


def test_who_has_asked_for_a_minute_is_a_listener_once() -> None:
    """Also one that went when the minute was over; not one that came back after a pause."""
    players, stays, goes, returns = Players(), One("192.0.2.1"), One("192.0.2.2"), One("192.0.2.3")
    found: list[str] = []
    for part in range(2 * LISTENER_PARTS):
        players.ask(stays, "", "stays", part, 1)
        if part < LISTENER_PARTS - 5:
            players.ask(goes, "", "goes too soon", part, 1)
        if part % (LISTENER_PARTS - 10) < 10:
            players.ask(returns, "", "returns", part, 1)
        players.count(part)
        found += players.listeners()
    assert found == ["192.0.2.1\nstays"]
    players.ask(one := One("192.0.2.4"), "", "is gone", 0, 1)
    players.ask(one, "", "is gone", LISTENER_PARTS, 1)
    players.gone(one)
    assert players.listeners() == ["192.0.2.4\nis gone"]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 3), st.sampled_from(["", "a", "b"])), max_size=80
    )
)
def test_whatever_comes_nobody_counts_more_than_once(steps: list[tuple[int, int, int, str]]) -> None:
    """The sum is never below zero, and never above the connections there are, and one for those of a source that are
    closed; when all have gone for long it is nothing."""
    players, there, part = Players(), [One(str(number % 4)) for number in range(10)], 0
    open_: set[int] = set()
    sources: set[str] = set()
    for what, number, later, session in steps:
        if what < 3:
            (plain if what else next_part)(players, there[number], part, session)
            open_.add(number)
            sources.add(there[number].client)
        else:
            players.gone(there[number])
            open_.discard(number)
        part += later
        assert 0 <= players.count(part) <= len(open_) + 3 * len(sources) + 1e-9
    for one in there:
        players.gone(one)
    assert players.count(part + 10 * SOON) == 0
