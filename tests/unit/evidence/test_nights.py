"""Nights whose truth is known: a few of those that `make proof-verdict` judges by the thousand, of another seed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.nights import FAULTS, Night
from tests.support.verdicts import Judged, judged, least_right, nights, page, right

ROOT = Path(__file__).parents[3]
SEED, COUNT = "a sample", 36
MOST_WRONG = 1
"""Of clear nights: what cannot be told apart is in docs/reference/verdicts.md."""
CLEAR = re.compile(r"^- Clear nights: ([\d,]+), of which (\d+) wrong", re.MULTILINE)


@pytest.fixture(scope="module")
def sample() -> list[Judged]:
    return [judged(night) for night in nights(SEED, COUNT)]


def test_clear_nights_are_judged_as_they_were(sample: list[Judged]) -> None:
    clear = [one for one in sample if not one.border]
    assert len(clear) > COUNT / 3
    assert sum(not one.right for one in clear) <= MOST_WRONG


def test_nobody_is_accused_without_need(sample: list[Judged]) -> None:
    """In none, at the border neither."""
    assert not [one.night for one in sample if one.slandered]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_ones_own_is_known(fault: str) -> None:
    assert judged(Night(3, "push", load=1.5 if fault in FAULTS[:2] else 0.7, fault=fault)).right


def test_the_page_tells_each_seed_apart(sample: list[Judged]) -> None:
    """Of each it says what it shows for itself; the page that is kept has that form, and adds up."""
    seeds = {"first-commit": 24, "later-commit": 12}
    told = page(seeds, sample, [])
    assert "Made nights: 24 nights of `first-commit` and 12 nights of `later-commit`." in told
    first, later = "\n".join(right(sample[:24])), "\n".join(right(sample[24:]))
    assert first != later
    assert f"## 24 nights of first-co, the commit of the rules\n\n{first}\n" in told
    assert f"## 12 nights of later-co, a later commit with the same rules\n\n{later}\n" in told
    assert f"## Together\n\n{chr(10).join(right(sample))}\n" in told
    kept = (ROOT / "docs" / "reference" / "verdicts.md").read_text("utf-8")
    assert re.findall(r"^## ([\d,]+) nights of (\w{8}), ", kept, re.MULTILINE) == [("6,000", "abe0f28f")]
    assert "abe0f28fa5b4013ed19606745bf60d635b413e7a=6000" in (ROOT / "Makefile").read_text("utf-8")
    made, recorded = ((int(wrong), int(clear.replace(",", ""))) for clear, wrong in CLEAR.findall(kept))
    assert least_right(*made) > 0.989
    assert least_right(*recorded) > 0.99
    assert least_right(made[0] + recorded[0], made[1] + recorded[1]) > 0.99
