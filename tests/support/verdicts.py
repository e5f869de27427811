"""Judges nights whose truth is known, and tells how often that was right."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log

from stentor.evidence.load import Portion
from stentor.evidence.told import lines
from stentor.evidence.verdict import LEAST_SHARE, NightVerdict, Outcome, judge
from tests.support.nights import (
    ATTACKS,
    CROWDS,
    FAULTS,
    LOADS,
    SHARES,
    SPACE,
    Night,
    Replay,
    Truth,
    at_border,
    expected,
    replay,
)

HEAD = """# Judged nights

`make proof-verdict` judges {nights:,} nights whose truth is known, and as many of recorded rows as is said below,
and writes this page. Made nights: {seeds}.
The first seed is the commit of [the rules](../explanation/verdict.md), others are later ones with the same rules: the
nights follow from them, and nobody could know them while the rules were written. How many nights of a seed there are
was chosen before they were run; none was left out.

Made nights are replayed at the level of [rows](evidence.md): [sources act one by
one](../../tests/support/nights.py), and what an edge makes of them goes through its own code (the sample of
sources, how they behave, the costliest). Connections are not real: this shows that the rules do what they say,
not that attackers are like these. Rules and nights are by the same hand. The truth is the generator's ledger;
what a request costs, and how fast the machine is, are drawn anew for each night. In one night of ten there are
more sources than the sample holds. A night is at the border when the ledger is within a tenth of where another
verdict begins; there MIXED is right as well. A second is full for the ledger as the rules have it: at 90 %, or at 70 %
while the door told somebody to wait.
"""


@dataclass(frozen=True)
class Judged:
    night: Night
    truth: Truth
    finding: Outcome
    accuses: bool
    theirs: float
    """What hostile sources had of what was used, in the seconds that the verdict is about."""
    audience: Portion | None
    hostile: Portion | None

    @property
    def right(self) -> bool:
        return self.finding is expected(self.truth)

    @property
    def border(self) -> bool:
        return at_border(self.truth)

    @property
    def slandered(self) -> bool:
        """Somebody is accused though hostile sources had less than a tenth (less 3 %)."""
        return self.accuses and self.theirs < LEAST_SHARE - 0.03


def nights(seed: str, count: int) -> list[Night]:
    """Attacks, crowds, faults, shares and loads in turn, so that each comes as often; the rest by chance."""
    chance = random.Random(seed)
    attacks, crowds = list(ATTACKS), list(CROWDS)
    found = []
    for number in range(count):
        crowd = crowds[number % len(crowds)]
        one = chance.getrandbits(32)
        if number % 6 == 5:
            fault = FAULTS[number // 6 % len(FAULTS)]
            load = 1.5 if fault in ("limit too low", "descriptors too few") else 0.7
            found.append(Night(one, crowd, load=load, fault=fault))
        else:
            share, load = chance.choice(SHARES), chance.choice(LOADS)
            found.append(Night(one, crowd, chance.choice(attacks), share, load))
    return found


def judged(night: Night, replayer: Callable[[Night], Replay] = replay) -> Judged:
    replayed = replayer(night)
    found = judge(SPACE, replayed.rows)
    assert found is not None
    _held_to_its_word(found)
    of = next((load for load in found.loads if load.resource is replayed.truth.resource), None)
    theirs = replayed.hostile(found.by or found.loads[0].resource)
    return Judged(
        night,
        replayed.truth,
        found.finding,
        found.accuses,
        theirs,
        of.audience if of else None,
        of.hostile if of else None,
    )


def _held_to_its_word(found: NightVerdict) -> None:
    """Who is not accused is called nothing."""
    if not found.accuses:
        assert "attack" not in "\n".join(lines(found)).lower()
        assert found.finding is not Outcome.ATTACK


def least_right(wrong: int, count: int) -> float:
    """The share that is right at least, with 95 % confidence (Clopper and Pearson)."""

    def chance_of_so_few(share: float) -> float:
        terms = (
            lgamma(count + 1) - lgamma(k + 1) - lgamma(count - k + 1) + k * log(share) + (count - k) * log(1 - share)
            for k in range(wrong + 1)
        )
        return sum(exp(term) for term in terms)

    low, high = 1e-9, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chance_of_so_few(middle) > 0.05 else (low, middle)
    return 1 - high


def page(seeds: Mapping[str, int], found: Sequence[Judged], besides: Iterable[str]) -> str:
    """``found`` are the nights of the seeds, one seed after the other."""
    told = " and ".join(f"{n:,} nights of `{seed}`" for seed, n in seeds.items())
    head = HEAD.format(nights=len(found), seeds=told)
    every = [
        head,
        *by_seed(seeds, found),
        *(["## Together", ""] if len(seeds) > 1 else []),
        *summary(found, len(seeds)),
    ]
    return "\n".join([*every, *tables(found), *misses(found), *besides]) + "\n"


def by_seed(seeds: Mapping[str, int], found: Sequence[Judged]) -> Iterator[str]:
    """Each seed for itself: what was judged later does not speak for what was judged first."""
    since = 0
    for number, (seed, count) in enumerate(seeds.items()):
        what = "the commit of the rules" if not number else "a later commit with the same rules"
        yield f"## {count:,} nights of {seed[:8]}, {what}"
        yield ""
        yield from right(found[since : since + count])
        yield ""
        since += count


def summary(found: Sequence[Judged], seeds: int = 2) -> Iterator[str]:
    """Of all seeds; of a single one it stands there already."""
    if seeds > 1:
        yield from right(found)
    inside = [one for one in found if one.audience and one.hostile and not one.truth.fault]
    held = [
        one for one in inside if one.hostile and one.hostile.low - 0.05 <= one.truth.hostile <= one.hostile.high + 0.05
    ]
    held_share = len(held) / len(inside)
    yield f"- The interval of hostile sources, and 5 % of the resource, held the truth in {held_share:.0%}."
    yield ""


def right(found: Sequence[Judged]) -> Iterator[str]:
    """How many clear nights were judged right, at least how many in a hundred, and what became of the others."""
    clear, border = [one for one in found if not one.border], [one for one in found if one.border]
    wrong = sum(not one.right for one in clear)
    near = Counter(
        "right" if one.right else "MIXED" if one.finding is Outcome.MIXED else one.finding.value for one in border
    )
    yield f"- Clear nights: {len(clear):,}, of which {wrong} wrong: **{1 - wrong / max(1, len(clear)):.2%} right**, "
    yield f"  at least {least_right(wrong, max(1, len(clear))):.2%} with 95 % confidence."
    yield (
        f"- Nights at the border: {len(border):,}: " + ", ".join(f"{n} {name}" for name, n in near.most_common()) + "."
    )
    yield f"- Somebody was accused without need: {sum(one.slandered for one in found)} times."


def tables(found: Sequence[Judged]) -> Iterator[str]:
    yield from table("Attack", found, lambda one: one.night.attack if one.night.share else "", [*ATTACKS])
    yield from table("Crowd", found, lambda one: "" if one.night.fault else one.night.crowd, [*CROWDS])
    yield from table("Fault", found, lambda one: one.night.fault, [*FAULTS])


def table(name: str, found: Sequence[Judged], of: Callable[[Judged], str], values: Sequence[str]) -> Iterator[str]:
    yield f"| {name} | clear | right | at the border | right or MIXED there | accused without need |"
    yield "|---|---|---|---|---|---|"
    for value in values:
        these = [one for one in found if of(one) == value]
        if not these:
            continue
        clear, border = [one for one in these if not one.border], [one for one in these if one.border]
        good = sum(one.right or one.finding is Outcome.MIXED for one in border)
        right = sum(one.right for one in clear)
        yield f"| {value} | {len(clear)} | {right} | {len(border)} | {good} | {sum(one.slandered for one in these)} |"
    yield ""


def misses(found: Sequence[Judged], level: str = "##") -> Iterator[str]:
    yield f"{level} Misses"
    yield ""
    yield "All clear nights that were judged otherwise than the ledger says; shares of the resource, 1.00 is all."
    yield ""
    yield "| truth | said | crowd | attack or fault | share, load | audience: ledger, said | hostile: ledger, said |"
    yield "|---|---|---|---|---|---|---|"
    for one in (one for one in found if not (one.right or one.border)):
        night, truth = one.night, one.truth
        what = night.fault or (night.attack if night.share else "–")
        yield (
            f"| {expected(truth).value} | {one.finding.value} | {night.crowd} | {what} "
            f"| {night.share:.0%}, {night.load:g} | {truth.audience:.2f}, {_said(one.audience)} "
            f"| {truth.hostile:.2f}, {_said(one.hostile)} |"
        )
    yield ""


def _said(share: Portion | None) -> str:
    return f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})" if share else "–"
