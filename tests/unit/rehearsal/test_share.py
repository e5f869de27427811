"""Shares of a crowd, and the words that travel between machines."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base import keys
from stentor.base.errors import Malformed
from stentor.rehearsal import share
from stentor.rehearsal.arrival import visits
from stentor.rehearsal.order import CrowdMix, CrowdTally, Format
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.share import Share, Word, WordReader

SECRET = b"s" * 32


def mine(first: int, behind: int, **changes: object) -> Share:
    plan = RehearsalPlan(
        page="http://localhost:8081/s/talk",
        listeners=1000,
        within_s=5,
        for_s=20,
        seed=7,
        mix=CrowdMix({Format.AAC: 1.0}),
    )
    found = Share(run="r", name="near", plan=plan, slots=(first, behind), of=5, at=1e9)
    return msgspec.structs.replace(found, **changes)


def test_shares_are_the_whole_crowd() -> None:
    """Every visit of the plan is in one share and in no other, by weight, and each share has the whole curve."""
    two, three = mine(0, 2), mine(2, 5)
    assert (two.size, three.size) == (400, 600) == (len(two.visits()), len(three.visits()))
    plan = visits(1000, "flash", within_s=5, for_s=20, seed=7)
    assert sorted(two.visits() + three.visits()) == sorted(plan)
    assert two.visits() == sorted(two.visits(), key=lambda visit: visit.at_s)


def test_only_the_secret_orders() -> None:
    """What another secret has signed, or somebody has changed, is no order."""
    public = keys.derived("crowd", SECRET).rehearsal_public
    order = share.sign(mine(0, 2), SECRET)
    assert share.read(order, public) == mine(0, 2)
    for wrong in (share.sign(mine(0, 2), b"t" * 32), order.replace(b"talk", b"walk"), b"", b"\n", b"\xff\n{}"):
        with pytest.raises(Malformed):
            share.read(wrong, public)


def test_long_words_travel_in_pieces() -> None:
    """Each piece fits into a message of the bus; the other end has the same word."""
    word = Word(2, 1, CrowdTally(late_s=[n / 7 for n in range(60_000)], last=True))
    parts = list(share.pieces(word))
    assert len(parts) > 1
    assert max(map(len, parts)) < 1 << 20
    reader = WordReader()
    *begun, last = [reader.take(part) for part in parts]
    assert set(begun) == {None}
    assert last == word


def test_a_lost_piece_is_noticed() -> None:
    """A word with a hole is refused, and the next one is read again."""
    parts = list(share.pieces(Word(1, 0, CrowdTally(late_s=[n / 7 for n in range(90_000)]))))
    reader = WordReader()
    for part in [*parts[:1], *parts[2:-1]]:
        reader.take(part)
    with pytest.raises(Malformed):
        reader.take(parts[-1])
    assert reader.take(next(share.pieces(Word(3)))) == Word(3)
