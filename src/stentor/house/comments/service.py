"""Comments at the house: who may write, what is kept of it, and who keeps order. Nobody who reads comes here."""

from __future__ import annotations

from stentor.base import log, words
from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.errors import NotAllowed, NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.house.comments import schema
from stentor.house.comments.chat import ChatKeeper, too_many
from stentor.house.spaces.service import Spaces
from stentor.house.who.newcomers import Newcomers
from stentor.people.model import Account
from stentor.spaces import comments, rights
from stentor.spaces.comments import NEWEST, Writer
from stentor.spaces.model import Role, Space
from stentor.spaces.rights import Actor, Look
from stentor.store.comments import CommentHistory, CommentsTable

MODERATED = 200
"""Comments that those who keep order see at once."""
WRITER_LIMIT = Bucket(burst=8, refill_ms=2000)
"""A person tries eight times at once, and then once every two seconds, whatever slow mode says."""
SPACE_LIMIT = Bucket(burst=20, refill_ms=100)
"""Ten comments a second in one space: more nobody reads, and the house has other things to do."""


def _too_fast(wait_s: float) -> Overloaded:
    said = "You write faster than anybody reads; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-comments")


class Comments:
    """The comments of all spaces."""

    def __init__(self, spaces: Spaces, table: CommentsTable, chats: ChatKeeper, settings: Settings) -> None:
        self._spaces, self._table, self._chats = spaces, table, chats
        self._forbidden = words.parse(settings.comments_words.split(","))
        self._limit = RateLimit(WRITER_LIMIT, _too_fast)
        self.newcomers = Newcomers(settings.new_account_hours)
        self._flow = RateLimit(SPACE_LIMIT, too_many)
        self._log = log.get("house")

    def require_room(self, space: str) -> None:
        """Raises :class:`Overloaded` (429) when more is written in a space than can be read: before anything is
        looked up."""
        self._flow.require(space, self._spaces.clock())

    async def write(
        self, space: str, text: str, account: Account, actor: Actor, *, question: bool = False
    ) -> schema.CommentView:
        """Adds a comment or a question; raises what :func:`comments.admit` does, and :class:`Overloaded` (429)."""
        found = await self._spaces.load(space)
        now = self._spaces.clock()
        self._limit.spend(account.id, now)
        self.newcomers.spend(account, now)
        at_ms = unix_ms(now)

        def admit(current: Space, past: CommentHistory) -> str:
            leads = rights.allowed(actor, Look.COMMENTS, current)
            writer = Writer(account.name, leads, past.silenced, past.last_ms, account.id)
            state = comments.asks(self._chats.state(current)) if question else self._chats.state(current)
            return comments.admit(current, state, writer, text, forbidden=self._forbidden, at_ms=at_ms)

        number, line = await self._table.add(
            found.id,
            account.id,
            role=lambda current: _role(account, current),
            at_ms=at_ms,
            admit=admit,
            question=question,
        )
        self._flow.note(found.id, now)
        await self._chats.changed(found.id)
        return schema.CommentView(number, account.name, account.handle, _role(account, found), line, at_ms)

    async def remove(self, space: str, comment: int, actor: Actor) -> None:
        """Takes a comment away: one's own, or anybody's for those who keep order. Raises :class:`NotFound`."""
        found = await self._spaces.load(space)
        author = await self._table.author(found.id, comment)
        if not (author and author == actor.account):
            rights.require(actor, Look.COMMENTS, found)
        await self._table.remove(found.id, comment)
        self._log.info("comment-removed", space=found.id, comment=comment, own=author == actor.account)
        await self._chats.changed(found.id)

    async def silence(self, space: str, handle: str, actor: Actor) -> schema.Moderation:
        """Shuts a person out of the comments of a space; what they wrote there goes. Raises :class:`NotAllowed` for
        who leads it."""
        found = await self._spaces.load(space)
        rights.require(actor, Look.COMMENTS, found)
        person = await self._person(handle)
        if _role(person, found) in (Role.HOST, Role.CO_HOST):
            raise NotAllowed("Whoever leads the space is not shut out of its comments.")
        await self._table.silence(found.id, person.id, at_ms=unix_ms(self._spaces.clock()))
        self._log.info("silenced", space=found.id)
        await self._chats.changed(found.id)
        return await self.moderation(space, actor)

    async def lift(self, space: str, handle: str, actor: Actor) -> schema.Moderation:
        """Lets a person write again."""
        found = await self._spaces.load(space)
        rights.require(actor, Look.COMMENTS, found)
        await self._table.lift(found.id, (await self._person(handle)).id)
        return await self.moderation(space, actor)

    async def moderation(self, space: str, actor: Actor) -> schema.Moderation:
        """All that those who keep order need."""
        found = await self._spaces.load(space)
        rights.require(actor, Look.COMMENTS, found)
        kept = await self._table.newest(found.id, MODERATED)
        return schema.Moderation(
            state=self._chats.state(found),
            limit=self._chats.limit,
            words=list(found.comment_words),
            comments=[schema.comment(each) for each in kept],
            silenced=[schema.Person(each.handle, each.name) for each in await self._table.silenced(found.id)],
        )

    async def own(self, space: str, account: Account) -> schema.OwnComments:
        """What a person who wants to write needs to know."""
        found = await self._spaces.load(space)
        kept = await self._table.own(found.id, account.id, NEWEST)
        return schema.OwnComments(
            state=self._chats.state(found),
            slow_s=found.slow_s,
            silenced=(await self._table.past(found.id, account.id)).silenced,
            comments=[schema.comment(each) for each in kept],
        )

    async def of_account(self, account: str) -> list[schema.WrittenComment]:
        """What an account wrote in all spaces."""
        found = await self._table.of_account(account)
        return [schema.WrittenComment(each.space, each.text, each.at_ms) for each in found]

    async def _person(self, handle: str) -> Account:
        found = await self._spaces.store.accounts.find(handle)
        if found is None:
            raise NotFound("There is no such account.", code="account-not-found")
        return found


def _role(account: Account, space: Space) -> str:
    """Of the person's seat in the space; empty for the audience."""
    seat = space.seat_of(account.id)
    return seat.role.value if seat else ""
