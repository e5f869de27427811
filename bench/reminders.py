"""What it takes to tell 10,000 browsers that a talk is on, from the event to the service's answer, in real time; and
whether 2,000 servers of the fediverse, told of it by a post at the same time, stay within the one budget of arrivals.

House and courier run in this process, on a real bus and a real database; who receives is another one, at as many
addresses of this machine as there are servers. Aim: 20 s of processor for the browsers, and in no second more arrivals
than the site bears, by the model of who comes. A million people at 20,000 servers are counted by the same code without
sending. ``python -m bench.reminders [--keep]``
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from bench.kept import head, keep, state, watched
from stentor.base import keys, push
from stentor.base.config import Settings
from stentor.base.push import PushTarget
from stentor.base.seal import Seal
from stentor.courier import role as courier
from stentor.crowd import pace
from stentor.spaces.reminders import Way
from tests.integration.test_posts import person
from tests.support.house import House, database, running_house

BROWSERS = int(os.environ.get("BROWSERS", "10000"))
INBOXES = int(os.environ.get("INBOXES", "2000"))
FOLLOWERS = 10 * INBOXES
PER_S = 700.0
"""Arrivals a second, as a readiness certificate would say."""
LATEST_S = 240.0
PEOPLE, HOSTS = 1_000_000, 20_000
Times = dict[str, list[float]]


def serve(port: Queue[int], wanted: int, came: Queue[Times]) -> None:
    """Receivers that take everything, and note when, by the host that was asked."""
    asyncio.run(_serve(port, wanted, came))


async def _serve(port: Queue[int], wanted: int, came: Queue[Times]) -> None:
    times: Times = {}
    done, count = asyncio.Event(), 0

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        with suppress(asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line)
                await reader.readexactly(int(fields[b"content-length"]))
                times.setdefault(fields[b"host"].decode(), []).append(time.time())
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
                count += 1
                if count == wanted:
                    done.set()

    server = await asyncio.start_server(connection, "0.0.0.0", 0, limit=1 << 16, backlog=1024)
    port.put(server.sockets[0].getsockname()[1])
    with suppress(TimeoutError):
        async with asyncio.timeout(LATEST_S):
            await done.wait()
            await asyncio.sleep(2)  # one that came twice would come now
    came.put(times)


class Receivers:
    """The process of those who are told."""

    def __init__(self, wanted: int) -> None:
        port: Queue[int] = multiprocessing.Queue()
        self._came: Queue[Times] = multiprocessing.Queue()
        multiprocessing.Process(target=serve, args=(port, wanted, self._came), daemon=True).start()
        self.port = port.get()

    async def times(self) -> Times:
        return await asyncio.to_thread(self._came.get)


def processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@asynccontextmanager
async def running_courier(settings: Settings) -> AsyncIterator[None]:
    told = msgspec.structs.replace(settings, courier_networks="127.0.0.0/8")
    task = asyncio.create_task(courier.run(told, instance="courier-0"), name="courier")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def certify(house: House) -> None:
    certificates = house.settings.folder / "certificates"
    certificates.mkdir(parents=True, exist_ok=True)
    told = {"certificate": {"well": True, "joins_per_s": PER_S}}
    (certificates / "1-bench.json").write_bytes(msgspec.json.encode(told))


def remind(house: House, space: str, port: int) -> None:
    """Browsers that want to be told."""
    seal, own = Seal(keys.own(house.settings, "courier").sealing), push.public_bytes(push.new_key())
    url = f"http://127.0.0.1:{port}/p/"
    rows = [
        (seal.close(msgspec.json.encode(PushTarget(f"{url}{number}", own, os.urandom(16))), Way.PUSH), str(number))
        for number in range(BROWSERS)
    ]
    with database(house.settings) as connection:
        connection.executemany(
            "INSERT INTO reminders (space, way, who, host, address, language, made_ms, confirmed_ms) "
            f"VALUES ('{space}', 'push', ?2, '127.0.0.1:{port}', ?1, 'en', 1, 1)",
            rows,
        )


def spread(people: int, hosts: int, rng: random.Random) -> list[int]:
    """As people are spread over servers: few have many, most have a handful."""
    weights = [rng.paretovariate(0.9) for _ in range(hosts)]
    total = sum(weights)
    found = [max(1, min(people // 50, round(weight * people / total))) for weight in weights]
    more, one_more = divmod(max(0, people - sum(found)), hosts)  # what the largest are not given
    return [many + more + (at < one_more) for at, many in enumerate(found)]


def follow(house: House, port: int) -> dict[str, int]:
    """Followers of the one account here, at servers of their own; how many at which host."""
    hosts = {
        f"127.{1 + at // 60_000}.{at // 250 % 240}.{1 + at % 250}:{port}": many
        for at, many in enumerate(spread(FOLLOWERS, INBOXES, random.Random(7)))
    }
    with database(house.settings) as connection:
        [(ada,)] = connection.execute("SELECT number FROM actors WHERE account IS NOT NULL").fetchall()
        number = ada + 1000
        for host, many in hosts.items():
            for _ in range(many):
                number += 1
                uri = f"http://{host}/users/{number}"
                connection.execute(
                    "INSERT INTO actors (number, domain, handle, name) VALUES (?, ?, ?, '')",
                    (number, host, f"{number}"),
                )
                connection.execute(
                    "INSERT INTO remote_actors (actor, uri, kind, inbox, shared_inbox, followers, page, key_id, key, "
                    "fetched_ms) VALUES (?, ?, 'Person', ?, ?, '', '', ?, '', 1)",
                    (number, uri, f"{uri}/inbox", f"http://{host}/inbox", f"{uri}#key"),
                )
                connection.execute(
                    "INSERT INTO follows (follower, followee, state, at_ms) VALUES (?, ?, 'granted', 1)", (number, ada)
                )
    return hosts


def judged(people: dict[str, int], times: Times) -> dict[str, Any]:
    """What came when, and how many people come of it in the worst second."""
    told = sorted((round(at * 1000), people.get(host, 1)) for host, each in times.items() for at in each)
    seconds = Counter((at_ms - told[0][0]) // 1000 for at_ms, _ in told)
    arrivals = pace.coming(told, told[-1][0] + 600_000)
    return {
        "messages": len(told),
        "people": sum(many for _, many in told),
        "took_s": round((told[-1][0] - told[0][0]) / 1000, 1),
        "most_messages_a_second": max(seconds.values()),
        "most_arrivals_a_second": round(max(arrivals)),
        "budget_per_s": PER_S,
    }


async def browsers(house: House) -> dict[str, Any]:
    """Browsers alone: what it costs."""
    receivers, found = Receivers(BROWSERS), dict[str, Any]()
    await house.create("talk", scheduled_ms=round(time.time() * 1000) + 3_600_000)
    remind(house, "talk", receivers.port)
    with watched(found):
        began_s = processor_s()
        async with running_courier(house.settings):
            await house.http.post("/api/v1/spaces/talk/doors")
            times = await receivers.times()
            found["processor_s"] = round(processor_s() - began_s, 1)
            with database(house.settings) as connection:
                found["noted"] = connection.execute("SELECT count(*) FROM reminded").fetchone()[0]
    own, began_s = push.public_bytes(push.new_key()), processor_s()
    to = PushTarget("https://push.example/1", own, os.urandom(16))
    for _ in range(BROWSERS):
        push.encrypted(b"x" * 300, to, push.new_key(), os.urandom(16))
    found["encryption_s"] = round(processor_s() - began_s, 1)
    return found | judged({}, times)


async def all_at_once(house: House) -> dict[str, Any]:
    """Browsers and servers of the fediverse at the same time."""
    receivers, found = Receivers(BROWSERS + INBOXES), dict[str, Any]()
    async with person(house, "ada") as ada:
        people = follow(house, receivers.port)
        await house.create("both", scheduled_ms=round(time.time() * 1000) + 3_600_000)
        remind(house, "both", receivers.port)
        with watched(found):
            began_s = processor_s()
            async with running_courier(house.settings):
                opened = house.http.post("/api/v1/spaces/both/doors")
                posted = ada.post("/api/v1/posts", json={"text": "The doors are open", "space": "both"})
                for answer in await asyncio.gather(opened, posted):
                    assert answer.is_success, answer.text
                times = await receivers.times()
                found["processor_s"] = round(processor_s() - began_s, 1)
    order = sorted((min(each), people[host]) for host, each in times.items() if host in people)
    half = len(order) // 2
    found["followers_at_the_first_half"] = sum(many for _, many in order[:half])
    found["inboxes"], found["followers"] = len(order), sum(many for _, many in order)
    return found | judged(people, times)


def simulated() -> dict[str, Any]:
    """A million people, by the code that gives moments; nothing is sent."""
    rng, found = random.Random(7), dict[str, Any]()
    groups = pace.in_turn(spread(PEOPLE, HOSTS, rng), lambda many: many, rng.random)
    for per_s in (200.0, 700.0, 5000.0):
        moments, free_ms = pace.reserve_all(0, 1_900_000_000_000, groups, per_s)
        arrivals = pace.coming(list(zip(moments, groups, strict=True)), free_ms + 600_000)
        found[f"{per_s:.0f}"] = {
            "most_arrivals_a_second": round(max(arrivals)),
            "took_s": round((free_ms - moments[0]) / 1000),
        }
    return found | {"people": sum(groups), "inboxes": len(groups)}


async def measure(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = head()
    async with running_house(folder, federation="on", sign_up="open", new_account_hours=0, new_poster_days=0) as house:
        certify(house)
        found["browsers"] = await browsers(house)
        print(f"browsers alone: {found['browsers']} {state(found['browsers'])}", flush=True)
        found["all_at_once"] = await all_at_once(house)
        print(f"with servers of the fediverse: {found['all_at_once']} {state(found['all_at_once'])}", flush=True)
    found["simulated"] = simulated()
    print(f"a million, not sent: {found['simulated']}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="write bench/results/reminders-….json")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = uvloop.run(measure(Path(folder)))
    if wish.keep:
        keep("reminders", found)


if __name__ == "__main__":
    main()
