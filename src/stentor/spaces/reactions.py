"""Reactions: what a listener says with one press. Counted, never kept: nobody learns whose they were.

Edges count what they take since they started; whoever hears all edges adds them up with a :class:`Tally`.
"""

from __future__ import annotations

from collections.abc import Mapping

REACTIONS = ("heart", "clap", "laugh", "wow", "thumb")
"""In the order in which pages show them."""
SAMPLED_FROM = ((200_000, 64), (50_000, 16), (10_000, 4))
"""Above so many listeners one reaction in so many is sent: 10,000 who all press once in ten seconds are 1,000 requests
a second, and larger audiences send hardly more."""


def one_in(listeners: int) -> int:
    """Of how many reactions pages send one, which counts for all of them; only the size of the audience decides."""
    return next((share for most, share in SAMPLED_FROM if listeners > most), 1)


class Tally:
    """The sum over edges that come, go and start again. It never falls while it lives."""

    def __init__(self) -> None:
        self._past = dict.fromkeys(REACTIONS, 0)
        self._now: dict[str, Mapping[str, int]] = {}

    def hear(self, sender: str, counts: Mapping[str, int]) -> None:
        """``counts`` since ``sender`` started; a count that has fallen means that it started again."""
        before = self._now.get(sender, {})
        if any(counts.get(name, 0) < before.get(name, 0) for name in REACTIONS):
            for name in REACTIONS:
                self._past[name] += before.get(name, 0)
        self._now[sender] = counts

    def total(self) -> dict[str, int]:
        """By reaction, all edges together; none that nobody has pressed yet."""
        sums = {name: self._past[name] + sum(one.get(name, 0) for one in self._now.values()) for name in REACTIONS}
        return {name: count for name, count in sums.items() if count > 0}
