"""Whom couriers tell what people here did: one delivery a server, ordered once, and seen by whoever posted."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from stentor.base.clock import Clock, unix_ms
from stentor.bus.jobs import TOGETHER, JobQueue, OutgoingJob
from stentor.crowd import pace
from stentor.fediverse.sites import Home
from stentor.house.pace.budget import ArrivalBudget
from stentor.social.model import Audience
from stentor.spaces.hooks import host_of
from stentor.store.deliveries import Deliveries, DeliveryRow, DeliveryState
from stentor.store.domain_policies import DomainPolicies
from stentor.store.federating import FEDERATE, NAME, OutwardDeed
from stentor.store.jobs import Job
from stentor.store.noted import NotedPosts
from stentor.store.reach import ReachTable
from stentor.store.remote_actors import Inbox, RemoteActors
from stentor.store.work import Work
from stentor.wire.ways import FEDIVERSE

JOB: Final = "activity"
"""The kind of the couriers' jobs."""
FIND: Final = "find-elsewhere"
"""The kind of their jobs that look for somebody: ``why``, ``handle``, ``server``, and ``actor`` or ``post``."""
TO_ONE: Final = frozenset(
    {OutwardDeed.FOLLOW, OutwardDeed.UNFOLLOW, OutwardDeed.ANSWER, OutwardDeed.BLOCK, OutwardDeed.UNBLOCK,
     OutwardDeed.FLAG, OutwardDeed.QUOTE, OutwardDeed.CONSENT}
)  # fmt: skip
"""What is told to one person alone, whose number is ``target``."""
AT_FIRST: Final = 300
"""Servers that are told at once; all of them, for nearly everybody."""
A_SECOND: Final = 115
"""Of the others: twenty thousand are told in three minutes, and none of those who then come to look finds the site busy
with telling."""
AT_ONCE: Final = 64
"""Jobs that are on their way to the bus at the same time, and have their moments together."""
MANY: Final = 16
"""Servers; to fewer a connection is kept, for people write to few more than once."""
APART_MS: Final = 1000
"""Those whose moments are of the same second have the end of it: a hundred deliveries one after the other take half
as much of a courier as a hundred that it wakes up for (``bench.posting``)."""


