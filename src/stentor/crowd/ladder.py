"""The ladder: when a crowd is too much for the edges, give way a little, at once; climb back slowly.

Pure: what the edges measured and the time come in, the next rung comes out. What each rung gives up is in
``crowd.rungs``. Full descriptors are no cause: no rung helps there, the door does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from stentor.crowd.rungs import RUNGS, TOP

RELIEVED = 0.8
"""Below this share of its own trigger a rung is not needed any more …"""
CALM_S = 120.0
"""… when it stays so for so long."""
QUIET_S = 30.0
"""When a lower rung would have borne all for so long the overload (or the attack) is gone: straight there."""
FRUGAL_BITS = 0.5
"""What a frugal rung sends of what the others would: ``aac-32`` for ``aac-64``."""
RELAPSE_S = 60.0
"""Who must go up again so soon after a step down has come down too early: the next calm has to last longer."""
MOST_CALM_S = 16 * 60.0


class Cause(StrEnum):
    """Why a space is on its rung; the first four are measured at edges."""

    LINE = "line"
    """Share of the line (``STENTOR_LINE_MBPS``) that is sent."""
    CPU = "cpu"
    """Share of one processor that the edge process uses."""
    LAG = "lag"
    """Seconds by which the edge is late for its own timers, on average."""
    SLOW = "slow"
    """Share of chunks that listeners were too slow for."""
    CALM = "calm"
    PINNED = "pinned"


TRIGGERS: dict[Cause, tuple[float, float, float, float]] = {
    Cause.LINE: (0.60, 0.75, 0.85, 0.95),
    Cause.CPU: (0.60, 0.75, 0.85, 0.95),
    # a listener's chunk is late by as much, and 3.2 s are in its buffer
    Cause.LAG: (0.05, 0.10, 0.20, 0.40),
    # some lines are always bad: of one in a hundred chunks on an edge the line of the edge is to blame
    Cause.SLOW: (0.01, 0.03, 0.06, 0.12),
}
"""Above which measure the rungs 1 to 4 are climbed."""


class Load(msgspec.Struct, frozen=True):
    """What one edge measured in the last seconds, in the units of :data:`TRIGGERS`."""

    line: float = 0.0
    cpu: float = 0.0
    lag: float = 0.0
    slow: float = 0.0

    @classmethod
    def of(cls, numbers: Mapping[str, float]) -> Load:
        """From the numbers of a heartbeat; what is missing there counts as nothing."""
        return cls(**{cause.value: numbers.get(cause.value, 0.0) for cause in TRIGGERS})

    def measured(self, cause: Cause) -> float:
        value: float = getattr(self, cause.value)
        return value


class Ladder(msgspec.Struct, frozen=True):
    """Where a space stands. ``cause`` and ``value`` say why; times are in seconds on any steady clock."""

    rung: int = 0
    cause: Cause = Cause.CALM
    value: float = 0.0
    calm_since: float | None = None
    borne_since: tuple[float, ...] = ()
    """Since when each rung from 1 to the one below would have borne all; infinite for one that would not now."""
    lowered_at: float = float("-inf")
    calm_s: float = CALM_S
    """How long the calm must last: it doubles with each relapse."""


class Wish(msgspec.Struct, frozen=True):
    """The rung that a load asks for, and what asks loudest."""

    rung: int
    cause: Cause
    value: float


def wish(loads: Iterable[Load], share: float = 1.0) -> Wish:
    """The highest rung that any edge asks for when triggers stand at ``share`` of theirs."""
    loudest = Wish(0, Cause.CALM, 0.0)
    relative = 0.0
    for load in loads:
        for cause, triggers in TRIGGERS.items():
            value = load.measured(cause)
            rung = sum(value > share * trigger for trigger in triggers)
            if (rung, value / triggers[0]) > (loudest.rung, relative) and rung:
                loudest, relative = Wish(rung, cause, value), value / triggers[0]
    return loudest


def step(ladder: Ladder, loads: Iterable[Load], now: float, *, pinned: int | None = None) -> Ladder:
    """The ladder after a look at all edges that have listeners of the space.

    Up at once to what is asked for; down one rung after :data:`CALM_S` below :data:`RELIEVED` of the present rung's
    trigger, and after :data:`QUIET_S` to a rung (1 at lowest) that would have borne what was measured. ``pinned`` is
    the rung that somebody wants.
    """
    loads = list(loads)
    if pinned is not None:
        return Ladder(max(0, min(pinned, TOP)), Cause.PINNED, calm_s=ladder.calm_s)
    asked = wish(loads)
    if asked.rung > ladder.rung:
        relapse = now - ladder.lowered_at < RELAPSE_S
        calm_s = min(2 * ladder.calm_s, MOST_CALM_S) if relapse else ladder.calm_s
        return Ladder(asked.rung, asked.cause, asked.value, calm_s=calm_s)
    return _descend(ladder, loads, now)


def _descend(ladder: Ladder, loads: list[Load], now: float) -> Ladder:
    replace = msgspec.structs.replace
    if not ladder.rung:
        forgiven = now - ladder.lowered_at > MOST_CALM_S
        return replace(ladder, calm_s=CALM_S) if forgiven and ladder.calm_s != CALM_S else ladder
    calm = wish(loads, RELIEVED).rung < ladder.rung
    calm_since = (now if ladder.calm_since is None else ladder.calm_since) if calm else None
    lower = range(1, ladder.rung)
    before = ladder.borne_since or (math.inf,) * len(lower)
    borne = tuple(
        min(since, now) if bears(number, ladder.rung, loads) else math.inf
        for number, since in zip(lower, before, strict=True)
    )
    for number, since in zip(lower, borne, strict=True):
        if now - since >= QUIET_S * ladder.calm_s / CALM_S:
            below = borne[: number - 1]
            return Ladder(number, lowered_at=now, calm_since=now, borne_since=below, calm_s=ladder.calm_s)
    if calm_since is not None and now - calm_since >= ladder.calm_s:
        return Ladder(ladder.rung - 1, lowered_at=now, calm_since=now, calm_s=ladder.calm_s)
    return replace(ladder, calm_since=calm_since, borne_since=borne)


def bears(number: int, at: int, loads: Iterable[Load]) -> bool:
    """Whether a rung would bear, with room to spare, what was measured on the higher rung ``at``."""
    dearer = 1 / FRUGAL_BITS if RUNGS[at].frugal and not RUNGS[number].frugal else 1.0
    there = [msgspec.structs.replace(load, line=load.line * dearer) for load in loads]
    return wish(there, RELIEVED).rung <= number
