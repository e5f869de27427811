"""The place of ``bench.social_data`` with words in it: 1 M posts of 20 to 60 words out of 50,000, many with umlauts.

The n-th word is said 1/n as often as the first (Zipf's law). Three of ten people let everybody find their public posts.

The index is written past the store, as the rest is: a house indexes 1 M posts in some minutes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import psycopg

from bench.social_data import Place, Rows, fill_postgresql, fill_sqlite
from stentor.base.terms import beginnings, terms
from stentor.store.search_index import RANGE

VOCABULARY: Final = 50_000
WORDS: Final = (20, 60)
FINDABLE_OF_TEN: Final = 3
AT_ONCE: Final = 20_000
UNASKED: Final = ("notifications", "notification_groups")
"""Tables that no search reads."""
_SYLLABLES: Final = [f"{one}{two}" for one in "bdfghklmnprstw" for two in ("a", "e", "i", "o", "u", "an", "er", "ö")]


def word(rank: int) -> str:
    """The word of a rank; each is another one."""
    found, rest = "", rank + len(_SYLLABLES)
    while rest:
        rest, syllable = divmod(rest, len(_SYLLABLES))
        found += _SYLLABLES[syllable]
    return found


class WordyPlace(Place):
    """``postgresql`` says for which database the rows of the index are."""

    postgresql = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._silent = set[int]()
        """Posts without words: boosts."""

    def rows(self) -> Iterator[Rows]:
        for table, columns, rows in super().rows():
            if table in UNASKED:
                continue
            if table == "posts":
                yield table, columns, self._with_words(columns, rows)
                yield "search_posts", ("id", "terms"), self._indexed()
            elif table == "actors":
                yield (
                    table,
                    (*columns, "findable"),
                    ((*row, int(at % 10 < FINDABLE_OF_TEN)) for at, row in enumerate(rows)),
                )
                yield "search_people", ("id", "terms"), self._people()
            else:
                yield table, columns, rows
        if self.postgresql:
            yield "search_ranges", ("name", "first"), ((name, each) for name, each in self._ranges() if each)

    def texts(self) -> Iterator[str]:
        """Of all posts, each time the same."""
        rng, vocabulary = np.random.default_rng(21), [word(each) for each in range(VOCABULARY)]
        weight = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
        for begin in range(0, self.posts, AT_ONCE):
            lengths = rng.integers(*WORDS, min(AT_ONCE, self.posts - begin))
            ranks = np.searchsorted(weight, rng.random(int(lengths.sum())) * weight[-1]).tolist()
            at = 0
            for length in lengths.tolist():
                yield " ".join(vocabulary[each] for each in ranks[at : at + length])
                at += length

    def _with_words(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        place = columns.index("text")
        for row, said in zip(rows, self.texts(), strict=True):
            if not row[place]:
                self._silent.add(row[0])
            yield (*row[:place], said if row[place] else "", *row[place + 1 :])

    def _indexed(self) -> Iterator[Sequence[Any]]:
        for number, said in zip(self.ids.tolist(), self.texts(), strict=True):
            if number not in self._silent:
                yield number, self._terms(self.ids, number, terms(said))

    def _people(self) -> Iterator[Sequence[Any]]:
        for at, number in enumerate(self.number.tolist()):
            yield number, self._terms(self.number, number, beginnings(f"User {at} user{at}"))

    def _terms(self, ids: np.ndarray[Any, Any], number: int, words: Sequence[str]) -> str:
        if not self.postgresql:
            return " ".join(words)
        name = int(np.searchsorted(ids[RANGE - 1 :: RANGE], number, side="right"))
        return " ".join(f"'{name}/{each}'" for each in words)

    def _ranges(self) -> Iterator[tuple[str, int]]:
        for name, ids in (("search_posts", self.ids), ("search_people", self.number)):
            yield from ((name, each) for each in ids[RANGE - 1 :: RANGE].tolist())


def fill(url: str, path: Path | None) -> None:
    """Fills an empty database; ``path`` is where it lies, None for PostgreSQL."""
    place = WordyPlace()
    place.postgresql = path is None
    if path is None:
        fill_postgresql(url, place)
        with psycopg.connect(url, autocommit=True) as there:
            there.execute("DELETE FROM search_due")
        return
    fill_sqlite(path, place)
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in ("synchronous = OFF", "cache_size = -500000"):
        connection.execute(f"PRAGMA {setting}")
    for each in ("search_posts", "search_people"):
        connection.execute(f"INSERT INTO {each}_index ({each}_index) VALUES ('rebuild')")
    connection.execute("DELETE FROM search_due")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
