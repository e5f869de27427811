"""Posts that announce a space, and the order to look whether one is due: a job in the transaction of what happened.

A look does what is so *then* (``house.announcing``): so looking twice or late does no harm. A post and the note that it
was made are one transaction, under a key that can be there once: however many houses look, and however often one of
them dies, nothing is posted twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from stentor.base.errors import Conflict
from stentor.social.model import OPEN, Audience, Picture
from stentor.spaces import events as e
from stentor.spaces.model import Space
from stentor.spaces.setting_events import AnnouncingChosen
from stentor.store import social_tables
from stentor.store.announcement_tables import announcements
from stentor.store.federating import OutwardDeed, federate, federate_once, is_on
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.posts import Composed, add_post, remove_post
from stentor.store.work import Work

ANNOUNCE: Final = "announce"
"""The kind of the job."""
LOOKED_AT: Final = (
    e.SpaceCreated, e.SpaceRescheduled, e.ListingChanged, e.VisibilityChanged, AnnouncingChosen, e.DoorsOpened,
    e.WentLive, e.SpaceEnded, e.ReplayOpened, e.SpaceCancelled, e.SpaceRemoved, e.SeatClaimed,
)  # fmt: skip
"""After these a post may be due, or may have to go."""
TOLD_AT: Final = (
    e.SpaceRenamed, e.SpaceRescheduled, e.VisibilityChanged, e.DoorsOpened, e.DoorsClosed, e.WentLive, e.SpaceEnded,
    e.ReplayOpened, e.SpaceCancelled, e.RecordingRemoved,
)  # fmt: skip
"""After these its notes elsewhere say something else."""
SPACE_MS: Final = 3_000
"""What happens to a space in so short a time is told once."""
MOST_TOLD: Final = 50
"""Of the newest posts about a space: those that announce it are among them, with what hosts have said themselves."""
_TABLE = announcements.c


def order_announcement(connection: Connection, space: Space, events: Sequence[e.Event]) -> None:
    """Orders a look at a space, in the transaction of what happened to it."""
    told_ms = max((each.at_ms for each in events if isinstance(each, TOLD_AT)), default=None)
    if told_ms is not None:
        tell_of_space(connection, space.id, now_ms=told_ms)
    at_ms = max((each.at_ms for each in events if isinstance(each, LOOKED_AT)), default=None)
    if at_ms is None:
        return
    made = select(exists().where(_TABLE.space == space.id))
    if (space.announcing.on and space.listed) or connection.execute(made).scalar():
        add_jobs(connection, [Wanted(ANNOUNCE, space.id)], now_ms=at_ms)


def tell_of_space(connection: Connection, space: str, *, now_ms: int) -> None:
    """The notes of a space that others have been told of say how it is now; each once for what happens in seconds."""
    posts = social_tables.posts.c
    told = select(posts.id, posts.author).where(
        posts.space == space, posts.visibility.in_([int(each) for each in OPEN])
    )
    if is_on(connection):
        for post, author in connection.execute(told.order_by(posts.id.desc()).limit(MOST_TOLD)).all():
            federate_once(
                connection, OutwardDeed.UPDATE, author, now_ms=now_ms, after_ms=SPACE_MS, post=post, space=space
            )


class AnnouncementsTable:
    """All of them. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def of(self, space: str) -> Mapping[str, int]:
        """Posts about a space by the moments that they were made at, also those that are deleted."""
        query = select(_TABLE.moment, _TABLE.post).where(_TABLE.space == space)
        return await self._work.read(lambda connection: {row.moment: row.post for row in connection.execute(query)})

    async def there(self, space: str) -> Mapping[str, int]:
        """As :meth:`of`, without those that are deleted."""
        posts = social_tables.posts.c
        query = select(_TABLE.moment, _TABLE.post).join(social_tables.posts, posts.id == _TABLE.post)
        query = query.where(_TABLE.space == space)
        return await self._work.read(lambda connection: {row.moment: row.post for row in connection.execute(query)})

    async def add(
        self, space: str, moments: Sequence[str], post: int, author: int, what: Composed, *, now_ms: int
    ) -> None:
        """Posts what announces a space, once for each of the moments; raises :class:`Conflict` where there is one."""

        def work(connection: Connection) -> None:
            rows = [{"space": space, "moment": each, "post": post} for each in moments]
            try:
                connection.execute(insert(announcements), rows)
            except IntegrityError as error:
                raise Conflict("Another house has just posted this.", code="still-busy") from error
            add_post(connection, post, author, what, now_ms=now_ms)

        await self._work.write_lasting(work)

    async def show(self, space: str, *, listed: bool, now_ms: int) -> None:
        """Lets all of them stand in public timelines, or in none any more."""
        posts, wanted = social_tables.posts.c, int(Audience.PUBLIC if listed else Audience.UNLISTED)
        mine = posts.id.in_(select(_TABLE.post).where(_TABLE.space == space))
        there = mine & posts.visibility.in_([int(each) for each in OPEN]) & (posts.visibility != wanted)

        def work(connection: Connection) -> None:
            changed = connection.execute(select(posts.id, posts.author).where(there)).all()
            connection.execute(update(social_tables.posts).where(there).values(visibility=wanted))
            for post, author in changed:
                federate(connection, OutwardDeed.UPDATE, author, now_ms=now_ms, post=post)
            withheld = mine & (posts.visibility == int(Audience.WITHHELD))
            connection.execute(update(social_tables.posts).where(withheld).values(taken_from=wanted))

        await self._work.write(work)

    async def withdraw(self, space: str, *, now_ms: int) -> list[Picture]:
        """Deletes all posts that announced a space, and forgets that there were any; their pictures. What moderators
        have taken down stays theirs, and is not made again."""

        def work(connection: Connection) -> list[Picture]:
            posts, gone = social_tables.posts.c, list[Picture]()
            mine = select(_TABLE.post).where(_TABLE.space == space).distinct()
            taken = select(posts.id).where(posts.id.in_(mine), posts.visibility == int(Audience.WITHHELD))
            kept = connection.execute(taken).scalars().all()
            there = select(posts.id).where(posts.id.in_(mine), posts.id.not_in(kept))
            for post in connection.execute(there).scalars().all():
                gone += remove_post(connection, post, None, now_ms=now_ms)
            connection.execute(delete(announcements).where(_TABLE.space == space, _TABLE.post.not_in(kept)))
            return gone

        return await self._work.write_lasting(work)
