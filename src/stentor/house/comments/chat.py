"""Tells the edges the newest comments of every space on air: once a second at most, however many are written.

One house does it at a time. Every house hears of what is written anywhere, and what the chats say now.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.config import Settings
from stentor.base.errors import Overloaded
from stentor.base.units import SpaceId
from stentor.bus.board import Board
from stentor.bus.chat import Chats
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.documents import Gone
from stentor.bus.lease import Lease
from stentor.bus.status import Statuses
from stentor.spaces import ballots, comments
from stentor.spaces.comments import NEWEST, Chat, ChatState, Question
from stentor.spaces.model import Space
from stentor.store.comments import CommentsTable
from stentor.store.votes import VotesTable
from stentor.store.work import Work

SUBJECT = "comment"
LOOK_S = 1.0
REREAD_S = 10.0
"""A word of a new comment may be lost on the bus: so long it would stay unseen."""


def too_many(wait_s: float) -> Overloaded:
    said = "Too many people write at this moment; try again."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-comments")


class ChatKeeper:
    """``follow``, ``listen``, ``run`` and the lease are tasks of the role. ``holder`` names this house."""

    def __init__(
        self, work: Work, bus: Bus, statuses: Statuses, clock: Clock, settings: Settings, *, holder: str
    ) -> None:
        self._table, self._votes = CommentsTable(work), VotesTable(work)
        self._bus, self._statuses, self._clock = bus, statuses, clock
        self.limit = settings.comments_listeners
        """The audience up to which comments are open by themselves."""
        self.guests = settings.guest_comments == "on"
        """Whether people without an account may write."""
        self._documents = Chats(bus)
        self.lease = Lease(bus, "chat", holder=holder)
        self._spaces: dict[str, Space] = {}
        self._chats: dict[str, Chat] = {}
        self._stale: set[str] = set()
        """Spaces in which something changed that the edges do not know."""
        self._read: dict[str, float] = {}
        self._over: set[str] = set()
        """Spaces that are off the air and may have left a chat on the bus."""
        self._news: Counter[str] = Counter()
        self.on_news: Callable[[str], None] = lambda space: None
        """Told the space of every change that this house heard of."""
        self._log = log.get("house")

    async def start(self) -> None:
        """Hears from the other houses from now on."""
        await self._bus.subscribe(f"{SUBJECT}.*", lambda subject, _: self._hear(subject.partition(".")[2]))

    async def changed(self, space: str) -> None:
        """Comments of a space came or went: tells all houses."""
        self._hear(space)
        await self._bus.publish(f"{SUBJECT}.{space}", b"")

    def news(self, space: str) -> int:
        """Rises with every change that this house heard of."""
        return self._news[space]

    def state(self, space: Space) -> ChatState:
        """Whether comments are open now; as the edges were told, when they were."""
        told = self._chats.get(space.id)
        before = told.state if told else ChatState.OFF
        return comments.state(space, self._statuses.listeners(space.id, self._clock()), self.limit, before)

    async def follow(self) -> None:
        """Keeps the spaces that are on air; for ever."""
        async for space in Board(self._bus).watch():
            if not isinstance(space, Gone) and space.on_air:
                self._spaces[space.id] = space
                continue
            over = space.key if isinstance(space, Gone) else space.id
            if self._spaces.pop(over, None) is not None:
                self._chats.pop(over, None)
                self._read.pop(over, None)
                self._news.pop(over, None)
                self._over.add(over)

    async def listen(self) -> None:
        """Keeps the chats as the edges know them, also what another house wrote; for ever."""
        async for chat in self._documents.watch():
            if isinstance(chat, Gone):
                self._chats.pop(chat.key, None)
                continue
            known = self._chats.get(chat.space)
            if chat.space not in self._spaces:
                self._over.add(chat.space)
            elif known is None or chat.version > known.version:
                self._chats[chat.space] = chat

    async def run(self) -> None:
        """Looks at every space once a second and tells what is new; for ever."""
        loop = asyncio.get_running_loop()
        while True:
            heed_cancel()
            await asyncio.sleep(LOOK_S)
            self._stale &= self._spaces.keys()
            if not self.lease.held:
                self._read.clear()
                continue
            for space in list(self._spaces.values()):
                try:
                    await self._look(space, loop.time())
                except Overloaded:
                    self._stale.add(space.id)  # database or bus is away: again in a second
            await self._clear()

    async def _clear(self) -> None:
        """Takes chats off the bus that are over: what people wrote is then in the database only."""
        self._over -= self._spaces.keys()
        for space in list(self._over):
            try:
                await self._documents.drop(space)
            except Overloaded:
                return  # again in a second
            self._over.discard(space)

    async def _look(self, space: Space, now: float) -> None:
        told = self._chats.get(space.id, Chat(space.id))
        state = self.state(space)
        due = now - self._read.get(space.id, float("-inf")) > REREAD_S
        if state is told.state and not due and space.id not in self._stale:
            return
        self._stale.discard(space.id)
        self._read[space.id] = now
        newest = await self._table.newest(space.id, NEWEST) if state is ChatState.OPEN else []
        questions, polls = await self._asked(space) if state is not ChatState.OFF else ([], {})
        seen = (state, newest, self.guests, questions, polls)
        if seen == (told.state, told.comments, told.guests, told.questions, told.polls):
            return
        # after a restart the old version is not known yet, and it must rise all the same
        version = max(told.version + 1, unix_ms(self._clock()))
        chat = Chat(space.id, version, state, newest, self.guests, questions, polls)
        await self._documents.put(chat)
        if state is not told.state:
            self._log.info("comments-changed", space=space.id, state=state.value)
        self._chats[space.id] = chat

    async def _asked(self, space: Space) -> tuple[list[Question], dict[str, tuple[int, ...]]]:
        """Questions that wait, and what the open poll has come to; closed ones have their numbers on the board."""
        taken = frozenset(each.id for each in space.ballots.questions)
        questions, counts = await self._votes.asked(SpaceId(space.id), taken)
        poll = ballots.open_poll(space)
        if poll is None:
            return questions, {}
        return questions, {poll.id: ballots.of_answers(poll, counts.get(ballots.of_poll(poll.id), {}))}

    def _hear(self, space: str) -> None:
        self._news[space] += 1
        self.on_news(space)
        self._stale.add(space)
