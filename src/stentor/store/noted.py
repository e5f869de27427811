"""Posts of people here as others are told of them: all that their note says, read when it is sent."""

from __future__ import annotations

from sqlalchemy import Connection, exists, select

from stentor.base.texts import Catalogue
from stentor.fediverse.sites import Home
from stentor.fediverse.writing import Named, NotedPost
from stentor.social.model import Audience, Consented, Post, Relation
from stentor.social.visible import may_read
from stentor.spaces import told
from stentor.store import social_tables as tables
from stentor.store.actors import actors_of
from stentor.store.fediverse_tables import remote_actors
from stentor.store.post_quotes import QuoteLink, link_of
from stentor.store.reading import Reading, blocked, load_post, polls_of, read_posts
from stentor.store.work import Work

_POST, _REMOTE = tables.posts.c, remote_actors.c


class NotedPosts:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work, home: Home) -> None:
        self._work, self._home, self._catalogue = work, home, Catalogue(told.PACKAGE)

    async def get(self, post: int, *, now_ms: int = 0) -> NotedPost | None:
        """A post of somebody here; None for one that is gone or withheld, a boost, or of somebody who is suspended."""

        def work(connection: Connection) -> NotedPost | None:
            raw = load_post(connection, post)
            found = read_posts(connection, [post], raw.author) if raw is not None else []
            if not found or found[0].author.account is None or found[0].post.boost_of is not None:
                return None
            if found[0].post.visibility is Audience.WITHHELD:
                return None
            return self._noted(connection, found[0], now_ms)

        return await self._work.read(work)

    async def boost(self, boost: int) -> tuple[Post, str, str] | None:
        """A boost, the address of what it carries on, and whose that is; None where one of them is gone."""

        def work(connection: Connection) -> tuple[Post, str, str] | None:
            found = load_post(connection, boost)
            if found is None or found.boost_of is None:
                return None
            return found, *self.addresses(connection, found.boost_of)

        return await self._work.read(work)

    async def address(self, post: int) -> tuple[str, str]:
        """The address of a post of anybody's, and of its author; empty for one that is gone."""
        return await self._work.read(lambda connection: self.addresses(connection, post))

    async def likes(self, actor: int, post: int) -> bool:
        """Whether somebody likes a post."""
        mine = select(tables.likes.c.post).where(tables.likes.c.actor == actor, tables.likes.c.post == post)
        return await self._work.read(lambda connection: connection.execute(mine).scalar() is not None)

    async def blocks(self, actor: int, target: int) -> bool:
        """Whether somebody blocks somebody."""
        pair = select(tables.blocks.c.target).where(tables.blocks.c.account == actor, tables.blocks.c.target == target)
        return await self._work.read(lambda connection: connection.execute(pair).scalar() is not None)

    async def is_for(self, post: int, author: int, asking: int, domain: str) -> bool:
        """Whether a server may have a post: somebody there may read it, and neither its author nor ``asking``, whose
        key it has signed with, has blocked the other, or where they are."""
        people, follows, named = tables.actors.c, tables.follows.c, tables.mentions.c
        there = people.domain == domain
        follows_it = exists().where(
            follows.followee == author, follows.state == "granted", follows.follower == people.number, there
        )
        named_in_it = exists().where(named.post == post, named.actor == people.number, there)

        def work(connection: Connection) -> bool:
            found = load_post(connection, post)
            if found is None:
                return False
            somebody = Relation(
                follows=bool(connection.execute(select(follows_it)).scalar()),
                mentioned=bool(connection.execute(select(named_in_it)).scalar()),
                blocked=blocked(connection, author, asking),
            )
            return may_read(found, somebody)

        return await self._work.read(work)

    async def is_pinned(self, actor: int, post: int) -> bool:
        """Whether somebody pins a post."""
        mine = select(tables.pins.c.post).where(tables.pins.c.actor == actor, tables.pins.c.post == post)
        return await self._work.read(lambda connection: connection.execute(mine).scalar() is not None)

    async def answer(self, post: int, number: int) -> str:
        """An answer of a post's poll; empty where there is none any more."""

        def work(connection: Connection) -> str:
            poll = polls_of(connection, [post]).get(post)
            return poll.answers[number] if poll is not None and number < len(poll.answers) else ""

        return await self._work.read(work)

    async def here(self, actor: int) -> bool:
        """Whether somebody has an account here that is not suspended."""

        def work(connection: Connection) -> bool:
            found = actors_of(connection, [actor]).get(actor)
            return found is not None and found.account is not None and not found.suspended

        return await self._work.read(work)

    async def link(self, post: int) -> QuoteLink:
        """What connects a quote with its consent."""
        return await self._work.read(lambda connection: link_of(connection, post))

    async def follows(self, follower: int, followee: int) -> bool:
        """Whether somebody follows somebody, or has asked to."""
        pair = select(tables.follows.c.follower).where(
            tables.follows.c.follower == follower, tables.follows.c.followee == followee
        )
        return await self._work.read(lambda connection: connection.execute(pair).scalar() is not None)

    def addresses(self, connection: Connection, post: int) -> tuple[str, str]:
        """As :meth:`address`, in a transaction of the caller's."""
        query = select(_POST.uri, _POST.author, _REMOTE.uri.label("who"))
        query = query.join_from(tables.posts, remote_actors, _POST.author == _REMOTE.actor, isouter=True)
        row = connection.execute(query.where(_POST.id == post)).one_or_none()
        if row is None:
            return "", ""
        return row.uri or self._home.post(post), row.who or self._home.actor(row.author)

    def _noted(self, connection: Connection, found: Reading, now_ms: int) -> NotedPost:
        post, quote, stamp, said = found.post, "", "", ("", "")
        if post.quote_of is not None and post.quote_state is not Consented.REVOKED:
            row = connection.execute(select(_POST.uri).where(_POST.id == post.quote_of)).one_or_none()
            if row is not None and row.uri:
                quote, stamp = row.uri, link_of(connection, post.id).stamp
            elif row is not None and post.quote_state is Consented.GRANTED:
                quote, stamp = self._home.post(post.quote_of), self._home.stamp(post.id)
        if found.space is not None:
            language = told.language_of(found.space, post.language)
            said = (found.space.title, told.card(found.space, self._catalogue, language, now_ms)[1])
        return NotedPost(
            id=post.id,
            author=post.author,
            handle=found.author.handle,
            audience=Audience(post.visibility),
            html=post.html,
            warning=post.before,
            language=post.language,
            created_ms=post.created_ms,
            edited_ms=post.edited_ms,
            reply_to=self.addresses(connection, post.reply_to)[0] if post.reply_to is not None else "",
            named=named_in(connection, self._home, post.id),
            media=found.media,
            space=post.space,
            told=said,
            poll=found.poll,
            quote=quote,
            stamp=stamp,
        )


def named_in(connection: Connection, home: Home, post: int) -> tuple[Named, ...]:
    """All whom a post names, here and elsewhere."""
    query = select(tables.mentions.c.actor, _REMOTE.uri)
    query = query.join_from(
        tables.mentions, remote_actors, tables.mentions.c.actor == _REMOTE.actor, isouter=True
    ).where(tables.mentions.c.post == post)
    found = {row.actor: row.uri for row in connection.execute(query.order_by(tables.mentions.c.actor))}
    people = actors_of(connection, found)
    return tuple(
        Named(uri or home.actor(number), f"@{people[number].handle}@{people[number].domain or home.name}")
        for number, uri in found.items()
        if number in people
    )
