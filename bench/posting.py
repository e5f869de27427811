"""What the parts of a delivery cost at the least, each by itself: a bare POST of aiohttp, and a signature.

``python -m bench.posting [--per-s 115] [--seconds 10]`` with addresses by standard input, one a line, and
``SSL_CERT_FILE``. A process of its own on the loop that couriers have: each POST is for another host, on a new
connection, a body of usual length, no signature, no queue, no database. Says as JSON how many milliseconds of its
processor each took, of all of the process, and of so many signatures one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Final

import aiohttp
import uvloop

from stentor.base.rsa import RsaKey
from stentor.courier.role import NICENESS

BODY: Final = b"x" * 1500
SIGNATURES: Final = 500
WITHIN_S: Final = 15.0


async def bare(inboxes: Sequence[str], per_s: float) -> tuple[int, float]:
    """How many were taken, and what they took of the processor (s)."""
    timeout = aiohttp.ClientTimeout(total=WITHIN_S)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def one(url: str) -> bool:
            async with session.post(url, data=BODY) as answer:
                return answer.status == 202

        await one(inboxes[0])  # what is read once is not counted
        loop = asyncio.get_running_loop()
        before, began = time.process_time(), loop.time()
        tasks: list[asyncio.Task[bool]] = []
        for at, each in enumerate(inboxes[1:]):
            await asyncio.sleep(max(0.0, began + at / per_s - loop.time()))
            tasks.append(asyncio.create_task(one(each)))
        done = sum(await asyncio.gather(*tasks))
        return done, time.process_time() - before


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
    options = parser.parse_args()
    os.nice(NICENESS)
    inboxes = sys.stdin.read().split()[: 1 + round(options.per_s * options.seconds)]
    done, took_s = uvloop.run(bare(inboxes, options.per_s))
    told = {
        "posts": done, "post_ms": round(1000 * took_s / max(1, done), 3), "signature_ms": round(signature_ms(), 3),
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main()
