"""Pages of older posts: where a long list is cut, so that a page once full stays as it is.

Pages are cut from the oldest post on. A new post therefore changes the first page alone; a deleted one changes none,
for whoever joins pages leaves out what is gone. What comes in between later, such as an import, divides the one page
that it belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, and_, delete, func, insert, select, text

from stentor.social.model import OPEN, Audience
from stentor.social.public import OLDER, PAGE, PROFILE, TAG, PostList
from stentor.store import social_tables as tables
from stentor.store.outbox_tables import page_ends
from stentor.store.work import Work

CUT_AT_ONCE: Final = 25
"""Pages that are cut in one go: an account with 100,000 posts from before is done in some minutes, beside others."""
MOST_SHOWN: Final = 200
"""Posts of a page that is not cut yet."""
_END, _POST = page_ends.c, tables.posts.c
_NOTE = text(
    "INSERT INTO outbox (kind, id, version) VALUES (:kind, :name, :now) "
    "ON CONFLICT (kind, id) DO UPDATE SET version = outbox.version + 1"
)


class OlderPage(NamedTuple):
    """A page of older posts: of which list, and its end."""

    kind: str
    name: str
    end: int


class OlderPagesTable:
    """``kind`` is ``profile`` or ``tag``, ``name`` a number or a tag. Pages that are cut are noted in the outbox, too,
    by their end: whoever dies before they are written is followed by another one. Methods may raise
    :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def cut(self, kind: str, name: str, *, now_ms: int) -> Sequence[OlderPage]:
        """Cuts off what has become full below the first page; the pages that are others now. Where more is to be cut,
        the list is noted in the outbox again."""
        full = await self._work.read(lambda connection: _is_full(connection, kind, name, None))
        return await self._work.write(lambda connection: _cut(connection, kind, name, None, now_ms)) if full else ()

    async def ending(self, ends: Sequence[int]) -> Sequence[OlderPage]:
        """The pages with these ends."""
        query = select(_END.kind, _END.name, _END.last).where(_END.last.in_(ends))
        return await self._work.read(lambda connection: [OlderPage(*row) for row in connection.execute(query)])

    async def with_posts(self, posts: Sequence[int], *, now_ms: int) -> Sequence[OlderPage]:
        """The pages of older posts on which some posts stand, cut where they have too many by now."""
        found = await self._work.read(lambda connection: _holding(connection, posts)) if posts else {}
        changed: dict[OlderPage, None] = dict.fromkeys(found)
        for page, full in found.items():
            if full:
                changed |= dict.fromkeys(await self._divide(page, now_ms))
        return list(changed)

    async def _divide(self, page: OlderPage, now_ms: int) -> Sequence[OlderPage]:
        """Cuts one page until it is none too long."""
        changed = list[OlderPage]()
        while made := await self._work.write(lambda connection: _cut(connection, *page, now_ms)):
            changed += made
        return changed

    async def read(self, pages: Sequence[OlderPage], version: int) -> dict[OlderPage, PostList]:
        """What stands on pages, with their neighbours."""

        def work(connection: Connection) -> dict[OlderPage, PostList]:
            return {each: _read(connection, each, version) for each in pages}

        return await self._work.read(work) if pages else {}

    async def forget(self, kind: str, name: str, most: int) -> Sequence[OlderPage]:
        """Some pages of a list that is not there any more, which are nobody's from then on."""
        mine = (_END.kind == kind) & (_END.name == name)

        def work(connection: Connection) -> Sequence[OlderPage]:
            ends = list(connection.execute(select(_END.last).where(mine).limit(most)).scalars())
            connection.execute(delete(page_ends).where(mine, _END.last.in_(ends)))
            return [OlderPage(kind, name, end) for end in ends]

        there = select(_END.last).where(mine).limit(1)
        if await self._work.read(lambda connection: connection.execute(there).scalar()) is None:
            return ()
        return await self._work.write(work)


