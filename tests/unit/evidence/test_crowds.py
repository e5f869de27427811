"""Estimates against the truth of a hundred seeded crowds: its interval has the truth in it in at least 95 of them."""

from __future__ import annotations

import random

import pytest

from stentor.crowd.waiting import WaitingDevices
from stentor.evidence.counts import Counts, count
from stentor.evidence.outside import Outside
from stentor.evidence.row import EdgeSecond, SpaceSecond
from stentor.evidence.sketch import Sketch

NIGHTS = 100
START_MS = 1_900_000_000_000


def night(seed: int, edges: int) -> tuple[Counts, int, int]:
    """A crowd of people who each come to some edges, once or again: the counts, who came, and who waits at the end."""
    chance = random.Random(seed)
    sketches = [Sketch() for _ in range(edges)]
    waiting = [WaitingDevices() for _ in range(edges)]
    told = [Outside() for _ in range(edges)]
    came, outside = chance.randrange(50, 2500), chance.randrange(20, 2500)
    for client in (chance.getrandbits(64) for _ in range(came)):
        for _ in range(chance.randrange(1, 4)):
            chance.choice(sketches).add(client)
    for place in (chance.random() for _ in range(outside)):
        for _ in range(chance.randrange(1, 4)):
            edge = chance.randrange(edges)
            waiting[edge].told(place, 1.0)
            told[edge].told(place, 1.0)
    rows = []
    for edge in range(edges):
        places, let_in, halvings = told[edge].taken()
        grown = sketches[edge].grown()
        seen = SpaceSecond(lobby=len(waiting[edge]), clients=grown, told=places, let_in=let_in, halvings=halvings)
        rows.append(EdgeSecond(f"edge-{edge}", START_MS + chance.randrange(1000), spaces={"talk": seen}))
    chance.shuffle(rows)
    found = count("talk", [*rows, rows[0]])
    assert found is not None
    return found, came, outside


@pytest.mark.parametrize("edges", [1, 2, 8])
def test_the_truth_is_in_the_interval(edges: int) -> None:
    """Of who came, of who waits, and of the devices that were told to wait."""
    held = {"unique": 0, "lobby": 0, "refused_devices": 0}
    for seed in range(NIGHTS):
        found, came, outside = night(seed, edges)
        for name, truth in (("unique", came), ("lobby", outside), ("refused_devices", outside)):
            figure = getattr(found, name)
            held[name] += figure.low <= truth <= figure.high
            assert figure.high <= (edges if name == "lobby" else 2) * truth + 50  # an interval that says something
    assert min(held.values()) >= 95, held
