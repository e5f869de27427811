"""Pictures of posts in the database; their files lie in the object store (``social.pictures``)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, delete, exists, insert, or_, select, update

from stentor.base.errors import NotFound
from stentor.social.model import OPEN, Picture, Post
from stentor.store import social_tables as tables
from stentor.store import tables as site_tables
from stentor.store.fediverse_tables import remote_actors
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.work import Work

HIDE_MEDIA = "hide-media"
"""A job: pictures are taken from where everybody finds them, unless everybody may see them. Its key is their post."""

_MEDIA = tables.media.c
_COLUMNS = [_MEDIA[name] for name in Picture.__struct_fields__]


class MediaTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def add(self, media: Picture) -> None:
        """Notes a picture that is in no post yet."""

        def work(connection: Connection) -> None:
            connection.execute(insert(tables.media).values(**msgspec.structs.asdict(media)))

        await self.work.write(work)

    async def get(self, media: Collection[int]) -> dict[int, Picture]:
        """Those that are there, by their ids."""
        query = select(*_COLUMNS).where(_MEDIA.id.in_(list(media)))

        def work(connection: Connection) -> dict[int, Picture]:
            return {row["id"]: Picture(**row) for row in connection.execute(query).mappings()}

        return await self.work.read(work) if media else {}

    async def describe(self, media: int, actor: int, alt: str | None, *, focus: str | None = None) -> bool:
        """Gives a picture an alt text or a focus, also one that was posted; what is None stays. False where they have
        none of that id."""
        values: dict[str, str | int] = {"id": media}
        values |= {name: value for name, value in (("alt", alt), ("focus", focus)) if value is not None}
        change = update(tables.media).where(_MEDIA.id == media, _MEDIA.actor == actor).values(**values)
        return bool(await self.work.write(lambda connection: connection.execute(change).rowcount))

    async def orphans(self, before: int, most: int) -> list[Picture]:
        """Pictures that nobody needs any more: in no post, draft or scheduled post, nor of a person elsewhere, and made
        before that id; or of a post or a person that is gone."""
        posts, people = tables.posts.c, tables.actors.c
        waits = or_(
            exists().where(tables.drafts.c.id == _MEDIA.kept),
            exists().where(tables.scheduled_posts.c.id == _MEDIA.kept),
            exists().where(remote_actors.c.actor == _MEDIA.actor, remote_actors.c.picture == _MEDIA.key),
        )
        gone = or_(
            ~exists().where(people.number == _MEDIA.actor),
            _MEDIA.post.is_not(None) & ~exists().where(posts.id == _MEDIA.post),
            _MEDIA.post.is_(None) & (_MEDIA.id < before) & ~waits,
        )
        query = select(*_COLUMNS).where(gone).order_by(_MEDIA.id).limit(most)

        def work(connection: Connection) -> list[Picture]:
            return [Picture(**row) for row in connection.execute(query).mappings()]

        return await self.work.read(work)

    async def of_actor(self, actor: int, after: int, most: int) -> list[Picture]:
        """Somebody's, also when they are gone, from an id on."""
        query = select(*_COLUMNS).where(_MEDIA.actor == actor, _MEDIA.id > after).order_by(_MEDIA.id).limit(most)

        def work(connection: Connection) -> list[Picture]:
            return [Picture(**row) for row in connection.execute(query).mappings()]

        return await self.work.read(work)

    async def open_to_all(self, media: Collection[int]) -> set[int]:
        """Those of them that stand in a post which everybody may read."""
        posts, people, accounts = tables.posts.c, tables.actors.c, site_tables.accounts.c
        joined = tables.media.join(tables.posts, posts.id == _MEDIA.post).join(
            tables.actors, people.number == posts.author
        )
        joined = joined.join(site_tables.accounts, accounts.id == people.account)
        shown = posts.visibility.in_([int(each) for each in OPEN]) & accounts.suspended_ms.is_(None)
        query = select(_MEDIA.id).select_from(joined).where(_MEDIA.id.in_(list(media)), shown)
        return await self.work.read(lambda connection: set(connection.execute(query).scalars()))

    async def remove(self, media: int) -> None:
        """Forgets a picture whose files are gone."""
        query = delete(tables.media).where(_MEDIA.id == media)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self.work.write(work)


def attach(connection: Connection, post: Post, media: Sequence[int]) -> None:
    """Puts pictures of its author, which are in no other post, into a post."""
    table = tables.media
    for position, each in enumerate(media):
        free = (
            (table.c.id == each) & (table.c.actor == post.author) & or_(table.c.post.is_(None), table.c.post == post.id)
        )
        changed = connection.execute(update(table).where(free).values(post=post.id, position=position, kept=None))
        if changed.rowcount != 1:
            raise NotFound("There is no such picture, or it is in another post.", code="media-not-found")


def order_hidden(connection: Connection, post: int, media: Collection[Picture], *, now_ms: int) -> None:
    """Orders that pictures go from where everybody finds them, in the transaction that takes them out of a post or the
    post from its readers: they go also when the house that did it dies before it could take them away itself."""
    named = " ".join(f"{each.id}" for each in media)
    add_jobs(connection, [Wanted(HIDE_MEDIA, f"{post}", payload={"media": named})] if named else [], now_ms=now_ms)
