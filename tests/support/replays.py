"""Judges nights of recorded rows (``tests.support.mixed``), and tells how often that was right."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial

from tests.support import mixed
from tests.support.nights import LOADS, SHARES, Night
from tests.support.verdicts import Judged, judged, misses, right, table

TEXT = """
Real people, monitors and hostile senders were recorded each for themselves: {crowds} crowds with room for all, the
same with too few places or too few connections, and {attacks} kinds of attack, all by [real
clients](../../tests/support/senders.py) at a real edge, whose rows are kept with the tests ([{rows:,} of
them](../../tests/data/nights/takes.xz)). A replay [puts them together](../../tests/support/mixed.py): so many times a
crowd, so many times an attack, and those who are outside as they were where there was no room. So it is known which
row's parts are whose, whatever the rules say of them: 0, 5, 20, 50 and 80 % of what is to be full, at 0.7, 1.3 and 2
times what there is. What a request costs is drawn anew for each night; processor time and lag follow from that.
Faults of one's own were not recorded.
"""
judged_mixed = partial(judged, replayer=mixed.replay)


def nights(seed: str, count: int) -> list[Night]:
    """Crowds and attacks in turn, so that each comes as often; the rest by chance."""
    chance = random.Random(f"{seed} of recorded rows")
    crowds, attacks = mixed.crowds(), mixed.attacks()
    return [
        Night(
            chance.getrandbits(32),
            crowds[number % len(crowds)],
            attacks[number // len(crowds) % len(attacks)],
            chance.choice(SHARES),
            chance.choice(LOADS),
        )
        for number in range(count)
    ]


def section(seed: str, found: Sequence[Judged]) -> Iterator[str]:
    """The lines of the page."""
    takes = mixed.takes()
    yield f"## {len(found):,} nights of recorded rows, of {seed[:8]}"
    yield TEXT.format(
        crowds=len(mixed.crowds()), attacks=len(mixed.attacks()), rows=sum(len(each) for each in takes.values())
    )
    yield from right(found)
    yield ""
    attack = table("Attack", found, lambda one: one.night.attack if one.night.share else "", mixed.attacks())
    yield from attack
    yield from table("Crowd", found, lambda one: one.night.crowd, mixed.crowds())
    yield from misses(found, "###")
