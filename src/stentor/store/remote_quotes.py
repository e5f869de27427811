"""Quotes between people here and elsewhere: who is quoted, who has asked, and what came of it."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select, update

from stentor.social.model import OPEN, Audience, Consented, Post
from stentor.store import social_tables as tables
from stentor.store.federating import OutwardDeed, federate
from stentor.store.fediverse_tables import remote_actors
from stentor.store.post_quotes import link_of, set_link, set_state, stamped, unstamped
from stentor.store.reading import blocked, load_post
from stentor.store.remote_posts import QuoteFound
from stentor.store.telling import tell_of_post
from stentor.store.work import Work

_POSTS, _REMOTE = tables.posts, remote_actors


class QuotedStanding(NamedTuple):
    """A post that everybody may read, and so be asked to let it be quoted."""

    owner: int
    here: bool
    uri: str
    """Where it stands; empty for one of here."""
    who: str
    """The address of its author, the same way."""


class RemoteQuotes:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def of(self, post: int) -> QuotedStanding | None:
        """Who may say whether a post is quoted; None for one that is not for everybody, or a boost."""
        query = select(_POSTS.c.author, _POSTS.c.uri, _REMOTE.c.uri.label("who"))
        query = query.join_from(_POSTS, _REMOTE, _REMOTE.c.actor == _POSTS.c.author, isouter=True)
        public = _POSTS.c.visibility.in_([int(each) for each in OPEN]) & _POSTS.c.boost_of.is_(None)

        def work(connection: Connection) -> QuotedStanding | None:
            row = connection.execute(query.where(_POSTS.c.id == post, public)).one_or_none()
            return QuotedStanding(row.author, row.who is None, row.uri or "", row.who or "") if row else None

        return await self._work.read(work)

    async def ask_again(self, author: int, uri: str, asked: QuoteFound, *, now_ms: int) -> bool:
        """A post of somebody elsewhere that is here already is to quote one of ours. What was answered before is
        answered again, for the first answer may have been lost."""

        def work(connection: Connection) -> bool:
            found, quoted = _own(connection, author, uri), load_post(connection, asked.post)
            if found is None or quoted is None or blocked(connection, author, quoted.author):
                return False
            if found.quote_of not in (None, asked.post):
                return False
            set_link(connection, found.id, request=asked.request)
            if found.quote_of is None:
                values = {"quote_of": asked.post, "quote_state": Consented.ASKED.value}
                connection.execute(update(_POSTS).where(_POSTS.c.id == found.id).values(**values))
                tell_of_post(connection, load_post(connection, found.id) or found, (), now_ms=now_ms)
            elif found.quote_state in (Consented.GRANTED, Consented.REVOKED):
                granted = int(found.quote_state is Consented.GRANTED)
                federate(
                    connection, OutwardDeed.CONSENT, quoted.author, now_ms=now_ms, of=found.id, target=author,
                    request=asked.request, quoted=asked.post, grant=granted, revoked=0,
                )  # fmt: skip
            return True

        return await self._work.write(work)

    async def learn(self, author: int, uri: str, quote: QuoteFound) -> bool:
        """A stamp came for what a post of somebody elsewhere quotes."""

        def work(connection: Connection) -> bool:
            found = _own(connection, author, uri)
            if found is None or found.quote_of != quote.post:
                return False
            set_link(connection, found.id, stamp=quote.stamp)
            return set_state(connection, found, Consented.GRANTED)

        return await self._work.write(work)

    async def stamped(self, post: int, by: int, stamp: str, *, now_ms: int) -> bool:
        """As :func:`stentor.store.post_quotes.stamped`."""
        return await self._work.write(lambda connection: stamped(connection, post, by, stamp, now_ms=now_ms))

    async def unstamped(self, by: int, stamp: str, *, now_ms: int) -> bool:
        """As :func:`stentor.store.post_quotes.unstamped`."""
        return await self._work.write(lambda connection: unstamped(connection, by, stamp, now_ms=now_ms))

    async def waits(self, post: int) -> bool:
        """Whether the author of a post elsewhere is still to say whether ``post`` may quote it."""

        def work(connection: Connection) -> bool:
            found = load_post(connection, post)
            asked = found is not None and found.quote_state is Consented.ASKED
            return asked and not link_of(connection, post).stamp

        return await self._work.read(work)


def _own(connection: Connection, author: int, uri: str) -> Post | None:
    mine = select(_POSTS.c.id).where(_POSTS.c.uri == uri, _POSTS.c.author == author)
    number = connection.execute(mine).scalar()
    found = load_post(connection, number) if number is not None else None
    return found if found is not None and found.visibility is not Audience.WITHHELD else None
