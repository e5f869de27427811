"""Posts in the database: made, changed, deleted, boosted, liked. What belongs together is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

import msgspec
from sqlalchemy import Connection, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from stentor.base.errors import BadInput, Conflict, NotAllowed, NotFound
from stentor.social import visible
from stentor.social.model import Audience, Consented, Picture, Post, PostPoll, Relation
from stentor.social.notices import NoticeKind
from stentor.spaces.hooks import PostDeed
from stentor.store import social_tables as tables
from stentor.store.actors import handles_there, pages_of
from stentor.store.decisions import require_may_post
from stentor.store.federating import OutwardDeed, federate, is_remote, named_elsewhere
from stentor.store.media import attach, order_hidden
from stentor.store.naming import find_named
from stentor.store.post_keys import first_under
from stentor.store.post_polls import add_poll, cast_vote
from stentor.store.post_quotes import ask_elsewhere, consent
from stentor.store.post_versions import keep_version
from stentor.store.reading import Reading, load_post, media_of, read_posts, relation_to
from stentor.store.tally import count, count_in
from stentor.store.telling import forget_post, tell, tell_of_post, untell
from stentor.store.webhooks import order_post
from stentor.store.withheld import hold
from stentor.store.work import Work

MOST_PINS = 5
_POSTS = tables.posts


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be posted. ``html`` makes it once it is known who of those it names is there, and where each is."""

    text: str = ""
    html: Callable[[Mapping[str, str]], str] = lambda _: ""
    handles: Sequence[str] = ()
    tags: Sequence[str] = ()
    warning: str = ""
    language: str = ""
    visibility: Audience = Audience.PUBLIC
    reply_to: int | None = None
    quote_of: int | None = None
    media: Sequence[int] = ()
    poll: PostPoll | None = None
    space: str | None = None
    held: bool = False
    """Moderators look at it first."""


class Gesture(Enum):
    """What readers do with a post, and take back."""

    LIKE = "like"
    BOOKMARK = "bookmark"
    PIN = "pin"


class Rewritten(msgspec.Struct, frozen=True, kw_only=True):
    """What a post says from now on; None is as it was."""

    text: str | None = None
    html: Callable[[Mapping[str, str]], str] = lambda _: ""
    handles: Sequence[str] = ()
    tags: Sequence[str] = ()
    warning: str | None = None
    language: str | None = None
    media: Sequence[int] | None = None
    alts: Mapping[int, str] = {}
    held: bool = False
    """Moderators look at it first; until then nobody reads it."""


_TABLES: Mapping[Gesture, Table] = {
    Gesture.LIKE: tables.likes,
    Gesture.BOOKMARK: tables.bookmarks,
    Gesture.PIN: tables.pins,
}


