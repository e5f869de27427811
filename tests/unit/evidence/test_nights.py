"""Nights whose truth is known: a few of those that `make proof-verdict` judges by the thousand, of another seed."""

from __future__ import annotations

import pytest

from tests.support.nights import FAULTS, Night
from tests.support.verdicts import Judged, judged, nights

SEED, COUNT = "a sample", 36
MOST_WRONG = 1
"""Of clear nights: what cannot be told apart is in docs/reference/verdicts.md."""


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
