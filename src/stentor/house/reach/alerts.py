"""Hands push messages of notifications over to couriers, for the apps that want them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.bus.jobs import JobQueue
from stentor.social import alerts
from stentor.store.alerts import AlertsTable
from stentor.store.jobs import Job
from stentor.store.single_notices import SingleNotices
from stentor.store.work import Work

SUBJECT: Final = "alerts"


class AlertDesk:
    """Its jobs are ordered by :func:`stentor.store.alerts.order_alert`."""

    def __init__(self, work: Work, queue: JobQueue, clock: Clock) -> None:
        self._table, self._notices, self._queue, self._clock = AlertsTable(work), SingleNotices(work), queue, clock

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """For ``duty.jobs``."""
        return {alerts.JOB: self.hand_over}

    async def hand_over(self, job: Job) -> None:
        """One job of a courier for each app; again it is the same. Raises :class:`Overloaded`."""
        me, number, now_ms = int(job.payload["to"]), int(job.key), unix_ms(self._clock())
        subscriptions = await self._table.of_actor(me)
        notice = await self._notices.one(me, number, now_ms=now_ms) if subscriptions else None
        if notice is None or now_ms - notice.at_ms > alerts.LATE_MS:
            return
        follows, followed = await self._table.standing(me, notice.by.number)
        for each in subscriptions:
            if not alerts.wanted(notice.kind, each.alerts, each.policy, follows=follows, followed=followed):
                continue
            await self._queue.put(
                alerts.JOB, f"{number}.{each.number}", {"subscription": each.number, "notice": number},
                host=each.host, now_ms=now_ms, subject=SUBJECT, what=alerts.TYPES[notice.kind],
            )  # fmt: skip
