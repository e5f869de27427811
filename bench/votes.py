"""What 100,000 votes in one poll cost: ``python -m bench.votes``.

At the edge: ``Votes.take`` for 100,000 devices, each with a ticket of its own, and the batches for the bus. At the
house: the batches are decoded and kept in SQLite on a disk, each in its transaction, and counted 60 times meanwhile, as
the chat does in a minute. Beside it what a design with a write for each vote costs. Microseconds of the processor a
vote, and what that is of a core when all come in a minute.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from stentor.base.units import space_id
from stentor.crowd import door
from stentor.crowd.door import Class, Ticket
from stentor.spaces.ballot_events import Ballots, Poll
from stentor.spaces.rules import decide
from stentor.store.spaces import Store
from stentor.store.votes import VotesTable
from stentor.wire import vote as wire_vote
from stentor.wire.http import Request
from tests.support.edge import edge, live_space
from tests.support.spaces import CREATE, NOW

VOTES = 100_000
SINGLE = 1_000


class Client:
    """A connection, as far as a vote looks at it: each from another address."""

    def __init__(self, number: int) -> None:
        self.client = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


class Kept:
    """A bus behind which a house keeps everything at once."""

    def __init__(self) -> None:
        self.batches: list[bytes] = []

    async def request(self, subject: str, payload: bytes) -> bytes:
        self.batches.append(payload)
        return b"kept"


def told(what: str, seconds: float, votes: int) -> None:
    each_us = 1e6 * seconds / votes
    print(f"{what:38} {each_us:8.1f} us a vote, {each_us * VOTES / 60 / 1e4:5.2f} % of a core")


async def main() -> None:
    space = live_space(ballots=Ballots((Poll("abc", "Which?", ("A", "B"), True, 1),)))
    async with edge(space) as rig:
        key, now_ms = rig.site.gate.doors, round(1000 * rig.worker.clock())
        asked = []
        for number in range(VOTES):
            ticket = door.issue(key, space.id, Ticket(number.to_bytes(9, "big"), Class.EVERYBODY, now_ms))
            path = f"/s/friday/vote/pabc.{number % 2 + 1}"
            asked.append(
                (Request("POST", path, {"ticket": ticket}, {}, True, "1.1", b"", path.encode()), Client(number))
            )
        votes, bus = rig.site.given.votes, Kept()
        begun = time.process_time()
        for request, client in asked:
            votes.take(rig.channel, request.path.rpartition("/")[2], request, client)  # type: ignore[arg-type]
        told("edge: a vote is taken", time.process_time() - begun, VOTES)
        begun = time.process_time()
        await votes._bring(bus, space.id)  # type: ignore[arg-type]
        told("edge: the batches", time.process_time() - begun, VOTES)
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(f"sqlite:///{Path(folder) / 'bench.db'}")
        await store.create(decide(None, CREATE, NOW))
        table, here = VotesTable(store.work), space_id("talk")
        kept_s = counted_s = 0.0
        for batch in bus.batches:
            begun = time.process_time()
            await table.keep(here, wire_vote.decode(batch).votes)
            kept_s += time.process_time() - begun
            begun = time.process_time()
            counts = await table.counts(here)
            counted_s += time.process_time() - begun
        told("house: decoded and kept", kept_s, VOTES)
        told("house: counted once a second", counted_s * 60 / len(bus.batches), VOTES)
        assert sum(counts["pabc"].values()) == VOTES
        some = wire_vote.decode(bus.batches[0]).votes[:SINGLE]
        begun = time.process_time()
        for each in some:
            await table.keep(here, [each])
        told("beside it: a transaction each", time.process_time() - begun, SINGLE)
        await store.close()


if __name__ == "__main__":
    asyncio.run(main())
