"""What people elsewhere do, once it is known that it was them: one method a kind of activity."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from stentor.base.errors import Malformed, NotFound
from stentor.courier.client import NoAnswer
from stentor.courier.strangers import Strangers
from stentor.fediverse import polls, quoting, reading, things
from stentor.fediverse.reading import Activity, RemotePost, Thing
from stentor.fediverse.sites import server
from stentor.social.model import Consented
from stentor.store.flags import FlagsTable
from stentor.store.moving import MovesTable
from stentor.store.remote_actors import KnownActor
from stentor.store.remote_posts import QuoteFound, RemotePosts
from stentor.store.remote_quotes import RemoteQuotes
from stentor.store.work import Work

AGAIN_MS: Final = 60_000
"""So young a document of somebody is not read again: who sends many changes does not make us ask each time."""
MOST_ABOVE: Final = 8
"""Posts above an answer that are asked for, so that one sees what it answers; the others are read there."""
_UNREAD: Final = (NoAnswer, Malformed, NotFound)


class IncomingDeeds:
    """Does them. What is of no kind that we know is passed over."""

    def __init__(self, work: Work, people: Strangers) -> None:
        self._people, self._home, self._servers = people, people.home, people.servers
        self.posts, self._quotes = RemotePosts(work, people.home, people.new_id), RemoteQuotes(work)
        self._flags, self._moves = FlagsTable(work), MovesTable(work)

    async def do(self, author: KnownActor, activity: Activity) -> None:
        """Raises :class:`NoAnswer` where another server must be asked and does not answer, :class:`Malformed`."""
        now_ms, here = self._people.now_ms, self._home.actor_at(activity.object)
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
                if (post := await self.posts.find(activity.object)) is not None:
                    await self.posts.like(author.number, post, on=True, now_ms=now_ms)
            case "Follow" if here is not None and activity.id:
                await self.posts.follow(author, here, activity.id, now_ms=now_ms)
            case "Accept" | "Reject":
                await self._answered(author, activity)
            case "Block" if here is not None:
                await self.posts.block(author.number, here, on=True, now_ms=now_ms)
            case "Flag":
                await self._flag(author, activity)
            case "Move" if activity.object == author.who.uri and activity.target:
                await self._move(author, activity.target)
            case "Add" | "Remove" if author.who.featured and activity.target == author.who.featured:
                await self._pin(author, activity)
            case "QuoteRequest":
                await self._asks_to_quote(author, activity)
            case "Undo":
                await self._undo(author, activity)

    async def _create(self, author: KnownActor, inner: Thing | None) -> None:
        """The post must be in it: what is only named is nobody's word yet."""
        if inner is None or things.kind(inner) not in things.POSTS:
            return
        post = reading.remote_post(inner, author.who, self._people.now_ms)
        voted, answer = polls.chosen(inner)
        if answer and self._home.owns(voted):
            await self.posts.vote(author.number, voted, answer, now_ms=self._people.now_ms)
        elif not answer and await self.posts.wants(author, post):
            await self.above(post.reply_to)
            quote = await self._quoted(author, post)
            await self.posts.add(author, post, now_ms=self._people.now_ms, quote=quote)

    async def _update(self, author: KnownActor, activity: Activity) -> None:
        inner, now_ms = activity.inner, self._people.now_ms
        if inner is not None and activity.of in things.POSTS:
            post = reading.remote_post(inner, author.who, now_ms)
            await self.posts.change(author, post, now_ms=now_ms)
            if (quote := await self._quoted(author, post)) is not None and quote.state is Consented.GRANTED:
                await self._quotes.learn(author.number, post.uri, quote)
        elif activity.object == author.who.uri:
            await self._changed(author, inner)

    async def _changed(self, author: KnownActor, inner: Thing | None) -> None:
        """Somebody is another one: as they say themselves, else as their document says, if it is not young."""
        now_ms = self._people.now_ms
        with suppress(Malformed):
            if inner is not None:
                who = reading.remote_actor(inner, author.who.uri)
                await self._people.table.put(author.number, who, now_ms=now_ms)
                return
        if now_ms - author.fetched_ms > AGAIN_MS:
            await self._people.fresh(author.who.uri)

    async def _delete(self, author: KnownActor, uri: str) -> None:
        if uri == author.who.uri:
            await self._people.table.gone(uri)
        elif not await self.posts.remove(author.number, uri):
            await self._quotes.unstamped(author.number, uri, now_ms=self._people.now_ms)

    async def _boost(self, author: KnownActor, activity: Activity) -> None:
        post = await self.posts.find(activity.object)
        if post is None and activity.object and await self.posts.followed(author.number):
            post = await self._asked_for(activity.object)
        if post is not None and activity.id:
            now_ms = self._people.now_ms
            await self.posts.boost(author.number, activity.id, post, activity.audience, at_ms=now_ms)

    async def _asked_for(self, uri: str) -> int | None:
        """A post that is not here yet, asked for where it stands; None for one of ours that is gone."""
        if self._home.owns(uri):
            return None
        found, owner = await self._servers.post(uri)
        if not owner or self._home.owns(owner):
            return None
        who, now_ms = await self._people.known(owner), self._people.now_ms
        post = reading.remote_post(found, who.who, now_ms)
        await self.posts.add(who, post, now_ms=now_ms, wanted=True)
        return await self.posts.find(post.uri)

    async def above(self, uri: str) -> None:
        """What an answer answers, and what that answers, the topmost first: else it would stand there alone."""
        waiting: list[tuple[KnownActor, RemotePost]] = []
        with suppress(*_UNREAD):
            while uri and len(waiting) < MOST_ABOVE and not self._home.owns(uri):
                if await self.posts.find(uri) is not None:
                    break
                found, owner = await self._servers.post(uri)
                if not owner or self._home.owns(owner):
                    break
                who = await self._people.known(owner)
                post = reading.remote_post(found, who.who, self._people.now_ms)
                waiting.append((who, post))
                uri = post.reply_to
        for who, post in reversed(waiting):
            await self.posts.add(who, post, now_ms=self._people.now_ms, wanted=True)

    async def _quoted(self, author: KnownActor, post: RemotePost) -> QuoteFound | None:
        """What a post quotes, with what its author has said to it: of a post elsewhere its stamp says so."""
        if not post.quote:
            return None
        quoted = await self.posts.find(post.quote)
        if quoted is None and post.stamp:
            with suppress(*_UNREAD):
                quoted = await self._asked_for(post.quote)
        standing = await self._quotes.of(quoted) if quoted is not None else None
        if quoted is None or standing is None:
            return None
        if standing.owner == author.number:
            return QuoteFound(quoted, Consented.GRANTED)
        if standing.here or not post.stamp:
            return QuoteFound(quoted, Consented.ASKED)
        with suppress(*_UNREAD):
            stamp = await self._servers.document(post.stamp)
            if quoting.holds(stamp, post.stamp, post.uri, standing.uri, standing.who):
                return QuoteFound(quoted, Consented.GRANTED, post.stamp)
        return QuoteFound(quoted, Consented.ASKED)

    async def _asks_to_quote(self, author: KnownActor, activity: Activity) -> None:
        """The post that quotes is kept, so that whoever is quoted can look at it and answer."""
        quoted, inner = await self.posts.find(activity.object), activity.instrument_inner
        standing = await self._quotes.of(quoted) if quoted is not None else None
        if quoted is None or standing is None or not standing.here or not activity.id:
            return
        if inner is None or things.kind(inner) not in things.POSTS:
            inner, _ = await self._servers.post(activity.instrument)
        now_ms = self._people.now_ms
        post = reading.remote_post(inner, author.who, now_ms)
        asked = QuoteFound(quoted, Consented.ASKED, request=activity.id)
        if not await self.posts.add(author, post, now_ms=now_ms, wanted=True, quote=asked):
            await self._quotes.ask_again(author.number, post.uri, asked, now_ms=now_ms)

    async def _answered(self, author: KnownActor, activity: Activity) -> None:
        """Of a follow or a quote of ours: by its address, or as it came back."""
        inner = activity.inner
        quoting_post = self._home.quote_at(activity.object)
        if quoting_post is None and inner is not None and activity.of == "QuoteRequest":
            quoting_post = self._home.post_at(things.address(inner.get("instrument")))
        if quoting_post is not None:
            granted = activity.kind == "Accept"
            if not granted or (activity.result and server(activity.result) == author.who.domain):
                stamp = activity.result if granted else ""
                await self._quotes.stamped(quoting_post, author.number, stamp, now_ms=self._people.now_ms)
            return
        pair = self._home.follow_at(activity.object)
        if pair is None and inner is not None and activity.of == "Follow":
            follower = self._home.actor_at(things.address(inner.get("actor")))
            pair = (follower, author.number) if follower is not None else None
        if pair is not None and pair[1] == author.number:
            await (self.posts.granted if activity.kind == "Accept" else self.posts.unfollow)(*pair)

    async def _flag(self, author: KnownActor, activity: Activity) -> None:
        """A report of another server about somebody here, with posts of theirs: a case for our moderators."""
        people = [number for uri in activity.objects if (number := self._home.actor_at(uri)) is not None]
        posts = [post for uri in activity.objects if (post := await self.posts.find(uri)) is not None]
        await self._flags.take(author.who.domain, activity.id, people, posts, activity.content, self._people.now_ms)

    async def _move(self, author: KnownActor, target: str) -> None:
        """Somebody says to be somebody else from now on. Whoever that is must say the same: else anybody could take
        others' followers along, or give theirs to somebody who does not want them."""
        here = self._home.actor_at(target)
        if here is not None:
            aliases, number = (await self._moves.of(here)).aliases, here
        elif self._home.owns(target):
            return
        else:
            other = await self._people.fresh(target)
            aliases, number = other.who.aliases, other.number
        if author.who.uri not in aliases or number == author.number:
            return
        now_ms = self._people.now_ms
        if await self._moves.gone(author.number, target, now_ms=now_ms):
            while await self._moves.carry_over(author.number, number, now_ms=now_ms):
                pass

    async def _pin(self, author: KnownActor, activity: Activity) -> None:
        post, on = await self.posts.find(activity.object), activity.kind == "Add"
        if post is None and on and server(activity.object) == author.who.domain:
            post = await self._asked_for(activity.object) if await self.posts.followed(author.number) else None
        if post is not None:
            await self.posts.pin(author.number, post, on=on, now_ms=self._people.now_ms)

    async def _undo(self, author: KnownActor, activity: Activity) -> None:
        inner, now_ms = activity.inner, self._people.now_ms
        if inner is None or things.address(inner.get("actor")) not in ("", author.who.uri):
            await self.posts.remove(author.number, activity.object)  # only an address came: it may be a boost's
            return
        target = things.address(inner.get("object"))
        here, post = self._home.actor_at(target), await self.posts.find(target)
        match activity.of:
            case "Follow" if here is not None:
                await self.posts.unfollow(author.number, here)
            case "Block" if here is not None:
                await self.posts.block(author.number, here, on=False, now_ms=now_ms)
            case "Like" if post is not None:
                await self.posts.like(author.number, post, on=False, now_ms=now_ms)
            case "Announce" if post is not None:
                await self.posts.unboost(author.number, post)
