"""Looks for people elsewhere by name and server, because somebody here wants something of them."""

from __future__ import annotations

from typing import Final

from stentor.base.errors import Conflict, Malformed, NotFound
from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt, of_silence
from stentor.courier.client import NoAnswer
from stentor.courier.strangers import Strangers
from stentor.store.moving import MovesTable
from stentor.store.naming import NamingTable
from stentor.store.remote_actors import KnownActor
from stentor.store.remote_posts import RemotePosts
from stentor.store.work import Work

FIND: Final = "find-elsewhere"
"""The kind of the jobs. Payload: ``why``, ``handle``, ``server``, and ``actor`` or ``post``."""
FOLLOW: Final = "follow"
"""The ``actor`` here wants to follow them."""
NAME: Final = "name"
"""The ``post`` names them."""
ALIAS: Final = "alias"
"""The ``actor`` here was, or is, them, too."""
MOVE: Final = "move"
"""The ``actor`` here is them from now on."""


class PeopleFinder:
    """The handler of these jobs."""

    def __init__(self, work: Work, people: Strangers) -> None:
        self._people, self._home = people, people.home
        self._posts, self._named = RemotePosts(work, people.home, people.new_id), NamingTable(work)
        self._moves = MovesTable(work)

    async def find(self, job: OutgoingJob) -> Attempt:
        """One attempt. Raises :class:`Overloaded` without the database."""
        handle, host, why = (str(job.payload[name]) for name in ("handle", "server", "why"))
        actor = int(job.payload.get("actor", 0))
        try:
            found = await self._people.named(handle, host)
            await self._found(why, actor, int(job.payload.get("post", 0)), f"{handle}@{host}", found)
        except NoAnswer as error:
            attempt = of_silence(error)
        except (Malformed, NotFound, Conflict) as error:
            attempt = Attempt(trouble=error.error_code)
        else:
            return NOTHING_LEFT
        if why in (ALIAS, MOVE):
            await self._moves.asks(actor, f"@{handle}@{host}", attempt.trouble)
        return attempt

    async def _found(self, why: str, actor: int, post: int, name: str, found: KnownActor) -> None:
        now_ms = self._people.now_ms
        match why:
            case "follow":
                await self._posts.ask(actor, found.number, now_ms=now_ms)
            case "name":
                await self._named.found(post, found.number, name, now_ms=now_ms)
            case "alias":
                await self._moves.add_alias(actor, found.who.uri, now_ms=now_ms)
            case "move":
                await self._leave(actor, found, now_ms)

    async def _leave(self, actor: int, found: KnownActor, now_ms: int) -> None:
        """Only to somebody who says to be them, too, and says it now."""
        fresh = await self._people.fresh(found.who.uri)
        if self._home.actor(actor) not in fresh.who.aliases:
            raise Conflict("The other account does not name this one as its own.", code="no-back-reference")
        await self._moves.leave(actor, fresh.who.uri, now_ms=now_ms)
        while await self._moves.carry_over(actor, fresh.number, now_ms=now_ms):
            pass
