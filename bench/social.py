"""What posts cost the database: ``python -m bench.social [--databases …] [--folder DIR] [--home] [--live …]``.

Home timelines of five kinds of readers in a place with 1 M posts (``bench.social_data``; with ``--folder`` the
databases stay there, and are filled once), as ids and with all that is
shown beside them; notifications (``bench.social_notices``); posts by one with 1 M followers, of whom 10,000 want to be
told of each, and by others in turn; posts that wait for the disk and posts that do not. With ``--live sqlite`` 200
posts a second go into the database of a whole Stentor while a host talks: p99 of a host's request, the stage's
processor time, and ticks that it skipped, with them and without, in turn, and beside as many posts elsewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
from sqlalchemy import Connection

from bench.kept import head, keep, watched
from bench.social_data import LARGE, Place
from bench.social_notices import Notices
from bench.social_place import filled
from stentor.client import speak
from stentor.people.model import Account
from stentor.social.ids import LARGEST, PostIds
from stentor.store.actors import ActorsTable
from stentor.store.posts import Composed, PostsTable
from stentor.store.spaces import Store
from stentor.store.timelines import TimelinesTable
from tests.faults.test_flooded import p99_ms
from tests.support.postgres import Postgres, module
from tests.support.whole import Whole, whole

READS, PAGE, DEEP = 300, 20, 20
POSTED, PER_S, SECONDS, ROUNDS = 1_500, 200, 10.0, 3
SETTLE_S: Final = 8.0
WORDS: Final = "A post of usual length says what happened, and to whom. " * 4


def percentiles(took_s: Sequence[float], what: str = "") -> dict[str, float]:
    """Of times in seconds, in ms."""
    return {f"{what}p{each}_ms": round(float(np.percentile(took_s, each)) * 1000, 2) for each in (50, 99)}


class Processor:
    """Processor time of this process and of its sessions of PostgreSQL: what a busy machine tells, too."""

    def __init__(self, connection: Connection) -> None:
        self._sessions = []
        if connection.dialect.name == "postgresql":
            query = (
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'stentor' AND datname = current_database()"
            )
            self._sessions = [Path(f"/proc/{pid}/schedstat") for pid in connection.exec_driver_sql(query).scalars()]

    def taken_s(self) -> float:
        return time.process_time() + sum(int(each.read_text().split()[0]) for each in self._sessions) / 1e9


async def timed(count: int, what: Callable[[int], Awaitable[object]]) -> list[float]:
    """How long each took, in seconds."""
    took = []
    for each in range(count):
        begun = time.perf_counter()
        await what(each)
        took.append(time.perf_counter() - begun)
    return took


async def measured(
    processor: Processor, what: Callable[[int], Awaitable[object]], count: int = READS
) -> dict[str, float]:
    """The same of so many reads, in ms, with the processor time of each."""
    took, cpu = list[float](), list[float]()
    for each in range(count):
        had, begun = processor.taken_s(), time.perf_counter()
        await what(each)
        took.append(time.perf_counter() - begun)
        cpu.append(processor.taken_s() - had)
    return percentiles(took) | percentiles(cpu, "cpu_")


async def homes(store: Store, readers: dict[str, list[int]]) -> dict[str, Any]:
    """Each kind of reader: the first page as ids, with all beside it, and a page far down."""
    lines, posts, found = TimelinesTable(store.work), PostsTable(store.work), dict[str, Any]()
    for name, numbers in readers.items():

        async def ids(each: int, numbers: list[int] = numbers) -> list[int]:
            return await lines.home(numbers[each % len(numbers)], most=PAGE)

        async def shown(each: int, numbers: list[int] = numbers) -> object:
            me = numbers[each % len(numbers)]
            return await posts.read(await lines.home(me, most=PAGE), me)

        before, lengths = LARGEST, []
        for _ in range(DEEP):
            page = await lines.home(numbers[0], before=before, most=PAGE)
            lengths.append(len(page))
            before = page[-1] if page else 0

        async def deep(_: int, me: int = numbers[0], before: int = before) -> object:
            return await lines.home(me, before=before, most=PAGE)

        await timed(len(numbers), shown)  # once, so that what is read lies in memory as it does where people read
        processor = await store.work.read(Processor)
        found[name] = {
            "ids": await measured(processor, ids),
            "shown": await measured(processor, shown),
            "deep": await measured(processor, deep),
            "shortest page": min(lengths),
        }
        print(f"  home, {name}: {found[name]}", flush=True)
    return found


async def posted(store: Store, authors: dict[str, int]) -> dict[str, Any]:
    """Posts of those with 1 M followers and with few in turn, each in a transaction of its own."""
    posts, numbers, took = PostsTable(store.work), PostIds(1), {name: list[float]() for name in authors}
    cpu, begun = time.process_time(), time.perf_counter()
    for each in range(POSTED):
        name = list(authors)[each % len(authors)]
        before = time.perf_counter()
        await post(posts, numbers, authors[name])
        took[name].append(time.perf_counter() - before)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    found = {name: percentiles(each) for name, each in took.items()}
    return found | {"per_s": round(POSTED / seconds), "cpu_us": round(1e6 * cpu / POSTED)}


async def post(posts: PostsTable, numbers: PostIds, author: int) -> None:
    now_ms = time.time_ns() // 1_000_000
    what = Composed(text=WORDS, html=lambda _: f"<p>{WORDS}</p>", tags=("radio", "today"), language="en")
    await posts.add(numbers.new(now_ms), author, what, now_ms=now_ms)


async def measure(url: str, place: Place, *, home: bool) -> dict[str, Any]:
    """Everything in one filled database, or home timelines alone."""
    store = await Store.open(url)
    try:
        found: dict[str, Any] = {"home": await homes(store, place.readers())}
        if home:
            return found
        authors = {"1 M followers": int(place.number[LARGE]), "few": int(place.number[90_000])}
        found["notifications"] = await notices(store, place)
        found["post"] = await posted(store, authors)
        print(f"  post, as it is: {found['post']}", flush=True)
        if url.startswith("sqlite"):
            store.work.lasting = store.work.writer  # what it would be if a power cut might take the last posts
            found["post, not waiting for the disk"] = await posted(store, authors)
            print(f"  post, not waiting: {found['post, not waiting for the disk']}", flush=True)
        return found
    finally:
        await store.close()


async def notices(store: Store, place: Place) -> dict[str, Any]:
    """Lines, counts, and what a like and a mention cost with what they tell."""
    number = place.number.tolist()
    there = Notices(store, number[LARGE], number, place.ids.tolist())
    reader = number[99_500]
    await there.wait_for(reader, number[200:400])

    async def waiting(_: int) -> object:
        return await there.waiting_unread(reader)

    found = {}
    for name, what in {
        "lines of the one with 500,000": there.hot_page,
        "lines of others": there.page,
        "unread of the one with 500,000": there.hot_unread,
        "unread of others": there.unread,
        "unread of one who waits for posts of 100": waiting,
        "like": there.like,
        "post that mentions five": there.mention,
    }.items():
        found[name] = percentiles(await timed(READS, what))
        print(f"  {name}: {found[name]}", flush=True)
    return found


async def databases(kinds: Sequence[str], kept: Path | None, *, home: bool) -> dict[str, Any]:
    found = dict[str, Any]()
    with tempfile.TemporaryDirectory(prefix="social") as name:
        for kind in kinds:
            print(kind, flush=True)
            async with filled(kind, kept or Path(name)) as (url, place):
                found[kind] = dict[str, Any]()
                with watched(found[kind]):
                    found[kind] |= await measure(url, place, home=home)
    return found


@contextmanager
def two(kind: str, folder: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Settings of a site on a database of this kind, and the address of another one."""
    if kind == "sqlite":
        yield {}, f"sqlite:///{folder / 'elsewhere.db'}"
        return
    folder.chmod(0o755)  # it runs as a user of its own
    server = module(folder).get_server(folder / "postgresql", cleanup_mode="delete")
    try:
        postgres = Postgres(server.get_uri())
        yield {"database_url": postgres.fresh()}, postgres.fresh()
    finally:
        server.cleanup()


