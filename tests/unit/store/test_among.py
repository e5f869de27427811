"""One of many values, as one parameter: SQLite finds it by its index, whatever stands beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlalchemy import Column, Integer, MetaData, Table, and_, or_, select
from sqlalchemy.dialects import sqlite

from stentor.store.among import among

NUMBERS = Table("numbers", MetaData(), Column("number", Integer), Column("kind", Integer))


def test_sqlite_looks_at_no_other_rows() -> None:
    number, kind = NUMBERS.c
    one = among(number, [1, 3])
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE numbers (number BIGINT PRIMARY KEY, kind INT)")
        connection.executemany("INSERT INTO numbers VALUES (?, 1)", [(each,) for each in range(5)])
        for where in (one, and_(one, kind == 1), and_(or_(kind == 1, kind == 2), one)):
            made = select(number).where(where).compile(dialect=sqlite.dialect())
            values = [made.params[each] for each in made.positiontup or ()]
            sent = ["[1, 3]" if isinstance(each, list) else each for each in values]
            assert connection.execute(str(made), sent).fetchall() == [(1,), (3,)]
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {made}", sent)]
            assert plan[0].startswith("SEARCH numbers USING"), plan
        other = select(number).where(~one).compile(dialect=sqlite.dialect())
        assert [row[0] for row in connection.execute(str(other), ["[1, 3]"])] == [0, 2, 4]
