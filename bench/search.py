"""What a search costs the database: ``python -m bench.search --folder DIR [--fill] [--databases …] [--searches 120]``.

``--fill`` makes the databases of ``bench.search_data`` (1 M posts) and ``bench.search_lines`` (1 M lines of what was
said) in the folder, or adds what is not in them yet, and ends. Without it people search in them, one after the other,
by all that people search by: each with words of its own, the first page of 20 as the store finds it, with all that is
looked up of who may find what. Processor time is the house's and that of its session of PostgreSQL together.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import delete, select

from bench.kept import head, keep, state, watched
from bench.search_data import FINDABLE_OF_TEN, VOCABULARY, WordyPlace, fill, word
from bench.search_lines import fill_lines, line_kinds
from bench.social import Processor, measured, percentiles, timed
from stentor.social.ids import PostIds
from stentor.social.searching import parse
from stentor.store.indexing import IndexingTable
from stentor.store.posts import Composed, PostsTable
from stentor.store.profiles import ProfilesTable
from stentor.store.search import SearchesTable
from stentor.store.social_tables import posts
from stentor.store.spaces import Store
from tests.support.postgres import Postgres, module

PAGE: Final = 20
COMMON: Final = 40
INDEXED: Final = 2000
_Ask = Callable[[int], Awaitable[object]]


@contextmanager
def database(kind: str, folder: Path) -> Iterator[tuple[str, Path | None]]:
    """The address of a database in the folder, and its file."""
    if kind == "sqlite":
        path = folder / "search.db"
        yield f"sqlite:///{path}", path
        return
    shutil.rmtree(folder / "locks", ignore_errors=True)
    server = module(folder).get_server(folder / "data", cleanup_mode="stop")
    try:
        name = folder / "postgresql"
        if not name.exists():
            name.write_text(Postgres(server.get_uri()).fresh())
        yield name.read_text(), None
    finally:
        server.cleanup()


def kinds(store: Store, table: SearchesTable, readers: list[int], few: int, count: int) -> dict[str, _Ask]:
    """What people look for. ``few`` follows so few that a common word by people who want to be found by nobody is
    mostly for others."""
    rng, profiles = np.random.default_rng(12), ProfilesTable(store.work)
    rare, middle = rng.integers(5_000, VOCABULARY, count).tolist(), rng.integers(200, 5_000, count).tolist()
    common = rng.integers(0, COMMON, count).tolist()

    def said(say: Callable[[int], str], reader: int | None = None) -> _Ask:
        async def ask(each: int) -> object:
            me = reader if reader is not None else readers[each % len(readers)]
            return await table.posts(me, parse(say(each)), most=PAGE)

        return ask

    async def people(each: int) -> object:
        return await table.people(readers[each % len(readers)], f"user{middle[each]}"[:-1], most=PAGE)

    async def everybody(each: int) -> object:
        return await table.people(readers[each % len(readers)], "us", most=PAGE)

    async def completed(each: int) -> object:
        return await profiles.beginning(f"user{middle[each]}"[:-1], readers[each % len(readers)], PAGE, followed=False)

    async def tags(each: int) -> object:
        return await table.tags(readers[each % len(readers)], f"tag{middle[each] % 10}")

    return {
        "a rare word": said(lambda each: word(rare[each])),
        "a word": said(lambda each: word(middle[each])),
        "one of the 40 most common": said(lambda each: word(common[each])),
        "two words": said(lambda each: f"{word(middle[each])} {word(middle[-each])}"),
        "a common and a rare one": said(lambda each: f"{word(common[each])} {word(rare[each])}"),
        "two common words": said(lambda each: f"{word(common[each])} {word(common[-each])}"),
        "a common word of one author": said(lambda each: f"{word(common[each])} from:user{middle[each]}"),
        "a rare word of one who writes most": said(lambda each: f"{word(rare[each])} from:user{each % 3}"),
        "a common word of one who writes most": said(lambda each: f"{word(common[each])} from:user{each % 3}"),
        "a common word in an answer": said(lambda each: f"{word(common[each])} is:reply"),
        "a common word with a picture, of which there are none": said(lambda each: f"{word(common[each])} has:picture"),
        "a phrase": said(lambda each: f'"{word(common[each])} {word(common[-each])}"'),
        "how words begin (4 signs)": said(lambda each: f"{word(middle[each])[:4]}*"),
        "a common word, for who follows three": said(lambda each: word(common[each]), few),
        "no word at all that is there": said(lambda each: f"x{word(rare[each])}x"),
        "a phrase of words that few say": said(lambda each: f'"{word(middle[each])} {word(common[each])}"'),
        "own posts": said(lambda _: "from:me"),
        "people": people,
        "people whose name begins as everybody's": everybody,
        "how a handle begins, as apps and mentions ask": completed,
        "tags": tags,
    } | line_kinds(store, table, common, middle, rare)


async def filled(url: str) -> bool:
    """Whether there are posts in a database; it has the tables of this version from now on."""
    store = await Store.open(url)
    try:
        first = select(posts.c.id).limit(1)
        return await store.work.read(lambda connection: connection.execute(first).first()) is not None
    finally:
        await store.close()


async def measure(url: str, count: int) -> dict[str, Any]:
    """Everything in one filled database."""
    store, place = await Store.open(url), WordyPlace()
    try:
        readers, table, found = place.readers(), SearchesTable(store.work), dict[str, Any]()
        for name, ask in kinds(store, table, readers["ordinary"], readers["three"][0], count).items():
            await timed(count, ask)  # once, so that what is read lies in memory as it does where people search
            processor = await store.work.read(Processor)
            found[name] = dict[str, Any]()
            with watched(found[name]):
                found[name] |= await measured(processor, ask, count)
            told = {name: value for name, value in found[name].items() if name != "state"}
            print(f"  {name}: {told} {state(found[name])}", flush=True)
        found["indexing"] = await indexed(store, readers["few"][0])
        await forgotten(store, int(place.ids[-1]))
        print(f"  indexing: {found['indexing']}", flush=True)
        return found
    finally:
        await store.close()


async def indexed(store: Store, author: int) -> dict[str, float]:
    """How long the writer is held for parts of 50 new posts, and how many are indexed a second."""
    there, numbers, table = PostsTable(store.work), PostIds(1), IndexingTable(store.work)
    rng = np.random.default_rng(5)
    for _ in range(INDEXED):
        said, now_ms = " ".join(word(int(each)) for each in rng.integers(0, 2000, 40)), time.time_ns() // 1_000_000
        await there.add(numbers.new(now_ms), author, Composed(text=said), now_ms=now_ms)
    took = list[float]()
    while True:
        begun = time.perf_counter()
        if not await table.index_some(time.time_ns() // 1_000_000 + 1000):
            break
        took.append(time.perf_counter() - begun)
    return percentiles(took) | {"per_s": round(INDEXED / sum(took))}


async def forgotten(store: Store, newest: int) -> None:
    """The posts of this run go again: the next one would find nothing else among the newest."""
    added = delete(posts).where(posts.c.id > newest)
    await store.work.write(lambda connection: connection.execute(added))


async def run(options: argparse.Namespace) -> dict[str, Any]:
    found = dict[str, Any]()
    options.folder.mkdir(parents=True, exist_ok=True)
    os.chmod(options.folder, 0o755)  # noqa: PTH101 the database runs as a user of its own
    for kind in options.databases:
        with database(kind, options.folder) as (url, path):
            print(kind, flush=True)
            if options.fill:
                if not await filled(url):
                    fill(url, path)
                fill_lines(url, path)
            else:
                found[kind] = await measure(url, options.searches)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--fill", action="store_true")
    parser.add_argument("--searches", type=int, default=120)
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    options = parser.parse_args()
    told = head() | {"findable_of_ten": FINDABLE_OF_TEN, "searches": options.searches} | asyncio.run(run(options))
    if not options.fill:
        keep("search", told)


if __name__ == "__main__":
    main()
