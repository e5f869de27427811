"""Tells servers of the fediverse what people here did: the job says what, it is written and signed at each attempt."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt, of_answer, of_silence
from stentor.courier.client import Answer, NoAnswer, OutsideClient
from stentor.courier.foreign import Signing
from stentor.courier.recent import Recent
from stentor.fediverse import deeds, documents, quoting, writing
from stentor.fediverse.policies import names
from stentor.fediverse.sites import SITE, Home, server
from stentor.fediverse.writing import Thing
from stentor.social.model import Audience
from stentor.store.domain_policies import DomainPolicies
from stentor.store.federating import OutwardDeed
from stentor.store.noted import NotedPosts
from stentor.store.public import PublicTable
from stentor.store.remote_actors import RemoteActors
from stentor.store.remote_quotes import RemoteQuotes
from stentor.store.work import Work

JOB: Final = "activity"
"""The kind of the jobs. Payload: ``what``, ``actor``, ``inbox``, and what ``store.federating`` says."""
AGAIN_S: Final = 1.0
"""So long the same is said to all: what is written for the next server is read anew only then."""
BLOCKED_S: Final = 3.0
"""So long after a server was blocked what was under way may still go there: to look for each of thousands is dear."""
GONE: Final = (404, 410)
"""Nobody is told anything there any more; who followed from there stays a follower, in case it comes back."""

Payload = Mapping[str, str | int]


class ActivitySender:
    """The handler of these jobs. What it writes is as things are then: None where there is nothing to tell any more,
    as where it was taken back meanwhile."""

    def __init__(self, work: Work, client: OutsideClient, signing: Signing, home: Home, clock: Clock) -> None:
        self._posts, self._people, self._quotes = NotedPosts(work, home), RemoteActors(work), RemoteQuotes(work)
        self._public, self._clock, self._policies = PublicTable(work), clock, DomainPolicies(work)
        self._client, self._signing, self._home = client, signing, home
        self._bodies: Recent[bytes | None] = Recent(AGAIN_S, time.monotonic)
        self._blocked: Recent[frozenset[str]] = Recent(BLOCKED_S, time.monotonic)

    async def send(self, job: OutgoingJob) -> Attempt:
        """One attempt. Raises :class:`Overloaded` without the database."""
        inbox, actor = str(job.payload["inbox"]), int(job.payload["actor"])
        blocked = await self._blocked.get("blocked", self._policies.blocked)
        # What is let in again is told at once: what is given up here comes to nobody.
        if not blocked.isdisjoint(names(server(inbox))) and await self._policies.blocks(inbox):
            return Attempt(trouble="server-blocked")
        body = await self._bodies.get(_same(job.payload), lambda: self._body(job.payload))
        if body is None:
            return NOTHING_LEFT
        try:
            answer = await self._post(actor, inbox, body, once=job.once)
        except NoAnswer as error:
            return of_silence(error)
        if answer.status in GONE:
            return Attempt(trouble="gone", status=answer.status, duration_ms=answer.duration_ms)
        return of_answer(answer)

    async def _post(self, actor: int, inbox: str, body: bytes, *, once: bool) -> Answer:
        """Signed as is known of the host, or as most do; where it wants the other kind, so."""
        for again in (False, True):
            answer, headers = await self._post_signed(actor, inbox, body, once=once)
            if not await self._signing.learn(inbox, headers, answer.status, again=again):
                break
        return answer

    async def _post_signed(
        self, actor: int, inbox: str, body: bytes, *, once: bool
    ) -> tuple[Answer, Mapping[str, str]]:
        """The answer, and the fields that were sent."""
        headers, sign = {"content-type": writing.TYPE}, await self._signing.signer(actor, "POST", inbox, body)

        def made() -> Mapping[str, str]:
            headers.update(sign())
            return headers

        if once:
            return await self._client.post_once(inbox, body, made), headers
        return await self._client.post(inbox, body, made()), headers

    async def _body(self, payload: Payload) -> bytes | None:
        made = await self._made(payload)
        return writing.encode(writing.whole(made)) if made is not None else None

    async def _made(self, payload: Payload) -> Thing | None:
        what, actor = OutwardDeed(str(payload["what"])), int(payload["actor"])
        doing: Mapping[OutwardDeed, Callable[[int, Payload], Awaitable[Thing | None]]] = {
            OutwardDeed.CREATE: self._create, OutwardDeed.UPDATE: self._update, OutwardDeed.DELETE: self._delete,
            OutwardDeed.BOOST: self._boost, OutwardDeed.UNBOOST: self._unboost, OutwardDeed.VOTE: self._vote,
            OutwardDeed.LIKE: self._like, OutwardDeed.UNLIKE: self._like,
            OutwardDeed.FOLLOW: self._follow, OutwardDeed.UNFOLLOW: self._follow, OutwardDeed.ANSWER: self._answer,
            OutwardDeed.BLOCK: self._block, OutwardDeed.UNBLOCK: self._block, OutwardDeed.FLAG: self._flag,
            OutwardDeed.PIN: self._pin, OutwardDeed.UNPIN: self._pin, OutwardDeed.QUOTE: self._quote,
            OutwardDeed.CONSENT: self._consent, OutwardDeed.PROFILE: self._profile, OutwardDeed.MOVE: self._move,
            OutwardDeed.GONE: self._gone,
        }  # fmt: skip
        return await doing[what](actor, payload)

    async def _create(self, actor: int, payload: Payload) -> Thing | None:
        noted = await self._posts.get(int(payload["post"]), now_ms=self._now_ms)
        return writing.create(self._home, noted) if noted is not None else None

    async def _update(self, actor: int, payload: Payload) -> Thing | None:
        noted = await self._posts.get(int(payload["post"]), now_ms=self._now_ms)
        return writing.update(self._home, noted, _at_ms(payload)) if noted is not None else None

    async def _delete(self, actor: int, payload: Payload) -> Thing | None:
        """Unless the post was put back meanwhile."""
        if await self._posts.get(int(payload["post"])) is not None:
            return None
        return writing.delete(self._home, actor, int(payload["post"]))

    async def _boost(self, actor: int, payload: Payload) -> Thing | None:
        found = await self._posts.boost(int(payload["post"]))
        if found is None or not found[1]:
            return None
        post, uri, owner = found
        return writing.announce(self._home, post.id, post.author, uri, owner, post.created_ms, post.visibility)

    async def _unboost(self, actor: int, payload: Payload) -> Thing | None:
        uri, owner = await self._posts.address(int(payload["of"]))
        done = writing.announce(self._home, int(payload["post"]), actor, uri, owner, 0, Audience.PUBLIC)
        return writing.undo(self._home, actor, done) if uri else None

    async def _like(self, actor: int, payload: Payload) -> Thing | None:
        on, post = payload["what"] == OutwardDeed.LIKE.value, int(payload["of"])
        uri, _ = await self._posts.address(post)
        if not uri or await self._posts.likes(actor, post) != on:
            return None
        done = writing.like(self._home, actor, post, uri, _since_ms(payload))
        return done if on else writing.undo(self._home, actor, done)

    async def _vote(self, actor: int, payload: Payload) -> Thing | None:
        post, number = int(payload["of"]), int(payload["answer"])
        (uri, owner), answer = await self._posts.address(post), await self._posts.answer(post, number)
        return deeds.vote(self._home, actor, post, number, answer, uri, owner) if uri and answer else None

    async def _follow(self, actor: int, payload: Payload) -> Thing | None:
        on, target = payload["what"] == OutwardDeed.FOLLOW.value, int(payload["target"])
        other = await self._people.by_number(target)
        if other is None or await self._posts.follows(actor, target) != on:
            return None
        done = writing.follow(self._home, actor, target, other.who.uri, _since_ms(payload))
        return done if on else writing.undo(self._home, actor, done)

    async def _answer(self, actor: int, payload: Payload) -> Thing | None:
        other, grant = await self._people.by_number(int(payload["target"])), bool(int(payload["grant"]))
        if other is None or await self._posts.follows(other.number, actor) != grant:
            return None
        return writing.answer(self._home, actor, other.number, other.who.uri, str(payload["uri"]), grant=grant)

    async def _block(self, actor: int, payload: Payload) -> Thing | None:
        on, other = payload["what"] == OutwardDeed.BLOCK.value, await self._people.by_number(int(payload["target"]))
        if other is None or await self._posts.blocks(actor, other.number) != on:
            return None
        done = deeds.block(self._home, actor, other.number, other.who.uri, _since_ms(payload))
        return done if on else writing.undo(self._home, actor, done)

    async def _flag(self, actor: int, payload: Payload) -> Thing | None:
        other = await self._people.by_number(int(payload["target"]))
        posts = [await self._posts.address(int(each)) for each in str(payload["posts"]).split(",") if each]
        if other is None:
            return None
        uris = [uri for uri, owner in posts if owner == other.who.uri]
        return deeds.flag(self._home, int(payload["case"]), other.who.uri, uris, str(payload["says"]))

    async def _pin(self, actor: int, payload: Payload) -> Thing | None:
        on, post = payload["what"] == OutwardDeed.PIN.value, int(payload["post"])
        if await self._posts.is_pinned(actor, post) != on:
            return None
        return deeds.pin(self._home, actor, post, on=on, at_ms=_at_ms(payload))

    async def _quote(self, actor: int, payload: Payload) -> Thing | None:
        """The question carries the post itself, for whoever is asked may not be able to read it otherwise."""
        post = int(payload["post"])
        noted = await self._posts.get(post, now_ms=self._now_ms)
        uri, owner = await self._posts.address(int(payload["of"]))
        if noted is None or not uri or not await self._quotes.waits(post):
            return None
        return quoting.request(self._home, actor, writing.note(self._home, noted), uri, owner)

    async def _consent(self, actor: int, payload: Payload) -> Thing | None:
        post = int(payload["of"])
        uri, owner = await self._posts.address(post)
        if not uri:
            return None
        if not int(payload["grant"]) and int(payload["revoked"]):
            return quoting.revoke(self._home, actor, post, owner)
        asked = {
            "id": str(payload["request"]), "type": "QuoteRequest", "actor": owner,
            "object": self._home.post(int(payload["quoted"])), "instrument": uri,
        }  # fmt: skip
        return quoting.answer(self._home, actor, post, asked, owner, grant=bool(int(payload["grant"])))

    async def _profile(self, actor: int, payload: Payload) -> Thing | None:
        card = (await self._public.cards([actor], 0)).get(actor)
        if card is None or not card.key or actor == SITE:
            return None
        return deeds.changed(self._home, actor, documents.person(self._home, card), _at_ms(payload) or self._now_ms)

    async def _move(self, actor: int, payload: Payload) -> Thing | None:
        return deeds.move(self._home, actor, str(payload["uri"]), _at_ms(payload))

    async def _gone(self, actor: int, payload: Payload) -> Thing | None:
        """Unless somebody was only suspended, and is not any more."""
        return None if await self._posts.here(actor) else deeds.gone(self._home, actor)

    @property
    def _now_ms(self) -> int:
        return unix_ms(self._clock())


def _at_ms(payload: Payload) -> int:
    return int(payload.get("at", 0))


def _since_ms(payload: Payload) -> int:
    """When it began: what is taken back has the name that it had then."""
    return int(payload.get("since", payload.get("at", 0)))


def _same(payload: Payload) -> Hashable:
    """What jobs have in common that say the same to different servers."""
    return tuple(sorted((name, str(value)) for name, value in payload.items() if name != "inbox"))
