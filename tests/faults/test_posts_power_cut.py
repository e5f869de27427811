"""The power fails while posts are written to SQLite: what was confirmed is there, once, with all that belongs to it.

A process posts, and likes beside it, and says each time when it was confirmed. All that it writes is noted, and what it
has the disk keep (``tests.support.power_cut``). From that, moments are chosen, and what a disk would have of each.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from stentor.social.ids import PostIds
from stentor.store import outbox_tables
from stentor.store import social_tables as tables
from stentor.store.posts import Composed, Gesture, PostsTable
from stentor.store.spaces import Store
from tests.support import power_cut
from tests.support.social import NOW_MS, Town

POSTS = 240
"""Some thousand pages: SQLite writes its log back to the file more than once."""
CUTS = 30
SAID = "said"
FILES = ("stentor.db", "stentor.db-wal")
pytestmark = pytest.mark.timeout(180)


async def _write(url: str, author: int, liker: int, said: Path) -> None:
    """What the process does: four posts at once, as a house does; each is liked when it was confirmed."""
    store = await Store.open(url)
    posts, numbers = PostsTable(store.work), PostIds(1 << 14)
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def write(lane: int) -> None:
        for each in range(lane, POSTS, 4):
            made = await _post(posts, numbers, author, each)
            os.write(descriptor, f"post {each}\n".encode())
            await posts.mark(Gesture.LIKE, liker, made, on=True, now_ms=NOW_MS)
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


async def test_no_confirmed_post_is_lost_or_doubled(tmp_path: Path) -> None:
    """At thirty moments. Likes, for which nobody waits for the disk, are lost at some: the cut does take something."""
    folder = tmp_path / "disk"
    folder.mkdir()
    url = f"sqlite:///{folder / FILES[0]}"
    town = Town(await Store.open(url))
    await town.people("ada", "bob")
    await town.store.close()
    before = shutil.copytree(folder, tmp_path / "before")
    people = f"{town.number['ada']}", f"{town.number['bob']}"
    command = (sys.executable, "-m", __name__, url, *people, f"{folder / SAID}")
    process = await asyncio.create_subprocess_exec(*command, env=power_cut.journal(folder))
    assert await process.wait() == 0
    done = power_cut.read(folder)
    said = power_cut.texts(done, SAID)
    assert sum(each.kind == "S" for each in done) >= POSTS / 4, "posts wait for the disk"

    lot, lost_likes = random.Random(3), 0
    moments = sorted(lot.sample(sorted(said), CUTS))
    for moment in moments:
        after = tmp_path / f"cut-{moment}"
        power_cut.cut(before, done[:moment], after, lot, names=FILES)
        lines = [line for at, those in said.items() if at <= moment for line in those]
        confirmed = {line for line in lines if line.startswith("post")}
        store = await Store.open(f"sqlite:///{after / FILES[0]}", whole=True)
        found, tagged, liked, waiting = await store.work.read(_kept)
        assert confirmed <= set(found.values()), f"lost when the power failed after {moment} writes"
        assert tagged == found.keys(), "a post is there with all that belongs to it, or not at all"
        assert waiting == {f"{each}" for each in found}, "and becomes public"
        lost_likes += len({int(line.split()[1]) for line in lines if line.startswith("like")} - liked)

        posts, numbers = PostsTable(store.work), PostIds(1 << 15)
        for each in range(min(POSTS, len(confirmed) + 8)):
            await _post(posts, numbers, town.number["ada"], each)
        again = Counter((await store.work.read(_kept))[0].values())
        assert set(again.values()) == {1}, "what is sent again is there once"
        await store.close()
        shutil.rmtree(after)
    assert lost_likes, "a cut that takes nothing proves nothing"


if __name__ == "__main__":
    asyncio.run(_write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