class PostsTable:
    """All posts. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def read(self, ids: Sequence[int], viewer: int | None) -> list[Reading]:
        """Those of them that somebody may read, in that order."""
        return await self.work.read(lambda connection: read_posts(connection, ids, viewer))

    async def one(self, post: int, viewer: int | None) -> Reading:
        """A post; raises :class:`NotFound` where there is none for this reader."""
        found = await self.read([post], viewer)
        if not found:
            raise missing()
        return found[0]

    async def add(self, post: int, author: int, what: Composed, *, now_ms: int, key: str = "") -> int:
        """Posts something; its id. Under a ``key`` only once in a day: then it is the id of what was posted first.

        Raises :class:`NotFound` for what it answers or quotes, or a picture that is not there, :class:`NotAllowed` for
        what may not be quoted."""

        def work(connection: Connection) -> int:
            known = first_under(connection, author, key, post, now_ms=now_ms) if key else None
            if known is None:
                add_post(connection, post, author, what, now_ms=now_ms)
            return known or post

        return await self.work.write_lasting(work)

    async def change(self, post: int, author: int, what: Rewritten, *, now_ms: int) -> list[Picture]:
        """Changes a post and keeps what it said; the pictures that are in it no more."""
        return await self.work.write_lasting(lambda connection: _change(connection, post, author, what, now_ms))

    async def remove(self, post: int, author: int | None, *, now_ms: int) -> list[Picture]:
        """Deletes a post with its boosts; ``author`` must be its own, None for those who keep order. Its pictures."""
        return await self.work.write_lasting(lambda connection: remove_post(connection, post, author, now_ms=now_ms))

    async def boost(self, made: int, actor: int, post: int, *, now_ms: int) -> int:
        """Carries a post on; the id of the boost, the one that is there already if there is."""

        def work(connection: Connection) -> int:
            found, relation = _require(connection, post, actor)
            if found.boost_of is not None:
                raise BadInput("A boost cannot be boosted; boost the post itself.", code="boost-of-boost")
            if not visible.may_boost(found, relation):
                raise NotAllowed("Only what everybody may read can be boosted.", code="not-for-everybody")
            mine = (_POSTS.c.author == actor) & (_POSTS.c.boost_of == post)
            there = connection.execute(select(_POSTS.c.id).where(mine)).scalar()
            if there is not None:
                return int(there)
            audience = found.visibility if found.visibility is Audience.FOLLOWERS else Audience.PUBLIC
            row = Post(
                id=made, author=actor, visibility=audience, created_ms=now_ms, boost_of=post, boost_author=found.author
            )
            insert_post(connection, row)
            count(connection, post, "boosts", 1)
            tell(connection, NoticeKind.BOOST, found.author, actor, found, now_ms=now_ms)
            federate(connection, OutwardDeed.BOOST, actor, now_ms=now_ms, post=made)
            return made

        return await self.work.write(work)

    async def unboost(self, actor: int, post: int, *, now_ms: int) -> None:
        """Takes a boost back; none is no error."""

        def work(connection: Connection) -> None:
            mine = (_POSTS.c.author == actor) & (_POSTS.c.boost_of == post)
            found = load_post(connection, post)
            made = connection.execute(select(_POSTS.c.id).where(mine)).scalar()
            if made is not None and found is not None:
                connection.execute(delete(_POSTS).where(mine))
                count(connection, post, "boosts", -1)
                untell(connection, NoticeKind.BOOST, found.author, actor, post)
                federate(connection, OutwardDeed.UNBOOST, actor, now_ms=now_ms, post=made, of=post)

        await self.work.write(work)

    async def mark(self, gesture: Gesture, actor: int, post: int, *, on: bool, now_ms: int) -> None:
        """Likes, bookmarks or pins a post, or takes it back; as it is already is no error."""
        table = _TABLES[gesture]

        def work(connection: Connection) -> None:
            found, _ = _require(connection, post, actor)
            mine = (table.c.actor == actor) & (table.c.post == post)
            since = connection.execute(select(table.c.at_ms).where(mine)).scalar()
            if (since is not None) == on:
                return
            if gesture is Gesture.PIN and on:
                _require_pin(connection, found, actor)
            if on:
                connection.execute(insert(table).values(actor=actor, post=post, at_ms=now_ms))
            else:
                connection.execute(delete(table).where(mine))
            if gesture is Gesture.LIKE:
                count(connection, post, "likes", 1 if on else -1)
                if is_remote(connection, found.author):
                    deed, at_ms = (OutwardDeed.LIKE, now_ms) if on else (OutwardDeed.UNLIKE, int(since or 0))
                    federate(connection, deed, actor, now_ms=now_ms, of=post, since=at_ms)
            if gesture is Gesture.PIN and visible.is_file(found):
                federate(connection, OutwardDeed.PIN if on else OutwardDeed.UNPIN, actor, now_ms=now_ms, post=post)
            if gesture is Gesture.LIKE and on:
                tell(connection, NoticeKind.LIKE, found.author, actor, found, now_ms=now_ms)
            elif gesture is Gesture.LIKE:
                untell(connection, NoticeKind.LIKE, found.author, actor, post)

        await self.work.write(work)

    async def vote(self, actor: int, post: int, answers: Sequence[int], *, now_ms: int) -> None:
        """Votes once in a post's poll. Raises :class:`Conflict` (``poll-over``, ``voted-already``)."""

        def work(connection: Connection) -> None:
            found, relation = _require(connection, post, actor)
            cast_vote(connection, found, relation, actor, answers, now_ms=now_ms)

        await self.work.write(work)

    async def consent(self, actor: int, post: int, state: Consented, *, now_ms: int) -> None:
        """What the author of a quoted post says to ``post``, which quotes it. Raises :class:`NotFound`."""

        def work(connection: Connection) -> None:
            if not consent(connection, actor, post, state, now_ms=now_ms):
                raise missing()

        await self.work.write(work)

    async def versions(self, post: int, viewer: int | None) -> tuple[Reading, list[tuple[str, str, str, int]]]:
        """A post, and what it said before: text, HTML, warning and when each was written, the oldest first."""
        table = tables.post_versions.c
        query = select(table.text, table.html, table.warning, table.at_ms).where(table.post == post)

        def work(connection: Connection) -> tuple[Reading, list[tuple[str, str, str, int]]]:
            found = read_posts(connection, [post], viewer)
            if not found:
                raise missing()
            return found[0], [tuple(row) for row in connection.execute(query.order_by(table.number))]

        return await self.work.read(work)


