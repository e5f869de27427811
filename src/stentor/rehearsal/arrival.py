"""When the listeners of a rehearsal come, and how long they stay: seeded, so that a rehearsal can be repeated.

Everything is known before it begins (an open loop): a slow server does not make people come later, it makes them wait.
The shapes are those of live events: Veloso et al. (2002) for piecewise Poisson arrivals and log-normal stays, and the
usual mixture for a talk: some look in, most attend, some stay to the end.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, NamedTuple

SAMPLERS: Final = 0.35
"""Share of those who look in for about a minute."""
STAYERS: Final = 0.15
"""Share of those who stay to the end; all others attend for some 25 minutes."""
SAMPLE_S: Final = 60.0
ATTEND_S: Final = 1500.0
SPREAD: Final = 1.0
"""Sigma of the log-normal stays."""
EARLY: Final = 0.1
"""Share of a flash crowd that is there before the hour."""
TOGETHER_S: Final = 1.0


class ListenerVisit(NamedTuple):
    """One listener: comes ``at_s`` after the rehearsal's beginning, leaves ``stays_s`` later."""

    at_s: float
    stays_s: float


def _flash(chance: random.Random, within_s: float) -> float:
    """The hour strikes after a fifth of the time: a tenth is early, the others come in a log-normal wave."""
    hour = within_s / 5
    if chance.random() < EARLY:
        return max(0.0, hour - chance.lognormvariate(0, 1) * hour / 4)
    return min(within_s, hour + chance.lognormvariate(0, 0.7) * within_s / 5)


def _step(chance: random.Random, within_s: float) -> float:
    """A push notification: all at once, thinning out exponentially."""
    return min(within_s, chance.expovariate(4 / within_s))


def _together(chance: random.Random, within_s: float) -> float:
    """Everybody reloads in the same second."""
    return chance.uniform(0, min(TOGETHER_S, within_s))


def _steady(chance: random.Random, within_s: float) -> float:
    """A Poisson stream."""
    return chance.uniform(0, within_s)


CURVES: Final[dict[str, Callable[[random.Random, float], float]]] = {
    "flash": _flash,
    "step": _step,
    "together": _together,
    "steady": _steady,
}


def visits(
    count: int, curve: str, *, within_s: float, for_s: float, seed: int, stay: bool = False
) -> list[ListenerVisit]:
    """``count`` listeners in the order of their coming, the last ``within_s`` after the first may come.

    Nobody stays beyond ``for_s``; with ``stay`` all stay until then. The same seed gives the same visits.
    """
    chance = random.Random(seed)
    arrive = CURVES[curve]
    times = sorted(arrive(chance, within_s) for _ in range(count))
    return [ListenerVisit(at_s, for_s - at_s if stay else min(_stay(chance), for_s - at_s)) for at_s in times]


def _stay(chance: random.Random) -> float:
    kind = chance.random()
    if kind < STAYERS:
        return float("inf")
    median = SAMPLE_S if kind < STAYERS + SAMPLERS else ATTEND_S
    return median * chance.lognormvariate(0, SPREAD)
