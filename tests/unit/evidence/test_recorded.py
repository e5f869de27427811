"""Nights of recorded rows: what is put together, and a few of those that `make proof-verdict` judges by thousands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stentor.evidence.load import Resource
from stentor.evidence.verdict import Outcome
from tests.support.mixed import replay, takes
from tests.support.nights import Night
from tests.support.recording import FILE, kept
from tests.support.replays import judged_mixed, nights
from tests.support.verdicts import Judged

SEED, COUNT = "a sample", 90
MOST_WRONG = 2
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "verdicts.md"


@pytest.fixture(scope="module")
def sample() -> list[Judged]:
    return [judged_mixed(night) for night in nights(SEED, COUNT)]


def test_each_take_is_of_one_side_and_small() -> None:
    """Of a crowd only people asked, of an attack only hostile senders; the edge counted what these say they sent."""
    assert FILE.stat().st_size < 1_000_000
    for one in kept():
        side = int(one.way == "attack")
        assert not any(told.requests[1 - side] or told.hears[1 - side] for told in one.ledger), one.name
        sent = one.ledger[-1].requests[side] - one.ledger[0].requests[side]
        counted = sum(row.requests for row in one.rows[1:])
        if one.way == "connections":  # what was sent on a connection that was refused nobody read
            assert counted <= sent
        else:
            assert counted == pytest.approx(sent, rel=0.1, abs=30), one.name
    assert len({name for way, name in takes() if way == "attack"}) == 16
    assert len({name for way, name in takes() if way == "room"}) == 7


def test_clear_nights_of_recorded_rows_are_judged_as_they_were(sample: list[Judged]) -> None:
    clear = [one for one in sample if not one.border]
    assert len(clear) > COUNT / 3
    assert sum(not one.right for one in clear) <= MOST_WRONG


def test_nobody_is_accused_without_need_in_recorded_rows(sample: list[Judged]) -> None:
    """In none, at the border neither; and where nobody was hostile it is not called an attack."""
    assert not [one.night for one in sample if one.slandered]
    assert not [one.night for one in sample if not one.night.share and one.finding is Outcome.ATTACK]


def test_a_mixture_is_full_of_what_it_was_made_of() -> None:
    """Half of what holds places is hostile where that was wanted, nobody where not; no row has more than there is."""
    for share in (0.0, 0.5):
        night = replay(Night(4, "push", "slow readers", share, 1.0))
        places = night.rows[0].room.places
        assert all(row.spaces["friday"].hearing <= places for row in night.rows)
        took = night.ledger.took[Resource.PLACES][25]
        assert took[True] / sum(took.values()) == pytest.approx(share, abs=0.12)


def test_the_page_tells_of_recorded_rows_by_the_same_seed() -> None:
    kept_page = PAGE.read_text("utf-8")
    first = re.search(r"^## [\d,]+ nights of (\w{8}), the commit of the rules", kept_page, re.MULTILINE)
    told = re.search(r"^## ([\d,]+) nights of recorded rows, of (\w{8})$", kept_page, re.MULTILINE)
    assert first is not None
    assert told is not None
    assert told[2] == first[1]
    assert int(told[1].replace(",", "")) >= 2000
