"""What moderators do with posts and with those who write them: take down, put back, label, limit.

A post that is taken down is there for its author alone, and goes for good with the purge. Each of these may be done
twice.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select, text, update

from stentor.people.moderation import Thing, ThingKind
from stentor.social.model import OPEN, Audience, Picture, Post
from stentor.spaces.hooks import PostDeed
from stentor.store import social_tables as tables
from stentor.store.federating import OutwardDeed, federate, named_elsewhere
from stentor.store.media import order_hidden
from stentor.store.moderation import report_held
from stentor.store.public import LIMITED
from stentor.store.reading import load_post, media_of
from stentor.store.reported import snapshot
from stentor.store.tally import count_in
from stentor.store.telling import tell_of_post
from stentor.store.webhooks import order_post
from stentor.store.work import Work

SHOW_MEDIA = "show-media"
"""A job: the pictures of an account's posts are where everybody finds them, or not. Its key is the account."""
TAGS = 200
"""Of an account's newest posts: their tags' pages are written anew when it may stand there no more, or may again."""
_POSTS, _ACTORS = tables.posts, tables.actors
_LISTS = text(
    "INSERT INTO outbox (kind, id, version) SELECT DISTINCT 'tag', t.tag, CAST(:now AS BIGINT) FROM post_tags t "
    "WHERE t.post IN (SELECT id FROM posts WHERE author = :author AND visibility < 3 ORDER BY id DESC LIMIT :most) "
    "ON CONFLICT (kind, id) DO UPDATE SET version = outbox.version + 1"
)


class WithheldTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def take_down(self, post: int, *, now_ms: int) -> list[Picture]:
        """Nobody but its author reads a post any more; its pictures, which edges must lose. None is no error."""
        return await self._work.write_lasting(lambda connection: take_down(connection, post, now_ms=now_ms))

    async def close_held(self, post: int, *, now_ms: int) -> None:
        """One that waits for a moderator stays withheld, and goes with what was taken down."""
        held = (_POSTS.c.id == post) & (_POSTS.c.visibility == int(Audience.WITHHELD)) & _POSTS.c.taken_ms.is_(None)
        change = update(_POSTS).where(held).values(taken_ms=now_ms)

        def work(connection: Connection) -> None:
            connection.execute(change)

        await self._work.write(work)

    async def pictures_of(self, post: int) -> list[Picture]:
        """Those of a post that everybody may read once it is put back."""

        def work(connection: Connection) -> list[Picture]:
            found = load_post(connection, post)
            if found is None or found.visibility is not Audience.WITHHELD or found.taken_from not in OPEN:
                return []
            return list(media_of(connection, [post]).get(post, ()))

        return await self._work.read(work)

    async def put_back(self, post: int, *, now_ms: int) -> bool:
        """It is read by those who might before; False where it is gone, or was not withheld."""

        def work(connection: Connection) -> bool:
            found = load_post(connection, post)
            if found is None or found.visibility is not Audience.WITHHELD or found.taken_from is None:
                return False
            values = {"visibility": int(found.taken_from), "taken_from": None, "taken_ms": None}
            connection.execute(update(_POSTS).where(_POSTS.c.id == post).values(**values))
            count_in(connection, found, 1)
            shown = msgspec.structs.replace(found, visibility=found.taken_from)
            order_post(connection, PostDeed.CREATED, shown, at_ms=now_ms)
            federate(connection, OutwardDeed.CREATE, found.author, now_ms=now_ms, post=post)
            tell_of_post(connection, shown, _named(connection, post), now_ms=now_ms)  # each of them once
            return True

        return await self._work.write_lasting(work)

    async def label(self, post: int, label: str, *, now_ms: int) -> None:
        """What stands before a post from now on; empty for nothing of the moderators'."""
        change = update(_POSTS).where(_POSTS.c.id == post, _POSTS.c.label != label).values(label=label)

        def work(connection: Connection) -> None:
            found = load_post(connection, post)
            if connection.execute(change).rowcount and found is not None:
                federate(connection, OutwardDeed.UPDATE, found.author, now_ms=now_ms, post=post)

        await self._work.write(work)

    async def limit(self, account: str, *, on: bool, now_ms: int) -> None:
        """What an account posts stands in no list of the site, or does again."""
        here = (_ACTORS.c.account == account) & (_ACTORS.c.state == ("" if on else LIMITED))
        change = update(_ACTORS).where(here).values(state=LIMITED if on else "")

        def work(connection: Connection) -> None:
            connection.execute(change)
            lists_changed(connection, account, now_ms=now_ms)

        await self._work.write(work)

    async def limited(self, account: str) -> bool:
        """Whether an account is limited."""
        query = select(_ACTORS.c.state).where(_ACTORS.c.account == account)
        return await self._work.read(lambda connection: connection.execute(query).scalar()) == LIMITED


def _named(connection: Connection, post: int) -> list[int]:
    named = tables.mentions.c
    return list(connection.execute(select(named.actor).where(named.post == post)).scalars())


def hold(connection: Connection, post: int, *, now_ms: int) -> None:
    """Nobody but its author reads a post until a moderator has looked: a case is opened in the same transaction."""
    found = load_post(connection, post)
    if found is not None and found.visibility is not Audience.WITHHELD:
        _withhold(connection, found, now_ms=now_ms, taken_ms=None)
    reported = snapshot(connection, post)
    author = select(_ACTORS.c.account).where(_ACTORS.c.number == found.author) if found is not None else None
    account = connection.execute(author).scalar() if author is not None else None
    if reported is not None and account:
        thing = Thing(ThingKind.POST, str(post), account=account, text=reported.says, at_ms=reported.created_ms)
        report_held(connection, thing, reported, now_ms=now_ms)


def _withhold(connection: Connection, post: Post, *, now_ms: int, taken_ms: int | None) -> None:
    count_in(connection, post, -1)
    order_post(connection, PostDeed.DELETED, post, at_ms=now_ms)
    named = named_elsewhere(connection, post.id)
    federate(connection, OutwardDeed.DELETE, post.author, now_ms=now_ms, post=post.id, named=named)
    order_hidden(connection, post.id, media_of(connection, [post.id]).get(post.id, ()), now_ms=now_ms)
    values = {"visibility": int(Audience.WITHHELD), "taken_from": int(post.visibility), "taken_ms": taken_ms}
    connection.execute(update(_POSTS).where(_POSTS.c.id == post.id).values(**values))


def take_down(connection: Connection, post: int, *, now_ms: int) -> list[Picture]:
    """In a transaction of the caller's; what :meth:`WithheldTable.take_down` does."""
    found = load_post(connection, post)
    if found is None:
        return []
    if found.visibility is not Audience.WITHHELD:
        _withhold(connection, found, now_ms=now_ms, taken_ms=now_ms)
    else:
        held = (_POSTS.c.id == post) & _POSTS.c.taken_ms.is_(None)
        connection.execute(update(_POSTS).where(held).values(taken_ms=now_ms))
    return list(media_of(connection, [post]).get(post, ()))


def lists_changed(connection: Connection, account: str, *, now_ms: int) -> None:
    """Has the pages of the tags of somebody's newest posts written anew: they may stand there no more, or again."""
    author = connection.execute(select(_ACTORS.c.number).where(_ACTORS.c.account == account)).scalar()
    if author is not None:
        connection.execute(_LISTS, {"author": author, "now": now_ms, "most": TAGS})
