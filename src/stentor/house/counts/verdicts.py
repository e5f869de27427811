"""The verdict so far of spaces that are on, from the rows as they come.

The function is that of ``stentor evidence verdict``, and so is what it says of the same rows. Rows are kept as bytes,
without what a verdict does not need: a kilobyte and a half each at most, but for rows that name networks.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final

import msgspec

from stentor.evidence import row as rows
from stentor.evidence.row import EdgeSecond, SpaceSecond
from stentor.evidence.verdict import NightVerdict, judge

MOST_ROWS: Final = 60_000
"""Of a space, 50 to 90 MB: two hours of eight edges. Of a longer one the last are judged."""
ANEW_S: Final = 10.0
REST: Final = 10
"""A verdict that took long is made anew after so many times as long: it never has more than a tenth of a processor."""


class LiveVerdicts:
    """``hear`` as rows come, ``of`` when somebody looks."""

    def __init__(self) -> None:
        self._rows: dict[str, deque[bytes]] = {}
        self._found: dict[str, tuple[float, NightVerdict]] = {}
        """When it is to be made anew (monotonic seconds), and what it was."""
        self._judging = asyncio.Lock()

    def hear(self, space: str, row: EdgeSecond) -> None:
        """A row that tells of that space."""
        seen = row.spaces[space]
        needed = SpaceSecond(seen.hearing, seen.asking, seen.lobby, seen.joins)
        kept = self._rows.setdefault(space, deque(maxlen=MOST_ROWS))
        kept.append(rows.encode(msgspec.structs.replace(row, spaces={space: needed})))

    def forget(self, space: str) -> None:
        """It is over."""
        self._rows.pop(space, None)
        self._found.pop(space, None)

    async def of(self, space: str, *, anew: bool = False) -> NightVerdict | None:
        """At most ten seconds old, or older where it takes long; ``anew``: of all rows. None before the first one."""
        async with self._judging:
            anew_s, found = self._found.get(space, (0.0, None))
            if anew or found is None or time.monotonic() >= anew_s:
                began_s = time.monotonic()
                found = await asyncio.to_thread(_judged, space, list(self._rows.get(space, ())))
                if found is None:
                    return None
                now_s = time.monotonic()
                self._found[space] = now_s + max(ANEW_S, REST * (now_s - began_s)), found
            return found


def _judged(space: str, kept: list[bytes]) -> NightVerdict | None:
    return judge(space, map(rows.decode, kept))
