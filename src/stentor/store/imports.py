"""What people bring along, line by line: each is done once, and what was done is noted with it.

A house that dies in the middle goes on at the first line that nobody has tried. What a line does may be done twice
without harm; a post comes in in the transaction that notes where it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update

from stentor.base.errors import Conflict, NotFound
from stentor.fediverse.archive import PostToImport
from stentor.social import ids, text
from stentor.social.imports import ImportKind
from stentor.social.model import Audience, Post
from stentor.store import social_tables as tables
from stentor.store.decisions import require_may_post
from stentor.store.import_tables import import_rows, imported_posts, imports
from stentor.store.media import attach
from stentor.store.posts import insert_post, name_people
from stentor.store.tally import count
from stentor.store.work import Work

DONE: Final = "done"
THERE: Final = "there"
"""It was there before."""
MOST_MOVES: Final = 50
"""Kept of one person; the oldest that are over go."""
MOST_UNDER_WAY: Final = 5
_MOVE, _ROW, _CAME, _POST = imports.c, import_rows.c, imported_posts.c, tables.posts.c


class ImportState(StrEnum):
    READING = "reading"
    """An archive is looked into."""
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that somebody brings along. ``results`` counts its lines by what became of them; empty for those that
    wait."""

    id: int
    actor: int
    kind: ImportKind
    name: str
    state: ImportState
    key: str
    made_ms: int
    ended_ms: int | None
    trouble: str
    left_out: Mapping[str, int] = {}
    results: Mapping[str, int] = {}

    @property
    def total(self) -> int:
        return sum(self.results.values())

    @property
    def tried(self) -> int:
        return self.total - self.results.get("", 0)

    @property
    def worked(self) -> int:
        """Lines that are as they should be."""
        return self.results.get(DONE, 0) + self.results.get(THERE, 0)


class ImportRow(msgspec.Struct, frozen=True):
    number: int
    body: str
    result: str


class ImportsTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def begin(
        self, move: int, actor: int, kind: ImportKind, name: str, rows: Sequence[str] | None, *, key: str, now_ms: int
    ) -> list[str]:
        """Notes a file with its lines; None for an archive that is still to be read. The keys of archives that go with
        old ones. Raises :class:`Conflict` for one too many."""

        def work(connection: Connection) -> list[str]:
            busy = _MOVE.state.in_([ImportState.READING.value, ImportState.WORKING.value])
            under_way = select(func.count()).where(_MOVE.actor == actor, busy)
            if connection.execute(under_way).scalar_one() >= MOST_UNDER_WAY:
                raise Conflict(
                    f"{MOST_UNDER_WAY} files are being brought along already; wait for one of them.",
                    code="too-many-imports",
                )
            state = ImportState.READING if rows is None else ImportState.WORKING
            values = {"kind": kind.value, "name": name[:200], "state": state.value, "key": key, "made_ms": now_ms}
            connection.execute(insert(imports).values(id=move, actor=actor, **values))
            _add_rows(connection, move, rows or ())
            return _forget_old(connection, actor)

        return await self.work.write(work)

    async def read(self, move: ImportedFile, rows: Sequence[str], left_out: Mapping[str, int]) -> None:
        """An archive was read: these are its posts."""

        def work(connection: Connection) -> None:
            connection.execute(delete(import_rows).where(_ROW.move == move.id))
            _add_rows(connection, move.id, rows)
            values = {"state": ImportState.WORKING.value, "left_out": json.dumps(left_out)}
            connection.execute(update(imports).where(_MOVE.id == move.id).values(**values))

        await self.work.write(work)

    async def end(self, move: int, *, now_ms: int, trouble: str = "") -> None:
        """It is over; with a ``trouble`` it could not be done."""
        state = ImportState.FAILED if trouble else ImportState.DONE
        change = update(imports).where(_MOVE.id == move).values(state=state.value, ended_ms=now_ms, trouble=trouble)

        def work(connection: Connection) -> None:
            connection.execute(change)

        await self.work.write(work)

    async def note(self, move: int, results: Mapping[int, str]) -> None:
        """What became of lines."""

        def work(connection: Connection) -> None:
            for number, result in results.items():
                mine = (_ROW.move == move) & (_ROW.number == number)
                connection.execute(update(import_rows).where(mine).values(result=result))

        await self.work.write(work)

    async def waiting(self, move: int, most: int) -> list[ImportRow]:
        """The first lines that nobody has tried."""
        return await self.rows(move, result="", most=most)

    async def rows(self, move: int, *, result: str, most: int) -> list[ImportRow]:
        """Lines of which something became, in their order."""
        query = select(_ROW.number, _ROW.body, _ROW.result).where(_ROW.move == move, _ROW.result == result)
        query = query.order_by(_ROW.number).limit(most)
        return await self.work.read(lambda connection: [ImportRow(*row) for row in connection.execute(query)])

    async def failures(self, move: int, most: int) -> list[ImportRow]:
        """Lines that could not be done."""
        query = select(_ROW.number, _ROW.body, _ROW.result).where(
            _ROW.move == move, _ROW.result.not_in(["", DONE, THERE])
        )
        query = query.order_by(_ROW.number).limit(most)
        return await self.work.read(lambda connection: [ImportRow(*row) for row in connection.execute(query)])

    async def of(self, actor: int) -> list[ImportedFile]:
        """Somebody's, the newest first."""
        return await self._moves(
            select(imports).where(_MOVE.actor == actor).order_by(_MOVE.id.desc()).limit(MOST_MOVES)
        )

    async def one(self, move: int, actor: int) -> ImportedFile:
        """One of somebody's; raises :class:`NotFound`."""
        found = await self._moves(select(imports).where(_MOVE.id == move, _MOVE.actor == actor))
        if not found:
            raise NotFound("There is no such file of yours.", code="import-not-found")
        return found[0]

    async def busy(self, most: int) -> list[ImportedFile]:
        """Those that are not over, the oldest first."""
        states = [ImportState.READING.value, ImportState.WORKING.value]
        return await self._moves(select(imports).where(_MOVE.state.in_(states)).order_by(_MOVE.id).limit(most))

    async def forget(self, move: int, actor: int) -> str:
        """Takes one out of the list, also before it is over; the key of its archive. What came in stays."""

        def work(connection: Connection) -> str:
            mine = (_MOVE.id == move) & (_MOVE.actor == actor)
            key = connection.execute(select(_MOVE.key).where(mine)).scalar()
            if key is None:
                raise NotFound("There is no such file of yours.", code="import-not-found")
            connection.execute(delete(imports).where(mine))
            return str(key)

        return await self.work.write(work)

    async def keys(self) -> set[str]:
        """Archives in the object store that somebody's file needs still."""
        query = select(_MOVE.key).where(_MOVE.key != "", _MOVE.ended_ms.is_(None))
        return await self.work.read(lambda connection: set(connection.execute(query).scalars()))

    async def came(self, actor: int, uri: str) -> int | None:
        """The post that came in from an address."""
        query = select(_CAME.post).where(_CAME.actor == actor, _CAME.uri == uri)
        return await self.work.read(lambda connection: connection.execute(query).scalar())

    async def bring(self, post: int, author: int, what: PostToImport, media: Sequence[int], *, now_ms: int) -> str:
        """Brings a post in, past followers, notifications and other servers: nobody is told of what is old. What
        became of it. Raises :class:`NotAllowed` for who may not post."""

        def work(connection: Connection) -> str:
            known = (_CAME.actor == author) & (_CAME.uri == what.uri)
            if connection.execute(select(exists().where(known))).scalar():
                return THERE
            require_may_post(connection, author, now_ms)
            before = select(_CAME.post).where(_CAME.actor == author, _CAME.uri == what.reply_to)
            answered = connection.execute(before).scalar() if what.reply_to else None
            root = connection.execute(select(_POST.root).where(_POST.id == answered)).scalar() if answered else None
            made = Post(
                id=_free(connection, post), author=author, visibility=_audience(connection, answered, what.audience),
                text=what.text, html=text.html(what.text, {}), warning=what.warning, language=what.language,
                created_ms=what.created_ms, reply_to=answered, reply_author=author if answered else None,
                root=(root or answered) if answered else None,
            )  # fmt: skip
            insert_post(connection, made)
            name_people(connection, made, set(), what.tags)
            attach(connection, made, media)
            if answered:
                count(connection, answered, "replies", 1)
            connection.execute(insert(imported_posts).values(actor=author, uri=what.uri, post=made.id))
            return DONE

        return await self.work.write(work)

    async def _moves(self, query: Any) -> list[ImportedFile]:
        def work(connection: Connection) -> list[ImportedFile]:
            found = list(connection.execute(query))
            counts = select(_ROW.move, _ROW.result, func.count()).where(_ROW.move.in_([row.id for row in found]))
            results = dict[int, dict[str, int]]()
            for move, result, many in connection.execute(counts.group_by(_ROW.move, _ROW.result)) if found else ():
                results.setdefault(move, {})[result] = int(many)
            return [_move(row, results.get(row.id, {})) for row in found]

        return await self.work.read(work)


def _move(row: Row[Any], results: Mapping[str, int]) -> ImportedFile:
    values = {**row._mapping, "left_out": json.loads(row.left_out) if row.left_out else {}, "results": results}
    return ImportedFile(**{**values, "kind": ImportKind(row.kind), "state": ImportState(row.state)})


def _add_rows(connection: Connection, move: int, rows: Sequence[str]) -> None:
    values = [{"move": move, "number": number, "body": body} for number, body in enumerate(rows)]
    if values:
        connection.execute(insert(import_rows), values)


def _forget_old(connection: Connection, actor: int) -> list[str]:
    over = select(_MOVE.id, _MOVE.key).where(_MOVE.actor == actor, _MOVE.ended_ms.is_not(None))
    old = connection.execute(over.order_by(_MOVE.id.desc()).offset(MOST_MOVES)).all()
    connection.execute(delete(imports).where(_MOVE.id.in_([row.id for row in old])))
    return [row.key for row in old if row.key]


def _free(connection: Connection, post: int) -> int:
    """The next number that no post has: several of one second are of one ms."""
    while connection.execute(select(exists().where(_POST.id == post))).scalar():
        post += 1
    return post


def _audience(connection: Connection, answered: int | None, wanted: Audience) -> Audience:
    """An answer is for no more than what it answers."""
    if answered is None:
        return wanted
    seen = connection.execute(select(_POST.visibility).where(_POST.id == answered)).scalar()
    return wanted if seen is None else Audience(max(int(wanted), min(int(seen), int(Audience.MENTIONED))))


def first_id(created_ms: int) -> int:
    """The number of a post of that time; numbers of people and posts begin above those of nobody."""
    return max(1, ids.at(created_ms))
