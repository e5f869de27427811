"""Numbers of posts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stentor.social import ids
from stentor.social.ids import PostIds

MS = st.integers(1_526_000_000_000, 15_000_000_000_000)


@given(st.lists(MS, min_size=1, max_size=60), st.integers(0, 1 << 20))
def test_each_is_larger(times: list[int], seed: int) -> None:
    """Also when the clock goes back, and many are made in one ms."""
    numbers = PostIds(seed)
    made = [numbers.new(each) for each in times]
    assert made == sorted(set(made))


@given(MS, st.integers(0, 0xFFFF))
def test_it_says_when(ms: int, seed: int) -> None:
    """To the ms; with 18 digits, so that text and number have one order."""
    made = PostIds(seed).new(ms)
    assert (ids.time_ms(made), len(str(made))) == (ms, 18)
    assert ids.at(ms) <= made < ids.at(ms + 1)
    assert ids.parse(str(made)) == made


def test_a_full_ms_runs_over() -> None:
    """65,536 of one ms are still told apart."""
    numbers = PostIds(0xFFFF)
    assert len({numbers.new(1_700_000_000_000) for _ in range(70_000)}) == 70_000


def test_what_is_no_id() -> None:
    """Nothing but digits that fit the database."""
    for text in ("", "0", "-1", "１２", "1e3", " 1", str(2**63), "9" * 5000):
        assert ids.parse(text) is None
