"""What the site thinks of other servers, and how people from there stand for it.

A block takes nobody's follows away: they rest, for nothing comes from there and nothing goes there, and are there
again when it is lifted within :data:`REVERSIBLE_MS`. After that the people of the server are forgotten
(``store.forgetting``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, exists, func, insert, or_, select, update

from stentor.base.errors import NotFound
from stentor.fediverse.policies import NOTHING, STANDING, DomainPolicy, ServerSeverity, below, names, strictest
from stentor.fediverse.sites import server
from stentor.store import social_tables as tables
from stentor.store.fediverse_tables import distant_pictures, domain_policies, person_policies, remote_actors
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.work import Work

REVERSIBLE_MS: Final = 30 * 86_400_000
"""So long a block can be lifted, and all is as it was."""
DROP: Final = "drop-pictures"
"""A job: the pictures of a server's people are deleted here. Its key is the name."""
_POLICY, _ACTOR, _FOLLOW = domain_policies.c, tables.actors.c, tables.follows.c
_PICTURE = distant_pictures.c
HELD: Final = "held"
"""The state of pictures that the site does not take."""
_SEVERE = _POLICY.severity == ServerSeverity.BLOCK.value
_ELSEWHERE = _ACTOR.domain != ""
"""The condition of the index on names."""


class KnownPolicy(msgspec.Struct, frozen=True):
    """A policy, since when it stands, and for how many people of the server, and follows with them, it holds."""

    policy: DomainPolicy
    made_ms: int
    people: int
    follows: int


class DomainPolicies:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def of(self, host: str) -> DomainPolicy:
        """What holds for a server."""
        return await self._work.read(lambda connection: policy_of(connection, host))

    async def blocks(self, uri: str) -> bool:
        """Whether the server of an address is blocked."""
        return (await self.of(server(uri))).blocks

    async def blocked(self) -> frozenset[str]:
        """The names of all servers that are blocked: what is below them is, too."""
        query = select(_POLICY.domain).where(_SEVERE)
        return await self._work.read(lambda connection: frozenset(connection.execute(query).scalars()))

    async def unblocked(self, uris: Sequence[str]) -> list[str]:
        """Those of some addresses whose server is not blocked."""
        hosts = {uri: names(server(uri)) for uri in uris}
        wanted = {name for every in hosts.values() for name in every}
        return await self._work.read(lambda connection: _unblocked(connection, hosts, wanted))

    async def all(self) -> list[KnownPolicy]:
        """All of them, by their names."""

        def work(connection: Connection) -> list[KnownPolicy]:
            rows = connection.execute(select(domain_policies).order_by(_POLICY.domain)).all()
            people, follows = _counts(connection, [row.domain for row in rows])
            return [
                KnownPolicy(_policy(row), row.made_ms, people.get(row.domain, 0), follows.get(row.domain, 0))
                for row in rows
            ]

        return await self._work.read(work)

    async def get(self, domain: str) -> KnownPolicy:
        """That of exactly this name; raises :class:`NotFound`."""

        def work(connection: Connection) -> KnownPolicy:
            row = connection.execute(select(domain_policies).where(_POLICY.domain == domain)).one_or_none()
            if row is None:
                raise _nothing()
            people, follows = _counts(connection, [domain])
            return KnownPolicy(_policy(row), row.made_ms, people.get(domain, 0), follows.get(domain, 0))

        return await self._work.read(work)

    async def known(self, domains: Collection[str]) -> dict[str, DomainPolicy]:
        """Those that there are for exactly these names."""

        def work(connection: Connection) -> dict[str, DomainPolicy]:
            return {each: found for each in domains if (found := _get(connection, each)) is not None}

        return await self._work.read(work)

    async def follows(self, domains: Collection[str]) -> Mapping[str, int]:
        """How many follows between people here and people of servers there are, in both directions."""
        return await self._work.read(lambda connection: _counts(connection, domains)[1])

    async def put(self, policies: Sequence[DomainPolicy], *, by: str, now_ms: int) -> None:
        """Sets what holds for some servers from now on; those before go."""

        def work(connection: Connection) -> None:
            for each in policies:
                _put(connection, each, by, now_ms)
            _follow(connection, [each.domain for each in policies])
            dropped = [each.domain for each in policies if each.no_media or each.blocks]
            add_jobs(connection, [Wanted(DROP, key=each) for each in dropped], now_ms=now_ms)

        await self._work.write_lasting(work)

    async def lift(self, domain: str) -> None:
        """Takes a policy back; raises :class:`NotFound`."""

        def work(connection: Connection) -> None:
            if not connection.execute(delete(domain_policies).where(_POLICY.domain == domain)).rowcount:
                raise _nothing()
            _follow(connection, [domain])

        await self._work.write_lasting(work)


def _nothing() -> NotFound:
    return NotFound("There is nothing set for this server.", code="server-not-found")


def policy_of(connection: Connection, host: str) -> DomainPolicy:
    """What holds for a server, in a transaction of the caller's."""
    if not host:
        return NOTHING
    rows = connection.execute(select(domain_policies).where(_POLICY.domain.in_(names(host)))).all()
    return strictest(_policy(row) for row in rows) if rows else NOTHING


def people_of(connection: Connection, domain: str) -> list[str]:
    """The servers, with their ports, of people known here for whom a name's policy may hold."""
    known = select(_ACTOR.domain).where(_ELSEWHERE, or_(*_like(domain))).distinct()
    return [each for each in connection.execute(known).scalars() if below(domain, each)]


