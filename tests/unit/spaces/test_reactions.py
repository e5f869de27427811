"""Reactions are added up over edges that come and go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stentor.spaces.reactions import REACTIONS, Tally

COUNTS = st.dictionaries(st.sampled_from(REACTIONS), st.integers(0, 1000))


def test_edges_are_added_up() -> None:
    """The newest word of each edge counts, once; what nobody pressed is not told."""
    tally = Tally()
    tally.hear("edge-0", {"clap": 2})
    tally.hear("edge-1", {"clap": 1, "heart": 1})
    tally.hear("edge-0", {"clap": 3})
    assert tally.total() == {"heart": 1, "clap": 4}


def test_an_edge_that_starts_again_takes_nothing_away() -> None:
    """It counts from nothing; what it had taken before is kept."""
    tally = Tally()
    tally.hear("edge-0", {"clap": 5})
    tally.hear("edge-0", {})
    tally.hear("edge-0", {"clap": 2})
    assert tally.total() == {"clap": 7}


def test_a_name_from_elsewhere_is_not_told() -> None:
    """A newer edge may know reactions that this process does not."""
    tally = Tally()
    tally.hear("edge-0", {"confetti": 5})
    assert tally.total() == {}


@given(st.lists(st.tuples(st.sampled_from(("a", "b")), COUNTS)))
def test_the_sum_never_falls(heard: list[tuple[str, dict[str, int]]]) -> None:
    """Whatever edges say and in whichever order: pages show counts that rise."""
    tally, before = Tally(), dict.fromkeys(REACTIONS, 0)
    for sender, counts in heard:
        tally.hear(sender, counts)
        now = tally.total()
        assert all(now.get(name, 0) >= before[name] for name in REACTIONS)
        before = {name: now.get(name, 0) for name in REACTIONS}