async def live(kind: str) -> list[dict[str, Any]]:
    """A talk, and beside it 200 posts a second into the same database; calm and posting in turn."""
    with tempfile.TemporaryDirectory(prefix="social") as name, two(kind, Path(name)) as (settings, other_url):
        async with whole(Path(name) / "site", edges=1, address_requests=0, **settings) as house:
            tokens = await house.space("evening")
            talk = speak.speak(
                f"http://127.0.0.1:{house.settings.port}", "evening", ("reader",), name="host", token=tokens["host"]
            )
            talking = asyncio.create_task(talk)
            await house.until("evening", lambda view: view["seats"][0]["state"] == "connected", "the host is on stage")
            await house.call("POST", "/spaces/evening/live")
            await asyncio.sleep(SETTLE_S)
            store, elsewhere = await Store.open(house.settings.database_address), await Store.open(other_url)
            author, other = await somebody(store), await somebody(elsewhere)
            posting = {"elsewhere": (elsewhere, other, PER_S), "posts": (store, author, PER_S)}
            places = {"calm": (store, author, 0)} | posting
            rounds = []
            for _ in range(ROUNDS):
                found = {kind: await beside(house, *place) for kind, place in places.items()}
                print(f"  {found}", flush=True)
                rounds.append(found)
            await elsewhere.close()
            await store.close()
            talking.cancel()
            with suppress(asyncio.CancelledError):
                await talking
            return rounds


