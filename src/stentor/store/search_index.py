"""An index of words in SQLite (FTS5) or PostgreSQL (``tsvector``): one port, two ways. Migration 0054 made the tables.

Rows are found the newest first and in no other order: to rank a word that many say takes a second, whoever does it.
An index knows words and nothing else. Who may read what is found, its caller looks up in the same transaction, and so
what was deleted, hidden or taken down is found by nobody from that moment on.

PostgreSQL walks either all rows that have a word or all rows, and both may be a million. So rows lie in ranges of some
ten thousand, and each word has the number of its row's range in front of it: the newest range is looked at first, then
the three before it, then nine (`bench/search`).
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol
from zlib import crc32

from sqlalchemy import Connection, bindparam, text

from stentor.base.terms import SearchTerm
from stentor.social.ids import BITS, LARGEST

RANGE: Final = 50_000
"""Rows of a range, then the next one begins."""
WIDER: Final = 3
"""So many times more ranges are looked at, each time that there was too little in those before."""
PROBED: Final = 200
"""So many of the newest rows are looked at one by one: they tell what is quicker for the others that are wanted, to go
on so, or to gather all that the index has and take the newest."""
GATHERED_BY_SQLITE, GATHERED_BY_POSTGRESQL = 1_000_000, 100_000
"""Gathering costs as much as looking at so many rows one by one, were all to be gathered: of how words begin SQLite
gathers those of all posts (1 M), and PostgreSQL of all words those of a range, for which it need not read the words."""
ENOUGH: Final = 1.25
"""So many times more rows than there should have to be."""
AHEAD_MS: Final = 60_000
"""So much later than now a new range begins: what is being written now knows nothing of it yet."""


class SearchTable(StrEnum):
    """What is found."""

    POSTS = "search_posts"
    PEOPLE = "search_people"
    LINES = "search_lines"


class IndexedRow(NamedTuple):
    """A row of an index; ``more`` are its other columns."""

    id: int
    terms: Sequence[str]
    more: Mapping[str, Any] = {}


class _Walk(NamedTuple):
    """What some rows have, the newest first, and before which id to go on. ``over``: there are no more rows."""

    ids: list[int]
    before: int
    over: bool


class WordIndex(Protocol):
    """The port. Everything happens in a transaction of the caller's."""

    def put(self, connection: Connection, table: SearchTable, rows: Sequence[IndexedRow]) -> None:
        """Indexes rows of one shape, instead of those that are there under the same ids."""

    def hits(
        self,
        connection: Connection,
        table: SearchTable,
        terms: Sequence[SearchTerm],
        before: int,
        after: int,
        most: int,
    ) -> list[int]:
        """Rows between two ids that have all terms, the newest first; fewer than ``most`` only where there are no
        more."""

    def having(
        self, connection: Connection, table: SearchTable, terms: Sequence[SearchTerm], rows: Sequence[int]
    ) -> list[int]:
        """Which of some rows have all terms, the newest first. It costs by the number of these rows, however many
        others have the terms."""

    def widen(self, connection: Connection, table: SearchTable, *, now_ms: int) -> None:
        """Now and then, so that what is indexed from now on is found as quickly as the rest."""


def index_of(connection: Connection) -> WordIndex:
    """The one of a database."""
    return PostgresqlIndex() if connection.dialect.name == "postgresql" else SqliteIndex()


class SqliteIndex:
    """FTS5. Triggers carry what is written into the index."""

    def put(self, connection: Connection, table: SearchTable, rows: Sequence[IndexedRow]) -> None:
        if rows:
            values = [{**each.more, "id": each.id, "terms": " ".join(each.terms)} for each in rows]
            connection.execute(text(_upsert(table, rows[0].more, ":terms")), values)

    def hits(
        self,
        connection: Connection,
        table: SearchTable,
        terms: Sequence[SearchTerm],
        before: int,
        after: int,
        most: int,
    ) -> list[int]:
        named, found = f"{table.value}_index", list[int]()
        if any(each.prefix for each in terms):

            def walk(before: int, rows: int) -> _Walk:
                return self._walked(connection, table, terms, before, after, rows)

            found, before, over = _newest(walk, before, most, GATHERED_BY_SQLITE)
            if over or len(found) >= most:
                return found[:most]
        query = text(
            f"SELECT rowid FROM {named} WHERE {named} MATCH :query AND rowid < :before AND rowid > :after "
            "ORDER BY rowid DESC LIMIT :most"
        )
        values = {"query": _match(terms), "before": before, "after": after, "most": most - len(found)}
        return found + list(connection.execute(query, values).scalars())

    def having(
        self, connection: Connection, table: SearchTable, terms: Sequence[SearchTerm], rows: Sequence[int]
    ) -> list[int]:
        # in the words as they are kept: FTS5 would go through its lists once for each of the rows
        kept, values = _kept(terms)
        query = text(f"SELECT id FROM {table.value} WHERE id IN :rows AND {kept} ORDER BY id DESC")
        query = query.bindparams(bindparam("rows", expanding=True))
        return list(connection.execute(query, {**values, "rows": list(rows)}).scalars())

    @staticmethod
    def _walked(
        connection: Connection, table: SearchTable, terms: Sequence[SearchTerm], before: int, after: int, rows: int
    ) -> _Walk:
        kept, values = _kept(terms)
        query = text(
            f"SELECT count(*) AS walked, min(id) AS lowest, json_group_array(id) FILTER (WHERE {kept}) AS found FROM "
            f"(SELECT id, terms FROM {table.value} WHERE id < :before AND id > :after ORDER BY id DESC LIMIT :rows)"
        )
        row = connection.execute(query, values | {"before": before, "after": after, "rows": rows}).one()
        found = sorted(json.loads(row.found), reverse=True)
        return _Walk(found, row.lowest if row.walked == rows else after + 1, row.walked < rows)

    def widen(self, connection: Connection, table: SearchTable, *, now_ms: int) -> None:
        """It needs no ranges."""


