"""Polls and questions at the house: hosts open, close, take; edges bring the votes in batches."""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

from stentor.base import log
from stentor.base.errors import CallerError, Malformed, NotFound, Overloaded
from stentor.base.units import space_id
from stentor.bus.connection import Bus
from stentor.house.comments.ballot_schema import BallotsView, PollView
from stentor.house.comments.chat import ChatKeeper
from stentor.house.spaces.service import Spaces
from stentor.spaces import ballots, rights
from stentor.spaces.ballot_events import Poll
from stentor.spaces.ballots import ClosePoll, FinishQuestion, OpenPoll, TakeQuestion
from stentor.spaces.model import Space
from stentor.spaces.rights import Actor, Look
from stentor.store.votes import Counts, VotesTable
from stentor.wire import vote as wire_vote
from stentor.wire.vote import Vote

GATHER_S: Final = 1.5
"""So long closing waits for votes that are with the edges already: they bring theirs twice a second."""
KEPT: Final = b"kept"
"""What an edge hears once its votes are in the database; anything else, and it brings them again."""
LATER: Final = b"later"


class BallotBox:
    """Of all spaces."""

    def __init__(self, spaces: Spaces, chats: ChatKeeper) -> None:
        self._spaces, self._votes, self._chats = spaces, VotesTable(spaces.store.work), chats
        self._log = log.get("house")

    async def start(self, bus: Bus) -> None:
        """Takes votes from the edges from now on; one of several houses each batch."""
        await bus.serve("vote.*", self.hear, queue="house")

    async def hear(self, message: bytes) -> bytes:
        """A batch of votes. Those on what takes none any more are left out: nobody can mend that."""
        try:
            batch = wire_vote.decode(message)
            space = await self._spaces.load(space_id(batch.space))
            await self._votes.keep(space.id, await self._good(space, batch.votes))
        except Overloaded:
            return LATER
        except (Malformed, CallerError) as error:
            self._log.warning("votes-refused", reason=str(error))
            return KEPT
        await self._chats.changed(space.id)
        return KEPT

    async def _good(self, space: Space, votes: list[Vote]) -> list[Vote]:
        taken = frozenset(each.id for each in space.ballots.questions)
        waiting = await self._votes.waiting(space.id) - taken
        most = {vote.ballot: ballots.choices(space, vote.ballot, waiting) for vote in votes}
        return [vote for vote in votes if (limit := most[vote.ballot]) is not None and vote.choice <= limit]

    async def open(self, space: str, wish: OpenPoll, actor: Actor) -> BallotsView:
        """Asks the audience."""
        found = await self._spaces.change(space, wish, actor)
        return await self._told(found)

    async def close(self, space: str, poll: str, actor: Actor) -> BallotsView:
        """Counts and closes; raises :class:`NotFound`. It takes :data:`GATHER_S`."""
        found = await self._spaces.load(space)
        rights.require(actor, ClosePoll(poll), found)
        asked = ballots.poll_of(found, poll)
        if asked.closed_ms is None:
            await asyncio.sleep(GATHER_S)
            counts = (await self._votes.counts(found.id)).get(ballots.of_poll(poll), {})
            found = await self._spaces.change(space, ClosePoll(poll, ballots.of_answers(asked, counts)), actor)
        return await self._told(found)

    async def take(self, space: str, question: int, actor: Actor) -> BallotsView:
        """Says that a question is answered now; raises :class:`NotFound`."""
        found = await self._spaces.load(space)
        rights.require(actor, TakeQuestion(question, "any"), found)
        asked = await self._votes.question(found.id, question)
        wish = TakeQuestion(question, asked.text, asked.votes)
        return await self._told(await self._spaces.change(space, wish, actor))

    async def finish(self, space: str, question: int, actor: Actor) -> BallotsView:
        """Says that a question was answered."""
        return await self._told(await self._spaces.change(space, FinishQuestion(question), actor))

    async def view(self, space: str, actor: Actor) -> BallotsView:
        """All of it, for whoever keeps order."""
        found = await self._spaces.load(space)
        rights.require(actor, Look.COMMENTS, found)
        return await self._view(found)

    async def _told(self, space: Space) -> BallotsView:
        await self._chats.changed(space.id)
        return await self._view(space)

    async def _view(self, space: Space) -> BallotsView:
        taken = frozenset(each.id for each in space.ballots.questions)
        waiting, counts = await self._votes.asked(space.id, taken)
        return BallotsView(
            [_poll(each, counts) for each in space.ballots.polls], waiting, list(space.ballots.questions)
        )


def _poll(poll: Poll, counts: Counts) -> PollView:
    so_far = ballots.of_answers(poll, counts.get(ballots.of_poll(poll.id), {}))
    now = list(so_far if poll.closed_ms is None else poll.counts)
    return PollView(poll.id, poll.question, list(poll.answers), poll.live, poll.opened_ms, poll.closed_ms, now)


def new_poll(question: str, answers: list[str], *, live: bool) -> OpenPoll:
    """With an id of its own."""
    return OpenPoll(secrets.token_hex(4), question, tuple(answers), live)


def number(text: str) -> int:
    """A question's number in an address; raises :class:`NotFound` for what is none."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise NotFound("There is no such question; it may have been removed.", code="question-not-found")
    return int(text)
