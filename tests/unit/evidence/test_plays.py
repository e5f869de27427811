"""Plays of a recording: a device that gets a minute of it, once a day, at however many edges; robots apart."""

from __future__ import annotations

import random

import pytest

from stentor.base.errors import Malformed
from stentor.evidence.counts import SIGMAS, count
from stentor.evidence.plays import (
    BLOOM_BYTES,
    DAY_MS,
    SEGMENTS,
    CountedDevices,
    DayPlays,
    DayTally,
    NewPlays,
    Plays,
    together,
)
from stentor.evidence.row import EdgeSecond, SpaceSecond


def test_a_minute_in_any_order_is_one_play() -> None:
    """A segment that comes twice is one, a device that has played today is none again, another space's is its own."""
    plays, needed = Plays(), list(range(SEGMENTS))
    random.Random(1).shuffle(needed)
    assert [plays.heard("talk", 7, each, robot=False) for each in needed + needed] == [False] * (SEGMENTS - 1) + [
        True
    ] * (SEGMENTS + 1)
    for _ in range(50):
        plays.heard("talk", 8, 3, robot=False)
    for each in needed:
        plays.heard("talk", 9, each, robot=True)
        plays.heard("other", 10, each, robot=False)
    found = plays.taken()
    assert {space: (new.plays, new.robots) for space, new in found.items()} == {"talk": (1, 1), "other": (1, 0)}
    assert plays.taken() == {}
    plays.begin(2)
    for each in needed:
        plays.heard("talk", 7, each, robot=False)
    assert plays.taken()["talk"].plays == 1


def test_devices_beyond_those_known_one_by_one_are_missed_in_one_of_600_at_most() -> None:
    """And one that was counted is always known."""
    counted, chance = CountedDevices(exact=1000), random.Random(3)
    devices = [chance.getrandbits(64) for _ in range(20_000)]
    for device in devices:
        counted.add(device)
    assert all(device in counted for device in devices)
    assert not any(chance.getrandbits(64) in counted for _ in range(20_000))
    share = 1 - (1 - 1 / (8 * BLOOM_BYTES)) ** (7 * 20_000_000)
    assert share**7 < 1 / 500


def rows(edges: int, devices: int, chance: random.Random) -> list[EdgeSecond]:
    """Each device plays at one to three edges, as connections come and go."""
    at = [Plays() for _ in range(edges)]
    found = []
    for number in range(devices):
        device = chance.getrandbits(64)
        for _ in range(chance.randrange(1, 4)):
            one = chance.choice(at)
            for segment in range(SEGMENTS):
                one.heard("talk", device, segment, robot=False)
        if number % 500 == 499 or number == devices - 1:
            for edge, one in enumerate(at):
                new = one.taken().get("talk", NewPlays(0, 0, b"", 0))
                seen = SpaceSecond(plays=new.plays, players=new.keys, players_halvings=new.halvings)
                found.append(EdgeSecond(f"edge-{edge}", 20_000 * DAY_MS + 1000 * number, spaces={"talk": seen}))
    return found


@pytest.mark.parametrize("edges", [1, 2, 8])
def test_plays_are_those_of_the_ledger(edges: int) -> None:
    """Exact: none lost, none twice, in any order of the rows and with some of them twice."""
    chance = random.Random(edges)
    found = rows(edges, 2000, chance)
    again = [*found, *found[:3]]
    chance.shuffle(again)
    counts = count("talk", again)
    assert counts is not None
    assert (counts.plays.value, counts.plays.low, counts.plays.high) == (2000, 2000, 2000)
    assert counts.days == {"2024-10-04": DayPlays(2000, 2000, 2000, 0)}


def test_beyond_the_devices_that_are_told_apart_the_truth_is_in_the_interval() -> None:
    """In at least 95 of 100 nights, of two edges at which half of all devices play twice."""
    held = 0
    for seed in range(100):
        chance, tally = random.Random(seed), DayTally()
        keys = [chance.getrandbits(48) for _ in range(20_000)]
        for edge, some in (("a", keys[:15_000]), ("b", keys[5_000:])):
            for at in range(0, len(some), 1000):
                packed = b"".join(key.to_bytes(6, "big") for key in some[at : at + 1000])
                tally.hear(edge, NewPlays(1000, 0, packed, 0))
        day = tally.count(SIGMAS)
        held += day.low <= 20_000 <= day.high
        assert day.high - day.low < 0.1 * day.plays
    assert held >= 95


def test_days_that_two_have_counted_are_those_of_who_has_seen_more() -> None:
    one, other = (
        {"a": DayPlays(5, 5, 5, 0), "b": DayPlays(1, 1, 1, 9)},
        {"a": DayPlays(4, 4, 4, 0), "c": DayPlays(2, 2, 2, 0)},
    )
    assert together(one, other) == {"a": one["a"], "b": one["b"], "c": other["c"]}


@pytest.mark.parametrize("new", [NewPlays(1, 0, b"12345", 0), NewPlays(1, 0, b"", -1), NewPlays(1, 0, b"", 49)])
def test_what_names_no_devices_is_refused(new: NewPlays) -> None:
    with pytest.raises(Malformed):
        DayTally().hear("a", new)