def missing() -> NotFound:
    """There is no such post, or not for whoever asks: nobody learns which."""
    return NotFound("There is no such post; it may have been deleted.", code="post-not-found")


def remove_post(connection: Connection, post: int, author: int | None, *, now_ms: int) -> list[Picture]:
    """Deletes a post in a transaction of somebody else's, as :meth:`PostsTable.remove`."""
    found = load_post(connection, post)
    if found is None or (author is not None and found.author != author):
        raise missing()
    gone = list(media_of(connection, [post]).get(post, ()))
    order_hidden(connection, post, gone, now_ms=now_ms)
    if found.visibility is not Audience.WITHHELD:  # else it is not counted
        count_in(connection, found, -1)
    forget_post(connection, post)
    named = named_elsewhere(connection, post)
    federate(connection, OutwardDeed.DELETE, found.author, now_ms=now_ms, post=post, named=named)
    connection.execute(update(tables.media).where(tables.media.c.post == post).values(post=None))
    connection.execute(delete(_POSTS).where(_POSTS.c.id == post))
    order_post(connection, PostDeed.DELETED, found, at_ms=now_ms)
    return gone


def add_post(connection: Connection, post: int, author: int, what: Composed, *, now_ms: int) -> None:
    """Posts something in a transaction of somebody else's; raises what :meth:`PostsTable.add` raises."""
    require_may_post(connection, author, now_ms)
    answered = _require(connection, what.reply_to, author)[0] if what.reply_to is not None else None
    if answered is not None and answered.visibility is Audience.WITHHELD:
        raise missing()
    visibility = what.visibility if answered is None else visible.reply_audience(what.visibility, answered)
    quoted, quote_state = _asked(connection, what.quote_of, author)
    people = handles_there(connection, what.handles)
    made = Post(
        id=post, author=author, visibility=Audience.WITHHELD if what.held else visibility, text=what.text,
        html=what.html(pages_of(connection, people)), warning=what.warning,
        language=what.language, created_ms=now_ms, reply_to=what.reply_to,
        reply_author=answered.author if answered else None,
        root=(answered.root or answered.id) if answered else None,
        quote_of=what.quote_of, quote_state=quote_state, space=what.space,
        taken_from=visibility if what.held else None,
    )  # fmt: skip
    insert_post(connection, made)
    order_post(connection, PostDeed.CREATED, made, at_ms=now_ms)
    waits_ms = find_named(connection, made, what.handles, people, now_ms=now_ms)
    federate(connection, OutwardDeed.CREATE, author, now_ms=now_ms, after_ms=waits_ms, post=post)
    name_people(connection, made, set(people.values()) | ({answered.author} if answered else set()), what.tags)
    attach(connection, made, what.media)
    if what.poll is not None:
        add_poll(connection, made, what.poll, now_ms=now_ms)
    if quoted is not None:
        ask_elsewhere(connection, made, quoted, now_ms=now_ms)
    if what.held:
        hold(connection, post, now_ms=now_ms)
    else:
        count_in(connection, made, 1)
        tell_of_post(connection, made, people.values(), now_ms=now_ms)


def _asked(connection: Connection, quoted: int | None, author: int) -> tuple[Post | None, Consented | None]:
    """What is quoted, and in which state a quote begins: that of one's own is granted at once."""
    if quoted is None:
        return None, None
    found, relation = _require(connection, quoted, author)
    if not visible.may_quote(found, relation):
        raise NotAllowed("Only a post that everybody may read can be quoted.", code="not-for-everybody")
    return found, Consented.GRANTED if relation.own else Consented.ASKED


