"""Pictures of posts and people elsewhere, on their way here: wanted, asked for, come, made anew.

A courier fetches them and a house makes them anew, so that no reader's browser ever asks another server. What came
waits here as it is for seconds; what was made of it is a picture as all others (``store.media``). Until it is there,
and where it cannot be had, the post has a link to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, or_, select, update

from stentor.fediverse.reading import RemotePicture
from stentor.social.model import OPEN, Picture
from stentor.store import social_tables as tables
from stentor.store.domain_policies import HELD as STATE_HELD
from stentor.store.domain_policies import picture_ids, policy_of
from stentor.store.fediverse_tables import distant_pictures, remote_actors
from stentor.store.work import Work

LOST_MS: Final = 5 * 86_400_000
"""What was asked for so long ago does not come any more: couriers have given it up."""
_ROW, _POST, _MEDIA = distant_pictures.c, tables.posts.c, tables.media.c


class PictureState(StrEnum):
    """How far one is."""

    NEW = "new"
    ASKED = "asked"
    """A courier is to fetch it."""
    CAME = "came"
    DONE = "done"
    FAILED = "failed"
    HELD = STATE_HELD
    """The site takes no pictures from there."""


class WantedPicture(NamedTuple):
    """One that is to be fetched."""

    id: int
    url: str


class FetchedPicture(msgspec.Struct, frozen=True, kw_only=True):
    """One that came. ``post`` is None for that of a person; ``open``: everybody may see it."""

    id: int
    actor: int
    post: int | None
    position: int
    alt: str
    body: bytes
    open: bool


class DistantPictures:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def wanted(self, most: int) -> Sequence[WantedPicture]:
        """Some that nobody has asked for: of posts that are here, and of people who have one here, or follow or are
        followed."""
        follows = tables.follows.c
        near = or_(
            _ROW.post.is_not(None),
            exists().where(_POST.author == _ROW.actor),
            exists().where(follows.follower == _ROW.actor),
            exists().where(follows.followee == _ROW.actor),
        )
        query = select(_ROW.id, _ROW.url).where(_ROW.state == PictureState.NEW.value, near)
        query = query.order_by(_ROW.at_ms).limit(most)
        return await self._work.read(lambda connection: [WantedPicture(*row) for row in connection.execute(query)])

    async def on_their_way(self) -> int:
        """How many were asked for or wait to be made anew."""
        under_way = [PictureState.ASKED.value, PictureState.CAME.value]
        query = select(func.count()).select_from(distant_pictures).where(_ROW.state.in_(under_way))
        return await self._work.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def asked(self, picture: int, *, now_ms: int) -> None:
        """It was ordered."""
        await self._set(picture, PictureState.NEW, state=PictureState.ASKED.value, at_ms=now_ms)

    async def not_asked(self, picture: int, *, now_ms: int) -> None:
        """It could not be ordered."""
        await self._set(picture, PictureState.ASKED, state=PictureState.NEW.value, at_ms=now_ms)

    async def url(self, picture: int) -> str | None:
        """Where one is that is to be fetched; None for one that is not, any more."""
        query = select(_ROW.url).where(_ROW.id == picture, _ROW.state == PictureState.ASKED.value)
        return await self._work.read(lambda connection: connection.execute(query).scalar())

    async def came(self, picture: int, body: bytes, *, now_ms: int) -> None:
        """It was fetched."""
        values = {"state": PictureState.CAME.value, "at_ms": now_ms, "body": body}
        await self._set(picture, PictureState.ASKED, **values)

    async def failed(self, picture: int, *, now_ms: int) -> None:
        """It is not to be had: the link stays."""
        values = {"state": PictureState.FAILED.value, "at_ms": now_ms, "body": None}
        change = update(distant_pictures).where(_ROW.id == picture).values(values)
        await self._write(change)

    async def next(self) -> FetchedPicture | None:
        """The one that has waited longest to be made anew."""
        query = select(distant_pictures, _POST.visibility).join_from(
            distant_pictures, tables.posts, _POST.id == _ROW.post, isouter=True
        )
        query = query.where(_ROW.state == PictureState.CAME.value).order_by(_ROW.at_ms).limit(1)

        def work(connection: Connection) -> FetchedPicture | None:
            row = connection.execute(query).first()
            if row is None:
                return None
            seen = row.post is None or row.visibility in [int(each) for each in OPEN]
            return FetchedPicture(
                id=row.id, actor=row.actor, post=row.post, position=row.position, alt=row.alt, body=row.body, open=seen
            )

        return await self._work.read(work)

    async def made(self, fetched: FetchedPicture, picture: Picture, *, now_ms: int) -> None:
        """It was made anew, and takes the place of its link. One that nobody needs any more is found by the sweep."""

        def work(connection: Connection) -> None:
            values = {"state": PictureState.DONE.value, "at_ms": now_ms, "body": None, "media": picture.id}
            mine = (_ROW.id == fetched.id) & (_ROW.state == PictureState.CAME.value)
            link = connection.execute(select(_ROW.link).where(mine)).scalar()
            row = {each: getattr(picture, each) for each in Picture.__struct_fields__}
            if link is None or not connection.execute(update(distant_pictures).where(mine).values(values)).rowcount:
                row["post"] = None
            connection.execute(insert(tables.media).values(**row))
            if link is not None and fetched.post is None:
                change = update(remote_actors).where(remote_actors.c.actor == fetched.actor)
                connection.execute(change.values(picture=picture.key))
            elif link:
                _unlink(connection, fetched.post, link)

        await self._work.write(work)

    async def held(self, domain: str, most: int) -> tuple[Sequence[int], list[Picture]]:
        """Some pictures from a server that are not held back yet, and what was made of them."""

        def work(connection: Connection) -> tuple[Sequence[int], list[Picture]]:
            ids = picture_ids(connection, domain, most)
            made = select(_ROW.media).where(_ROW.id.in_(ids), _ROW.media.is_not(None))
            columns = [_MEDIA[name] for name in Picture.__struct_fields__]
            rows = connection.execute(select(*columns).where(_MEDIA.id.in_(made))).mappings() if ids else ()
            return ids, [Picture(**row) for row in rows]

        return await self._work.read(work)

    async def hold(self, pictures: Sequence[int], *, now_ms: int) -> None:
        """Holds pictures back, whose files are gone: there is a link again."""

        def work(connection: Connection) -> None:
            mine = _ROW.id.in_(pictures)
            for row in connection.execute(select(_ROW.post, _ROW.link, _ROW.actor, _ROW.state).where(mine)).all():
                if row.post is None:
                    change = update(remote_actors).where(remote_actors.c.actor == row.actor).values(picture=None)
                    connection.execute(change)
                elif row.state == PictureState.DONE.value:
                    html = _POST.html + row.link
                    connection.execute(update(tables.posts).where(_POST.id == row.post).values(html=html))
            values = {"state": PictureState.HELD.value, "at_ms": now_ms, "body": None, "media": None}
            connection.execute(update(distant_pictures).where(mine).values(values))

        await self._work.write(work)

    async def give_up(self, *, now_ms: int) -> None:
        """What was asked for long ago does not come any more."""
        lost = (_ROW.state == PictureState.ASKED.value) & (_ROW.at_ms < now_ms - LOST_MS)
        await self._write(update(distant_pictures).where(lost).values(state=PictureState.FAILED.value, at_ms=now_ms))

    async def _set(self, picture: int, before: PictureState, **values: object) -> None:
        mine: ColumnElement[bool] = (_ROW.id == picture) & (_ROW.state == before.value)
        await self._write(update(distant_pictures).where(mine).values(**values))

    async def _write(self, change: object) -> None:
        def work(connection: Connection) -> None:
            connection.execute(change)  # type: ignore[call-overload]

        await self._work.write(work)


def want_pictures(
    connection: Connection,
    actor: int,
    post: int,
    pictures: Sequence[RemotePicture],
    ids: Callable[[], int],
    now_ms: int,
) -> str:
    """Notes which pictures a post of somebody elsewhere has from now on; the links to those that are not here yet."""
    known = {row.url: row for row in connection.execute(select(distant_pictures).where(_ROW.post == post))}
    state = _first_state(connection, actor) if pictures else PictureState.NEW
    links = []
    for position, each in enumerate(pictures):
        row, shown = known.pop(each.url, None), {"position": position, "alt": each.alt}
        if row is None:
            connection.execute(
                insert(distant_pictures).values(
                    id=ids(),
                    actor=actor,
                    post=post,
                    url=each.url,
                    link=each.link,
                    state=state.value,
                    at_ms=now_ms,
                    **shown,
                )
            )
        else:
            connection.execute(update(distant_pictures).where(_ROW.id == row.id).values(link=each.link, **shown))
            connection.execute(update(tables.media).where(_MEDIA.id == row.media).values(**shown))
        if row is None or row.state != PictureState.DONE.value:
            links.append(each.link)
    for row in known.values():  # it has them no more: the sweep finds their files
        connection.execute(update(tables.media).where(_MEDIA.id == row.media).values(post=None))
        connection.execute(delete(distant_pictures).where(_ROW.id == row.id))
    return "".join(links)


def want_face(connection: Connection, actor: int, url: str, now_ms: int) -> None:
    """Notes where the picture of somebody elsewhere is from now on; empty for none. It has their number."""
    known = connection.execute(select(_ROW.url).where(_ROW.id == actor)).scalar()
    if known == url or (known is None and not url):
        return
    connection.execute(delete(distant_pictures).where(_ROW.id == actor))
    if url:
        row = {"id": actor, "actor": actor, "position": 0, "url": url, "alt": "", "link": "", "at_ms": now_ms}
        connection.execute(insert(distant_pictures).values(state=_first_state(connection, actor).value, **row))
    else:
        connection.execute(update(remote_actors).where(remote_actors.c.actor == actor).values(picture=None))


def _first_state(connection: Connection, actor: int) -> PictureState:
    people = tables.actors.c
    host = connection.execute(select(people.domain).where(people.number == actor)).scalar()
    policy = policy_of(connection, host or "")
    return PictureState.HELD if policy.no_media or policy.blocks else PictureState.NEW


def _unlink(connection: Connection, post: int | None, link: str) -> None:
    html = connection.execute(select(_POST.html).where(_POST.id == post)).scalar()
    if html is not None and link in html:
        without = html.replace(link, "", 1)
        connection.execute(update(tables.posts).where(_POST.id == post).values(html=without))
