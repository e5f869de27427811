"""A room's ticks on their way to the programme.

The bus carries a tick at most once. So when the connection was made anew the newest ticks are sent again, a few times
(the programme may come back later than we do): a bus that restarts costs no syllable. Copies are no harm: the first
one counts.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

KEPT_TICKS: Final = 25
"""0.5 s: the programme waits a quarter of a second for a tick that is late, so an older one is of no use."""
AGAIN_AFTER_TICKS: Final = frozenset({0, 2, 4, 8})
"""How many ticks after the new connection all that is kept goes out again."""


class Channel(Protocol):
    """What is needed of ``bus.connection.Bus``."""

    @property
    def epoch(self) -> int:
        """Rises with every connection made."""
        ...

    async def publish(self, subject: str, payload: bytes) -> None:
        """Sends at most once."""
        ...


class TickSender:
    """The ticks of one room."""

    def __init__(self, bus: Channel, subject: str) -> None:
        self._bus, self._subject = bus, subject
        self._kept: deque[bytes] = deque(maxlen=KEPT_TICKS)
        self._epoch = bus.epoch
        self._since = max(AGAIN_AFTER_TICKS) + 1

    async def send(self, message: bytes) -> None:
        """Sends a tick; after a new connection those before it too."""
        self._kept.append(message)
        epoch = self._bus.epoch
        self._since = self._since + 1 if epoch == self._epoch else 0
        self._epoch = epoch
        for each in list(self._kept) if self._since in AGAIN_AFTER_TICKS else [message]:
            await self._bus.publish(self._subject, each)
