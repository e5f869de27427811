"""Who sees how a poll stands."""

from __future__ import annotations

from itertools import product

from stentor.social.visible import sees_results


def test_who_sees_results() -> None:
    """Who has voted, its author, and all when it is over: each alone is enough, without one it is hidden."""
    for ended, voted, own in product((False, True), repeat=3):
        assert sees_results(ended=ended, voted=voted, own=own) == ((ended, voted, own) != (False, False, False))
