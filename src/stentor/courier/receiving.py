"""Does what people elsewhere say to have done, once it is known that it was them.

A courier asks for the key where it is not known, checks the signature with it, and only then looks at what is said.
"""

from __future__ import annotations

from typing import Final

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed, NotFound
from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt, of_silence
from stentor.courier.client import NoAnswer
from stentor.courier.foreign import ForeignServers
from stentor.fediverse import reading
from stentor.fediverse.reading import Activity, Thing
from stentor.fediverse.sites import Home, server
from stentor.social.ids import PostIds
from stentor.store.received import Incoming, ReceivedTable
from stentor.store.remote_actors import KnownActor, RemoteActors
from stentor.store.remote_posts import RemotePosts
from stentor.store.work import Work

JOB: Final = "received"
"""The kind of the jobs. Payload: ``name``, by which it waits in the database."""
FOLLOW: Final = "follow-elsewhere"
"""Somebody here wants to follow somebody who is not known yet. Payload: ``actor``, ``handle``, ``server``."""
OLD_MS: Final = 86_400_000
"""So old the document of somebody may be, unless their signature does not hold: then it is read anew."""
AGAIN_MS: Final = 60_000
"""But not more often than that: who forges signatures does not make us ask."""


class ActivityReceiver:
    """The handlers of these jobs."""

    def __init__(self, work: Work, servers: ForeignServers, home: Home, ids: PostIds, clock: Clock) -> None:
        self._received, self._people = ReceivedTable(work), RemoteActors(work)
        self._posts = RemotePosts(work, home, self._id)
        self._servers, self._home, self._ids, self._clock = servers, home, ids, clock
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

    async def follow(self, job: OutgoingJob) -> Attempt:
        """Looks for somebody by their name, and writes them down: then they can be followed as everybody."""
        handle, host = str(job.payload["handle"]), str(job.payload["server"])
        try:
            uri = await self._servers.named(handle, host)
            known = await self._people.by_uri(uri) or await self._fetch(uri)
        except NoAnswer as error:
            return of_silence(error)
        except (Malformed, NotFound) as error:
            return Attempt(trouble=error.error_code)
        await self._posts.ask(int(job.payload["actor"]), known.number, now_ms=self._now_ms)
        return NOTHING_LEFT

    async def _receive(self, found: Incoming) -> Attempt:
        said = reading.document(found.body)
        activity = reading.activity(said)
        author = await self._sender(found, activity)
        if author is None:
            return Attempt(trouble="signature-wrong")
        await self._do(author, activity)
        return NOTHING_LEFT

    async def _sender(self, found: Incoming, activity: Activity) -> KnownActor | None:
        """Who sent it: the actor of the activity, whose key it was signed with; None for nobody of that name."""
        claim, now_ms = found.claim, self._now_ms
        if server(claim.key_id) != server(activity.actor) or self._home.owns(activity.actor):
            return None
        known = await self._people.by_uri(activity.actor)
        own = known is not None and known.who.key_id == claim.key_id
        if known is not None and own and claim.holds(known.who.key) and now_ms - known.fetched_ms < OLD_MS:
            return known
        if known is not None and own and not claim.holds(known.who.key) and now_ms - known.fetched_ms < AGAIN_MS:
            return None
        fresh = await self._fetch(activity.actor)
        return fresh if fresh.who.key_id == claim.key_id and claim.holds(fresh.who.key) else None

    async def _fetch(self, uri: str) -> KnownActor:
        who = await self._servers.actor(uri)
        if self._home.owns(who.uri):
            raise Malformed("Somebody of this site is nobody elsewhere.")
        return await self._people.put(self._id(), who, now_ms=self._now_ms)

    async def _do(self, author: KnownActor, activity: Activity) -> None:
        """What is of no kind that we know is passed over."""
        match activity.kind:
            case "Create":
                await self._create(author, activity.inner)
            case "Update":
                await self._update(author, activity)
            case "Delete":
                await self._delete(author, activity.object)
            case "Announce":
                await self._boost(author, activity)
            case "Like":
                if (post := await self._posts.find(activity.object)) is not None:
                    await self._posts.like(author.number, post, on=True, now_ms=self._now_ms)
            case "Follow":
                if (followee := self._home.actor_at(activity.object)) is not None and activity.id:
                    await self._posts.follow(author, followee, activity.id, now_ms=self._now_ms)
            case "Accept" | "Reject":
                await self._answered(author, activity)
            case "Block":
                if (target := self._home.actor_at(activity.object)) is not None:
                    await self._posts.block(author.number, target, on=True, now_ms=self._now_ms)
            case "Undo":
                await self._undo(author, activity)

    async def _create(self, author: KnownActor, inner: Thing | None) -> None:
        """The post must be in it: what is only named is nobody's word yet."""
        if inner is not None and reading.kind(inner) in reading.POSTS:
            post = reading.remote_post(inner, author.who, self._now_ms)
            await self._posts.add(author, post, now_ms=self._now_ms)

    async def _update(self, author: KnownActor, activity: Activity) -> None:
        inner = activity.inner
        if inner is not None and activity.of in reading.POSTS:
            post = reading.remote_post(inner, author.who, self._now_ms)
            await self._posts.change(author, post, now_ms=self._now_ms)
        elif activity.object == author.who.uri and self._now_ms - author.fetched_ms > AGAIN_MS:
            await self._fetch(author.who.uri)

    async def _delete(self, author: KnownActor, uri: str) -> None:
        if uri == author.who.uri:
            await self._people.gone(uri)
        else:
            await self._posts.remove(author.number, uri)

    async def _boost(self, author: KnownActor, activity: Activity) -> None:
        post = await self._posts.find(activity.object)
        if post is None and activity.object and not self._home.owns(activity.object):
            post = await self._carried(author, activity.object)
        if post is not None and activity.id:
            await self._posts.boost(author.number, activity.id, post, activity.audience, at_ms=self._now_ms)

    async def _carried(self, author: KnownActor, uri: str) -> int | None:
        """A post that is not here yet, of somebody else: asked for, if anybody here follows who carries it on."""
        if not await self._posts.followed(author.number):
            return None
        found, owner = await self._servers.post(uri)
        if not owner or self._home.owns(owner):
            return None
        who = await self._people.by_uri(owner) or await self._fetch(owner)
        await self._posts.add(who, reading.remote_post(found, who.who, self._now_ms), now_ms=self._now_ms, wanted=True)
        return await self._posts.find(reading.address(found.get("id")))

    async def _answered(self, author: KnownActor, activity: Activity) -> None:
        """Of a follow of ours: by its address, or as it came back."""
        pair = self._home.follow_at(activity.object)
        if pair is None and activity.inner is not None and activity.of == "Follow":
            follower = self._home.actor_at(reading.address(activity.inner.get("actor")))
            pair = (follower, author.number) if follower is not None else None
        if pair is None or pair[1] != author.number:
            return
        await (self._posts.granted if activity.kind == "Accept" else self._posts.unfollow)(*pair)

    async def _undo(self, author: KnownActor, activity: Activity) -> None:
        inner = activity.inner
        if inner is None or reading.address(inner.get("actor")) not in ("", author.who.uri):
            await self._posts.remove(author.number, activity.object)  # only an address came: it may be a boost's
            return
        target = reading.address(inner.get("object"))
        here, post = self._home.actor_at(target), await self._posts.find(target)
        match activity.of:
            case "Follow" if here is not None:
                await self._posts.unfollow(author.number, here)
            case "Block" if here is not None:
                await self._posts.block(author.number, here, on=False, now_ms=self._now_ms)
            case "Like" if post is not None:
                await self._posts.like(author.number, post, on=False, now_ms=self._now_ms)
            case "Announce" if post is not None:
                await self._posts.unboost(author.number, post)

    @property
    def _now_ms(self) -> int:
        return unix_ms(self._clock())

    def _id(self) -> int:
        return self._ids.new(self._now_ms)
