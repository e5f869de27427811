"""The audience of the last days, out of the numbers that are kept of each space, and where they are drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Overloaded
from stentor.evidence.counts import Counts
from stentor.house.counts.service import AudienceCounts
from stentor.house.spaces.newest import Newest
from stentor.spaces.model import OVER, Space, State
from stentor.spaces.opening import opened_ms

DAYS: Final = 14
DAY_MS: Final = 86_400_000
OLD_MS: Final = 15 * 60_000
"""So long after its end what is kept of a space changes by plays only, which are not shown here."""
KEPT_MS: Final = 60_000
"""And until then no more often than so: the page asks anew every five seconds, and each space is a file."""
WIDTH, HEIGHT, GAP, LEAST = 700, 160, 8, 2


class DayAudience(NamedTuple):
    """One day (UTC): ``most`` at once, ``hours`` listened, how many ``spaces`` were on."""

    day: str
    """As ISO 8601 has it."""
    most: int
    hours: float
    spaces: int


class Bar(NamedTuple):
    """One day as it is drawn, in units of the picture."""

    x: float
    y: float
    width: float
    height: float
    day: DayAudience


class AudienceHistory:
    """Asks :class:`AudienceCounts`, which says the same to everybody; what does not change any more is asked once."""

    def __init__(self, counts: AudienceCounts, newest: Newest, clock: Clock) -> None:
        self._counts, self._newest, self._clock = counts, newest, clock
        self._known: dict[str, tuple[Counts | None, int | None]] = {}
        """Of spaces that are over; with when they are asked for again, if ever."""
        self._reading = asyncio.Lock()

    async def days(self) -> list[DayAudience]:
        """The last :data:`DAYS` days, today last."""
        now_ms = unix_ms(self._clock())
        first = now_ms // DAY_MS - DAYS + 1
        async with self._reading:
            spaces = [each for each in await self._newest.get() if _opened(each) // DAY_MS >= first]
            read = await asyncio.gather(*(self._of(each, now_ms) for each in spaces))
            found = [(_opened(each) // DAY_MS, counts) for each, counts in zip(spaces, read, strict=True)]
            self._known = {each.id: self._known[each.id] for each in spaces if each.id in self._known}
        return [
            _day(number, [counts for day, counts in found if day == number]) for number in range(first, first + DAYS)
        ]

    async def _of(self, space: Space, now_ms: int) -> Counts | None:
        known, until_ms = self._known.get(space.id, (None, 0))
        if until_ms is None or now_ms < until_ms:
            return known
        try:
            found = await self._counts.of(space.id)
        except Overloaded:  # nobody waits for this one again at the next look
            found, old = known, False
        else:
            if space.state not in OVER:
                return found
            old = now_ms - (space.ended_ms or now_ms) > OLD_MS
        self._known[space.id] = found, None if old else now_ms + KEPT_MS
        return found


def _opened(space: Space) -> int:
    """When the doors opened; 0 for one that never did."""
    return 0 if space.state is State.CANCELLED else opened_ms(space) or 0


def _day(number: int, all_counts: Sequence[Counts | None]) -> DayAudience:
    counts = [each for each in all_counts if each is not None]
    return DayAudience(
        day=datetime.fromtimestamp(number * DAY_MS / 1000, UTC).date().isoformat(),
        most=round(max((each.peak.value for each in counts), default=0)),
        hours=round(sum(each.minutes.value for each in counts) / 60, 1),
        spaces=len(all_counts),
    )


def bars(days: Sequence[DayAudience]) -> list[Bar]:
    """Where each day stands in a picture of :data:`WIDTH` × :data:`HEIGHT`; a day with listeners is always seen."""
    most = max((day.most for day in days), default=0) or 1
    step = WIDTH / max(1, len(days))
    return [_bar(number * step, step, day, most) for number, day in enumerate(days)]


def _bar(x: float, step: float, day: DayAudience, most: int) -> Bar:
    height = max(float(LEAST), HEIGHT * day.most / most) if day.most else 0.0
    return Bar(round(x + GAP / 2, 1), round(HEIGHT - height, 1), round(step - GAP, 1), round(height, 1), day)


def peak(days: Iterable[DayAudience]) -> DayAudience | None:
    """The day with most at once; None where nobody listened."""
    found = max(days, key=lambda day: day.most, default=None)
    return found if found and found.most else None