class PostgresqlIndex:
    """``tsvector`` and GIN, in ranges."""

    def put(self, connection: Connection, table: SearchTable, rows: Sequence[IndexedRow]) -> None:
        if not rows:
            return
        first = self._firsts(connection, table)
        values = [
            {
                **each.more,
                "id": each.id,
                "terms": " ".join(_lexeme(_range(first, each.id), word) for word in each.terms),
            }
            for each in rows
        ]
        connection.execute(text(_upsert(table, rows[0].more, "CAST(:terms AS tsvector)")), values)

    def hits(
        self,
        connection: Connection,
        table: SearchTable,
        terms: Sequence[SearchTerm],
        before: int,
        after: int,
        most: int,
    ) -> list[int]:
        firsts = self._firsts(connection, table)
        found, before, over = self._near(connection, table, terms, firsts, before, after, most)
        if over or len(found) >= most:
            return found[:most]
        ranges, at, width = _ranges(firsts, before, after), 0, 1
        while at < len(ranges) and len(found) < most:
            some = ranges[at : at + width]
            found += self._within(connection, table, terms, some, before, after, most - len(found))
            at, width = at + width, width * WIDER
        return found

    def having(
        self, connection: Connection, table: SearchTable, terms: Sequence[SearchTerm], rows: Sequence[int]
    ) -> list[int]:
        firsts = self._firsts(connection, table)
        numbers = [_range(firsts, each) for each in rows]
        ranges = sorted(set(numbers))
        # rows first, and then their words: the planner would rather go through all rows that have them
        query = text(
            "WITH asked AS MATERIALIZED (SELECT number, CAST(query AS tsquery) AS query FROM "
            "unnest(CAST(:ranges AS int[]), CAST(:queries AS text[])) AS each (number, query)), "
            "found AS MATERIALIZED (SELECT kept.id, kept.terms, each.number FROM "
            "unnest(CAST(:rows AS bigint[]), CAST(:numbers AS int[])) AS each (id, number) "
            f"JOIN {table.value} AS kept ON kept.id = each.id) "
            "SELECT found.id FROM found JOIN asked ON asked.number = found.number AND found.terms @@ asked.query "
            "ORDER BY found.id DESC"
        )
        values: dict[str, Any] = {"rows": list(rows), "numbers": numbers, "ranges": ranges}
        # and what was written while a range began is in the one before
        values |= {"queries": [_asked([each, each - 1], terms) for each in ranges]}
        return list(connection.execute(query, values).scalars())

    def widen(self, connection: Connection, table: SearchTable, *, now_ms: int) -> None:
        firsts = self._firsts(connection, table)
        newest = text(f"SELECT count(*) FROM (SELECT 1 FROM {table.value} WHERE id >= :first LIMIT :most) AS counted")
        later = (now_ms + AHEAD_MS) << 16
        many = connection.execute(newest, {"first": firsts[-1], "most": RANGE}).scalar_one()
        if many >= RANGE and later > firsts[-1]:
            begin = text("INSERT INTO search_ranges (name, first) VALUES (:name, :first) ON CONFLICT DO NOTHING")
            connection.execute(begin, {"name": table.value, "first": later})

    @staticmethod
    def _firsts(connection: Connection, table: SearchTable) -> list[int]:
        """Where the ranges begin; their numbers are their places."""
        query = text("SELECT first FROM search_ranges WHERE name = :name ORDER BY first")
        return list(connection.execute(query, {"name": table.value}).scalars())

    def _near(
        self, connection: Connection, table: SearchTable, terms: Sequence[SearchTerm], firsts: Sequence[int],
        before: int, after: int, most: int,
    ) -> _Walk:  # fmt: skip
        """What the newest rows have, of two ranges at most."""
        near = _ranges(firsts, before, after)[:2]
        if not near:
            return _Walk([], before, over=True)
        floor = max(after, firsts[near[-1]] - 1)
        asked = _asked([*near, near[-1] - 1], terms)  # what was written while a range began is in the one before

        def walk(before: int, rows: int) -> _Walk:
            return self._walked(connection, table, asked, before, floor, rows)

        found = _newest(walk, before, most, GATHERED_BY_POSTGRESQL)
        return found._replace(over=found.over and floor == after)

    @staticmethod
    def _walked(connection: Connection, table: SearchTable, asked: str, before: int, after: int, rows: int) -> _Walk:
        query = text(
            "SELECT count(*) AS walked, min(id) AS lowest, "
            "array_agg(id ORDER BY id DESC) FILTER (WHERE terms @@ CAST(:asked AS tsquery)) AS found FROM "
            f"(SELECT id, terms FROM {table.value} WHERE id < :before AND id > :after "
            "ORDER BY id DESC LIMIT :rows) AS seen"
        )
        row = connection.execute(query, {"asked": asked, "before": before, "after": after, "rows": rows}).one()
        return _Walk(row.found or [], row.lowest if row.walked == rows else after + 1, row.walked < rows)

    @staticmethod
    def _within(
        connection: Connection, table: SearchTable, terms: Sequence[SearchTerm], ranges: Sequence[int],
        before: int, after: int, most: int,
    ) -> list[int]:  # fmt: skip
        # "id + 0": else the planner walks back over the key, which for a rare word is the whole table
        query = text(
            f"SELECT id FROM {table.value} WHERE terms @@ CAST(:query AS tsquery) AND id + 0 < :before "
            "AND id + 0 > :after ORDER BY id + 0 DESC LIMIT :most"
        )
        values = {"query": _asked(ranges, terms), "before": before, "after": after, "most": most}
        return list(connection.execute(query, values).scalars())