def _ids(kind: str, name: str) -> Select[Any]:
    """What stands in a list, also posts of people who stand in none just now: edges leave those out."""
    if kind == PROFILE:
        return select(_POST.id).where(
            _POST.author == int(name), _POST.visibility.in_([int(each) for each in OPEN]), tables.SHOWN
        )
    tags = tables.post_tags.c
    query = select(tags.post).join_from(tables.post_tags, tables.posts, tags.post == _POST.id)
    return query.where(tags.tag == name, _POST.visibility == int(Audience.PUBLIC), _POST.uri.is_(None))


def _between(kind: str, name: str, after: int, end: int | None) -> Select[Any]:
    column = _POST.id if kind == PROFILE else tables.post_tags.c.post
    query = _ids(kind, name).where(column > after)
    return query if end is None else query.where(column <= end)


def end_below(connection: Connection, kind: str, name: str, end: int | None) -> int:
    """The end of the page below another one (None: the first page); 0 without one."""
    mine = (_END.kind == kind) & (_END.name == name)
    query = select(func.max(_END.last)).where(mine if end is None else and_(mine, _END.last < end))
    return connection.execute(query).scalar() or 0


def _is_full(connection: Connection, kind: str, name: str, end: int | None) -> bool:
    found = _between(kind, name, end_below(connection, kind, name, end), end).limit(2 * PAGE)
    return len(connection.execute(found).all()) >= 2 * PAGE


def _cut(connection: Connection, kind: str, name: str, end: int | None, now_ms: int) -> list[OlderPage]:
    """Cuts pages off from the oldest on; those that changed: the new ones, the one that was cut, and the one below."""
    below = end_below(connection, kind, name, end)
    column = _POST.id if kind == PROFILE else tables.post_tags.c.post
    most = (CUT_AT_ONCE + 1) * PAGE
    ids = list(connection.execute(_between(kind, name, below, end).order_by(column).limit(most)).scalars())
    more, made = len(ids) == most, list[int]()
    while len(ids) >= 2 * PAGE and len(made) < CUT_AT_ONCE:
        made.append(ids[PAGE - 1])
        ids = ids[PAGE:]
    if not made:
        return []
    connection.execute(insert(page_ends), [{"kind": kind, "name": name, "last": each} for each in made])
    if more and end is None:
        connection.execute(_NOTE, {"kind": kind, "name": name, "now": now_ms})
    changed = [*made, *(each for each in (below, end) if each)]
    connection.execute(_NOTE, [{"kind": OLDER, "name": f"{each}", "now": now_ms} for each in changed])
    return [OlderPage(kind, name, each) for each in changed]


def _holding(connection: Connection, posts: Sequence[int]) -> dict[OlderPage, bool]:
    """The pages that have posts, and whether they are to be cut."""
    tags = tables.post_tags.c
    lists = [
        (PROFILE, f"{row.author}", row.id)
        for row in connection.execute(select(_POST.id, _POST.author).where(_POST.id.in_(posts)))
    ]
    lists += [
        (TAG, row.tag, row.post) for row in connection.execute(select(tags.tag, tags.post).where(tags.post.in_(posts)))
    ]
    found: dict[OlderPage, bool] = {}
    for kind, name, post in lists:
        mine = (_END.kind == kind) & (_END.name == name) & (_END.last >= post)
        end = connection.execute(select(func.min(_END.last)).where(mine)).scalar()
        if end is not None:
            page = OlderPage(kind, name, int(end))
            found[page] = found.get(page, False) or _is_full(connection, kind, name, page.end)
    return found


def _read(connection: Connection, page: OlderPage, version: int) -> PostList:
    kind, name, end = page
    below, column = end_below(connection, kind, name, end), _POST.id if kind == PROFILE else tables.post_tags.c.post
    query = _between(kind, name, below, end).order_by(column.desc()).limit(MOST_SHOWN)
    above = (_END.kind == kind) & (_END.name == name) & (_END.last > end)
    newer = connection.execute(select(func.min(_END.last)).where(above)).scalar() or 0
    ids = tuple(connection.execute(query).scalars())
    return PostList(version=version, ids=ids, more=bool(below), older=below, newer=newer)
