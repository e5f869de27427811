"""What is due to be indexed, and does it: in small parts, so that nobody waits for the database meanwhile.

Triggers note what is due in the transaction that changes it (migration 0054), and the migration has noted everything
that was there before: so a house that dies in the middle goes on where it was, and nothing is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, select, text
from sqlalchemy.exc import IntegrityError

from stentor.base import terms
from stentor.spaces.model import Space
from stentor.store import search_index as index
from stentor.store import social_tables as tables
from stentor.store.actors import actors_of
from stentor.store.search_index import IndexedRow, SearchTable
from stentor.store.work import Work
from stentor.wire.cue import Cue

AT_ONCE: Final = 50
"""Rows of one transaction: 10 ms in which nobody else writes to SQLite."""
_POST: Final = tables.posts.c
_DUE: Final = text(
    "SELECT kind, id, due_ms FROM search_due WHERE due_ms <= :now AND kind = :kind ORDER BY due_ms DESC LIMIT :most"
)
_DONE: Final = text("DELETE FROM search_due WHERE kind = :kind AND id = :id AND due_ms = :due_ms")
_ORDER: Final = text(
    "INSERT INTO search_due (kind, id, due_ms) VALUES (:kind, :id, :due_ms) ON CONFLICT (kind, id) DO UPDATE SET "
    "due_ms = CASE WHEN excluded.due_ms > search_due.due_ms THEN excluded.due_ms ELSE search_due.due_ms + 1 END"
)
_LATER: Final = text("UPDATE search_due SET due_ms = :later_ms WHERE kind = :kind AND id = :id AND due_ms = :due_ms")


class DueRow(NamedTuple):
    """Something that is to be indexed. ``due_ms`` is another one after each change."""

    kind: str
    id: str
    due_ms: int


class IndexingTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def index_some(self, now_ms: int, most: int = AT_ONCE) -> int:
        """Indexes some posts and people that are due, the newest first; how many."""

        def work(connection: Connection) -> int:
            done = 0
            for kind, write in (("post", _write_posts), ("person", _write_people)):
                due = _due(connection, kind, now_ms, most)
                if due:
                    write(connection, [int(each.id) for each in due])
                    connection.execute(_DONE, [each._asdict() for each in due])
                done += len(due)
            return done

        try:
            return await self._work.write(work)
        except IntegrityError:  # one of them was deleted in this moment (PostgreSQL)
            return 1

    async def due_spaces(self, now_ms: int, most: int) -> list[DueRow]:
        """Spaces that are due, the newest first."""
        return await self._work.read(lambda connection: _due(connection, "space", now_ms, most))

    async def waiting(self) -> int:
        """How much is due, up to some thousand."""
        query = text("SELECT count(*) FROM (SELECT 1 FROM search_due LIMIT 10000) AS counted")
        return await self._work.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def index_space(self, due: DueRow, space: Space | None, cues: Sequence[Cue] | None) -> None:
        """Indexes a space with what was said in it; ``cues`` None leaves the lines as they are, and a space None has
        none any more."""

        def work(connection: Connection) -> None:
            _write_space(connection, due.id, space, cues)
            connection.execute(_DONE, due._asdict())

        await self._work.write(work)

    async def order_space(self, space: str, *, due_ms: int) -> None:
        """Has a space indexed anew: its transcript has changed, which no trigger sees."""

        def work(connection: Connection) -> None:
            connection.execute(_ORDER, {"kind": "space", "id": space, "due_ms": due_ms})

        await self._work.write(work)

    async def later(self, due: DueRow, later_ms: int) -> None:
        """It is looked at again then."""

        def work(connection: Connection) -> None:
            connection.execute(_LATER, {**due._asdict(), "later_ms": later_ms})

        await self._work.write(work)

    async def widen(self, now_ms: int) -> None:
        """Once in a while."""

        def work(connection: Connection) -> None:
            for table in SearchTable:
                index.index_of(connection).widen(connection, table, now_ms=now_ms)

        await self._work.write(work)


def _due(connection: Connection, kind: str, now_ms: int, most: int) -> list[DueRow]:
    rows = connection.execute(_DUE, {"kind": kind, "now": now_ms, "most": most})
    return [DueRow(row.kind, row.id, row.due_ms) for row in rows]


def _write_posts(connection: Connection, ids: Sequence[int]) -> None:
    query = select(_POST.id, _POST.text, _POST.warning).where(_POST.id.in_(ids), _POST.boost_of.is_(None))
    said = {row.id: [row.text, row.warning] for row in connection.execute(query)}
    media, polls = tables.media.c, tables.post_polls.c
    for row in connection.execute(select(media.post, media.alt).where(media.post.in_(list(said)), media.alt != "")):
        said[row.post].append(row.alt)
    for row in connection.execute(select(polls.post, polls.answers).where(polls.post.in_(list(said)))):
        said[row.post] += json.loads(row.answers)
    rows = [IndexedRow(each, terms.terms("\n".join(texts))) for each, texts in sorted(said.items())]
    index.index_of(connection).put(connection, SearchTable.POSTS, rows)


def _write_people(connection: Connection, numbers: Sequence[int]) -> None:
    people = actors_of(connection, numbers)
    rows = [
        IndexedRow(number, terms.beginnings(f"{each.name} {each.handle} {each.domain}"))
        for number, each in sorted(people.items())
    ]
    index.index_of(connection).put(connection, SearchTable.PEOPLE, rows)


def _write_space(connection: Connection, name: str, space: Space | None, cues: Sequence[Cue] | None) -> None:
    known = index.known_lines(connection, name)
    wanted = dict[int, tuple[Any, ...]]()
    if space is not None:
        wanted[index.line_number(name, space.created_ms)] = (None, None, "", _told(space))
    for cue in cues or ():
        wanted[_free(wanted, index.line_number(name, cue.doors_open_ms + cue.start_ms))] = (
            cue.start_ms, cue.end_ms, cue.seat, cue.text,
        )  # fmt: skip
    kept = {number for number, row in known.items() if row[0] is not None} if cues is None and space else set()
    gone = [number for number in known if number not in wanted and number not in kept]
    _remove(connection, gone)
    new = {number: row for number, row in wanted.items() if known.get(number) != row}
    rows = [IndexedRow(number, terms.terms(row[3]), _more(name, row)) for number, row in sorted(new.items())]
    index.index_of(connection).put(connection, SearchTable.LINES, rows)


def _told(space: Space) -> str:
    """What a space is found by."""
    people = [seat.name for seat in space.seats.values()]
    return "\n".join([space.title, space.description, *space.about.topics, *people])


def _more(space: str, row: tuple[Any, ...]) -> Mapping[str, Any]:
    return {"space": space, **dict(zip(("start_ms", "end_ms", "seat", "said"), row, strict=True))}


def _remove(connection: Connection, numbers: Sequence[int]) -> None:
    gone = text("DELETE FROM search_lines WHERE id IN :numbers").bindparams(bindparam("numbers", expanding=True))
    if numbers:
        connection.execute(gone, {"numbers": list(numbers)})


def _free(taken: Mapping[int, object], number: int) -> int:
    """Two who speak at once begin in the same ms."""
    while number in taken:
        number += 1
    return number