def _like(domain: str) -> Iterable[Any]:
    safe = domain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    yield _ACTOR.domain == domain
    for pattern in (f"{safe}:%", f"%.{safe}", f"%.{safe}:%"):
        yield _ACTOR.domain.like(pattern, escape="\\")


def _get(connection: Connection, domain: str) -> DomainPolicy | None:
    row = connection.execute(select(domain_policies).where(_POLICY.domain == domain)).one_or_none()
    return _policy(row) if row is not None else None


def _policy(row: Row[Any]) -> DomainPolicy:
    return DomainPolicy(
        domain=row.domain, severity=ServerSeverity(row.severity), no_media=bool(row.no_media),
        no_reports=bool(row.no_reports), comment=row.comment,
    )  # fmt: skip


def _put(connection: Connection, policy: DomainPolicy, by: str, now_ms: int) -> None:
    known = connection.execute(select(domain_policies).where(_POLICY.domain == policy.domain)).one_or_none()
    since = known.blocked_ms if known is not None and known.blocked_ms is not None else now_ms
    values = {
        "severity": policy.severity.value, "no_media": int(policy.no_media), "no_reports": int(policy.no_reports),
        "comment": policy.comment, "blocked_ms": since if policy.blocks else None, "by": by,
    }  # fmt: skip
    if known is None:
        connection.execute(insert(domain_policies).values(domain=policy.domain, made_ms=now_ms, **values))
    else:
        connection.execute(update(domain_policies).where(_POLICY.domain == policy.domain).values(**values))


def _follow(connection: Connection, domains: Sequence[str]) -> None:
    """People of servers stand as it is said now of their servers."""
    if len(domains) <= FEW:
        hosts = {host for each in domains for host in people_of(connection, each)}
    else:  # a long list: all servers of which anybody is known are looked at once
        changed = set(domains)
        every = connection.execute(select(_ACTOR.domain).where(_ELSEWHERE).distinct()).scalars()
        hosts = {host for host in every if changed.intersection(names(host))}
    for host in sorted(hosts):
        policy, there = policy_of(connection, host), _ELSEWHERE & (_ACTOR.domain == host)
        state = STANDING[policy.severity]
        connection.execute(update(tables.actors).where(there, _ACTOR.state != state).values(state=state))
        _follow_people(connection, there, policy.severity)
        if not (policy.no_media or policy.blocks):
            held = (_PICTURE.state == HELD) & _PICTURE.actor.in_(select(_ACTOR.number).where(there))
            connection.execute(update(distant_pictures).where(held).values(state="new"))


def _follow_people(connection: Connection, there: Any, severity: ServerSeverity) -> None:
    """Whoever of a server comes less far than the others of it."""
    order = list(ServerSeverity)
    for each in order[order.index(severity) + 1 :]:
        theirs = select(remote_actors.c.actor).join(person_policies, person_policies.c.uri == remote_actors.c.uri)
        theirs = theirs.where(person_policies.c.severity == each.value)
        stands = update(tables.actors).where(there, _ACTOR.number.in_(theirs)).values(state=STANDING[each])
        connection.execute(stands)


FEW: Final = 5
"""Names that are looked for one by one, each by a walk over the names of all servers."""


def _unblocked(connection: Connection, hosts: Mapping[str, Sequence[str]], wanted: Collection[str]) -> list[str]:
    if not hosts:
        return []
    blocked = set(connection.execute(select(_POLICY.domain).where(_SEVERE)).scalars()).intersection(wanted)
    return [uri for uri, every in hosts.items() if not blocked.intersection(every)]


def _counts(connection: Connection, domains: Collection[str]) -> tuple[dict[str, int], dict[str, int]]:
    """People known of each name, and follows with them."""
    people: dict[str, int] = {}
    follows: dict[str, int] = {}
    wanted = set(domains)
    if not wanted:
        return people, follows
    every = select(_ACTOR.domain, func.count()).where(_ELSEWHERE).group_by(_ACTOR.domain)
    either = or_(_FOLLOW.follower == _ACTOR.number, _FOLLOW.followee == _ACTOR.number)
    several = select(_ACTOR.domain, func.count()).join_from(tables.actors, tables.follows, either)
    followed = several.where(_ELSEWHERE, _hosts(connection, wanted)).group_by(_ACTOR.domain)
    for query, found in ((every, people), (followed, follows)):
        for host, many in connection.execute(query):
            for name in wanted.intersection(names(host)):
                found[name] = found.get(name, 0) + int(many)
    return people, follows


def _hosts(connection: Connection, wanted: set[str]) -> Any:
    every = connection.execute(select(_ACTOR.domain).where(_ELSEWHERE).distinct()).scalars()
    return _ACTOR.domain.in_([host for host in every if wanted.intersection(names(host))])


def picture_ids(connection: Connection, domain: str, most: int) -> list[int]:
    """Some pictures from a server that are not held back."""
    hosts = people_of(connection, domain)
    theirs = exists().where(_ACTOR.number == _PICTURE.actor, _ELSEWHERE, _ACTOR.domain.in_(hosts))
    query = select(_PICTURE.id).where(theirs, _PICTURE.state != HELD).limit(most)
    return list(connection.execute(query).scalars()) if hosts else []
