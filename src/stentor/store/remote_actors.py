"""People elsewhere, as they are known here: who they are, with which key they sign, where they are told something."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, exists, func, insert, select, update

from stentor.base.errors import NotFound
from stentor.fediverse.policies import STANDING, ServerSeverity
from stentor.fediverse.reading import RemoteActor
from stentor.fediverse.sites import server
from stentor.store.distant_pictures import want_face
from stentor.store.domain_policies import policy_of
from stentor.store.federating import reached_elsewhere
from stentor.store.fediverse_tables import remote_actors
from stentor.store.leaving import take_actor_out
from stentor.store.person_policies import severity_of
from stentor.store.social_tables import actors, follows
from stentor.store.work import Work

_REMOTE, _ACTOR, _FOLLOW = remote_actors.c, actors.c, follows.c
BLOCKED = STANDING[ServerSeverity.BLOCK]
_shut = exists().where(_ACTOR.number == _REMOTE.actor, _ACTOR.state == BLOCKED)
_KEPT = ("uri", "kind", "inbox", "shared_inbox", "followers", "page", "key_id", "key", "featured", "icon")


class KnownActor(msgspec.Struct, frozen=True):
    """Somebody elsewhere with their number here, and when their document was read."""

    number: int
    who: RemoteActor
    fetched_ms: int
    blocked: bool = False
    """The site has nothing to do with them, or with all of their server."""


class Inbox(NamedTuple):
    """Where somebody is told something. ``shared`` is one for all of their server."""

    uri: str
    shared: str
    private: str

    @property
    def host(self) -> str:
        return server(self.shared)


class RemoteActors:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def by_uri(self, uri: str) -> KnownActor | None:
        return await self._one(_REMOTE.uri == uri)

    async def by_key(self, key_id: str) -> KnownActor | None:
        return await self._one(_REMOTE.key_id == key_id)

    async def by_name(self, handle: str, domain: str) -> KnownActor | None:
        return await self._one((_ACTOR.handle == handle) & (_ACTOR.domain == domain))

    async def by_number(self, number: int) -> KnownActor | None:
        return await self._one(_REMOTE.actor == number)

    async def put(self, number: int, who: RemoteActor, *, now_ms: int) -> KnownActor:
        """Writes somebody down as they are now; ``number`` counts where they are not known yet. Raises
        :class:`NotFound` (``server-blocked``) for somebody new of a server that is blocked."""

        def work(connection: Connection) -> tuple[int, bool]:
            values = {name: getattr(who, name) for name in _KEPT} | {"fetched_ms": now_ms}
            names = {"handle": who.handle.lower(), "domain": who.domain, "name": who.name, "approves": 1}
            known = connection.execute(select(_REMOTE.actor).where(_REMOTE.uri == who.uri)).scalar()
            if known is None:
                if policy_of(connection, who.domain).blocks:
                    raise blocked_server()
                state = STANDING[severity_of(connection, who.uri, who.domain)]
                connection.execute(insert(actors).values(number=number, state=state, **names))
                connection.execute(insert(remote_actors).values(actor=number, **values))
            else:
                connection.execute(update(actors).where(_ACTOR.number == known).values(**names))
                connection.execute(update(remote_actors).where(_REMOTE.actor == known).values(**values))
            want_face(connection, known or number, who.icon, now_ms)
            stands = connection.execute(select(_ACTOR.state).where(_ACTOR.number == (known or number))).scalar()
            return int(known or number), stands == BLOCKED

        found, blocked = await self._work.write(work)
        return KnownActor(found, who, now_ms, blocked)

    async def gone(self, uri: str) -> None:
        """Forgets somebody, with all of theirs."""
        mine = select(_REMOTE.actor).where(_REMOTE.uri == uri)

        def work(connection: Connection) -> None:
            for number in connection.execute(mine).scalars().all():
                take_actor_out(connection, number)
                connection.execute(delete(actors).where(_ACTOR.number == number))

        await self._work.write(work)

    async def inboxes(self, numbers: Collection[int]) -> Sequence[Inbox]:
        """Those of some people elsewhere."""
        query = select(_REMOTE.uri, _REMOTE.shared_inbox, _REMOTE.inbox).where(_REMOTE.actor.in_(list(numbers)), ~_shut)
        return await self._work.read(lambda connection: [Inbox(*row) for row in connection.execute(query)])

    async def follower_inboxes(self, of: int) -> Sequence[Inbox]:
        """One for each server where somebody follows; none of theirs is counted out because their server fails."""
        query = select(_REMOTE.shared_inbox).distinct()
        query = query.join_from(remote_actors, follows, _FOLLOW.follower == _REMOTE.actor)
        query = query.where(_FOLLOW.followee == of, _FOLLOW.state == "granted", ~_shut)
        return await self._work.read(
            lambda connection: [Inbox("", each, each) for each in connection.execute(query).scalars()]
        )

    async def followers_at(self, of: int) -> dict[str, int]:
        """How many follow somebody, by the inbox of their server."""
        query = select(_REMOTE.shared_inbox, func.count()).group_by(_REMOTE.shared_inbox)
        query = query.join_from(remote_actors, follows, _FOLLOW.follower == _REMOTE.actor)
        query = query.where(_FOLLOW.followee == of, _FOLLOW.state == "granted", ~_shut)
        return await self._work.read(
            lambda connection: {inbox: int(count) for inbox, count in connection.execute(query)}
        )

    async def everywhere(self) -> Sequence[Inbox]:
        """One for each server of which somebody is known: for what all of them must learn."""
        query = select(_REMOTE.shared_inbox).distinct()
        return await self._work.read(
            lambda connection: [Inbox("", each, each) for each in connection.execute(query).scalars()]
        )

    async def reached(self, post: int) -> Sequence[int]:
        """As :func:`stentor.store.federating.reached_elsewhere`."""
        return await self._work.read(lambda connection: reached_elsewhere(connection, post))

    async def _one(self, where: ColumnElement[bool]) -> KnownActor | None:
        query = select(remote_actors, _ACTOR.handle, _ACTOR.domain, _ACTOR.name, _ACTOR.state)
        query = query.join_from(remote_actors, actors, _REMOTE.actor == _ACTOR.number).where(where).limit(1)

        def work(connection: Connection) -> KnownActor | None:
            row = connection.execute(query).one_or_none()
            return _known(row) if row is not None else None

        return await self._work.read(work)


def blocked_server() -> NotFound:
    """The site has blocked this server."""
    return NotFound("This site has blocked that server.", code="server-blocked", status=403)


def _known(row: Row[Any]) -> KnownActor:
    kept = {name: getattr(row, name) for name in _KEPT}
    who = RemoteActor(**kept, domain=row.domain, handle=row.handle, name=row.name, approves=True)
    return KnownActor(row.actor, who, row.fetched_ms, row.state == BLOCKED)
