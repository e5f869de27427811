"""People and posts elsewhere that nobody here needs any more, found by a walk along their numbers, a part at a time.

A post stays that somebody here follows for, has answered, liked, carried on, quoted, kept or voted in, and a letter to
somebody here. Somebody stays who follows or is followed, has a post here, is named in one, has told somebody here
something that is still listed, or is blocked, muted, in a list or let through. What they liked and carried on stays
counted.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select

from stentor.social import ids
from stentor.social.model import Audience
from stentor.store import notice_tables
from stentor.store import social_tables as tables
from stentor.store.domain_policies import REVERSIBLE_MS, people_of
from stentor.store.fediverse_tables import domain_policies, remote_actors
from stentor.store.leaving import take_actor_out
from stentor.store.reading import load_post
from stentor.store.tally import count_in
from stentor.store.telling import forget_all_of, forget_post
from stentor.store.work import Work

KEPT_MS: Final = 30 * 86_400_000
LOOKED_AT: Final = 500
"""Rows of one step; each is looked up in some ten indexes."""
_POST, _ACTOR, _REMOTE = tables.posts.c, tables.actors.c, remote_actors.c
_FOLLOW = tables.follows.c


class WalkedPart(NamedTuple):
    """How far a walk is (0 at its end), and how many it took."""

    after: int
    gone: int


class ForgettingTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def posts(self, after: int, *, now_ms: int) -> WalkedPart:
        """Lets go of posts elsewhere that came more than :data:`KEPT_MS` ago, from a number on."""
        old = select(_POST.id).where(_POST.uri.is_not(None), _POST.id > after, _POST.id < ids.at(now_ms - KEPT_MS))
        some = old.order_by(_POST.id).limit(LOOKED_AT).subquery()
        query = select(_POST.id, _unwanted()).where(_POST.id.in_(select(some.c.id))).order_by(_POST.id)
        seen = await self._work.read(lambda connection: connection.execute(query).all())
        gone = [row[0] for row in seen if row[1]]

        def work(connection: Connection) -> int:
            still = select(_POST.id).where(_POST.id.in_(gone), _unwanted())
            found = list(connection.execute(still).scalars())
            for each in found:
                _forget(connection, each)
            return len(found)

        many = await self._work.write(work) if gone else 0
        return WalkedPart(int(seen[-1][0]) if len(seen) == LOOKED_AT else 0, many)

    async def people(self, after: int, *, now_ms: int) -> WalkedPart:
        """The same of people elsewhere of whom nothing was heard for so long."""
        old = select(_REMOTE.actor).where(_REMOTE.actor > after, _REMOTE.fetched_ms < now_ms - KEPT_MS)
        some = old.order_by(_REMOTE.actor).limit(LOOKED_AT).subquery()
        query = select(_REMOTE.actor, _stranger()).where(_REMOTE.actor.in_(select(some.c.actor)))
        query = query.order_by(_REMOTE.actor)
        seen = await self._work.read(lambda connection: connection.execute(query).all())
        gone = [row[0] for row in seen if row[1]]

        def work(connection: Connection) -> int:
            still = select(_REMOTE.actor).where(_REMOTE.actor.in_(gone), _stranger())
            found = list(connection.execute(still).scalars())
            for each in found:
                forget_all_of(connection, each)
                connection.execute(delete(tables.actors).where(_ACTOR.number == each))
            return len(found)

        many = await self._work.write(work) if gone else 0
        return WalkedPart(int(seen[-1][0]) if len(seen) == LOOKED_AT else 0, many)

    async def blocked(self, *, now_ms: int, most: int) -> int:
        """Lets go of people, with all of theirs, whose server has been blocked so long that it is for good; posts
        first, some at a time. How many there were of both."""

        def work(connection: Connection) -> int:
            long = select(domain_policies.c.domain).where(domain_policies.c.blocked_ms < now_ms - REVERSIBLE_MS)
            hosts = [host for each in connection.execute(long).scalars() for host in people_of(connection, each)]
            theirs = select(_ACTOR.number).where(_ACTOR.domain != "", _ACTOR.domain.in_(hosts)).limit(most)
            people = list(connection.execute(theirs).scalars()) if hosts else []
            if not people:
                return 0
            posts = list(connection.execute(select(_POST.id).where(_POST.author.in_(people)).limit(most)).scalars())
            for each in posts:
                _forget(connection, each, counted=False)
            for each in people if len(posts) < most else ():
                take_actor_out(connection, each)
                connection.execute(delete(tables.actors).where(_ACTOR.number == each))
            return len(posts) + len(people)

        return await self._work.write(work)


def _forget(connection: Connection, post: int, *, counted: bool = True) -> None:
    """Deletes a post. What it answered or quoted has one less; boosts stay counted where ``counted``."""
    found = load_post(connection, post)
    if found is not None and not (counted and found.boost_of is not None):
        count_in(connection, found, -1)
    forget_post(connection, post)
    connection.execute(delete(tables.posts).where(_POST.id == post))


def _here(actor: ColumnElement[int]) -> ColumnElement[bool]:
    people = tables.actors.alias()
    return exists().where(people.c.number == actor, people.c.account.is_not(None))


def _unwanted() -> ColumnElement[bool]:
    """Whether nobody here needs a post of ``posts``."""
    follows, others, mentions = tables.follows.alias().c, tables.posts.alias().c, tables.mentions.alias().c
    followed = tables.follows.alias().c
    root = func.coalesce(_POST.root, _POST.id)
    carried = or_(others.uri.is_(None), exists().where(followed.followee == others.author, followed.state == "granted"))
    answered = and_(others.root == root, others.uri.is_(None), or_(others.reply_to == _POST.id, _POST.root.is_(None)))
    kept = [
        exists().where(follows.followee == _POST.author, follows.state == "granted"),
        exists().where(answered),
        exists().where(others.boost_of == _POST.id, carried),
        exists().where(others.quote_of == _POST.id, others.uri.is_(None)),
        *(
            exists().where(table.c.post == _POST.id, _here(table.c.actor))
            for table in (tables.likes, tables.bookmarks, tables.poll_votes)
        ),
        and_(
            _POST.visibility == int(Audience.MENTIONED),
            exists().where(mentions.post == _POST.id, _here(mentions.actor)),
        ),
    ]
    return and_(_POST.uri.is_not(None), *(~each for each in kept))


def _stranger() -> ColumnElement[bool]:
    """Whether nobody here needs somebody of ``remote_actors``."""
    me, posts, follows = _REMOTE.actor, tables.posts.alias().c, tables.follows.alias().c
    notes, through = notice_tables.notifications.c, notice_tables.let_through.c
    blocks, mutes, members = tables.blocks.alias().c, tables.mutes.c, tables.list_members.c
    kept = [
        exists().where(follows.follower == me),
        exists().where(follows.followee == me),
        exists().where(posts.author == me),
        exists().where(tables.mentions.c.actor == me),
        exists().where(tables.poll_votes.c.actor == me),
        exists().where(notes.by == me),
        exists().where(blocks.account == me),
        exists().where(blocks.target == me),
        exists().where(mutes.target == me),
        exists().where(members.member == me),
        exists().where(through.target == me),
    ]
    return and_(*(~each for each in kept))
