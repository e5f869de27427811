"""A room's ticks on their way to the programme, eight in a message: the last of a chunk ends one, so no chunk waits.

The bus carries a tick at most once. So when the connection was made anew the newest ticks are sent again, a few times
(the programme may come back later than we do): a bus that restarts costs no syllable. Copies are no harm: the first
one counts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

BATCH: Final = 8
"""Ticks a message: so much (0.16 s) is lost with a stage that is killed."""
KEPT_TICKS: Final = 25
"""0.5 s: the programme waits a quarter of a second for a tick that is late, so an older one is of no use."""
AGAIN_AFTER_TICKS: Final = frozenset({0, 2, 4, 8})
"""How many ticks after the new connection all that is kept goes out again."""


class BusWriter(Protocol):
    """What is needed of ``bus.connection.Bus``."""

    async def publish(self, subject: str, payload: bytes) -> None:
        """Sends at most once."""
        ...


class CountedBus(BusWriter, Protocol):
    """Also says when it was connected anew."""

    @property
    def epoch(self) -> int:
        """Rises with every connection made."""
        ...


class TickSender:
    """The ticks of one room."""

    def __init__(self, bus: CountedBus, subject: str, *, batches: Callable[[], bool]) -> None:
        self._bus, self._subject = bus, subject
        self._batches = batches
        """Whether all who hear them read more than one tick in a message."""
        self._kept: deque[bytes] = deque(maxlen=KEPT_TICKS)
        self._open: list[bytes] = []
        """What waits for its message to be full."""
        self._epoch = bus.epoch
        self._since = max(AGAIN_AFTER_TICKS) + 1

    async def send(self, number: int, tick: bytes) -> None:
        """Sends tick ``number`` with those before it; after a new connection at once, and more of them."""
        self._kept.append(tick)
        self._open.append(tick)
        epoch = self._bus.epoch
        self._since = self._since + 1 if epoch == self._epoch else 0
        self._epoch = epoch
        if self._since in AGAIN_AFTER_TICKS:
            self._open = list(self._kept)
            await self.flush()
        elif (number + 1) % BATCH == 0 or len(self._open) >= BATCH or not self._batches():
            await self.flush()

    async def flush(self) -> None:
        """Sends what waits: no tick follows for now."""
        ticks, self._open = self._open, []
        size = BATCH if len(ticks) > 1 and self._batches() else 1
        for first in range(0, len(ticks), size):
            await self._bus.publish(self._subject, b"".join(ticks[first : first + size]))
