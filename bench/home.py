"""Home timelines over HTTP in a place with 1 M posts: ``python -m bench.home --folder DIR [--databases …]``.

A whole Stentor runs on each of the databases in the folder (``bench.social_place``), which are filled first. Asked is
for the first page of five kinds of readers, one request after the other: how long the house takes, with all that is
shown beside the posts, by the clock and of the processor (its own, and that of its sessions of PostgreSQL). Then the
one with 1 M followers posts, and it is looked for in the home timelines of some of them and at the edge: how long
after the request to post it is there.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import psycopg
from sqlalchemy import delete

from bench.kept import head, keep, watched
from bench.requests import taken_s
from bench.social import percentiles
from bench.social_data import BEFORE_MS, FIRST_MS, LARGE, Place
from bench.social_place import filled
from stentor.store.outbox_tables import outbox
from stentor.store.spaces import Store
from tests.support.whole import Whole, whole

READS: Final = 300
SEEN: Final = 10
"""Posts by the one with 1 M followers."""


@asynccontextmanager
async def somebody(house: Whole, handle: str) -> AsyncIterator[httpx.AsyncClient]:
    """A program that acts as somebody."""
    wish = {"name": "bench", "scopes": ["posts", "read"], "days": 1}
    token = (await house.call("POST", f"/accounts/{handle}/tokens", wish))["token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=f"{house.client.base_url}", headers=headers, trust_env=False, timeout=30
    ) as http:
        yield http


def handle(number: int) -> str:
    return f"user{(number >> 16) - (FIRST_MS - BEFORE_MS)}"


class HouseProcessor:
    """Processor time of the house and of its sessions of PostgreSQL."""

    def __init__(self, house: Whole) -> None:
        self._house, self._sessions = psutil.Process(house.worker("house-0").pid), list[Path]()
        url = house.settings.database_address
        if url.startswith("postgresql"):
            with psycopg.connect(url, autocommit=True) as connection:
                query = (
                    "SELECT pid FROM pg_stat_activity "
                    "WHERE application_name = 'stentor' AND datname = current_database()"
                )
                pids = [row[0] for row in connection.execute(query)]
            self._sessions = [Path(f"/proc/{pid}/schedstat") for pid in pids]

    def taken_s(self) -> float:
        there = sum(int(each.read_text().split()[0]) for each in self._sessions) / 1e9
        return taken_s(self._house) + there


async def homes(house: Whole, place: Place) -> dict[str, Any]:
    found = dict[str, Any]()
    for name, numbers in place.readers().items():
        took, cpu, processor = list[float](), list[float](), HouseProcessor(house)
        for number in numbers[:20]:
            async with somebody(house, handle(number)) as http:
                for each in range(READS // min(20, len(numbers)) + 1):
                    had, begun = processor.taken_s(), time.perf_counter()
                    answer = await http.get("/api/v1/timelines/home")
                    if each:  # the first one finds the pages on the disk
                        took.append(time.perf_counter() - begun)
                        cpu.append(processor.taken_s() - had)
                    assert len(answer.json()["posts"]) == 20, answer.text
        found[name] = percentiles(took) | percentiles(cpu, "cpu_")
        print(f"  home over HTTP, {name}: {found[name]}", flush=True)
    return found


async def until(http: httpx.AsyncClient, path: str, has: str) -> None:
    """Asks until the answer has this."""
    while True:
        if has in (await http.get(path)).text:
            return
        await asyncio.sleep(0.02)


async def seen(house: Whole, place: Place) -> dict[str, Any]:
    """How long after it was sent a post is in a home timeline of each kind of reader, and at the edge."""
    home, edge = list[float](), list[float]()
    readers = [handle(numbers[0]) for numbers in place.readers().values()]
    audience = f"http://127.0.0.1:{house.settings.audience_port}"
    async with somebody(house, handle(int(place.number[LARGE]))) as large, httpx.AsyncClient(trust_env=False) as public:
        for each in range(SEEN):
            begun = time.perf_counter()
            posted = (await large.post("/api/v1/posts", json={"text": f"News {each}"})).json()
            async with somebody(house, readers[each % len(readers)]) as http:
                await until(http, "/api/v1/timelines/home", posted["id"])
            home.append(time.perf_counter() - begun)
            page = f"{audience}/@{posted['author']['handle']}/{posted['id']}"
            await until(public, page, f"News {each}")
            edge.append(time.perf_counter() - begun)
    found = {"home_ms": round(1000 * max(home)), "edge_ms": round(1000 * max(edge))}
    print(f"  there after at most: {found}", flush=True)
    return found


async def nothing_waits(url: str) -> None:
    """What was filled in past the store becomes no files, which would take the house half an hour."""
    store = await Store.open(url)
    await store.work.write(lambda connection: connection.execute(delete(outbox)))
    await store.close()


async def measure(kind: str, folder: Path) -> dict[str, Any]:
    async with filled(kind, folder) as (url, place):
        site = folder / f"site-{kind}"
        site.mkdir(exist_ok=True)
        for name in ("secret", "admin-token"):  # there are accounts already: new ones are not made
            (site / name).write_text(secrets.token_hex(32))
            (site / name).chmod(0o600)
        await nothing_waits(url)
        async with whole(site, edges=1, database_url=url, new_account_hours=0) as house:
            return {"home": await homes(house, place), "seen": await seen(house, place)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    told = head()
    for kind in options.databases:
        print(kind, flush=True)
        told[kind] = dict[str, Any]()
        with watched(told[kind]):
            told[kind] |= asyncio.run(measure(kind, options.folder))
    keep("home", told)


if __name__ == "__main__":
    main()
