"""Notifications one by one, as apps page through them, and one as it is now. In lines: ``store.notifications``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, bindparam, text

from stentor.social.ids import LARGEST
from stentor.social.model import Author
from stentor.social.notices import NoticeBox, NoticeKind
from stentor.store.actors import actors_of
from stentor.store.notice_tables import notifications
from stentor.store.notifications import COLUMNS, SEEN
from stentor.store.reading import Reading, read_posts
from stentor.store.telling import forget
from stentor.store.work import Work

_ONE: Final = text(f"{COLUMNS} WHERE n.account = :me AND n.id = :number AND {SEEN}")
_PAGE: Final = f"""{COLUMNS} WHERE n.account = :me AND n.box = :box AND n.id < :before AND n.id > :after
  AND {{which}} AND {SEEN} ORDER BY n.id {{order}} LIMIT :most"""
_KINDS: Final = "n.kind IN :kinds"
_BY: Final = 'n."by" = :by'


class SingleNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What one person has done. ``key`` names the line that it stands in."""

    id: int
    kind: NoticeKind
    by: Author
    post: Reading | None
    key: str
    at_ms: int
    box: NoticeBox


class SingleNotices:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def one(self, me: int, number: int, *, now_ms: int) -> SingleNotice | None:
        """None for what is gone, or for nobody's eyes any more."""
        asked = {"me": me, "number": number, "now": now_ms}

        def work(connection: Connection) -> SingleNotice | None:
            found = _shown(connection, me, connection.execute(_ONE, asked).all())
            return found[0] if found else None

        return await self._work.read(work)

    async def page(
        self,
        me: int,
        *,
        box: NoticeBox = NoticeBox.MAIN,
        before: int = LARGEST,
        after: int = 0,
        rising: bool = False,
        most: int,
        kinds: Collection[NoticeKind],
        by: int | None = None,
        now_ms: int,
    ) -> tuple[list[SingleNotice], int]:
        """The newest of some ``kinds`` between two ids, or with ``rising`` those just above ``after``; and the id of
        the last that was looked at where there may be more, else 0.

        What is about a post that is for nobody's eyes is left out: a page may be short."""
        asked = {"me": me, "box": int(box), "before": before, "after": after, "most": most, "by": by, "now": now_ms}
        which = " AND ".join([_KINDS, *([_BY] if by is not None else [])])
        query = text(_PAGE.format(which=which, order="ASC" if rising else "DESC"))
        query = query.bindparams(bindparam("kinds", expanding=True))
        values = {**asked, "kinds": [each.value for each in kinds]}

        def work(connection: Connection) -> tuple[list[SingleNotice], int]:
            rows = connection.execute(query, values).all()
            rows = rows[::-1] if rising else rows
            return _shown(connection, me, rows), rows[-1].id if len(rows) == most else 0

        return await self._work.read(work)

    async def dismiss(self, me: int, number: int) -> None:
        """Takes one away; none is no error."""
        mine = (notifications.c.account == me) & (notifications.c.id == number)

        def work(connection: Connection) -> None:
            forget(connection, mine)

        await self._work.write(work)


def _shown(connection: Connection, me: int, rows: Sequence[Row[Any]]) -> list[SingleNotice]:
    people = actors_of(connection, {row.by for row in rows})
    about = sorted({row.post for row in rows if row.post is not None})
    posts = {each.post.id: each for each in read_posts(connection, about, me)}
    return [
        SingleNotice(
            id=row.id,
            kind=NoticeKind(row.kind),
            by=people[row.by],
            post=posts.get(row.post),
            key=row.grp,
            at_ms=row.at_ms,
            box=NoticeBox(row.box),
        )
        for row in rows
        if row.by in people and (row.post is None or row.post in posts)
    ]
