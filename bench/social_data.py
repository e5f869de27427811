"""What ``bench.social`` measures: 1 M posts, 100,000 accounts, one with 1 M followers, one who follows 2,000.

Written past the store, with indexes and triggers off, else it would take an hour. 15 % of the posts are boosts, 25 %
replies, 7 % for followers, 3 % for those mentioned; who writes how often follows Zipf's law (exponent 0.9); nine of ten
followers of the large account are elsewhere.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import psycopg

from bench import social_notices

POSTS, ACCOUNTS, ACTORS, LIKES, TAGS = 1_000_000, 100_000, 1_000_001, 1_000_000, 2_000
FOLLOWED, FEW, ORDINARY, ORDINARY_FOLLOWS = 2_000, 200, 300, 26
LARGE: Final = 50
"""Whom everybody follows; one of those who write most."""
READERS: Final = {"active": 99_990, "quiet": 99_991, "few": 99_992, "three": 99_993}
FIRST_MS, EVERY_MS, BEFORE_MS = 1_764_000_000_000, 15_552, 100_000_000_000
WAITING = 100
"""Of so many who follow the large account one wants to be told of each post."""
SOME = 20_000
"""Rows at once."""
_TEXT = "A post of usual length says what happened, to whom, and why anybody might want to know. " * 3

Rows = tuple[str, Sequence[str], Iterable[Sequence[Any]]]


@dataclass
class Place:
    """All of it as arrays: ``number`` of actors, ``ids`` of posts, and who ``follows`` whom (places in ``number``)."""

    posts: int = POSTS
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(18))

    def __post_init__(self) -> None:
        self.number = (FIRST_MS - BEFORE_MS + np.arange(ACTORS, dtype=np.int64)) << 16
        self.ids = (FIRST_MS + np.arange(self.posts, dtype=np.int64) * EVERY_MS) << 16
        self.follows = self._follows()

    def readers(self) -> dict[str, list[int]]:
        """Numbers of who reads, by kind; ``ordinary`` are many."""
        some = self.rng.integers(1_000, 99_000, ORDINARY)
        found = {name: [int(self.number[place])] for name, place in READERS.items()}
        return found | {"ordinary": [int(each) for each in self.number[some]]}

    def _zipf(self, count: int, most: int, exponent: float) -> np.ndarray[Any, np.dtype[np.int64]]:
        weight = np.cumsum(1 / np.arange(1, most + 1) ** exponent)
        return np.asarray(np.searchsorted(weight, self.rng.random(count) * weight[-1]), dtype=np.int64)

    def _follows(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        ordinary = np.arange(ACCOUNTS - 10)
        follower = np.repeat(ordinary, self.rng.poisson(ORDINARY_FOLLOWS - 1, len(ordinary)))
        followee = self._zipf(len(follower), ACCOUNTS, 0.7)
        special = [
            (READERS["active"], np.arange(FOLLOWED)),
            (READERS["quiet"], self.rng.choice(ACCOUNTS, FOLLOWED, replace=False)),
            (READERS["few"], self.rng.choice(ACCOUNTS, FEW, replace=False)),
            (READERS["three"], np.array([99_000, 99_100, 99_200])),
        ]
        everybody = np.arange(ACTORS)
        pairs = [np.stack([follower, followee]), np.stack([everybody, np.full(ACTORS, LARGE)])]
        pairs += [np.stack([np.full(len(whom), who), whom]) for who, whom in special]
        joined = np.concatenate(pairs, axis=1)
        keys = np.unique(joined[0] * ACTORS + joined[1])
        found = np.stack([keys // ACTORS, keys % ACTORS])
        return found[:, found[0] != found[1]]

    def rows(self) -> Iterator[Rows]:
        """Every table's rows, parents before children."""
        yield (
            "accounts",
            ("id", "handle", "name", "bio", "role", "created_ms"),
            (
                (f"{each:032x}", f"user{each}", f"User {each}", "", "member", FIRST_MS - BEFORE_MS)
                for each in range(ACCOUNTS)
            ),
        )
        yield (
            "actors",
            ("number", "account", "domain", "handle", "name", "state"),
            (
                (number, f"{each:032x}", "", f"user{each}", f"User {each}", "")
                if each < ACCOUNTS
                else (number, None, "elsewhere.example", f"user{each}", f"User {each}", "")
                for each, number in enumerate(self.number.tolist())
            ),
        )
        yield from self._posts()
        follower, followee = (self.number[each] for each in self.follows)
        large = int(self.number[LARGE])
        columns = ("follower", "followee", "boosts", "notify", "state", "at_ms")
        yield (
            "follows",
            columns,
            (
                (one, other, 1, int(other == large and at % WAITING == 0), "granted", FIRST_MS)
                for at, (one, other) in enumerate(zip(follower.tolist(), followee.tolist(), strict=True))
            ),
        )
        for name, each in (("mutes", 50), ("blocks", 20)):
            extra = ("until_ms", "notifications") if name == "mutes" else ("at_ms",)
            values = (None, 1) if name == "mutes" else (FIRST_MS,)
            yield (
                name,
                ("account", "target", *extra),
                [
                    (int(self.number[who]), target, *values)
                    for who in READERS.values()
                    for target in self.number[self.rng.choice(50_000, each, replace=False) + 100].tolist()
                ],
            )

        yield from social_notices.rows(large, self.number.tolist(), self.ids.tolist())

    def _posts(self) -> Iterator[Rows]:
        count, rng = self.posts, self.rng
        author, kind, audience = self._zipf(count, ACCOUNTS, 0.9), rng.random(count), rng.random(count)
        seen = np.where(audience < 0.07, 2, np.where(audience < 0.10, 3, np.where(audience < 0.15, 1, 0)))
        back = np.minimum(1 + rng.integers(0, 5_000, count), np.arange(count))
        before = np.arange(count) - back
        plain = kind >= 0.15
        boost = (kind < 0.15) & plain[before] & (seen[before] < 2) & (back > 0)
        _, first = np.unique(author * count + before, return_index=True)  # nobody boosts one twice
        once = np.zeros(count, dtype=bool)
        once[first] = True
        boost &= once
        reply = (kind >= 0.15) & (kind < 0.40) & ~boost[before] & (back > 0)
        seen = np.where(boost, 0, np.where(reply, np.maximum(seen, seen[before]), seen))
        root = np.arange(count)
        for each in np.flatnonzero(reply).tolist():
            root[each] = root[before[each]]
        ids, number = self.ids.tolist(), self.number.tolist()
        columns = (
            "id", "author", "visibility", "text", "html", "warning", "language", "created_ms", "reply_to",
            "reply_author", "root", "boost_of", "boost_author",
        )  # fmt: skip
        who, what, earlier, roots = author.tolist(), seen.tolist(), before.tolist(), root.tolist()
        boosts, replies = boost.tolist(), reply.tolist()

        def posts() -> Iterator[Sequence[Any]]:
            for each in range(count):
                other = earlier[each]
                words = "" if boosts[each] else _TEXT[: 200 + each % 64]
                yield (
                    ids[each], number[who[each]], what[each], words, f"<p>{words}</p>", "", "en",
                    ids[each] >> 16,
                    *((ids[other], number[who[other]], ids[roots[each]]) if replies[each] else (None, None, None)),
                    *((ids[other], number[who[other]]) if boosts[each] else (None, None)),
                )  # fmt: skip

        yield "posts", columns, posts()
        yield "counts", ("post",), ((each,) for each in ids)
        answered = sorted({(ids[each], number[who[earlier[each]]]) for each in np.flatnonzero(reply).tolist()})
        yield "mentions", ("post", "actor"), answered
        tagged = np.flatnonzero(rng.random(count) < 0.2)
        names = self._zipf(len(tagged), TAGS, 0.9).tolist()
        yield (
            "post_tags",
            ("tag", "post"),
            sorted((f"tag{tag}", ids[post]) for tag, post in zip(names, tagged.tolist(), strict=True)),
        )
        liked = np.unique(rng.integers(0, count, LIKES) * ACCOUNTS + self._zipf(LIKES, ACCOUNTS, 0.5))
        yield "likes", ("post", "actor"), ((ids[each // ACCOUNTS], number[each % ACCOUNTS]) for each in liked.tolist())


def fill_sqlite(path: Path, place: Place) -> None:
    """Fills an empty database with the tables of this version."""
    connection = sqlite3.connect(path, isolation_level=None)
    query = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger')"
    aside = connection.execute(query).fetchall()
    for setting in ("synchronous = OFF", "foreign_keys = OFF", "cache_size = -200000"):
        connection.execute(f"PRAGMA {setting}")
    for kind, name, _ in aside:
        connection.execute(f"DROP {kind} {name}")
    for table, columns, rows in place.rows():
        connection.execute("BEGIN")
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
        connection.execute("COMMIT")
    for _, _, sql in aside:
        connection.execute(sql)
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def fill_postgresql(url: str, place: Place) -> None:
    """The same for PostgreSQL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no triggers, no look at what is pointed to
        connection.execute("SET maintenance_work_mem = '512MB'")
        query = """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN
                   (SELECT conname FROM pg_constraint)"""
        aside = connection.execute(query).fetchall()
        for name, _ in aside:
            connection.execute(f"DROP INDEX {name}".encode())
        for table, columns, rows in place.rows():
            copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()
            with connection.cursor() as cursor, cursor.copy(copy) as target:
                for row in rows:
                    target.write_row(row)
        for _, definition in aside:
            connection.execute(definition.encode())
        connection.execute("VACUUM ANALYZE")