class Telling:
    """Orders deliveries."""

    def __init__(self, work: Work, queue: JobQueue, home: Home, clock: Clock, budget: ArrivalBudget) -> None:
        self._posts, self._people, self._deliveries = NotedPosts(work, home), RemoteActors(work), Deliveries(work)
        self._queue, self._home, self._clock, self._policies = queue, home, clock, DomainPolicies(work)
        self._budget, self._reach = budget, ReachTable(work)

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """What a house does by itself, for ``duty.jobs``."""
        return {FEDERATE: self.tell, NAME: self.find}

    async def find(self, job: Job) -> None:
        """Has couriers look for those elsewhere whom a post names."""
        for each in str(job.payload["handles"]).split():
            await self.look_for(
                "name", f"{job.id}.{each}"[:200], each, subject=job.subject, post=str(job.payload["post"])
            )

    async def look_for(self, why: str, key: str, name: str, *, subject: str, **about: str) -> None:
        """Has a courier look for somebody, ``name@server``; ``why`` says what for (``courier.finding``)."""
        handle, _, server = name.partition("@")
        payload = {"why": why, "handle": handle, "server": server, **about}
        host = host_of(f"{self._home.scheme}://{server}")
        await self._queue.put(
            FIND, key, payload, host=host, now_ms=unix_ms(self._clock()), subject=subject, what=f"find-{why}"
        )

    async def tell(self, job: Job) -> None:
        """Orders one delivery for each inbox; ordered twice, it is one."""
        what, actor = OutwardDeed(str(job.payload["what"])), int(job.payload["actor"])
        inboxes = await self._inboxes(what, actor, {name: str(value) for name, value in job.payload.items()})
        inboxes = await self._policies.unblocked(inboxes)
        subject, now_ms = job.subject or f"actor {actor}", unix_ms(self._clock())
        space = await self._announced(what, job)
        people = await self._people.followers_at(actor) if space else {}
        orders = {f"{job.id}.{hashlib.sha256(each.encode()).hexdigest()[:32]}": each for each in inboxes}
        # By chance, and if this is done again in the same order: nobody is always the last.
        waiting = sorted(orders.items(), key=lambda each: hashlib.sha256(each[0].encode()).digest())
        if space:  # and those first who bring most people here
            waiting = pace.in_turn(waiting, lambda each: people.get(each[1], 1), random.random)
        due = {key: paced_ms(now_ms, at) for at, (key, _) in enumerate(waiting)}
        for at in range(0, len(waiting), AT_ONCE):
            some = waiting[at : at + AT_ONCE]
            moments = [due[key] for key, _ in some]
            if space:
                bearable = await self._budget.moments([people.get(inbox, 1) for _, inbox in some])
                moments = [max(each) for each in zip(moments, bearable, strict=True)]
            orders_now = [
                OutgoingJob(
                    kind=JOB, key=key, host=host_of(inbox), subject=subject, what=what.value, made_ms=now_ms,
                    payload={**job.payload, "inbox": inbox}, due_ms=due_ms, once=len(waiting) > MANY,
                )
                for (key, inbox), due_ms in zip(some, moments, strict=True)
            ]  # fmt: skip
            groups = together(orders_now)
            await self._deliveries.expect([_expected(each) for group in groups for each in group])
            await asyncio.gather(*(self._queue.put_together(group) for group in groups))
        if space and orders:
            told = sum(people.get(each, 1) for each in inboxes)
            await self._reach.sent(space, FEDIVERSE, sent=len(orders), told=told)

    async def _announced(self, what: OutwardDeed, job: Job) -> str:
        """The space to which a post sends people; empty for none."""
        if what is OutwardDeed.CREATE:
            noted = await self._posts.get(int(job.payload["post"]))
            return (noted.space or "") if noted else ""
        return ""

    async def _inboxes(self, what: OutwardDeed, actor: int, payload: Mapping[str, str]) -> list[str]:
        match what:
            case _ if what in TO_ONE:
                return [each.private for each in await self._people.inboxes([int(payload["target"])])]
            case OutwardDeed.CREATE | OutwardDeed.UPDATE:
                return await self._of_post(actor, payload)
            case OutwardDeed.DELETE:
                return await self._all(actor, [int(each) for each in payload["named"].split(",") if each])
            case OutwardDeed.PIN | OutwardDeed.UNPIN | OutwardDeed.PROFILE | OutwardDeed.MOVE:
                return await self._all(actor, [])
            case OutwardDeed.GONE:
                return [each.shared for each in await self._people.everywhere()]
        uri = ""
        if what is OutwardDeed.BOOST:
            boost = await self._posts.boost(int(payload["post"]))
            uri = boost[2] if boost else ""
        else:
            _, uri = await self._posts.address(int(payload["of"]))
        owner = await self._people.by_uri(uri) if uri else None
        numbers = [owner.number] if owner is not None else []
        return await self._all(actor, numbers, followers=what in (OutwardDeed.BOOST, OutwardDeed.UNBOOST))

    async def _of_post(self, actor: int, payload: Mapping[str, str]) -> list[str]:
        """Whoever follows, and whoever else has something of it; with ``only`` that one person."""
        noted = await self._posts.get(int(payload["post"]))
        if noted is None:
            return []
        if "only" in payload:
            return await self._all(actor, [int(payload["only"])], followers=False)
        others = await self._people.reached(noted.id)
        return await self._all(actor, others, followers=noted.audience is not Audience.MENTIONED)

    async def _all(self, actor: int, named: Sequence[int], *, followers: bool = True) -> list[str]:
        """The inboxes of who follows, and of some others; one for each server that has one for all of its people."""
        found: list[Inbox] = list(await self._people.inboxes(named)) if named else []
        if followers:
            found += await self._people.follower_inboxes(actor)
        return list(dict.fromkeys(each.shared for each in found))


def paced_ms(now_ms: int, place: int) -> int:
    """When the delivery at some place of its order is due: the first at once, thousands a few a second."""
    return now_ms + round(max(0, place - AT_FIRST) * 1000 / A_SECOND)


def together(jobs: Sequence[OutgoingJob]) -> list[list[OutgoingJob]]:
    """Jobs, by their moments, in messages of the queue: those of one are due at once, and none sooner than it was."""
    groups = list[list[OutgoingJob]]()
    for each in jobs:
        due_ms = each.due_ms if each.due_ms <= each.made_ms else -(-each.due_ms // APART_MS) * APART_MS
        if not groups or len(groups[-1]) == TOGETHER or due_ms != groups[-1][0].due_ms:
            groups.append([])
        groups[-1].append(msgspec.structs.replace(each, due_ms=due_ms))
    return groups


def _expected(job: OutgoingJob) -> DeliveryRow:
    return DeliveryRow(
        kind=job.kind, key=job.key, subject=job.subject, what=job.what, host=job.host[:255],
        state=DeliveryState.WAITING, attempts=0, status=0, trouble="", duration_ms=0, made_ms=job.made_ms,
        at_ms=job.made_ms, due_ms=job.due_ms,
    )  # fmt: skip
