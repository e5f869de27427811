"""How long a house stands still for Python's collector of circles: ``python -m bench.collected [--seconds 60]``.

A house with posts, as it is started (its modules, its API, its pages), answers people who read their home timelines,
write and look at pages, one request after the other, from a process of their own. Twice: as Python would have it, and
with the collector in hand (``stentor.base.collector``). Told are how often it went through everything, how long the
longest of that took, and how long people waited.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import httpx

from bench.kept import head, keep, watched
from stentor.base import collector
from tests.support.house import running_house

PYTHONS, IN_HAND = "pythons", "in_hand"
PEOPLE: Final = 4
POSTS: Final = 25
SETTLED_S: Final = 2.0
"""After it has begun with everything there is."""
WISH: Final = {"password": "several words together"}


async def asks(address: str, seconds: float) -> list[float]:
    """People who ask, each for one thing after the other; how long each answer took."""
    took = list[float]()

    async def person(number: int) -> None:
        headers = {"X-Forwarded-For": f"10.0.0.{number + 1}", "Sec-Fetch-Site": "same-origin"}
        async with httpx.AsyncClient(base_url=address, headers=headers, trust_env=False, timeout=30) as http:
            assert (await http.post("/api/v1/sign-up", json=WISH | {"handle": f"p{number}", "name": "P"})).is_success
            for each in range(POSTS):
                assert (await http.post("/api/v1/posts", json={"text": f"Post {each} #radio"})).is_success
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                for path in ("/api/v1/timelines/home", "/api/v1/timelines/local", "/home", "/healthz"):
                    begun = time.perf_counter()
                    (await http.get(path)).raise_for_status()
                    took.append(time.perf_counter() - begun)

    await asyncio.gather(*(person(number) for number in range(PEOPLE)))
    return took


async def measure(seconds: float, *, in_hand: bool) -> dict[str, Any]:
    longest, counts, begun, whole = [0.0] * 3, [0] * 3, 0.0, list[float]()

    def noted(phase: str, info: dict[str, int]) -> None:
        nonlocal begun
        if phase == "start":
            begun = time.thread_time()  # of the processor: others may use it at the same time
        else:
            kind = info["generation"]
            took_s = time.thread_time() - begun
            counts[kind], longest[kind] = counts[kind] + 1, max(longest[kind], took_s)
            if kind == len(counts) - 1:
                whole.append(round(1000 * took_s, 1))

    kept = collector.begin, collector.look
    if not in_hand:
        collector.begin, collector.look = lambda _=0: None, lambda *, calm: None  # type: ignore[assignment]
    try:
        with tempfile.TemporaryDirectory() as folder:
            free = {"sign_up": "open", "new_account_hours": 0, "new_poster_days": 0}
            async with running_house(Path(folder), **free) as house:
                await asyncio.sleep(SETTLED_S)
                gc.callbacks.append(noted)
                command = [sys.executable, "-m", "bench.collected", "--ask", f"{house.anyone.base_url}"]
                asking = await asyncio.create_subprocess_exec(
                    *command, "--seconds", f"{seconds}", stdout=subprocess.PIPE
                )
                told, _ = await asking.communicate()
                gc.callbacks.remove(noted)
    finally:
        collector.begin, collector.look = kept
    took = sorted(json.loads(told))
    return {
        "requests": len(took),
        "whole_looks_ms": whole,
        "longest_young_look_ms": round(1000 * max(longest[:2]), 1),
        "p50_ms": round(1000 * took[len(took) // 2], 1),
        "p99_ms": round(1000 * took[len(took) * 99 // 100], 1),
        "longest_ms": round(1000 * took[-1], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--ask", default="", help="(the process that asks)")
    parser.add_argument("--only", default="", choices=["", PYTHONS, IN_HAND], help="(a process of its own for each)")
    options = parser.parse_args()
    if options.ask:
        print(json.dumps(asyncio.run(asks(options.ask, options.seconds))))
        return
    told = head()
    if options.only:
        print(json.dumps(asyncio.run(measure(options.seconds, in_hand=options.only == IN_HAND))))
        return
    for name in (PYTHONS, IN_HAND):
        told[name] = dict[str, Any]()
        with watched(told[name]):
            command = [sys.executable, "-m", "bench.collected", "--only", name, "--seconds", f"{options.seconds}"]
            said = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            told[name] |= json.loads(said.stdout.splitlines()[-1])
        print(name, told[name], flush=True)
    keep("collected", told)


if __name__ == "__main__":
    main()
