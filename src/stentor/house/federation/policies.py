"""What administrators set for other servers: one by one, or by lists that are passed around, which they see first."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import BadInput, Conflict
from stentor.fediverse import policies
from stentor.fediverse.policies import DomainPolicy, PolicyList, ServerSeverity
from stentor.fediverse.sites import Home
from stentor.people.model import Account
from stentor.store.domain_policies import DomainPolicies, KnownPolicy
from stentor.store.remote_actors import blocked_server
from stentor.store.work import Work


class PreviewedPolicy(msgspec.Struct, frozen=True):
    """A row of a list: what is set now, if anything is, and how many follows rest if it is taken."""

    policy: DomainPolicy
    now: DomainPolicy | None
    follows: int

    @property
    def stricter(self) -> bool:
        """Whether the list wants more than is set."""
        if self.now is None:
            return True
        both = policies.strictest([self.now, self.policy])
        return (both.severity, both.no_media, both.no_reports) != (
            self.now.severity, self.now.no_media, self.now.no_reports,
        )  # fmt: skip


class PolicyPreview(msgspec.Struct, frozen=True):
    """What a list would do."""

    rows: Sequence[PreviewedPolicy]
    skipped: Sequence[policies.SkippedRow]


class PolicyDesk:
    """Sets them, and takes them back."""

    def __init__(self, work: Work, home: Home, clock: Clock) -> None:
        self._table, self._home, self._clock = DomainPolicies(work), home, clock
        self._log = log.get("house")

    async def all(self) -> Sequence[KnownPolicy]:
        return await self._table.all()

    async def require(self, server: str) -> None:
        """Raises :class:`NotFound` (``server-blocked``) for a server with which the site has nothing to do."""
        if (await self._table.of(server)).blocks:
            raise blocked_server()

    async def put(self, policy: DomainPolicy, by: Account | None) -> KnownPolicy:
        """Sets what holds for a server, and says for how many people. Raises :class:`BadInput` for this site itself,
        :class:`Conflict` for nothing."""
        if any(policies.below(policy.domain, each) for each in self._own):
            raise BadInput("This is the name of this site.", field="domain")
        if policy.empty:
            raise Conflict("Choose what is to hold for this server, or take its row away.", code="nothing-chosen")
        await self._table.put([policy], by=by.id if by else "", now_ms=unix_ms(self._clock()))
        self._log.info("server-policy-set", server=policy.domain, severity=policy.severity.value)
        return await self._table.get(policy.domain)

    async def lift(self, domain: str) -> None:
        """Takes it back; raises :class:`NotFound`."""
        await self._table.lift(policies.domain(domain))
        self._log.info("server-policy-lifted", server=domain)

    async def preview(self, text: str) -> PolicyPreview:
        """What a list would do. Raises :class:`BadInput`."""
        found = self._read(text)
        names = [each.domain for each in found.policies]
        known, follows = await self._table.known(names), await self._table.follows(names)
        rows = [PreviewedPolicy(each, known.get(each.domain), follows.get(each.domain, 0)) for each in found.policies]
        return PolicyPreview(rows, found.skipped)

    async def take(self, text: str, only: Sequence[str] | None, by: Account | None) -> PolicyPreview:
        """Takes a list over, or ``only`` some of it: what is set already becomes stricter and never milder. What it
        did. Raises :class:`BadInput`."""
        seen = await self.preview(text)
        chosen = None if only is None else {policies.domain(each) for each in only}
        rows = [each for each in seen.rows if each.stricter and (chosen is None or each.policy.domain in chosen)]
        await self._table.put([_merged(each) for each in rows], by=by.id if by else "", now_ms=unix_ms(self._clock()))
        self._log.info("server-policies-taken", count=len(rows))
        return PolicyPreview(rows, seen.skipped)

    async def written(self) -> str:
        """All of them as a list to pass around."""
        return policies.write([each.policy for each in await self._table.all()])

    def _read(self, text: str) -> PolicyList:
        return policies.read(text, self._own)

    @property
    def _own(self) -> list[str]:
        return [self._home.name, self._home.authority]


def _merged(row: PreviewedPolicy) -> DomainPolicy:
    if row.now is None:
        return row.policy
    both = policies.strictest([row.now, row.policy])
    return msgspec.structs.replace(both, domain=row.policy.domain, comment=row.now.comment or row.policy.comment)


def policy(domain: str, severity: str, *, no_media: bool, no_reports: bool, comment: str) -> DomainPolicy:
    """A policy as somebody writes it. Raises :class:`BadInput`."""
    return DomainPolicy(
        domain=policies.domain(domain), severity=ServerSeverity(severity), no_media=no_media, no_reports=no_reports,
        comment=policies.comment(comment),
    )  # fmt: skip
