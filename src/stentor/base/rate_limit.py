"""How often something may be done: so many times at once, then once in so long; pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from stentor.base.clock import unix_ms
from stentor.base.errors import Overloaded

MOST = 10_000
"""Keys remembered, such as addresses; beyond it the one that tried longest ago is forgotten. About 2 MB."""


class Bucket(NamedTuple):
    """A bucket that leaks, in whole ms on any steady clock (the generic cell rate algorithm, ATM Forum TM 4.0, 4.4.2).

    All that anybody keeps of it is ``clear_ms``: when it will be empty.
    """

    burst: int
    """So many at once."""
    refill_ms: int
    """Until one more is allowed."""

    def wait_ms(self, clear_ms: int, now_ms: int) -> int:
        """Until one more may be done; 0 for now."""
        return max(0, clear_ms - now_ms - (self.burst - 1) * self.refill_ms)

    def spent(self, clear_ms: int, now_ms: int) -> int:
        """When it will be clear, with one more."""
        return max(clear_ms, now_ms) + self.refill_ms


class RateLimit:
    """A bucket for each key. ``refusal`` makes the error of one too many; it is given the seconds to wait.

    ``now`` is seconds. What is clear is forgotten with the next try.
    """

    def __init__(self, bucket: Bucket, refusal: Callable[[float], Overloaded], *, most: int = MOST) -> None:
        self._bucket, self._refusal, self._most = bucket, refusal, most
        self._clear_ms: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._clear_ms)

    def spend(self, key: str, now: float) -> None:
        """A try of ``key``; raises the refusal when it has none left."""
        self.require(key, now)
        self.note(key, now)

    def require(self, key: str, now: float) -> None:
        """Raises the refusal when ``key`` has no try left."""
        if (wait_s := self.wait_s(key, now)) > 0:
            raise self._refusal(wait_s)

    def wait_s(self, key: str, now: float) -> float:
        """Seconds that ``key`` has to wait before a try of its is looked at; 0.0 when it need not."""
        return self._bucket.wait_ms(self._clear_ms.get(key, 0), unix_ms(now)) / 1000

    def note(self, key: str, now: float) -> None:
        """Notes a try of ``key``."""
        now_ms, kept = unix_ms(now), self._clear_ms
        kept[key] = self._bucket.spent(kept.get(key, 0), now_ms)
        kept.move_to_end(key)
        while len(kept) > self._most or next(iter(kept.values())) <= now_ms:
            kept.popitem(last=False)
