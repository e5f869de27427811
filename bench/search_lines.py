"""Spaces and what was said in them beside the posts of ``bench.search_data``: 2,000 spaces of 500 lines each.

A line has 5 to 15 words, a title 2 to 6, out of the same words as posts, and as unequally often. Every second space
begins some two hours after the one before, and no two at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import psycopg

from bench.search_data import VOCABULARY, word
from bench.social_data import EVERY_MS, FIRST_MS, POSTS, Rows
from stentor.base.terms import terms, wanted
from stentor.base.units import SpaceId
from stentor.house.searching.service import MOST_LOOKED_AT
from stentor.spaces import front
from stentor.spaces.model import Space, State
from stentor.store.search import SearchesTable
from stentor.store.search_index import RANGE, line_number
from stentor.store.spaces import Store

SPACES: Final = 2_000
LINES: Final = 500
"""Of a space: about an hour."""
LINE_MS: Final = 7_000
WORDS, TITLE = (5, 15), (2, 6)
PAGE: Final = 20
_COLUMNS: Final = ("id", "space", "start_ms", "end_ms", "seat", "said", "terms")
_BODY: Final = ("id", "version", "state", "created_ms", "body", "when_ms")


class SpokenPlace:
    """All of it; ``postgresql`` says for which database the words of the index are."""

    def __init__(self, spaces: int = SPACES, lines: int = LINES, *, postgresql: bool) -> None:
        self.spaces, self.lines, self.postgresql = spaces, lines, postgresql
        self._apart_ms = POSTS * EVERY_MS // spaces
        rng = np.random.default_rng(33)
        weight = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
        self._vocabulary = [word(each) for each in range(VOCABULARY)]
        self._rng, self._weight = rng, weight
        self.titles = self._texts(rng.integers(*TITLE, spaces))

    def rows(self) -> Iterator[Rows]:
        made = [self._space(each, title) for each, title in enumerate(self.titles)]
        yield "spaces", _BODY, (self._row(each) for each in made)
        yield "search_lines", _COLUMNS, self._said(made)
        if self.postgresql:
            firsts = range(RANGE, self.spaces * (self.lines + 1), RANGE)
            numbers = (self._first(made, each) for each in firsts)
            yield "search_ranges", ("name", "first"), (("search_lines", each) for each in numbers)

    def _texts(self, lengths: np.ndarray[Any, Any]) -> list[str]:
        at, found = 0, list[str]()
        ranks = np.searchsorted(self._weight, self._rng.random(int(lengths.sum())) * self._weight[-1]).tolist()
        for length in lengths.tolist():
            found.append(" ".join(self._vocabulary[each] for each in ranks[at : at + length]))
            at += length
        return found

    def _space(self, at: int, title: str) -> Space:
        opened_ms = FIRST_MS + at * self._apart_ms
        return Space(
            id=SpaceId(f"space-{at}"), title=title, state=State.REPLAY, created_ms=opened_ms - 1,
            doors_open_ms=opened_ms, live_ms=opened_ms, ended_ms=opened_ms + self.lines * LINE_MS,
        )  # fmt: skip

    def _row(self, space: Space) -> Sequence[Any]:
        body = msgspec.json.encode(space).decode()
        return space.id, 1, space.state.value, space.created_ms, body, space.created_ms

    def _number(self, space: Space, line: int) -> int:
        """Line 0 is the space itself."""
        at_ms = space.created_ms if line == 0 else (space.doors_open_ms or 0) + (line - 1) * LINE_MS
        return line_number(space.id, at_ms)

    def _first(self, spaces: Sequence[Space], row: int) -> int:
        return self._number(spaces[row // (self.lines + 1)], row % (self.lines + 1))

    def _said(self, spaces: Sequence[Space]) -> Iterator[Sequence[Any]]:
        at = 0
        for space in spaces:
            said = self._texts(self._rng.integers(*WORDS, self.lines))
            for line, words in enumerate([space.title, *said]):
                times = (None, None, "") if line == 0 else ((line - 1) * LINE_MS, line * LINE_MS, "host")
                yield self._number(space, line), space.id, *times, words, self._terms(at // RANGE, terms(words))
                at += 1

    def _terms(self, name: int, words: Sequence[str]) -> str:
        return " ".join(f"'{name}/{each}'" for each in words) if self.postgresql else " ".join(words)


def fill_lines(url: str, path: Path | None, place: SpokenPlace | None = None) -> None:
    """Adds spaces and lines to a database that has none; ``path`` is where it lies, None for PostgreSQL."""
    place = place or SpokenPlace(postgresql=path is None)
    (_fill_postgresql if path is None else _fill_sqlite)(url if path is None else f"{path}", place)


def _fill_sqlite(path: str, place: SpokenPlace) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in ("synchronous = OFF", "cache_size = -200000"):
        connection.execute(f"PRAGMA {setting}")
    if connection.execute("SELECT 1 FROM search_lines LIMIT 1").fetchone() is None:
        query = "SELECT sql FROM sqlite_master WHERE name = 'search_lines_insert'"
        [(trigger,)] = connection.execute(query).fetchall()  # by it FTS5 writes each row by itself: ten minutes
        connection.execute("BEGIN")
        connection.execute("DROP TRIGGER search_lines_insert")
        for table, columns, rows in place.rows():
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
        connection.execute("INSERT INTO search_lines_index (search_lines_index) VALUES ('rebuild')")
        connection.execute(trigger)
        connection.execute("DELETE FROM search_due")
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _fill_postgresql(url: str, place: SpokenPlace) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM search_lines LIMIT 1").fetchone() is not None:
            return
        connection.execute("SET session_replication_role = replica")  # no triggers, no look at what is pointed to
        query = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_search_lines_terms'"
        [(definition,)] = connection.execute(query).fetchall()
        with connection.transaction():
            connection.execute("DROP INDEX ix_search_lines_terms")
            for table, columns, rows in place.rows():
                copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()
                with connection.cursor() as cursor, cursor.copy(copy) as target:
                    for row in rows:
                        target.write_row(row)
            connection.execute(definition.encode())
        connection.execute("VACUUM ANALYZE")


def line_kinds(
    store: Store, table: SearchesTable, common: Sequence[int], middle: Sequence[int], rare: Sequence[int]
) -> dict[str, Callable[[int], Awaitable[object]]]:
    """What people look for, as the page does: the lines, and the spaces that they are of."""

    async def of(words: str, *, spaces: bool) -> list[Space]:
        found = await table.lines(wanted(words), most=MOST_LOOKED_AT, spaces=spaces)
        names = [each.space for each in found]
        wanted_ = names[: 4 * PAGE] if spaces else list(dict.fromkeys(names[:PAGE]))
        known = [await store.load(each) for each in wanted_]
        return [each for each in known if front.may_be_listed(each)]

    return {
        "what was said: a common word": lambda each: of(word(common[each]), spaces=False),
        "what was said: a rare word": lambda each: of(word(rare[each]), spaces=False),
        "a space: a common word": lambda each: of(word(common[each]), spaces=True),
        "a space: a word": lambda each: of(word(middle[each]), spaces=True),
    }