def _require(connection: Connection, post: int, actor: int) -> tuple[Post, Relation]:
    """A post that somebody may read; raises :class:`NotFound`."""
    found = load_post(connection, post)
    if found is None or not visible.may_read(found, relation := relation_to(connection, found, actor)):
        raise missing()
    return found, relation


def _require_pin(connection: Connection, post: Post, actor: int) -> None:
    if not visible.may_pin(post, actor):
        raise NotAllowed("Pin a post of your own that others may read.", code="not-your-post")
    pinned = select(func.count()).where(tables.pins.c.actor == actor)
    if connection.execute(pinned).scalar_one() >= MOST_PINS:
        raise Conflict(f"{MOST_PINS} posts are pinned already; take one of them off first.", code="too-many-pins")


def insert_post(connection: Connection, post: Post, *, uri: str | None = None) -> None:
    """The row of a post; ``uri`` is the address of one from elsewhere."""
    values = msgspec.structs.asdict(post)
    values |= {"visibility": int(post.visibility), "quote_state": post.quote_state and post.quote_state.value}
    values |= {"taken_from": None if post.taken_from is None else int(post.taken_from)}
    try:
        connection.execute(insert(_POSTS).values(uri=uri, **values))
    except IntegrityError as error:
        raise Conflict("Two posts came at the same moment; send this one again.", code="still-busy") from error
    connection.execute(insert(tables.counts).values(post=post.id))


def name_people(connection: Connection, post: Post, people: set[int], tags: Sequence[str]) -> None:
    """Notes whom a post names, and its tags; instead of those before."""
    for table in (tables.mentions, tables.post_tags):
        connection.execute(delete(table).where(table.c.post == post.id))
    if named := sorted(people - {post.author}):
        connection.execute(insert(tables.mentions), [{"post": post.id, "actor": each} for each in named])
    if tags:
        connection.execute(insert(tables.post_tags), [{"tag": each, "post": post.id} for each in tags])


def _change(connection: Connection, post: int, author: int, what: Rewritten, now_ms: int) -> list[Picture]:
    found = load_post(connection, post)
    if found is None or not visible.may_change(found, author):
        raise missing()
    require_may_post(connection, author, now_ms)
    keep_version(connection, found)
    values: dict[str, object] = {"edited_ms": now_ms}
    if what.text is not None:
        people = handles_there(connection, what.handles)
        named = select(tables.mentions.c.actor).where(tables.mentions.c.post == post)
        before = set(connection.execute(named).scalars())
        find_named(connection, found, what.handles, people, now_ms=now_ms)
        values |= {"text": what.text, "html": what.html(pages_of(connection, people))}
        name_people(
            connection, found, set(people.values()) | ({found.reply_author} if found.reply_author else set()), what.tags
        )
        for each in sorted(set(people.values()) - before):
            tell(connection, NoticeKind.MENTION, each, author, found, now_ms=now_ms)
    values |= {name: value for name in ("warning", "language") if (value := getattr(what, name)) is not None}
    connection.execute(update(_POSTS).where(_POSTS.c.id == post).values(**values))
    order_post(connection, PostDeed.CHANGED, found, at_ms=now_ms)
    federate(connection, OutwardDeed.UPDATE, author, now_ms=now_ms, post=post)
    gone = []
    if what.media is not None:
        gone = [each for each in media_of(connection, [post]).get(post, ()) if each.id not in what.media]
        order_hidden(connection, post, gone, now_ms=now_ms)
        out = tables.media.c.id.in_([each.id for each in gone])
        connection.execute(update(tables.media).where(out).values(post=None))
        attach(connection, found, what.media)
    for media, alt in what.alts.items():
        mine = (tables.media.c.id == media) & (tables.media.c.post == post)
        if connection.execute(update(tables.media).where(mine).values(alt=alt)).rowcount != 1:
            raise NotFound("There is no such picture in this post.", code="media-not-found")
    if what.held:
        hold(connection, post, now_ms=now_ms)
    return gone
