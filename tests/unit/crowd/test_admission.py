"""How wide the door is: simulated crowds never outgrow the edges, and everybody comes in when there is room."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.crowd import admission
from stentor.crowd.admission import EdgesSeen, Width

LOOK_S = 0.5
SEEN_S = 1.0
"""Heartbeats are this old."""


@dataclass
class Crowd:
    """People with places who arrive, wait, ask again in the window that they were told, listen, and leave."""

    capacity: int
    arrivals: list[tuple[float, float]]
    """When, and for how long somebody stays."""
    seed: int = 0
    inside: list[float] = field(default_factory=list)
    """When each listener leaves."""
    widths: list[tuple[float, Width]] = field(default_factory=list)
    most: int = 0

    def run(self, seconds: float) -> None:
        chance = random.Random(self.seed)
        width, waiting = Width(), list[tuple[float, float, float]]()
        queue, now = sorted(self.arrivals), 0.0
        history: list[int] = []
        while now < seconds:
            asking = [(chance.random(), stay) for at, stay in queue if at <= now]
            queue = [each for each in queue if each[0] > now]
            asking += [(u, stay) for at, u, stay in waiting if at <= now]
            waiting = [each for each in waiting if each[0] > now]
            new = len(asking)
            for u, stay in asking:
                if u < width.p:
                    self.inside.append(now + stay)
                else:
                    waiting.append((now + chance.uniform(*width.retry_s), u, stay))
            self.inside = [leaves for leaves in self.inside if leaves > now]
            self.most = max(self.most, len(self.inside))
            history.append(len(self.inside))
            seen = history[-1 - round(SEEN_S / LOOK_S)] if len(history) > 2 else 0
            sight = EdgesSeen(self.capacity, seen, len(waiting), len(waiting))
            width = admission.look(width, sight, now, now_ms=round(now * 1000))
            self.widths.append((now, width))
            now += LOOK_S
            assert new >= 0
        self.outside = len(waiting) + len(queue)


@settings(max_examples=25)
@given(
    st.integers(500, 2000),
    st.floats(0.2, 4.0),
    st.floats(40.0, 160.0),
    st.floats(20.0, 400.0),
    st.integers(0, 1000),
)
def test_a_crowd_never_outgrows_the_edges(
    capacity: int, size: float, within_s: float, stay_s: float, seed: int
) -> None:
    """A crowd up to four times too large, that arrives within 40 s or more, never fills more than the capacity.

    (A quarter is free for those who come within the second and a half until the door is narrow: four times in 40 s are
    0.15 of the capacity.) And the share let in never falls while the door is narrow.
    """
    chance = random.Random(seed)
    arrivals = [(chance.uniform(0, within_s), chance.expovariate(1 / stay_s)) for _ in range(round(capacity * size))]
    crowd = Crowd(capacity, arrivals, seed)
    crowd.run(within_s + 120)
    assert crowd.most <= capacity
    for (_, before), (_, after) in zip(crowd.widths, crowd.widths[1:], strict=False):
        if before.epoch == after.epoch and before.epoch:
            assert after.p >= before.p


def test_everybody_is_let_in_when_there_is_room() -> None:
    """A crowd that stays for half a minute each is inside in the end, and the door is open again."""
    chance = random.Random(7)
    crowd = Crowd(1000, [(chance.uniform(0, 20), chance.expovariate(1 / 30)) for _ in range(3000)])
    crowd.run(600)
    assert crowd.outside == 0
    assert crowd.widths[-1][1].p == 1.0


def test_a_crowd_that_fits_never_waits() -> None:
    """Up to the target nobody is told to wait."""
    crowd = Crowd(1000, [(n / 40, 1e9) for n in range(740)])
    crowd.run(60)
    assert {width.p for _, width in crowd.widths} == {1.0}
    assert len(crowd.inside) == 740


def test_a_full_house_lets_in_as_many_as_leave() -> None:
    """Those who wait are let in by shares: after each step the next waits until they have come."""
    narrow = admission.narrowed(Width(), 0.0, 0)
    assert (narrow.p, narrow.epoch) == (0.0, 1)
    calm = admission.look(narrow, EdgesSeen(1000, 760, 1000, 1000), 10.0, now_ms=10_000)
    assert calm.p == 0.0
    some = admission.look(narrow, EdgesSeen(1000, 650, 1000, 1000), 10.0, now_ms=10_000)
    assert some.p == 0.1
    assert admission.look(some, EdgesSeen(1000, 650, 1000, 1000), 12.0, now_ms=12_000).p == 0.1
    assert admission.look(some, EdgesSeen(1000, 700, 1000, 1000), 20.0, now_ms=20_000).p > 0.1


def test_two_doors_do_not_promise_the_same_room() -> None:
    """Whoever looks a second later finds only what the first has left, until those who were let in have come."""
    narrow = Width(p=0.0, epoch=1, settles_at=0.0)
    seen = EdgesSeen(1000, 700, waiting=200, all_waiting=200)
    first = admission.look(narrow, seen, 10.0, now_ms=10_000)
    assert first.promised == 50
    told = msgspec.structs.replace(seen, promised=admission.coming([first], 11.0))
    assert admission.look(narrow, told, 11.0, now_ms=11_000).p == 0.0, "the room is promised to the others"
    assert admission.coming([first], first.settles_at) == 0, "by then they have come"
    last = admission.look(narrow, EdgesSeen(1000, 700, waiting=40, all_waiting=40), 10.0, now_ms=10_000)
    assert (last.p, admission.coming([last], 11.0)) == (1.0, 40), "a door that opens wholly promises too"


def test_a_held_door_stays() -> None:
    """The limited audience: at once narrow, and as narrow as it was, whatever room there is."""
    held = admission.look(Width(), EdgesSeen(1000, 10), 5.0, now_ms=5000, held=True)
    assert (held.p, held.epoch, held.narrow_ms) == (0.0, 1, 5000)
    assert admission.look(held, EdgesSeen(1000, 10, 5, 5), 100.0, now_ms=100_000, held=True) == held
    assert admission.look(held, EdgesSeen(1000, 10, 5, 5), 100.0, now_ms=100_000).p == 1.0


def test_the_more_wait_the_longer_they_wait_before_they_ask_again() -> None:
    """A million at sixty edge processes cost each less than a thousand requests a second."""
    assert admission.window(EdgesSeen(1000, 0, 10, 10)) == (2, 6)
    first, last = admission.window(EdgesSeen(1000, 0, 10**6, 10**6, edges=60))
    assert 10**6 / ((first + last) / 2) / 60 < 1000
    assert admission.window(EdgesSeen(1, 0, 10**8, 10**8))[1] == admission.MOST_RETRY_S