async def somebody(store: Store) -> int:
    """The number of somebody who has an account."""
    made = Account(id="ada", handle="ada", name="Ada", bio="", created_ms=time.time_ns() // 1_000_000)
    await store.accounts.create(made, password=None, passkey=None, codes=())
    return await ActorsTable(store.work).of_account(made.id)


async def beside(house: Whole, store: Store, author: int, per_s: int) -> dict[str, Any]:
    """A host's requests for a while, with so many posts a second beside them."""
    stop, took, numbers, posts = asyncio.Event(), list[float](), PostIds(2), PostsTable(store.work)

    async def writes() -> None:
        begun = time.perf_counter()
        while not stop.is_set():
            if len(took) < (time.perf_counter() - begun) * per_s:
                before = time.perf_counter()
                await post(posts, numbers, author)
                took.append(time.perf_counter() - before)
            else:
                await asyncio.sleep(0.001)

    cpu = {name: _cpu_s(house, name) for name in ("stage-0", "house-0")}
    mine, begun, skipped, found = time.process_time(), time.perf_counter(), await _skipped(house), dict[str, Any]()
    writing = [asyncio.create_task(writes()) for _ in range(1 if per_s else 0)]
    with watched(found):
        [p99] = await p99_ms(f"http://127.0.0.1:{house.settings.audience_port}/sign-in")
        await asyncio.sleep(max(0.0, SECONDS - (time.perf_counter() - begun)))
    seconds = time.perf_counter() - begun
    stop.set()
    await asyncio.gather(*writing)
    found |= {
        "host_p99_ms": round(p99, 2),
        "client_cpu": round((time.process_time() - mine) / seconds, 3),
        "skipped_ticks": await _skipped(house) - skipped,
    }
    found |= {f"{name}_cpu": round((_cpu_s(house, name) - had) / seconds, 3) for name, had in cpu.items()}
    return found | ({"per_s": round(len(took) / seconds)} | percentiles(took) if took else {})


async def _skipped(house: Whole) -> int:
    """Ticks that the stage could not mix in time, as far as it has told."""
    told = (await house.call("GET", "/processes"))["processes"]
    return sum(int(each["numbers"].get("skipped_ticks", 0)) for each in told if each["role"] == "stage")


def _cpu_s(house: Whole, name: str) -> float:
    times = psutil.Process(house.worker(name).pid).cpu_times()
    return float(times.user + times.system)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--home", action="store_true", help="home timelines alone")
    parser.add_argument("--live", nargs="*", default=[], help="beside a talk, on these databases")
    options = parser.parse_args()
    told = head() | asyncio.run(databases(options.databases, options.folder, home=options.home))
    if options.live:
        told["live"] = {kind: asyncio.run(live(kind)) for kind in options.live}
    keep("social", told)


if __name__ == "__main__":
    main()
