"""Does what people elsewhere say to have done, once it is known that it was them.

A courier asks for the key where it is not known, checks the signature with it, and only then looks at what is said.
"""

from __future__ import annotations

from typing import Final

from stentor.base import log
from stentor.base.errors import Malformed, NotFound
from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt, of_silence
from stentor.courier.client import NoAnswer
from stentor.courier.incoming import IncomingDeeds
from stentor.courier.strangers import Strangers
from stentor.fediverse import reading, things
from stentor.fediverse.reading import Activity
from stentor.fediverse.sites import server
from stentor.store.received import Incoming, ReceivedTable
from stentor.store.remote_actors import KnownActor
from stentor.store.work import Work

JOB: Final = "received"
"""The kind of the jobs. Payload: ``name``, by which it waits in the database."""
OLD_MS: Final = 86_400_000
"""So old the document of somebody may be, unless their signature does not hold: then it is read anew."""
AGAIN_MS: Final = 60_000
"""But not more often than that: who forges signatures does not make us ask."""


class ActivityReceiver:
    """The handlers of these jobs."""

    def __init__(self, work: Work, people: Strangers) -> None:
        self._received, self._people, self._home = ReceivedTable(work), people, people.home
        self._deeds = IncomingDeeds(work, people)
        self._log = log.get("courier")

    async def receive(self, job: OutgoingJob) -> Attempt:
        """One attempt. Raises :class:`Overloaded` without the database."""
        found = await self._received.get(str(job.payload["name"]))
        if found is None:
            return NOTHING_LEFT
        try:
            attempt = await self._receive(found)
        except NoAnswer as error:
            return of_silence(error)
        except (Malformed, NotFound) as error:
            attempt = Attempt(trouble=error.error_code)
            self._log.info("activity-refused", reason=error.detail, server=server(found.claim.key_id))
        await self._received.done(found.name, now_ms=self._now_ms)
        return attempt

    async def _receive(self, found: Incoming) -> Attempt:
        said = things.document(found.body)
        activity = reading.activity(said)
        author = await self._sender(found, activity)
        if author is None:
            return Attempt(trouble="signature-wrong")
        if author.blocked and activity.kind not in things.WHILE_BLOCKED:
            return Attempt(trouble="person-blocked")
        await self._deeds.do(author, activity)
        await self._people.servers.heard(server(found.claim.key_id), standard=found.claim.standard)
        return NOTHING_LEFT

    async def _sender(self, found: Incoming, activity: Activity) -> KnownActor | None:
        """Who sent it: the actor of the activity, whose key it was signed with; None for nobody of that name."""
        claim, now_ms = found.claim, self._now_ms
        if server(claim.key_id) != server(activity.actor) or self._home.owns(activity.actor):
            return None
        known = await self._people.table.by_uri(activity.actor)
        own = known is not None and known.who.key_id == claim.key_id
        if known is not None and own and claim.holds(known.who.key) and now_ms - known.fetched_ms < OLD_MS:
            return known
        if known is not None and own and not claim.holds(known.who.key) and now_ms - known.fetched_ms < AGAIN_MS:
            return None
        fresh = await self._people.fresh(activity.actor)
        return fresh if fresh.who.key_id == claim.key_id and claim.holds(fresh.who.key) else None

    @property
    def _now_ms(self) -> int:
        return self._people.now_ms
