"""Leaves out one kind of attack or of crowd in turn: limits are chosen by nights that have none of it, and judged on
those that have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from unittest.mock import patch

from stentor.evidence import kinds
from tests.support.nights import ATTACKS, CROWDS, Night
from tests.support.verdicts import Judged, judged

SEED, NIGHTS = "to choose limits by", 250
SETTINGS: tuple[Mapping[str, float], ...] = (
    {"PAGE_REQUESTS": 200, "OPEN_REQUESTS": 40, "HELD_REQUESTS": 6.0, "JOINED_REQUESTS": 6.0},
    {"PAGE_REQUESTS": 120, "OPEN_REQUESTS": 24, "HELD_REQUESTS": 3.0, "JOINED_REQUESTS": 4.0},
    {"RETURNS": 16, "BARE": 3.0},
    {"CONNECTION_REQUESTS": 12},
    {},
    {"RETURNS": 5, "BARE": 0.5},
    {"PAGE_REQUESTS": 30, "OPEN_REQUESTS": 8, "HELD_REQUESTS": 1.0, "JOINED_REQUESTS": 2.7},
)
"""Other values of the limits in ``evidence.kinds``, the most generous first; nothing is that of the product."""
SLANDER = 10
"""What an accusation without need weighs, against a wrong verdict."""

T = TypeVar("T")


@dataclass(frozen=True)
class LeftOut:
    """How nights with one kind are judged by limits that were chosen without it."""

    kind: str
    setting: Mapping[str, float]
    found: list[Judged]


def judged_by(setting: Mapping[str, float], night: Night) -> Judged:
    with patch.dict(vars(kinds), setting):
        return judged(night)


def left_out(pool: Executor, training: Sequence[Night], by_product: Sequence[Judged]) -> Iterator[LeftOut]:
    """One for each kind of attack, then of crowd. ``training`` must be of another seed than the nights that the
    product has judged."""
    tried = [list(_all(pool, partial(judged_by, setting), training)) for setting in SETTINGS]
    for kind in [*ATTACKS, *CROWDS]:
        points = [sum(_points(one) for one in found if not has(one.night, kind)) for found in tried]
        setting = SETTINGS[points.index(min(points))]
        with_it = [one for one in by_product if has(one.night, kind)]
        if setting:
            with_it = list(_all(pool, partial(judged_by, setting), [one.night for one in with_it]))
        yield LeftOut(kind, setting, with_it)


def has(night: Night, kind: str) -> bool:
    """Whether somebody of that kind comes."""
    return kind == night.crowd or (night.share > 0 and kind == night.attack)


def _points(one: Judged) -> int:
    return (not one.border and not one.right) + SLANDER * one.slandered


def _all(pool: Executor, judge: Callable[[Night], T], nights: Sequence[Night]) -> Iterable[T]:
    return pool.map(judge, nights, chunksize=10)


def table(found: Sequence[LeftOut]) -> Iterator[str]:
    """The lines of the page."""
    clear = [one for each in found for one in each.found if not one.border]
    wrong = sum(not one.right for one in clear)
    yield "## Kinds that were left out"
    yield ""
    yield f"The limits of behaviour are chosen anew for each kind, out of {len(SETTINGS)} settings, by {NIGHTS} nights"
    yield "of another seed that have none of it; then nights with it are judged. What is right in a verdict follows"
    yield "from more than these limits, and who wrote the rules knew all kinds."
    yield ""
    yield f"Clear nights, each once for its attack and once for its crowd: {len(clear):,}, of which {wrong} wrong: "
    yield f"**{1 - wrong / max(1, len(clear)):.2%} right**. Somebody was accused without need "
    yield f"{sum(one.slandered for each in found for one in each.found)} times."
    yield ""
    yield "| Left out | chosen | clear | right | accused without need |"
    yield "|---|---|---|---|---|"
    for each in found:
        these = [one for one in each.found if not one.border]
        chosen = ", ".join(f"{name} {value:g}" for name, value in each.setting.items()) or "as in the product"
        right, slandered = sum(one.right for one in these), sum(one.slandered for one in each.found)
        yield f"| {each.kind} | {chosen} | {len(these)} | {right} | {slandered} |"
    yield ""
