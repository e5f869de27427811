"""Posts as they were when they were reported, beside the case: they stay when the post is changed or goes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, exists, insert, select

from stentor.social.model import Audience, Post
from stentor.social.reported import ReportedPicture, ReportedPost, ReportedVersion
from stentor.store import reported_tables, social_tables, tables
from stentor.store.reading import load_post, media_of
from stentor.store.work import Work

_TABLE = reported_tables.reported_posts
_decoder = msgspec.json.Decoder(ReportedPost)


class KeptPost(msgspec.Struct, frozen=True):
    """A post as it was reported, and as it is: None where it is there no more."""

    account: str
    reported: ReportedPost
    now: Post | None


class ReportedTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def snapshot(self, post: int) -> ReportedPost | None:
        """A post as it is, whoever may read it; None for none."""
        return await self._work.read(lambda connection: snapshot(connection, post))

    async def of_case(self, case: int) -> list[KeptPost]:
        """The posts of a case, the oldest first."""
        query = select(_TABLE).where(_TABLE.c.case_number == case).order_by(_TABLE.c.post)

        def work(connection: Connection) -> list[KeptPost]:
            rows = connection.execute(query).all()
            return [KeptPost(row.account, _decoder.decode(row.body), load_post(connection, row.post)) for row in rows]

        return await self._work.read(work)

    async def past(self, before_ms: int, most: int) -> list[tuple[int, str, ReportedPost]]:
        """Some that were kept before a time and whose case is decided: case, account, post."""
        done = exists().where(tables.cases.c.number == _TABLE.c.case_number, tables.cases.c.state == "done")
        query = select(_TABLE).where(_TABLE.c.kept_ms < before_ms, done).order_by(_TABLE.c.kept_ms).limit(most)

        def work(connection: Connection) -> list[tuple[int, str, ReportedPost]]:
            rows = connection.execute(query).all()
            return [(row.case_number, row.account, _decoder.decode(row.body)) for row in rows]

        return await self._work.read(work)

    async def forget(self, case: int, post: int) -> None:
        """Lets one go for good."""
        query = delete(_TABLE).where(_TABLE.c.case_number == case, _TABLE.c.post == post)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)

    async def kept(self, post: int) -> bool:
        """Whether any case has it."""
        query = select(exists().where(_TABLE.c.post == post))
        return bool(await self._work.read(lambda connection: connection.execute(query).scalar()))


def keep(connection: Connection, case: int, account: str, posts: Sequence[ReportedPost], *, now_ms: int) -> None:
    """Keeps posts with a case; one that is there already as it is now."""
    for each in posts:
        same = (_TABLE.c.case_number == case) & (_TABLE.c.post == each.id)
        connection.execute(delete(_TABLE).where(same))
        row = {"case_number": case, "post": each.id, "account": account, "kept_ms": now_ms}
        connection.execute(insert(_TABLE).values(**row, body=msgspec.json.encode(each).decode()))


def forget_reported(connection: Connection, account: str) -> None:
    """All that an account has written; the files of its pictures are deleted by a job."""
    connection.execute(delete(_TABLE).where(_TABLE.c.account == account))


def snapshot(connection: Connection, post: int) -> ReportedPost | None:
    """A post with all that it said, as it is now; None where there is none, and for a boost."""
    found = load_post(connection, post)
    if found is None or found.boost_of is not None:
        return None
    past, polls = social_tables.post_versions.c, social_tables.post_polls.c
    said = connection.execute(
        select(past.text, past.warning, past.at_ms).where(past.post == post).order_by(past.number)
    )
    answers = connection.execute(select(polls.answers).where(polls.post == post)).scalar()
    audience = found.taken_from if found.visibility is Audience.WITHHELD else found.visibility
    return ReportedPost(
        id=found.id, audience=audience if audience is not None else found.visibility, text=found.text,
        warning=found.warning, language=found.language, created_ms=found.created_ms, edited_ms=found.edited_ms,
        reply_to=found.reply_to, quote_of=found.quote_of, space=found.space,
        versions=tuple(ReportedVersion(*row) for row in said),
        pictures=tuple(ReportedPicture(each.key, each.alt) for each in media_of(connection, [post]).get(post, ())),
        answers=tuple(json.loads(answers)) if answers else (),
    )  # fmt: skip
