"""Kill -9 while posts are written: what was confirmed is there, and what is sent again is there once.

A process posts as fast as it can, each under a key, and says so when it was confirmed. It is killed in the middle,
sends all of its keys again, and is killed again.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

import pytest
from sqlalchemy import Connection, func, select

from stentor.social.ids import PostIds
from stentor.store import social_tables as tables
from stentor.store.posts import Composed, PostsTable
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres
from tests.support.social import NOW_MS, Town

__all__ = ["database_url", "postgres"]
KILLS = 4
CONFIRMED = 40
"""A process is killed after so many more."""

pytestmark = pytest.mark.timeout(120)


async def _post_for_ever(url: str, author: int, seed: int) -> None:
    """What the killed process does: four at once, as a house does."""
    store = await Store.open(url)
    posts, numbers = PostsTable(store.work), PostIds(seed << 14)  # as random as houses' are, but the same each time

    async def write(lane: int) -> None:
        for each in range(lane, 1 << 30, 4):
            what = Composed(text=f"post {each}", html=lambda _: "<p>post</p>", tags=("tag",))
            await posts.add(numbers.new(NOW_MS + each), author, what, now_ms=NOW_MS, key=f"key {each}")
            print(each, flush=True)

    await asyncio.gather(*map(write, range(4)))


def _kept(connection: Connection) -> tuple[list[str], int]:
    """What posts say, and how many tags there are; each post has one."""
    texts = list(connection.execute(select(tables.posts.c.text)).scalars())
    return texts, connection.execute(select(func.count()).select_from(tables.post_tags)).scalar_one()


async def test_confirmed_posts_stay_and_none_is_doubled(database_url: str) -> None:
    """After each of four kills."""
    store = await Store.open(database_url)
    town = Town(store)
    await town.people("ada")
    confirmed = set[int]()
    for seed in range(KILLS):
        command = (sys.executable, "-m", __name__, database_url, f"{town.number['ada']}", f"{seed}")
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        wanted = len(confirmed) + CONFIRMED
        while len(confirmed) < wanted:
            confirmed.add(int(await process.stdout.readline()))
        process.kill()
        confirmed |= {int(line) for line in (await process.stdout.read()).split(b"\n")[:-1]}
        await process.wait()
        texts, tagged = await store.work.read(_kept)
        there = Counter(texts)
        assert {f"post {each}" for each in confirmed} <= there.keys()
        assert set(there.values()) == {1}
        assert tagged == len(there), "a post is there with all that belongs to it, or not at all"
    await store.close()


if __name__ == "__main__":
    asyncio.run(_post_for_ever(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