def _newest(walk: Callable[[int, int], _Walk], before: int, most: int, gathered: int) -> _Walk:
    """What is found by looking at rows one by one as long as that is less than gathering. ``walk`` looks at so many
    before an id."""
    first = walk(before, PROBED)
    share, wanted = len(first.ids) / PROBED, most - len(first.ids)
    if first.over or wanted <= 0 or wanted * ENOUGH > share * share * gathered:
        return first
    more = walk(first.before, round(wanted * ENOUGH / share))
    return _Walk(first.ids + more.ids, more.before, more.over)


def remove(connection: Connection, table: SearchTable, column: str, value: str | int) -> None:
    """Takes rows out, by one of their columns."""
    connection.execute(text(f"DELETE FROM {table.value} WHERE {column} = :value"), {"value": value})


def line_number(space: str, at_ms: int) -> int:
    """The number of a line: it rises with time, and spaces have their own among those of one ms."""
    return max(0, at_ms) << BITS | crc32(space.encode()) & 0xFFF0


def known_lines(connection: Connection, space: str) -> dict[int, tuple[Any, ...]]:
    """The lines of a space as they are indexed, by their numbers."""
    query = text("SELECT id, start_ms, end_ms, seat, said FROM search_lines WHERE space = :space")
    return {row.id: tuple(row)[1:] for row in connection.execute(query, {"space": space})}


def _upsert(table: SearchTable, more: Mapping[str, Any], terms: str) -> str:
    columns = ["id", *more, "terms"]
    values = [*(f":{each}" for each in columns[:-1]), terms]
    changes = ", ".join(f"{each} = excluded.{each}" for each in columns[1:])
    return (
        f"INSERT INTO {table.value} ({', '.join(columns)}) VALUES ({', '.join(values)}) "
        f"ON CONFLICT (id) DO UPDATE SET {changes}"
    )


def _kept(terms: Sequence[SearchTerm]) -> tuple[str, dict[str, Any]]:
    """A condition on the words of a row of SQLite, which stand there with spaces between them, and its values."""
    condition = " AND ".join(f"instr(' ' || terms || ' ', :term{at}) > 0" for at in range(len(terms)))
    return condition, {f"term{at}": f" {each.text}" + ("" if each.prefix else " ") for at, each in enumerate(terms)}


def _match(terms: Sequence[SearchTerm]) -> str:
    """A query of FTS5; terms have no quotation marks in them (``base.terms``)."""
    return " AND ".join(f'"{each.text}"*' if each.prefix else f'"{each.text}"' for each in terms)


def _lexeme(number: int, word: str) -> str:
    return f"'{number}/{word}'"


def _query(number: int, terms: Sequence[SearchTerm]) -> str:
    return " & ".join(_lexeme(number, each.text) + (":*" if each.prefix else "") for each in terms)


def _asked(ranges: Sequence[int], terms: Sequence[SearchTerm]) -> str:
    return " | ".join(f"({_query(number, terms)})" for number in ranges)


def _ranges(firsts: Sequence[int], before: int, after: int) -> list[int]:
    """The numbers of the ranges between two ids, the newest first."""
    ends = [*firsts[1:], LARGEST]
    return [each for each in reversed(range(len(firsts))) if firsts[each] < before and ends[each] > after]


def _range(firsts: Sequence[int], row: int) -> int:
    """The number of the range that a row is in."""
    return max(0, bisect_right(firsts, row) - 1)
