"""Whom couriers tell what people here did: one delivery a server, ordered once, and seen by whoever posted."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.bus.jobs import JobQueue
from stentor.fediverse.sites import Home
from stentor.social.model import Audience
from stentor.spaces.hooks import host_of
from stentor.store.deliveries import Deliveries, DeliveryRow, DeliveryState
from stentor.store.federating import FEDERATE, OutwardDeed
from stentor.store.jobs import Job
from stentor.store.noted import NotedPosts
from stentor.store.remote_actors import Inbox, RemoteActors
from stentor.store.work import Work

JOB: Final = "activity"
"""The kind of the couriers' jobs."""
AT_ONCE: Final = 64
"""Jobs that are on their way to the bus at the same time."""


class Telling:
    """Orders deliveries."""

    def __init__(self, work: Work, queue: JobQueue, home: Home, clock: Clock) -> None:
        self._posts, self._people, self._deliveries = NotedPosts(work, home), RemoteActors(work), Deliveries(work)
        self._queue, self._clock = queue, clock

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """What a house does by itself, for ``duty.jobs``."""
        return {FEDERATE: self.tell}

    async def tell(self, job: Job) -> None:
        """Orders one delivery for each inbox; ordered twice, it is one."""
        what, actor = OutwardDeed(str(job.payload["what"])), int(job.payload["actor"])
        inboxes = await self._inboxes(what, actor, {name: str(value) for name, value in job.payload.items()})
        subject, now_ms = job.subject or f"actor {actor}", unix_ms(self._clock())
        orders = {f"{job.id}.{hashlib.sha256(each.encode()).hexdigest()[:32]}": each for each in inboxes}
        rows = [_expected(key, subject, what, host_of(inbox), now_ms) for key, inbox in orders.items()]
        await self._deliveries.expect(rows)
        waiting = list(orders.items())
        for at in range(0, len(waiting), AT_ONCE):
            await asyncio.gather(
                *(
                    self._queue.put(
                        JOB, key, {**job.payload, "inbox": inbox}, host=host_of(inbox), now_ms=now_ms,
                        subject=subject, what=what.value,
                    )
                    for key, inbox in waiting[at : at + AT_ONCE]
                )
            )  # fmt: skip

    async def _inboxes(self, what: OutwardDeed, actor: int, payload: Mapping[str, str]) -> list[str]:
        match what:
            case OutwardDeed.FOLLOW | OutwardDeed.UNFOLLOW | OutwardDeed.ANSWER:
                return [each.private for each in await self._people.inboxes([int(payload["target"])])]
            case OutwardDeed.CREATE | OutwardDeed.UPDATE:
                noted = await self._posts.get(int(payload["post"]))
                if noted is None:
                    return []
                named = await self._people.named_in(noted.id)
                return await self._all(actor, named, followers=noted.audience is not Audience.MENTIONED)
            case OutwardDeed.DELETE:
                return await self._all(actor, [int(each) for each in payload["named"].split(",") if each])
        uri = ""
        if what is OutwardDeed.BOOST:
            boost = await self._posts.boost(int(payload["post"]))
            uri = boost[2] if boost else ""
        else:
            _, uri = await self._posts.address(int(payload["of"]))
        owner = await self._people.by_uri(uri) if uri else None
        numbers = [owner.number] if owner is not None else []
        return await self._all(actor, numbers, followers=what in (OutwardDeed.BOOST, OutwardDeed.UNBOOST))

    async def _all(self, actor: int, named: Sequence[int], *, followers: bool = True) -> list[str]:
        """The inboxes of who follows, and of some others; one for each server that has one for all of its people."""
        found: list[Inbox] = list(await self._people.inboxes(named)) if named else []
        if followers:
            found += await self._people.follower_inboxes(actor)
        return list(dict.fromkeys(each.shared for each in found))


def _expected(key: str, subject: str, what: OutwardDeed, host: str, now_ms: int) -> DeliveryRow:
    return DeliveryRow(
        kind=JOB, key=key, subject=subject, what=what.value, host=host[:255], state=DeliveryState.WAITING, attempts=0,
        status=0, trouble="", duration_ms=0, made_ms=now_ms, at_ms=now_ms, due_ms=now_ms,
    )  # fmt: skip
