"""How often an app may ask: Mastodon's windows and numbers, which apps show and wait for.

Of each house, in memory: what is counted is forgotten when a window ends, or when it starts again.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime
from typing import Final, NamedTuple

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Overloaded

MOST: Final = 20_000
"""Callers that are remembered: 2 MB."""


class RateWindow(NamedTuple):
    """So many requests in so long."""

    most: int
    ms: int


USUAL: Final = RateWindow(300, 300_000)
"""Of an account, of an address without one: as at Mastodon, 300 in five minutes."""
HEAVY: Final = RateWindow(30, 1_800_000)
"""Uploads, and deletions: 30 in half an hour."""
REGISTERING: Final = RateWindow(10, 600_000)
"""Apps that register, of an address: each is a row that stays for a month."""


class Left(NamedTuple):
    """What is left of a window."""

    most: int
    left: int
    until_ms: int

    def headers(self) -> dict[str, str]:
        """Mastodon.py reckons with ``X-RateLimit-Reset`` as a time, others show it."""
        until = datetime.fromtimestamp(self.until_ms / 1000, UTC).isoformat(timespec="microseconds")
        return {
            "x-ratelimit-limit": str(self.most),
            "x-ratelimit-remaining": str(max(0, self.left)),
            "x-ratelimit-reset": until.replace("+00:00", "Z"),
        }


class RateWindows:
    """Counts requests by who asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counted: OrderedDict[tuple[str, RateWindow], tuple[int, int]] = OrderedDict()
        """By window: when it began, and how many there were."""

    def spend(self, who: str, window: RateWindow) -> Left:
        """One more request; what is left. Negative: it is refused."""
        now_ms = unix_ms(self._clock())
        begun_ms = now_ms - now_ms % window.ms
        known_ms, count = self._counted.pop((who, window), (begun_ms, 0))
        count = count + 1 if known_ms == begun_ms else 1
        self._counted[who, window] = (begun_ms, count)
        while len(self._counted) > MOST:
            self._counted.popitem(last=False)
        return Left(window.most, window.most - count, begun_ms + window.ms)

    def refusal(self, left: Left) -> Overloaded:
        wait_s = max(1.0, (left.until_ms - unix_ms(self._clock())) / 1000)
        return Overloaded("Too many requests", retry_after_s=wait_s, status=429, code="rate-limited")
