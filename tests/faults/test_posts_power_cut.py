"""The power fails while posts are written: what was confirmed is there, once, with all that belongs to it.

A process posts, and does something beside it for which nobody waits, and says each time when it was confirmed. All that
is written into the folder of the database is noted, and what the disk is asked to keep (``tests.support.power_cut``).
From that, moments are chosen, and what a disk would have of each.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, select

from stentor.social.ids import PostIds
from stentor.store import outbox_tables
from stentor.store import social_tables as tables
from stentor.store.posts import Composed, Gesture, PostsTable
from stentor.store.spaces import Store
from tests.support import power_cut
from tests.support.own_postgres import OwnPostgres
from tests.support.power_cut import Written
from tests.support.social import NOW_MS, Town

POSTS = 240
"""Some thousand pages: SQLite writes its log back to the file more than once, and PostgreSQL fills several of its."""
CUTS = {"sqlite": 30, "postgresql": 6}
SAID = "said"
LAX = {"synchronous_commit": "off", "wal_writer_delay": "10s", "checkpoint_completion_target": "0"}
"""A server that says itself that nobody waits for its disk."""
QUICK = {"fsync": "off", "max_wal_size": "1GB"}
pytestmark = pytest.mark.timeout(180)


async def _write(url: str, author: int, liker: int, said: Path) -> None:
    """What the process does: four posts at once, as a house does; when one was confirmed something is done beside."""
    store = await Store.open(url)
    posts, numbers = PostsTable(store.work), PostIds(1 << 14)
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    plain = None if url.startswith("sqlite") else psycopg.connect(url, autocommit=True)

    async def write(lane: int) -> None:
        for each in range(lane, POSTS, 4):
            made = await _post(posts, numbers, author, each)
            os.write(descriptor, f"post {each}\n".encode())
            if plain is None:
                await posts.mark(Gesture.LIKE, liker, made, on=True, now_ms=NOW_MS)
            else:
                plain.execute("INSERT INTO likes (post, actor) VALUES (%s, %s)", (made, liker))
                if each % 60 == 59:  # what was written goes from the log to the tables, and the log begins anew
                    plain.execute("CHECKPOINT")
            os.write(descriptor, f"like {made}\n".encode())

    await asyncio.gather(*map(write, range(4)))
    os._exit(0)  # nobody closes the database


async def _post(posts: PostsTable, numbers: PostIds, author: int, each: int) -> int:
    what = Composed(text=f"post {each}", html=lambda _: "<p>post</p>", tags=("tag",))
    return await posts.add(numbers.new(NOW_MS + each), author, what, now_ms=NOW_MS, key=f"key {each}")


def _kept(connection: Connection) -> tuple[dict[int, str], set[int], set[int], set[str]]:
    """Posts, those with a tag, those with a like, and what is to be made public."""
    found = {row.id: row.text for row in connection.execute(select(tables.posts.c.id, tables.posts.c.text))}
    tagged = set(connection.execute(select(tables.post_tags.c.post)).scalars())
    liked = set(connection.execute(select(tables.likes.c.post)).scalars())
    waiting = select(outbox_tables.outbox.c.id).where(outbox_tables.outbox.c.kind == "post")
    return found, tagged, liked, set(connection.execute(waiting).scalars())


async def _people(url: str) -> list[int]:
    """Two people in an empty database: their numbers."""
    town = Town(await Store.open(url))
    await town.people("ada", "bob")
    await town.store.close()
    return [town.number["ada"], town.number["bob"]]


async def _run(url: str, people: Sequence[int], folder: Path, environment: dict[str, str]) -> None:
    command = (sys.executable, "-m", __name__, url, *(f"{each}" for each in people), f"{folder / SAID}")
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    assert await process.wait() == 0


def _moments(done: Sequence[Written], cuts: int, lot: random.Random) -> list[tuple[int, list[str]]]:
    """After how many of ``done`` the power fails, and what was said until then."""
    said = power_cut.texts(done, SAID)
    assert sum(each.kind in "SD" for each in done) >= POSTS / 4, "posts wait for the disk"
    chosen = sorted(lot.sample(sorted(said), cuts))
    return [(moment, [line for at, those in said.items() if at <= moment for line in those]) for moment in chosen]


async def _look(url: str, author: int, lines: Sequence[str]) -> int:
    """What is there after a cut, judged by what was said; how many likes are lost."""
    confirmed = {line for line in lines if line.startswith("post")}
    store = await Store.open(url, whole=True)
    try:
        found, tagged, liked, waiting = await store.work.read(_kept)
        assert confirmed <= set(found.values()), "lost what was confirmed"
        assert tagged == found.keys(), "a post is there with all that belongs to it, or not at all"
        assert waiting == {f"{each}" for each in found}, "and becomes public"
        posts, numbers = PostsTable(store.work), PostIds(1 << 15)
        for each in range(min(POSTS, len(confirmed) + 8)):
            await _post(posts, numbers, author, each)
        again = Counter((await store.work.read(_kept))[0].values())
        assert set(again.values()) == {1}, "what is sent again is there once"
        return len({int(line.split()[1]) for line in lines if line.startswith("like")} - liked)
    finally:
        await store.close()


async def test_no_confirmed_post_is_lost_or_doubled_on_sqlite(tmp_path: Path) -> None:
    """At thirty moments. Likes, for which nobody waits for the disk, are lost at some: the cut does take something."""
    folder = tmp_path / "disk"
    folder.mkdir()
    url = f"sqlite:///{folder / 'stentor.db'}"
    people = await _people(url)
    before = shutil.copytree(folder, tmp_path / "before")
    await _run(url, people, folder, power_cut.journal(folder))
    done, lot, lost_likes = power_cut.read(folder), random.Random(3), 0
    for moment, lines in _moments(done, CUTS["sqlite"], lot):
        after = tmp_path / f"cut-{moment}"
        power_cut.cut(before, done[:moment], after, lot)
        lost_likes += await _look(f"sqlite:///{after / 'stentor.db'}", people[0], lines)
        shutil.rmtree(after)
    assert lost_likes, "a cut that takes nothing proves nothing"


async def test_no_confirmed_post_is_lost_or_doubled_on_postgresql() -> None:
    """At six moments, also where the server says that nobody waits. Likes are written past the store here, as the
    server says, and some of them are lost: the cut does take something."""
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        root = Path(name)
        server, folder = OwnPostgres(root), root / "disk"
        data = folder / "data"
        server.make(data)
        with server.running(data, QUICK) as url:
            people = await _people(url)
        server.rest(data)
        before = shutil.copytree(folder, root / "before")
        environment = power_cut.journal(folder)
        with server.running(data, LAX, environment) as url:
            await _run(url, people, folder, environment)
        done, lot, lost_likes = power_cut.read(folder), random.Random(3), 0
        assert any(each.kind in "RU" and "pg_wal" in each.name for each in done), "a part of the log was let go"
        for moment, lines in _moments(done, CUTS["postgresql"], lot):
            after = root / f"cut-{moment}"
            power_cut.cut(before, done[:moment], after, lot)
            server.give(after / "data")
            with server.running(after / "data", QUICK) as url:
                lost_likes += await _look(url, people[0], lines)
            shutil.rmtree(after)
        assert lost_likes, "a cut that takes nothing proves nothing"


if __name__ == "__main__":
    asyncio.run(_write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
