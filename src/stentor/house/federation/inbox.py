"""What comes to inboxes: looked at as far as that costs nothing, written down, and done by couriers.

Nothing is asked of another server while it waits for its answer. Who forges the signature of somebody known is told at
once; the key of somebody unknown a courier has to ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed, NotAllowed, Overloaded
from stentor.bus.jobs import JobQueue
from stentor.fediverse import reading, signatures, things
from stentor.fediverse.signatures import SignedRequest, Unsigned
from stentor.fediverse.sites import Home, server
from stentor.spaces.hooks import host_of
from stentor.store.deliveries import Deliveries
from stentor.store.domain_policies import DomainPolicies
from stentor.store.received import Incoming, ReceivedTable
from stentor.store.remote_actors import RemoteActors
from stentor.store.work import Work

JOB: Final = "received"
"""The kind of the couriers' jobs: ``name``, under which it waits."""
TRUSTED_MS: Final = 3_600_000
"""A key that was read so lately is the one that counts: what it does not fit is forged."""
LOST_MS: Final = 60_000
"""What has waited so long, and no courier has tried: its job is ordered again."""
AGAIN: Final = 100


class InboxDesk:
    """Takes in what other servers send."""

    def __init__(self, work: Work, queue: JobQueue, home: Home, clock: Clock) -> None:
        self._people, self._received, self._deliveries = RemoteActors(work), ReceivedTable(work), Deliveries(work)
        self._queue, self._home, self._clock, self._policies = queue, home, clock, DomainPolicies(work)

    async def take(self, target: str, headers: Mapping[str, str], body: bytes) -> None:
        """One request. Raises :class:`Unsigned`, :class:`Malformed`, :class:`NotAllowed` (``server-blocked``,
        ``person-blocked``), :class:`Overloaded` (``inbox-full``)."""
        now = self._clock()
        message = SignedRequest(
            method="POST", target=target, authority=self._home.authority, scheme=self._home.scheme, headers=headers,
            body=body,
        )  # fmt: skip
        claim = signatures.claim(message, now)
        activity = reading.activity(things.document(body))
        if server(activity.actor) != server(claim.key_id):
            raise Unsigned("The key is of another server than the actor.")
        policy = await self._policies.of(server(activity.actor))
        if policy.blocks:
            raise NotAllowed("This site has nothing to do with your server.", code="server-blocked")
        if activity.kind == "Flag" and policy.no_reports:
            return
        known = await self._people.by_uri(activity.actor)
        if activity.kind not in things.ACTIVITIES or (known is None and activity.kind == "Delete"):
            return  # deletions of people whom nobody here knows come by the thousand: no key is asked for
        if known is not None and known.blocked and activity.kind not in things.WHILE_BLOCKED:
            raise NotAllowed("This site has blocked you.", code="person-blocked")
        trusted = known is not None and unix_ms(now) - known.fetched_ms < TRUSTED_MS
        if known is not None and trusted and known.who.key_id == claim.key_id and not claim.holds(known.who.key):
            raise Unsigned("The signature is not that of the actor.")
        found = Incoming(claim.name, claim, body, unix_ms(now))
        if await self._received.put(found):
            try:
                await self._order([found])
            except Overloaded:  # it is written down: `again` orders it when the bus is back
                return

    async def again(self) -> None:
        """Orders what waits and whose job was lost; forgets what cannot come again."""
        now_ms = unix_ms(self._clock())
        waiting = await self._received.waiting(now_ms - LOST_MS, AGAIN)
        known = await self._deliveries.known({(JOB, each.name) for each in waiting})
        await self._order([each for each in waiting if (JOB, each.name) not in known])
        await self._received.forget(now_ms=now_ms)

    async def _order(self, found: Sequence[Incoming]) -> None:
        for each in found:
            host = f"from {host_of(each.claim.key_id)}"  # what comes waits for nobody to whom something goes
            await self._queue.put(JOB, each.name, {"name": each.name}, host=host, now_ms=each.at_ms, what="received")


def decent(body: bytes) -> bytes:
    """A body that is not too long to be looked at. Raises :class:`Malformed`."""
    if len(body) > things.MOST_BYTES:
        raise Malformed("The activity is too long.", status=413, code="too-large")
    return body
