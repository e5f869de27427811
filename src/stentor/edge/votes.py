"""Votes at the edge: taken by POST, one a device and ballot, and brought to the house twice a second.

A device is its ticket's (``crowd.door``): an address has 64 at most. What the house has not taken stays here.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from stentor.base import log
from stentor.base.clock import unix_ms
from stentor.base.errors import BadInput, Conflict, NotAllowed, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.bus.connection import Bus
from stentor.crowd import door
from stentor.edge.channel import Channel
from stentor.edge.protocol import Connection
from stentor.edge.reply import ANYBODY, NO_STORE, Reply, failure
from stentor.edge.worker import Worker
from stentor.spaces import ballots
from stentor.wire.http import Request
from stentor.wire.vote import DEVICE_CHARACTERS, MOST_BALLOT, MOST_VOTES, Vote, VoteBatch, encode

LIMIT = Bucket(burst=80, refill_ms=250)
"""Of one address: a class behind one router votes at once."""
MOST_SENDERS = 50_000
MOST_WAITING: Final = 200_000
"""Votes that wait for a house at one edge (60 MB); who comes then is told to vote again."""
BRING_S: Final = 0.5
KEPT: Final = b"kept"
_PURPOSE = b"stentor vote 1\0"
_TOO_FAST = Overloaded("That was fast. Wait a moment, then vote again.", retry_after_s=1.0, status=429, code="too-fast")


def _too_fast(_: float) -> Overloaded:
    return _TOO_FAST


class Votes:
    """Those of all spaces at one worker. ``key`` is the door's, ``monotonic`` gives seconds."""

    def __init__(self, worker: Worker, key: bytes, *, monotonic: Callable[[], float]) -> None:
        self._worker, self._key, self._monotonic = worker, key, monotonic
        self._limit = RateLimit(LIMIT, _too_fast, most=MOST_SENDERS)
        self._waiting: dict[str, dict[tuple[str, bytes], tuple[int, int]]] = {}
        """By space: a ballot and a device, and what it chose when."""
        self._count = 0
        self._made = -1
        self._taken: Reply
        self._log = log.get("edge")

    def take(self, channel: Channel, name: str, request: Request, connection: Connection) -> Reply:
        """Keeps one vote: ``name`` is the ballot and the choice, with a dot between them.

        Raises :class:`BadInput` for what is none, :class:`Conflict` where nothing is asked, :class:`NotAllowed` to
        other sites' pages and without a ticket, :class:`Overloaded` when too much waits.
        """
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise NotAllowed("Only this site's own pages vote.", code="cross-site")
        ballot, _, digit = name.partition(".")
        if not (len(digit) == 1 and digit.isascii() and digit.isdigit() and 0 < len(ballot) <= MOST_BALLOT):
            raise BadInput("A vote is a ballot and the number of a choice, as in pa1b2c3d4.2.", field="vote")
        now, space, choice = self._worker.clock(), channel.space, int(digit)
        most = ballots.choices(space, ballot, frozenset(each.id for each in channel.chat.questions))
        if most is None:
            raise Conflict("This takes no votes now.", code="not-asked")
        if choice > most:
            raise BadInput(f"There are the choices 1 to {most}; 0 takes the vote back.", field="vote")
        ticket = door.check(self._key, space.id, request.query.get("ticket", ""), now=now)
        if ticket is None:
            raise NotAllowed("A vote needs a ticket of this space, from its address /ticket.", code="no-ticket")
        wait_s = self._limit.wait_s(connection.limited, self._monotonic())
        if wait_s:
            return failure(_TOO_FAST, now=now)
        self._limit.note(connection.limited, self._monotonic())
        if self._count >= MOST_WAITING:
            raise Overloaded("Votes wait for a house that is away; vote again in a while.", retry_after_s=10.0)
        votes = self._waiting.setdefault(space.id, {})
        before = len(votes)
        votes[ballot, ticket.device] = choice, unix_ms(now)
        self._count += len(votes) - before
        return self._ready(now)

    async def run(self, bus: Bus) -> None:
        """Brings them to a house; for ever."""
        while True:
            await asyncio.sleep(BRING_S)
            for space in list(self._waiting):
                try:
                    await self._bring(bus, space)
                except Overloaded:
                    break  # no house, or no bus: again in a moment

    async def _bring(self, bus: Bus, space: str) -> None:
        votes = self._waiting[space]
        while votes:
            some = list(votes.items())[:MOST_VOTES]
            told = [Vote(ballot, self._digest(space, device), *vote) for (ballot, device), vote in some]
            if await bus.request(f"vote.{space}", encode(VoteBatch(space, told))) != KEPT:
                raise Overloaded("The house cannot keep votes now.", retry_after_s=BRING_S)
            for key, vote in some:
                if votes.get(key) == vote:  # else it was changed meanwhile
                    del votes[key]
                    self._count -= 1
        del self._waiting[space]

    def _digest(self, space: str, device: bytes) -> str:
        """What is kept of a device: it says nothing in another space."""
        digest = hmac.digest(self._key, _PURPOSE + space.encode() + b"\0" + device, hashlib.sha256)
        return digest.hex()[:DEVICE_CHARACTERS]

    def _ready(self, now: float) -> Reply:
        """204, made once a second."""
        if self._made != int(now):
            self._made = int(now)
            self._taken = Reply(204, {"Cache-Control": NO_STORE, **ANYBODY}, now=now)
        return self._taken
