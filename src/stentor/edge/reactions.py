"""Reactions at the edge: taken by POST, limited by address, added up. Neither the house nor the bus hears of one."""

from __future__ import annotations

from collections.abc import Callable

from stentor.base.errors import Conflict, NotAllowed, NotFound, Overloaded
from stentor.edge.channel import Channel
from stentor.edge.protocol import Connection
from stentor.edge.reply import ANYBODY, NO_STORE, Reply, failure
from stentor.edge.worker import Worker
from stentor.spaces.reactions import REACTIONS, one_in
from stentor.wire.http import Request

WINDOW_S = 10.0
"""The limit counts anew so often, and forgets the addresses."""
MOST_IN_WINDOW = 40
"""From one address: somebody who presses as fast as the page lets him, or some people behind one router."""
MOST_SENDERS = 50_000
"""Addresses in one window (10 MB); whoever is one more waits for the next window."""


class Reactions:
    """Those of all spaces at one worker. ``monotonic`` gives seconds."""

    def __init__(self, worker: Worker, *, monotonic: Callable[[], float]) -> None:
        self._worker, self._monotonic = worker, monotonic
        self._senders: dict[str, int] = {}
        self._window_end = 0.0
        self._made: int | None = None
        self._replies: tuple[Reply, Reply]

    def take(self, channel: Channel, name: str, request: Request, connection: Connection) -> Reply:
        """Counts one reaction, as many times as a page of this audience sends fewer.

        Raises :class:`NotFound` for one that there is not, :class:`Conflict` where they are turned off,
        :class:`NotAllowed` to pages of other sites. Past the limit the reply is 429 (``too-fast``).
        """
        if name not in REACTIONS:
            raise NotFound(f"Reactions are {', '.join(REACTIONS)}.", code="no-such-reaction")
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise NotAllowed("Only this site's own pages react.", code="cross-site")
        channel.on_air()
        if not channel.space.reactions:
            raise Conflict("The hosts have turned reactions off.", code="reactions-off")
        if not self._counts(connection.client):
            return self._ready(fast=True)
        channel.reactions[name] = channel.reactions.get(name, 0) + one_in(channel.audience)
        return self._ready(fast=False)

    def _counts(self, sender: str) -> bool:
        """Whether the sender is within the limit; counts this try."""
        now = self._monotonic()
        if now >= self._window_end:
            self._senders.clear()
            self._window_end = now + WINDOW_S
        taken = self._senders.get(sender, 0)
        if taken >= MOST_IN_WINDOW or (not taken and len(self._senders) >= MOST_SENDERS):
            return False
        self._senders[sender] = taken + 1
        return True

    def _ready(self, *, fast: bool) -> Reply:
        """204, or 429 for whoever is too fast; both made once a second, for a flood must cost next to nothing."""
        now = self._worker.clock()
        if self._made != int(now):
            self._made = int(now)
            left_s = self._window_end - self._monotonic()
            error = Overloaded(
                "That was fast. Wait a moment, then react again.", retry_after_s=left_s, code="too-fast", status=429
            )
            taken = Reply(204, {"Cache-Control": NO_STORE, **ANYBODY}, now=now)
            self._replies = taken, failure(error, now=now)
        return self._replies[fast]
