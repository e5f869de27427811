"""What the parts of a delivery cost at the least, each by itself: a bare POST, by aiohttp and by the courier's own
client, the name that it looks up for it, and a signature.

``python -m bench.posting [--per-s 115] [--seconds 10] [--together 115]`` with addresses by standard input, one a line,
and ``SSL_CERT_FILE``. A process of its own on the loop that couriers have: each POST is for another host, on a new
connection, a body of usual length, no signature, no queue, no database. Says as JSON how many milliseconds of its
processor each took, of all of the process, and of so many signatures one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import aiohttp
import uvloop
from yarl import URL

from stentor.base.rsa import RsaKey
from stentor.courier.addresses import networks
from stentor.courier.client import ONCE
from stentor.courier.names import NameLookup
from stentor.courier.once import SinglePosts
from stentor.courier.role import NICENESS

BODY: Final = b"x" * 1500
SIGNATURES: Final = 500
WITHIN_S: Final = 15.0
TAKEN: Final = 202


class Pace(NamedTuple):
    """So many a second, and how many of them at once."""

    per_s: float
    together: int

    def at_s(self, place: int) -> float:
        return place // self.together * self.together / self.per_s


async def paced(inboxes: Sequence[str], pace: Pace, one: Callable[[str], Awaitable[bool]]) -> dict[str, float]:
    """How many were done, and what each took of the processor (ms)."""
    await one(inboxes[0])  # what is read once is not counted
    loop = asyncio.get_running_loop()
    before, began = time.process_time(), loop.time()
    tasks: list[asyncio.Future[bool]] = []
    for at, each in enumerate(inboxes[1:]):
        if (wait_s := began + pace.at_s(at) - loop.time()) > 0:
            await asyncio.sleep(wait_s)
        tasks.append(asyncio.ensure_future(one(each)))
    done = sum(await asyncio.gather(*tasks))
    return {"posts": done, "ms": round(1000 * (time.process_time() - before) / max(1, done), 3)}


async def all_ways(inboxes: Sequence[str], pace: Pace) -> dict[str, dict[str, float]]:
    """By way."""
    timeout, names = aiohttp.ClientTimeout(total=WITHIN_S), NameLookup()
    tls, found = ssl.create_default_context(), dict[str, dict[str, float]]()
    single = SinglePosts(networks("127.0.0.0/8"), names, tls, {"user-agent": "bench"}, lambda _: None)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def post(url: str) -> bool:
            async with session.post(url, data=BODY) as answer:
                return answer.status == TAKEN

        async def ours(url: str) -> bool:
            return (await single.post(url, BODY, {}, ONCE)).status == TAKEN

        async def look(url: str) -> bool:
            to = URL(url)
            return bool(await names.resolve(to.raw_host or "", to.port or 0))

        found["aiohttp"] = await paced(inboxes, pace, post)
        found["single"] = await paced(inboxes, pace, ours)
        found["name"] = await paced(inboxes, pace, look)
    await names.close()
    return found


def signature_ms() -> float:
    """Of the processor, of one."""
    key, data = RsaKey.make(), b"(request-target): post /inbox\nhost: example.org\ndate: now\ndigest: SHA-256=x"
    key.sign(data)
    before = time.process_time()
    for _ in range(SIGNATURES):
        key.sign(data)
    return 1000 * (time.process_time() - before) / SIGNATURES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-s", type=float, default=115)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--together", type=int, default=115)
    options = parser.parse_args()
    os.nice(NICENESS)
    inboxes = sys.stdin.read().split()[: 1 + round(options.per_s * options.seconds)]
    told: dict[str, object] = dict(uvloop.run(all_ways(inboxes, Pace(options.per_s, options.together))))
    print(json.dumps(told | {"signature_ms": round(signature_ms(), 3)}))


if __name__ == "__main__":
    main()
