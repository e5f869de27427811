"""Whether the site is part of the fediverse, and what of people here is to be told there.

What is told is decided in the transaction that does it: :func:`federate` orders a job in it, and nothing is lost.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, exists, insert, select, update

from stentor.base.errors import SetupError
from stentor.store.fediverse_tables import federation, remote_actors
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.social_tables import actors, mentions
from stentor.store.work import Work

FEDERATE: Final = "federate"
"""The kind of the jobs. Payload: ``what``, ``actor``, and by what it is ``post``, ``of``, ``target``, ``named``…"""


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


def federate(connection: Connection, what: OutwardDeed, actor: int, *, now_ms: int, **payload: int | str) -> None:
    """Orders, inside a transaction of the caller's, that something is told. For nothing where the site is part of no
    fediverse, and for people elsewhere, whose own server tells it."""
    here = exists().where(actors.c.number == actor, actors.c.account.is_not(None))
    if connection.execute(select(federation.c.id).where(federation.c.enabled == 1, here)).scalar() is None:
        return
    subject = f"post {payload['post']}" if "post" in payload else ""
    told = {"what": what.value, "actor": str(actor), **{name: str(value) for name, value in payload.items()}}
    add_jobs(connection, [Wanted(FEDERATE, key=f"{actor}", subject=subject, payload=told)], now_ms=now_ms)


def is_remote(connection: Connection, actor: int) -> bool:
    """Whether somebody is elsewhere."""
    return bool(connection.execute(select(exists().where(remote_actors.c.actor == actor))).scalar())


def named_elsewhere(connection: Connection, post: int) -> str:
    """The numbers of those elsewhere whom a post names, with commas: what is to be known when it is gone."""
    query = select(mentions.c.actor).join_from(mentions, remote_actors, mentions.c.actor == remote_actors.c.actor)
    return ",".join(map(str, connection.execute(query.where(mentions.c.post == post)).scalars()))


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
