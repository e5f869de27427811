"""Whether the site is part of the fediverse, and what of people here is to be told there.

What is told is decided in the transaction that does it: :func:`federate` orders a job in it, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec
from sqlalchemy import Connection, exists, func, insert, or_, select, union, update

from stentor.base.errors import SetupError
from stentor.fediverse.sites import SITE
from stentor.store import social_tables, tables
from stentor.store.fediverse_tables import federation, remote_actors
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.social_tables import actors
from stentor.store.work import Work

FEDERATE: Final = "federate"
"""The kind of the jobs. Payload: ``what``, ``actor``, ``at``, and by what it is ``post``, ``of``, ``target``, …"""
NAME: Final = "find-named"
"""The kind of the jobs that look for those elsewhere whom a post names. Payload: ``post``, ``handles``."""
NAMED_MS: Final = 8_000
"""So long a post waits that names somebody who is not known yet: then it is told, whether they were found or not."""
PROFILE_MS: Final = 5_000
MOST_REACHED: Final = 10_000
POLL_MS: Final = 120_000
"""How a poll stands is told so often at most."""


class OutwardDeed(StrEnum):
    """What somebody here did, as far as others are told."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    BOOST = "boost"
    UNBOOST = "unboost"
    LIKE = "like"
    UNLIKE = "unlike"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    ANSWER = "answer"
    BLOCK = "block"
    UNBLOCK = "unblock"
    FLAG = "flag"
    """The site reports somebody to their server."""
    PIN = "pin"
    UNPIN = "unpin"
    VOTE = "vote"
    QUOTE = "quote"
    """Somebody here asks whether a post of theirs may quote one elsewhere."""
    CONSENT = "consent"
    """Somebody here says whether a post elsewhere may quote one of theirs, or takes that back."""
    PROFILE = "profile"
    MOVE = "move"
    GONE = "gone"
    """An account is deleted, or suspended."""


def federate(
    connection: Connection, what: OutwardDeed, actor: int, *, now_ms: int, after_ms: int = 0, **payload: int | str
) -> None:
    """Orders, inside a transaction of the caller's, that something is told, ``after_ms`` from now. Nothing where the
    site is part of no fediverse, and for people elsewhere, whose own server tells it."""
    if _tells(connection, actor):
        add_jobs(connection, [_wanted(what, actor, now_ms, payload)], now_ms=now_ms, after_ms=after_ms)


def federate_once(
    connection: Connection, what: OutwardDeed, actor: int, *, now_ms: int, after_ms: int, **payload: int | str
) -> None:
    """The same of what may change again soon: it is told once, as it is then."""
    wanted = _wanted(what, actor, now_ms, payload)
    subject = wanted.subject or f"actor {actor}"  # by it they are found
    wanted = msgspec.structs.replace(wanted, key=f"{what.value} {payload.get('post', actor)}", subject=subject)
    job = tables.jobs.c
    same = (job.subject == subject) & (job.kind == FEDERATE) & (job.key == wanted.key) & tables.WAITING
    same = same & (job.due_ms <= now_ms + after_ms)
    if _tells(connection, actor) and not connection.execute(select(exists().where(same))).scalar():
        add_jobs(connection, [wanted], now_ms=now_ms, after_ms=after_ms)


def tell_profile(connection: Connection, account: str, *, now_ms: int) -> None:
    """Others learn how somebody is now, once for what they change in a few seconds."""
    actor = connection.execute(select(actors.c.number).where(actors.c.account == account)).scalar()
    if actor is not None:
        federate_once(connection, OutwardDeed.PROFILE, int(actor), now_ms=now_ms, after_ms=PROFILE_MS)


def _wanted(what: OutwardDeed, actor: int, now_ms: int, payload: Mapping[str, int | str]) -> Wanted:
    subject = f"post {payload['post']}" if "post" in payload else ""
    said = {name: str(value) for name, value in payload.items()}
    told = {"what": what.value, "actor": str(actor), "at": str(now_ms), **said}
    return Wanted(FEDERATE, key=f"{actor}", subject=subject, payload=told)


def _tells(connection: Connection, actor: int) -> bool:
    """Whether the site is part of the fediverse, and somebody is here, or the site itself."""
    here = exists().where(actors.c.number == actor, or_(actors.c.account.is_not(None), actors.c.number == SITE))
    return connection.execute(select(federation.c.id).where(federation.c.enabled == 1, here)).scalar() is not None


def is_on(connection: Connection) -> bool:
    """Whether the site is part of the fediverse."""
    return connection.execute(select(federation.c.id).where(federation.c.enabled == 1)).scalar() is not None


def is_remote(connection: Connection, actor: int) -> bool:
    """Whether somebody is elsewhere."""
    return bool(connection.execute(select(exists().where(remote_actors.c.actor == actor))).scalar())


def reached_elsewhere(connection: Connection, post: int) -> list[int]:
    """Those elsewhere who have something of a post, besides who follows: whom it names, and who voted in it, answered
    it, carries it on or quotes it."""
    votes, named, found = social_tables.poll_votes.c, social_tables.mentions.c, social_tables.posts.c
    above = social_tables.posts.alias("above").c
    root = func.coalesce(select(above.root).where(above.id == post).scalar_subquery(), post)
    each = (
        select(named.actor.label("who")).where(named.post == post),
        select(votes.actor.label("who")).where(votes.post == post),
        select(found.author.label("who")).where(found.root == root, found.reply_to == post),
        select(found.author.label("who")).where(found.boost_of == post),
        select(found.author.label("who")).where(found.quote_of == post),
    )
    who = union(*each).subquery()
    query = select(who.c.who).join(remote_actors, remote_actors.c.actor == who.c.who).limit(MOST_REACHED)
    return list(connection.execute(query).scalars())


def named_elsewhere(connection: Connection, post: int) -> str:
    """Their numbers, with commas: what is to be known when the post is gone."""
    return ",".join(map(str, reached_elsewhere(connection, post)))


class FederationTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def begin(self, files: str, *, on: bool, now_ms: int) -> None:
        """What a house finds at its start. Raises :class:`SetupError` where the address is another one than that under
        which others know the people of this site."""

        def work(connection: Connection) -> None:
            known = connection.execute(select(federation)).one_or_none()
            if known is not None and on and known.files != files:
                raise SetupError(
                    f"Servers elsewhere know the people of this site at {known.files}, and would not find them at "
                    f"{files}: set the old address again, or STENTOR_FEDERATION=off."
                )
            if known is not None:
                connection.execute(update(federation).values(enabled=int(on)))
            elif on:
                connection.execute(insert(federation).values(id=1, files=files, enabled=1, since_ms=now_ms))

        await self._work.write(work)
