"""Posts that are no files, for servers that may read them: of those who follow their author, or are mentioned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.fediverse import signatures, writing
from stentor.fediverse.signatures import SignedRequest, Unsigned
from stentor.fediverse.sites import Home
from stentor.store.noted import NotedPosts
from stentor.store.posts import missing
from stentor.store.remote_actors import RemoteActors
from stentor.store.work import Work

CACHE: Final = "private, no-store"


class PrivateNotes:
    """Who asks is known by the signature; a key that nobody here has met is not asked for while somebody waits."""

    def __init__(self, work: Work, home: Home, clock: Clock) -> None:
        self._posts, self._people = NotedPosts(work, home), RemoteActors(work)
        self._home, self._clock = home, clock

    async def read(self, post: int, target: str, headers: Mapping[str, str]) -> bytes:
        """The note. Raises :class:`Unsigned`, and :class:`NotFound` for what is not there for this server."""
        now = self._clock()
        message = SignedRequest(
            method="GET", target=target, authority=self._home.authority, scheme=self._home.scheme, headers=headers,
            body=b"",
        )  # fmt: skip
        claim = signatures.claim(message, now)
        known = await self._people.by_key(claim.key_id)
        if known is None:
            raise Unsigned("Sign with the key of somebody who follows the author, or is mentioned.")
        if not claim.holds(known.who.key):
            raise Unsigned("The signature is not that of the key's owner.")
        noted = await self._posts.get(post, now_ms=unix_ms(now))
        if noted is None or not await self._posts.is_for(noted.id, noted.author, known.number, known.who.domain):
            raise missing()
        return writing.encode(writing.whole(writing.note(self._home, noted)))
