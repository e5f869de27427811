"""Limits how often somebody may do something: a bucket of tries for each key, such as an address; pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from stentor.base.errors import Overloaded

BURST = 10
"""Wrong tokens an address may send at once: a person who pastes the wrong thing needs two or three."""
REFILL_S = 6.0
"""Seconds until one more wrong try is allowed: 600 an hour, against 2^96 tokens or more."""
MAX_ADDRESSES = 10_000
"""Addresses remembered; beyond it the one that failed longest ago is forgotten. About 2 MB."""


class RateLimit:
    """Counts tries by key. ``refusal`` makes the error of one too many; it is given the seconds to wait.

    ``now`` is seconds on any steady clock.
    """

    def __init__(
        self, refusal: Callable[[float], Overloaded], *, burst: int = BURST, refill_s: float = REFILL_S
    ) -> None:
        self._refusal, self._burst, self._refill_s = refusal, burst, refill_s
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address -> (tries, counted at)

    def require(self, key: str, now: float) -> None:
        """Raises the refusal when ``key`` has no try left."""
        if (wait_s := self.wait_s(key, now)) > 0:
            raise self._refusal(wait_s)

    def spend(self, key: str, now: float) -> None:
        """A try of ``key``; raises the refusal when it has none left."""
        self.require(key, now)
        self.note(key, now)

    def wait_s(self, address: str, now: float) -> float:
        """Seconds that ``address`` has to wait before a try of its is looked at; 0.0 when it need not."""
        tries = self._tries(address, now)
        return max(0.0, (tries - self._burst + 1) * self._refill_s)

    def note(self, address: str, now: float) -> None:
        """Notes a try from ``address``."""
        self._spent[address] = (self._tries(address, now) + 1, now)
        self._spent.move_to_end(address)
        if len(self._spent) > MAX_ADDRESSES:
            self._spent.popitem(last=False)

    def _tries(self, address: str, now: float) -> float:
        tries, at = self._spent.get(address, (0.0, now))
        return max(0.0, tries - (now - at) / self._refill_s)
