"""What moderators set for single people elsewhere: it holds besides what is set for their server, and stays when they
are forgotten here, for they may come again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from stentor.base.errors import NotFound
from stentor.fediverse.policies import STANDING, ServerSeverity, stricter
from stentor.store.domain_policies import policy_of
from stentor.store.fediverse_tables import person_policies, remote_actors
from stentor.store.social_tables import actors
from stentor.store.work import Work

MOST_LISTED: Final = 500
_ROW, _ACTOR, _REMOTE = person_policies.c, actors.c, remote_actors.c


class PersonPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for somebody elsewhere. ``by`` is an account's id, empty for the admin token."""

    uri: str
    name: str
    """``name@server``, as it was then."""
    severity: ServerSeverity
    reason: str
    made_ms: int
    by: str


class PersonPolicies:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def all(self) -> Sequence[PersonPolicy]:
        """The newest :data:`MOST_LISTED`."""
        query = select(person_policies).order_by(_ROW.made_ms.desc(), _ROW.uri).limit(MOST_LISTED)
        return await self._work.read(lambda connection: [_policy(row) for row in connection.execute(query).mappings()])

    async def of(self, name: str) -> ServerSeverity:
        """What is set for somebody, by ``name@server``; ``none`` for whom nothing is."""
        query = select(_ROW.severity).where(_ROW.name == name).limit(1)
        found = await self._work.read(lambda connection: connection.execute(query).scalar())
        return ServerSeverity(found) if found else ServerSeverity.NONE

    async def put(self, name: str, severity: ServerSeverity, reason: str, *, by: str, now_ms: int) -> PersonPolicy:
        """Sets what holds for somebody from now on. Raises :class:`NotFound` for who is not known here."""
        handle, _, domain = name.partition("@")
        known = select(_REMOTE.uri).join_from(remote_actors, actors, _REMOTE.actor == _ACTOR.number)
        known = known.where(_ACTOR.handle == handle, _ACTOR.domain == domain)

        def work(connection: Connection) -> PersonPolicy:
            uri = connection.execute(known).scalar() or connection.execute(
                select(_ROW.uri).where(_ROW.name == name).limit(1)
            ).scalar()  # fmt: skip
            if uri is None:
                raise NotFound("Nobody of that name is known here.", code="account-not-found")
            found = PersonPolicy(uri=uri, name=name, severity=severity, reason=reason, made_ms=now_ms, by=by)
            connection.execute(delete(person_policies).where(_ROW.uri == uri))
            row = msgspec.structs.asdict(found) | {"severity": severity.value}
            connection.execute(insert(person_policies).values(**row))
            _stand(connection, uri)
            return found

        return await self._work.write_lasting(work)

    async def lift(self, name: str) -> None:
        """Takes it back; raises :class:`NotFound`."""

        def work(connection: Connection) -> None:
            uris = connection.execute(select(_ROW.uri).where(_ROW.name == name)).scalars().all()
            if not uris:
                raise NotFound("There is nothing set for this person.", code="person-free")
            connection.execute(delete(person_policies).where(_ROW.uri.in_(uris)))
            for uri in uris:
                _stand(connection, uri)

        await self._work.write_lasting(work)


def severity_of(connection: Connection, uri: str, host: str) -> ServerSeverity:
    """How far somebody of a server comes, in a transaction of the caller's."""
    own = connection.execute(select(_ROW.severity).where(_ROW.uri == uri)).scalar()
    return stricter(policy_of(connection, host).severity, ServerSeverity(own) if own else ServerSeverity.NONE)


def _stand(connection: Connection, uri: str) -> None:
    """They stand as it is said now, if they are known."""
    query = select(_ACTOR.number, _ACTOR.domain).join_from(remote_actors, actors, _REMOTE.actor == _ACTOR.number)
    for number, domain in connection.execute(query.where(_REMOTE.uri == uri)).all():
        state = STANDING[severity_of(connection, uri, domain)]
        connection.execute(update(actors).where(_ACTOR.number == number).values(state=state))


def _policy(row: RowMapping) -> PersonPolicy:
    return PersonPolicy(**{**row, "severity": ServerSeverity(row["severity"])})
