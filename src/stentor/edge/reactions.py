"""Reactions at the edge: taken by POST, limited by address, added up. Neither the house nor the bus hears of one."""

from __future__ import annotations

from collections.abc import Callable

from stentor.base.errors import Conflict, NotAllowed, NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.edge.channel import Channel
from stentor.edge.protocol import Connection
from stentor.edge.reply import ANYBODY, NO_STORE, Reply, failure
from stentor.edge.worker import Worker
from stentor.spaces.reactions import REACTIONS, one_in
from stentor.wire.http import Request

LIMIT = Bucket(burst=40, refill_ms=250)
"""Of one address: somebody who presses as fast as the page lets them, or some people behind one router. What is kept of
an address is forgotten after 10 s at most, with the next reaction.
"""
MOST_SENDERS = 50_000
"""Addresses that are remembered at once (10 MB)."""


def _too_fast(wait_s: float) -> Overloaded:
    said = "That was fast. Wait a moment, then react again."
    return Overloaded(said, retry_after_s=wait_s, code="too-fast", status=429)


class Reactions:
    """Those of all spaces at one worker. ``monotonic`` gives seconds."""

    def __init__(self, worker: Worker, *, monotonic: Callable[[], float]) -> None:
        self._worker, self._monotonic = worker, monotonic
        self._limit = RateLimit(LIMIT, _too_fast, most=MOST_SENDERS)
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
        now = self._monotonic()
        if self._limit.wait_s(connection.limited, now):
            return self._ready(fast=True)
        self._limit.note(connection.limited, now)
        channel.reactions[name] = channel.reactions.get(name, 0) + one_in(channel.audience)
        return self._ready(fast=False)

    def _ready(self, *, fast: bool) -> Reply:
        """204, or 429 for whoever is too fast; both made once a second, for a flood must cost next to nothing."""
        now = self._worker.clock()
        if self._made != int(now):
            self._made = int(now)
            taken = Reply(204, {"Cache-Control": NO_STORE, **ANYBODY}, now=now)
            self._replies = taken, failure(_too_fast(LIMIT.refill_ms / 1000), now=now)
        return self._replies[fast]
