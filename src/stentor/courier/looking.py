"""Looks for somebody or something elsewhere that somebody here has asked for, and who waits to hear of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from stentor.base.errors import Malformed, NotFound
from stentor.bus.jobs import OutgoingJob
from stentor.bus.looking import LookedUp
from stentor.courier.attempt import NOTHING_LEFT, Attempt
from stentor.courier.client import NoAnswer
from stentor.courier.incoming import IncomingDeeds
from stentor.courier.strangers import Strangers
from stentor.fediverse import reading, things
from stentor.fediverse.reading import Thing
from stentor.social.model import OPEN
from stentor.store.work import Work

LATE_MS: Final = 20_000
"""Nobody waits so long: what was ordered then is not looked for any more."""


class ElsewhereLooker:
    """The handler of these jobs; ``tell`` says what became of the one with a key. There is one attempt."""

    def __init__(self, work: Work, people: Strangers, tell: Callable[[str, LookedUp], Awaitable[None]]) -> None:
        self._people, self._home, self._tell = people, people.home, tell
        self._deeds = IncomingDeeds(work, people)

    async def look(self, job: OutgoingJob) -> Attempt:
        """Raises :class:`Overloaded` without the database."""
        if self._people.now_ms - job.made_ms > LATE_MS:
            return NOTHING_LEFT
        said = {name: str(value) for name, value in job.payload.items()}
        attempt = NOTHING_LEFT
        try:
            found = await (self._at(said["uri"]) if "uri" in said else self._named(said["handle"], said["server"]))
        except (NoAnswer, Malformed, NotFound) as error:
            found, attempt = LookedUp(trouble=error.error_code), Attempt(trouble=error.error_code)
        await self._tell(job.key, found)
        return attempt

    async def _named(self, handle: str, host: str) -> LookedUp:
        return LookedUp(actor=(await self._people.named(handle, host)).number)

    async def _at(self, uri: str) -> LookedUp:
        """Also by the address of a page, if its server answers with a document there."""
        if self._home.owns(uri):
            raise NotFound("This is nothing of elsewhere.")
        if (post := await self._deeds.posts.find(uri)) is not None:
            return LookedUp(post=post)
        found = await self._people.servers.standing(uri)
        if things.kind(found) in things.PEOPLE:
            return LookedUp(actor=(await self._people.known(things.address(found.get("id")))).number)
        return LookedUp(post=await self._post(found))

    async def _post(self, found: Thing) -> int:
        """Only what everybody may read: what its server shows ours is not for everybody here."""
        own, owner = things.address(found.get("id")), self._people.servers.owner(found)
        known = await self._deeds.posts.find(own)
        if known is not None:
            return known
        if not owner or self._home.owns(owner):
            raise NotFound("This is nothing of elsewhere.")
        who, now_ms = await self._people.known(owner), self._people.now_ms
        post = reading.remote_post(found, who.who, now_ms)
        if post.audience not in OPEN:
            raise NotFound("This is not for everybody.")
        await self._deeds.above(post.reply_to)
        await self._deeds.posts.add(who, post, now_ms=now_ms, wanted=True)
        made = await self._deeds.posts.find(post.uri)
        if made is None:
            raise NotFound("There is nothing at this address.")
        return made
