"""Votes at an edge: one a device and ballot, refused with a reason, kept until a house has them."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from stentor.base.errors import Malformed, Overloaded
from stentor.crowd import door
from stentor.crowd.door import Class, Ticket
from stentor.spaces.ballot_events import Ballots, Poll
from stentor.spaces.comments import Chat, ChatState, Question
from stentor.wire import vote as wire_vote
from stentor.wire.vote import Vote
from tests.support.edge import Rig, edge, live_space
from tests.support.wait import eventually

POLL = Poll("abc", "Which?", ("Left", "Right"), True, 1)
SPACE = live_space(ballots=Ballots((POLL,)))
CHAT = Chat(SPACE.id, 1, ChatState.OPEN, questions=[Question(7, "Ada", "ada", "Why?", 1)])


class House:
    """Answers as a house does, once it is there."""

    def __init__(self) -> None:
        self.there = False
        self.heard: list[Vote] = []

    async def request(self, subject: str, payload: bytes) -> bytes:
        if not self.there:
            raise Overloaded("Nobody answers on the bus.", retry_after_s=1.0)
        assert subject == f"vote.{SPACE.id}"
        self.heard += wire_vote.decode(payload).votes
        return b"kept"


def ticket(rig: Rig, device: bytes) -> str:
    return door.issue(rig.site.gate.doors, SPACE.id, Ticket(device, Class.EVERYBODY, round(1000 * rig.worker.clock())))


async def vote(rig: Rig, name: str, device: bytes = b"device-01") -> tuple[int, str]:
    """Status and code of what the edge answers."""
    status, _, body = await rig.get(f"/s/{SPACE.id}/vote/{name}?ticket={ticket(rig, device)}", method="POST")
    return status, json.loads(body)["code"] if body else ""


async def test_a_device_has_one_vote_a_ballot() -> None:
    """The newest counts; what the house was not there for it gets later, and nothing twice."""
    async with edge(SPACE) as rig:
        rig.channel.chat = CHAT
        house = House()
        votes = rig.site.given.votes
        bringing = asyncio.create_task(votes.run(house))  # type: ignore[arg-type]  # it only asks
        try:
            for name, device in (("pabc.1", b"device-01"), ("pabc.2", b"device-01"), ("pabc.1", b"device-02")):
                assert await vote(rig, name, device) == (204, "")
            assert await vote(rig, "q7.1") == await vote(rig, "q7.0") == (204, "")
            house.there = True
            await eventually(lambda: len(house.heard) == 3, "the house has them")
            assert sorted((each.ballot, each.choice) for each in house.heard) == [("pabc", 1), ("pabc", 2), ("q7", 0)]
            assert len({each.device for each in house.heard}) == 2
            assert not any(b"device" in bytes.fromhex(each.device) for each in house.heard)
        finally:
            bringing.cancel()


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("pabc", 400, "bad-input"),
        ("pabc.3", 400, "bad-input"),
        ("pabc.12", 400, "bad-input"),
        ("q7.2", 400, "bad-input"),
        ("pzzz.1", 409, "not-asked"),
        ("q8.1", 409, "not-asked"),
    ],
)
async def test_what_is_no_vote_is_refused(name: str, status: int, code: str) -> None:
    """With what is wrong about it."""
    async with edge(SPACE) as rig:
        rig.channel.chat = CHAT
        assert await vote(rig, name) == (status, code)


async def test_without_a_ticket_nobody_votes() -> None:
    """Nor with another space's; a closed poll takes none."""
    async with edge(SPACE) as rig:
        for query in ("", "?ticket=x"):
            status, _, body = await rig.get(f"/s/{SPACE.id}/vote/pabc.1{query}", method="POST")
            assert (status, json.loads(body)["code"]) == (403, "no-ticket")
        closed = msgspec.structs.replace(POLL, closed_ms=2, counts=(1, 2))
        rig.channel.space = msgspec.structs.replace(SPACE, ballots=Ballots((closed,)))
        assert await vote(rig, "pabc.1") == (409, "not-asked")


def test_only_whole_batches_are_read() -> None:
    """Anything else from the bus is refused as a whole."""
    good = Vote("pabc", "0" * 24, 1, 5)
    for bad in (
        msgspec.structs.replace(good, device="0"),
        msgspec.structs.replace(good, choice=7),
        msgspec.structs.replace(good, ballot=""),
        msgspec.structs.replace(good, at_ms=-1),
    ):
        with pytest.raises(Malformed):
            wire_vote.decode(wire_vote.encode(wire_vote.VoteBatch("talk", [good, bad])))
    with pytest.raises(Malformed):
        wire_vote.decode(b"\xff")
