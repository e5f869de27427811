"""Tells servers of the fediverse what people here did: the job says what, it is written and signed at each attempt."""

from __future__ import annotations

from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt, of_answer, of_silence
from stentor.courier.client import NoAnswer, OutsideClient
from stentor.courier.foreign import Signing
from stentor.fediverse import writing
from stentor.fediverse.sites import Home
from stentor.fediverse.writing import Thing
from stentor.social.model import Audience
from stentor.store.federating import OutwardDeed
from stentor.store.noted import NotedPosts
from stentor.store.remote_actors import RemoteActors
from stentor.store.work import Work

JOB = "activity"
"""The kind of the jobs. Payload: ``what``, ``actor``, ``inbox``, and what ``store.federating`` says."""
GONE = (404, 410)
"""Nobody is told anything there any more; who followed from there stays a follower, in case it comes back."""


class ActivitySender:
    """The handler of these jobs."""

    def __init__(self, work: Work, client: OutsideClient, signing: Signing, home: Home) -> None:
        self._posts, self._people = NotedPosts(work, home), RemoteActors(work)
        self._client, self._signing, self._home = client, signing, home

    async def send(self, job: OutgoingJob) -> Attempt:
        """One attempt. Raises :class:`Overloaded` without the database."""
        made = await self._made(job.payload)
        if made is None:
            return NOTHING_LEFT
        inbox, actor = str(job.payload["inbox"]), int(job.payload["actor"])
        body = writing.encode(writing.whole(made))
        headers = await self._signing.headers(actor, "POST", inbox, body)
        try:
            answer = await self._client.post(inbox, body, {**headers, "content-type": writing.TYPE})
        except NoAnswer as error:
            return of_silence(error)
        if answer.status in GONE:
            return Attempt(trouble="gone", status=answer.status, duration_ms=answer.duration_ms)
        return of_answer(answer)

    async def _made(self, payload: dict[str, str | int]) -> Thing | None:
        """The activity as it is now; None where there is nothing to tell any more."""
        what, actor = OutwardDeed(str(payload["what"])), int(payload["actor"])
        number: dict[str, int] = {
            name: int(payload[name]) for name in ("post", "of", "target", "grant") if name in payload
        }
        match what:
            case OutwardDeed.CREATE | OutwardDeed.UPDATE:
                noted = await self._posts.get(number["post"])
                if noted is None:
                    return None
                return (writing.create if what is OutwardDeed.CREATE else writing.update)(self._home, noted)
            case OutwardDeed.DELETE:
                return writing.delete(self._home, actor, number["post"])
            case OutwardDeed.BOOST:
                return await self._boost(number["post"])
            case OutwardDeed.UNBOOST:
                uri, owner = await self._posts.address(number["of"])
                done = writing.announce(self._home, number["post"], actor, uri, owner, 0, Audience.PUBLIC)
                return writing.undo(self._home, actor, done) if uri else None
            case OutwardDeed.LIKE | OutwardDeed.UNLIKE:
                return await self._like(actor, number["of"], on=what is OutwardDeed.LIKE)
            case OutwardDeed.FOLLOW | OutwardDeed.UNFOLLOW:
                return await self._follow(actor, number["target"], on=what is OutwardDeed.FOLLOW)
        return await self._answer(actor, number, str(payload["uri"]))

    async def _boost(self, boost: int) -> Thing | None:
        found = await self._posts.boost(boost)
        if found is None or not found[1]:
            return None
        post, uri, owner = found
        return writing.announce(self._home, post.id, post.author, uri, owner, post.created_ms, post.visibility)

    async def _like(self, actor: int, post: int, *, on: bool) -> Thing | None:
        """What was taken back meanwhile is not told any more, and the other way round."""
        uri, _ = await self._posts.address(post)
        if not uri or await self._posts.likes(actor, post) != on:
            return None
        done = writing.like(self._home, actor, post, uri)
        return done if on else writing.undo(self._home, actor, done)

    async def _follow(self, actor: int, target: int, *, on: bool) -> Thing | None:
        other = await self._people.by_number(target)
        if other is None or await self._posts.follows(actor, target) != on:
            return None
        done = writing.follow(self._home, actor, target, other.who.uri)
        return done if on else writing.undo(self._home, actor, done)

    async def _answer(self, actor: int, number: dict[str, int], uri: str) -> Thing | None:
        other, grant = await self._people.by_number(number["target"]), bool(number["grant"])
        if other is None or await self._posts.follows(other.number, actor) != grant:
            return None
        return writing.answer(self._home, actor, other.number, other.who.uri, uri, grant=grant)
