"""How a space went, second by second, reduced to what a plot can show: steps of one size, at most :data:`MOST` of them.

Rows may come late and out of order by :data:`SETTLE_S`. What is held does not grow with the length of the space: when
there are too many steps, each two become one, of which the most of a second counts, or the sum of what was added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import zip_longest

import msgspec

from stentor.evidence import delays
from stentor.evidence.counts import CARRIED_S
from stentor.evidence.load import Resource, hostile_part, used
from stentor.evidence.row import EdgeSecond

MOST = 720
"""As many as a plot has pixels."""
SETTLE_S = 60


class Step(msgspec.Struct, frozen=True, array_like=True):
    """Some seconds of all edges together."""

    hearing: float = 0.0
    """The most in a second."""
    waiting: float = 0.0
    """Devices told to wait, at the edge that knew most; the most in a second."""
    joins: int = 0
    turned_away: int = 0
    skipped: int = 0
    """Chunks of 0.32 s that listeners were too slow for."""
    first_sound: list[int] = []
    """By powers of two (``evidence.delays``)."""
    used: list[float] = []
    """Of each :class:`Resource`, in their order: its share in use at the edge where it was highest; -1: not known."""
    hostile: list[float] = []
    """Of that the part of hostile sources."""


class Course(msgspec.Struct, frozen=True):
    """``steps[i]`` begins ``i * step_s`` seconds after ``since_s`` (seconds since 1970)."""

    since_s: int
    step_s: int
    steps: list[Step]

    def hearing_at(self, at_ms: int) -> float | None:
        """How many heard it then; None where nothing is known."""
        number, rest = divmod(at_ms // 1000 - self.since_s, self.step_s)
        return self.steps[number].hearing if rest >= 0 and 0 <= number < len(self.steps) else None

    @property
    def peaks(self) -> tuple[int, ...]:
        """The most that heard it in each step, without the zeros at the end."""
        found = [round(step.hearing) for step in self.steps]
        while found and not found[-1]:
            found.pop()
        return tuple(found)


class CourseTally:
    """``hear`` as rows come; ``course`` when somebody looks."""

    def __init__(self, space: str) -> None:
        self.space = space
        self._open: dict[int, dict[str, EdgeSecond]] = defaultdict(dict)
        """By second and edge, of the last minute."""
        self._last: dict[str, tuple[int, float]] = {}
        """Of each edge: the second of its newest settled row, and who heard it there."""
        self._since_s: int | None = None
        self._step_s = 1
        self._steps: list[Step] = []
        self._newest = 0

    def hear(self, row: EdgeSecond) -> None:
        """One that comes twice, or too late, changes nothing."""
        if self.space not in row.spaces:
            return
        second = row.second
        if second <= self._newest - SETTLE_S:
            return
        self._open[second].setdefault(row.edge, row)
        self._newest = max(self._newest, second)
        for old in sorted(each for each in self._open if each <= self._newest - SETTLE_S):
            self._settle(old, self._open.pop(old))

    def course(self) -> Course | None:
        """As it stands; None before the first row."""
        whole = CourseTally(self.space)
        whole._last, whole._since_s = dict(self._last), self._since_s
        whole._step_s, whole._steps = self._step_s, list(self._steps)
        for second in sorted(self._open):
            whole._settle(second, self._open[second])
        if whole._since_s is None:
            return None
        return Course(whole._since_s, whole._step_s, whole._steps)

    def _settle(self, second: int, rows: dict[str, EdgeSecond]) -> None:
        if self._since_s is None:
            self._since_s = second
        while (number := (second - self._since_s) // self._step_s) >= MOST:
            self._halve()
        while len(self._steps) < number:  # no edge had a row of those seconds
            self._steps.append(Step(self._hearing(self._since_s + len(self._steps) * self._step_s)))
        for edge, row in rows.items():
            self._last[edge] = second, row.spaces[self.space].throughout
        step = msgspec.structs.replace(_step(self.space, rows.values()), hearing=self._hearing(second))
        if len(self._steps) == number:
            self._steps.append(step)
        else:
            self._steps[number] = _joined(self._steps[number], step)

    def _hearing(self, second: int) -> float:
        """An edge whose row is missing stands as before, for some seconds."""
        return sum(here for at, here in self._last.values() if second - at < CARRIED_S)

    def _halve(self) -> None:
        pairs = zip_longest(self._steps[::2], self._steps[1::2], fillvalue=Step())
        self._steps = [_joined(one, other) for one, other in pairs]
        self._step_s *= 2


def _step(space: str, rows: Iterable[EdgeSecond]) -> Step:
    """Of one second, without who hears it."""
    rows = list(rows)
    seen = [row.spaces[space] for row in rows]
    shares: list[float] = []
    hostile: list[float] = []
    for resource in Resource:
        known = [(share, row) for row in rows if (share := used(row, resource)) is not None]
        share, fullest = max(known, key=lambda pair: pair[0], default=(-1.0, None))
        shares.append(round(share, 4))
        hostile.append(round(hostile_part(fullest, resource), 4) if fullest is not None else 0.0)
    return Step(
        waiting=max((one.lobby for one in seen), default=0),
        joins=sum(one.joins for one in seen),
        turned_away=sum(one.turned_away for one in seen),
        skipped=sum(one.skipped_chunks for one in seen),
        first_sound=delays.together(one.first_sound for one in seen) if any(one.first_sound for one in seen) else [],
        used=shares,
        hostile=hostile,
    )


def _joined(one: Step, other: Step) -> Step:
    fuller = [mine >= theirs for mine, theirs in zip(one.used, other.used, strict=False)]
    longer = other if len(other.used) > len(one.used) else one
    sounds = [each for each in (one.first_sound, other.first_sound) if each]
    return Step(
        hearing=max(one.hearing, other.hearing),
        waiting=max(one.waiting, other.waiting),
        joins=one.joins + other.joins,
        turned_away=one.turned_away + other.turned_away,
        skipped=one.skipped + other.skipped,
        first_sound=delays.together(sounds) if sounds else [],
        used=[(one if mine else other).used[at] for at, mine in enumerate(fuller)] or longer.used,
        hostile=[(one if mine else other).hostile[at] for at, mine in enumerate(fuller)] or longer.hostile,
    )
