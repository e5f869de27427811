"""What people elsewhere do, written down here: posts, boosts, likes, follows, in the tables of everybody.

Nothing is kept that nobody here wants: a post comes in when somebody here follows its author, or is named in it, or is
answered by it. Everything may come twice, and late, and does no harm then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, delete, exists, insert, select, update

from stentor.fediverse.reading import RemotePost
from stentor.fediverse.sites import Home
from stentor.social import visible
from stentor.social.model import OPEN, Audience, Consented, Post
from stentor.social.notices import NoticeKind
from stentor.store import social_tables as tables
from stentor.store.distant_pictures import want_pictures
from stentor.store.domain_policies import policy_of
from stentor.store.federating import OutwardDeed, federate
from stentor.store.follows import TOLD
from stentor.store.post_polls import put_poll, take_vote
from stentor.store.post_quotes import set_link
from stentor.store.post_versions import MOST_VERSIONS, keep_version
from stentor.store.posts import insert_post, name_people
from stentor.store.reading import blocked, load_post, relation_to
from stentor.store.remote_actors import KnownActor
from stentor.store.tally import count, count_in
from stentor.store.telling import estrange, forget_post, tell, tell_of_post, untell
from stentor.store.work import Work

_POST, _FOLLOW, _ACTOR = tables.posts.c, tables.follows.c, tables.actors.c
_PINS = tables.pins
MOST_PINS = 20
"""Of somebody elsewhere: their server may let them pin more than ours would."""
MOST_ASKED_DAY = 400
"""Followers that a server may bring somebody in a day: thousands of them at once are nobody."""
DAY_MS = 86_400_000


class QuoteFound(NamedTuple):
    """The post that one from elsewhere quotes, and what its author has said to it."""

    post: int
    state: Consented
    stamp: str = ""
    request: str = ""


class RemotePosts:
    """``ids`` gives numbers for what comes. Methods may raise :class:`Overloaded` when the database does not answer;
    each says whether it did something."""

    def __init__(self, work: Work, home: Home, ids: Callable[[], int]) -> None:
        self._work, self._home, self._ids = work, home, ids

    async def find(self, uri: str) -> int | None:
        """The number of a post with that address, of here or elsewhere."""
        return await self._work.read(lambda connection: self._find(connection, uri))

    async def wants(self, author: KnownActor, post: RemotePost) -> bool:
        """Whether a post that is not here yet would be kept."""
        return await self._work.read(
            lambda connection: self._find(connection, post.uri) is None and self._near(connection, author, post)
        )

    async def vote(self, actor: int, uri: str, answer: str, *, now_ms: int) -> bool:
        """Somebody elsewhere votes in a poll of somebody here; False also where there is none: then it is no vote."""

        def work(connection: Connection) -> bool:
            number = self._find(connection, uri)
            found = self._readable(connection, actor, number) if number is not None else None
            return found is not None and take_vote(connection, found, actor, answer, now_ms=now_ms)

        return await self._work.write(work)

    async def pin(self, actor: int, post: int, *, on: bool, now_ms: int) -> bool:
        """Somebody elsewhere pins a post of theirs, or does not any more."""
        mine = (_PINS.c.actor == actor) & (_PINS.c.post == post)

        def work(connection: Connection) -> bool:
            found, pinned = load_post(connection, post), select(_PINS.c.post).where(_PINS.c.actor == actor)
            there = set(connection.execute(pinned).scalars())
            if (post in there) == on or found is None or found.author != actor or (on and len(there) >= MOST_PINS):
                return False
            row = {"actor": actor, "post": post, "at_ms": now_ms}
            connection.execute(insert(_PINS).values(**row) if on else delete(_PINS).where(mine))
            return True

        return await self._work.write(work)

    async def add(
        self,
        author: KnownActor,
        post: RemotePost,
        *,
        now_ms: int,
        wanted: bool = False,
        quote: QuoteFound | None = None,
    ) -> bool:
        """A post of somebody elsewhere, if it is ``wanted``, or somebody here has to do with it."""

        def work(connection: Connection) -> bool:
            if self._find(connection, post.uri) is not None or policy_of(connection, author.who.domain).blocks:
                return False
            answered = self._answered(connection, author.number, post)
            here = {each for each in self._named(connection, post) if not blocked(connection, author.number, each)}
            if not (wanted or self._near(connection, author, post)):
                return False
            made = Post(
                id=self._ids(), author=author.number, visibility=post.audience, text=post.text, html=post.html,
                warning=post.warning, language=post.language, created_ms=post.created_ms,
                reply_to=answered.id if answered else None, reply_author=answered.author if answered else None,
                root=(answered.root or answered.id) if answered else None,
                quote_of=quote.post if quote else None, quote_state=quote.state if quote else None,
            )  # fmt: skip
            insert_post(connection, made, uri=post.uri)
            self._show(connection, made, post, now_ms)
            name_people(connection, made, here | ({answered.author} if answered else set()), post.tags)
            count_in(connection, made, 1)
            put_poll(connection, made.id, post.poll)
            if quote is not None:
                set_link(connection, made.id, request=quote.request, stamp=quote.stamp)
            tell_of_post(connection, made, here, now_ms=now_ms)
            return True

        return await self._work.write(work)

    async def change(self, author: KnownActor, post: RemotePost, *, now_ms: int) -> bool:
        """What a post says from now on; who may read it stays as it was."""

        def work(connection: Connection) -> bool:
            found = self._of(connection, author.number, post.uri)
            if found is None:
                return False
            html = post.html + want_pictures(connection, author.number, found.id, post.pictures, self._ids, now_ms)
            stands = put_poll(connection, found.id, post.poll)
            if (found.html, found.warning) == (html, post.warning):
                return stands
            if self._versions(connection, found.id) < MOST_VERSIONS:
                keep_version(connection, found)
            values = {"text": post.text, "html": html, "warning": post.warning, "edited_ms": now_ms}
            connection.execute(update(tables.posts).where(_POST.id == found.id).values(**values))
            people = {each for each in self._named(connection, post) if not blocked(connection, author.number, each)}
            name_people(connection, found, people | ({found.reply_author} if found.reply_author else set()), post.tags)
            return True

        return await self._work.write(work)

    async def remove(self, author: int, uri: str) -> bool:
        """A post or a boost is gone."""

        def work(connection: Connection) -> bool:
            found = self._of(connection, author, uri)
            if found is None:
                return False
            count_in(connection, found, -1)
            forget_post(connection, found.id)
            connection.execute(delete(tables.posts).where(_POST.id == found.id))
            return True

        return await self._work.write(work)

    async def boost(self, actor: int, uri: str, post: int, audience: Audience, *, at_ms: int) -> bool:
        """Somebody elsewhere carries on a post that everybody may read."""

        def work(connection: Connection) -> bool:
            found = self._readable(connection, actor, post)
            mine = (_POST.author == actor) & (_POST.boost_of == post)
            there = connection.execute(select(exists().where(mine))).scalar()
            if there or found is None or found.visibility not in OPEN or found.boost_of is not None:
                return False
            if not (self._is_here(connection, found.author) or self._followed(connection, actor)):
                return False
            made = Post(
                id=self._ids(), author=actor, visibility=audience, created_ms=at_ms, boost_of=post,
                boost_author=found.author,
            )  # fmt: skip
            insert_post(connection, made, uri=uri)
            count(connection, post, "boosts", 1)
            tell(connection, NoticeKind.BOOST, found.author, actor, found, now_ms=at_ms)
            return True

        return await self._work.write(work)

    async def unboost(self, actor: int, post: int) -> bool:
        mine = (_POST.author == actor) & (_POST.boost_of == post)

        def work(connection: Connection) -> bool:
            if not connection.execute(delete(tables.posts).where(mine)).rowcount:
                return False
            count(connection, post, "boosts", -1)
            if (found := load_post(connection, post)) is not None:
                untell(connection, NoticeKind.BOOST, found.author, actor, post)
            return True

        return await self._work.write(work)

    async def like(self, actor: int, post: int, *, on: bool, now_ms: int) -> bool:
        """Somebody elsewhere likes a post, or does not any more."""
        table = tables.likes
        mine = (table.c.actor == actor) & (table.c.post == post)

        def work(connection: Connection) -> bool:
            there = bool(connection.execute(select(exists().where(mine))).scalar())
            found = self._readable(connection, actor, post) if on else load_post(connection, post)
            if there == on or found is None:
                return False
            change = insert(table).values(actor=actor, post=post, at_ms=now_ms) if on else delete(table).where(mine)
            connection.execute(change)
            count(connection, post, "likes", 1 if on else -1)
            if on:
                tell(connection, NoticeKind.LIKE, found.author, actor, found, now_ms=now_ms)
            else:
                untell(connection, NoticeKind.LIKE, found.author, actor, post)
            return True

        return await self._work.write(work)

    async def follow(self, follower: KnownActor, followee: int, uri: str, *, now_ms: int) -> bool:
        """Somebody elsewhere wants to follow somebody here, who is asked if they wish to be; else it is granted, and
        said so. One who follows already is told so again: the first answer may have been lost."""
        pair = (_FOLLOW.follower == follower.number) & (_FOLLOW.followee == followee)

        def work(connection: Connection) -> bool:
            if not self._is_here(connection, followee):
                return False
            told = partial(
                federate, connection, OutwardDeed.ANSWER, followee, now_ms=now_ms, target=follower.number, uri=uri
            )
            if blocked(connection, follower.number, followee) or self._too_many(connection, follower, followee, now_ms):
                told(grant=0)
                return False
            approves = connection.execute(
                select(tables.actors.c.approves).where(tables.actors.c.number == followee)
            ).scalar()
            state = "asked" if approves else "granted"
            known = connection.execute(select(_FOLLOW.state).where(pair)).scalar()
            if known is None:
                row = {"follower": follower.number, "followee": followee, "state": state, "at_ms": now_ms, "uri": uri}
                connection.execute(insert(tables.follows).values(**row))
                tell(connection, TOLD[state], followee, follower.number, None, now_ms=now_ms)
            else:
                connection.execute(update(tables.follows).where(pair).values(uri=uri))
            if (known or state) == "granted":
                told(grant=1)
            return known is None

        return await self._work.write(work)

    async def ask(self, me: int, other: int, *, now_ms: int) -> bool:
        """Somebody here wants to follow somebody elsewhere, who is told so and then says whether they may."""
        pair = (_FOLLOW.follower == me) & (_FOLLOW.followee == other)

        def work(connection: Connection) -> bool:
            known = connection.execute(select(_FOLLOW.state).where(pair)).scalar()
            if known is not None or not self._is_here(connection, me) or blocked(connection, me, other):
                return False
            row = {"follower": me, "followee": other, "state": "asked", "at_ms": now_ms}
            connection.execute(insert(tables.follows).values(**row))
            federate(connection, OutwardDeed.FOLLOW, me, now_ms=now_ms, target=other)
            return True

        return await self._work.write(work)

    async def followed(self, actor: int) -> bool:
        """Whether anybody here follows somebody."""
        return await self._work.read(lambda connection: self._followed(connection, actor))

    async def unfollow(self, follower: int, followee: int) -> bool:
        """Nobody follows any more, also where somebody here was the one who did."""
        pair = (_FOLLOW.follower == follower) & (_FOLLOW.followee == followee)

        def work(connection: Connection) -> bool:
            for kind in TOLD.values():
                untell(connection, kind, followee, follower, None)
            return bool(connection.execute(delete(tables.follows).where(pair)).rowcount)

        return await self._work.write(work)

    async def granted(self, follower: int, followee: int) -> bool:
        """Somebody elsewhere lets somebody here follow, who has asked."""
        pair = (_FOLLOW.follower == follower) & (_FOLLOW.followee == followee) & (_FOLLOW.state == "asked")
        change = update(tables.follows).where(pair).values(state="granted")
        return await self._work.write(lambda connection: bool(connection.execute(change).rowcount))

    async def block(self, actor: int, target: int, *, on: bool, now_ms: int) -> bool:
        """Somebody elsewhere has blocked somebody here, or does not any more: neither follows the other."""
        table = tables.blocks
        mine = (table.c.account == actor) & (table.c.target == target)

        def work(connection: Connection) -> bool:
            there = bool(connection.execute(select(exists().where(mine))).scalar())
            if there == on or not self._is_here(connection, target):
                return False
            if not on:
                connection.execute(delete(table).where(mine))
                return True
            connection.execute(insert(table).values(account=actor, target=target, at_ms=now_ms))
            for one, other in ((actor, target), (target, actor)):
                pair = (_FOLLOW.follower == one) & (_FOLLOW.followee == other)
                connection.execute(delete(tables.follows).where(pair))
            estrange(connection, actor, target)
            return True

        return await self._work.write(work)

    def _near(self, connection: Connection, author: KnownActor, post: RemotePost) -> bool:
        """Whether somebody here follows its author, is named in it, answered or quoted by it."""
        if self._followed(connection, author.number):
            return True
        if any(not blocked(connection, author.number, each) for each in self._named(connection, post)):
            return True
        about = [self._find(connection, uri) for uri in (post.reply_to, post.quote)]
        read = [self._readable(connection, author.number, each) for each in about if each is not None]
        return any(each is not None and self._is_here(connection, each.author) for each in read)

    def _show(self, connection: Connection, made: Post, post: RemotePost, now_ms: int) -> None:
        """Puts links to its pictures into a post, until they are here."""
        links = want_pictures(connection, made.author, made.id, post.pictures, self._ids, now_ms)
        if links:
            connection.execute(update(tables.posts).where(_POST.id == made.id).values(html=post.html + links))

    def _find(self, connection: Connection, uri: str) -> int | None:
        own = self._home.post_at(uri)
        query = select(_POST.id).where((_POST.id == own) & _POST.uri.is_(None) if own is not None else _POST.uri == uri)
        return connection.execute(query).scalar() if uri else None

    def _of(self, connection: Connection, author: int, uri: str) -> Post | None:
        """A post that is that person's."""
        mine = select(_POST.id).where(_POST.uri == uri, _POST.author == author)
        found = connection.execute(mine).scalar()
        return load_post(connection, found) if found is not None else None

    def _answered(self, connection: Connection, author: int, post: RemotePost) -> Post | None:
        """What a post answers, if that is here and its author may read it."""
        number = self._find(connection, post.reply_to)
        return self._readable(connection, author, number) if number is not None else None

    @staticmethod
    def _readable(connection: Connection, actor: int, post: int) -> Post | None:
        found = load_post(connection, post)
        return found if found is not None and visible.may_read(found, relation_to(connection, found, actor)) else None

    def _named(self, connection: Connection, post: RemotePost) -> Sequence[int]:
        """Those here whom a post names."""
        numbers = [number for each in post.mentions if (number := self._home.actor_at(each)) is not None]
        here = select(tables.actors.c.number).where(
            tables.actors.c.number.in_(numbers), tables.actors.c.account.is_not(None)
        )
        return list(connection.execute(here).scalars()) if numbers else []

    @staticmethod
    def _is_here(connection: Connection, actor: int) -> bool:
        here = exists().where(tables.actors.c.number == actor, tables.actors.c.account.is_not(None))
        return bool(connection.execute(select(here)).scalar())

    @staticmethod
    def _followed(connection: Connection, actor: int) -> bool:
        return bool(
            connection.execute(select(exists().where(_FOLLOW.followee == actor, _FOLLOW.state == "granted"))).scalar()
        )

    @staticmethod
    def _too_many(connection: Connection, follower: KnownActor, followee: int, now_ms: int) -> bool:
        there = select(_FOLLOW.follower).join_from(tables.follows, tables.actors, _FOLLOW.follower == _ACTOR.number)
        there = there.where(
            _FOLLOW.followee == followee, _ACTOR.domain == follower.who.domain, _FOLLOW.at_ms > now_ms - DAY_MS
        )
        return len(connection.execute(there.limit(MOST_ASKED_DAY)).all()) >= MOST_ASKED_DAY

    @staticmethod
    def _versions(connection: Connection, post: int) -> int:
        table = tables.post_versions.c
        return len(connection.execute(select(table.number).where(table.post == post)).all())
