"""Memory over churn: listeners come and go at a fixed rate, and every process of a whole Stentor is weighed.

``python -m bench.churn [--minutes 10] [--rate 40] [--stay 10] [--warm-up 3]``. Prints the resident memory of each role
once a minute, and at the end the slope of each after the warm-up with its error: twice the standard error of a line
through the means of each minute, for neighbouring seconds are not independent. An edge's window of two minutes is full
after the warm-up; what still rises then is a leak. Nobody is on the stage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil

from bench.crowd import whole

RESULTS = Path(__file__).parent / "results"
ROLES = ("edge", "house", "programme", "stage", "archive")
EDGES = 2
LOOK_S = 1.0
BLOCK_S = 60.0
MEGABYTE = 1 << 20


class Churn:
    """Listeners who come at a fixed rate, stay for a fixed time and hang up."""

    def __init__(self, page: str, *, rate: float, stay_s: float) -> None:
        parts = urlsplit(page)
        self._address = parts.hostname, parts.port
        self._request = f"GET {parts.path}/live.aac HTTP/1.1\r\nHost: churn\r\n\r\n".encode()
        self._rate, self._stay_s = rate, stay_s
        self.done: Counter[str] = Counter()

    async def run(self, seconds: float) -> None:
        """Until the time is over; a slow server makes nobody come later."""
        begin = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(round(seconds * self._rate)):
                await asyncio.sleep(max(0.0, begin + number / self._rate - time.monotonic()))
                group.create_task(self._listener(), name=f"listener {number}")

    async def _listener(self) -> None:
        heard = 0
        try:
            reader, writer = await asyncio.open_connection(*self._address)
        except OSError:
            self.done["refused"] += 1
            return
        try:
            writer.write(self._request)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._stay_s):
                    while data := await reader.read(65536):
                        heard += len(data)
        except OSError:
            self.done["cut"] += 1
        finally:
            writer.transport.abort()
        self.done["heard" if heard > 1000 else "silent"] += 1


class Scales:
    """The resident memory of all processes of each role, once a second."""

    def __init__(self, parent: psutil.Process) -> None:
        self._processes = {role: [each for each in parent.children() if role in each.cmdline()] for role in ROLES}
        self.samples: list[tuple[float, dict[str, int]]] = []

    async def run(self) -> None:
        """For ever; prints a line a minute."""
        begin = time.monotonic()
        while True:
            at_s = time.monotonic() - begin
            bytes_of = {role: sum(each.memory_info().rss for each in all_) for role, all_ in self._processes.items()}
            if int(at_s / BLOCK_S) != int((self.samples[-1][0] if self.samples else -BLOCK_S) / BLOCK_S):
                print(
                    f"{at_s:6.0f} s  " + "  ".join(f"{role} {of / MEGABYTE:.1f}" for role, of in bytes_of.items()),
                    flush=True,
                )
            self.samples.append((at_s, bytes_of))
            await asyncio.sleep(LOOK_S)


def slope(samples: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """MB an hour, and twice its standard error, of the means of blocks of a minute."""
    blocks: dict[int, list[int]] = {}
    for at_s, size in samples:
        blocks.setdefault(int(at_s / BLOCK_S), []).append(size)
    hours = np.array([number * BLOCK_S / 3600 for number in blocks])
    means = np.array([np.mean(sizes) / MEGABYTE for sizes in blocks.values()])
    hours -= hours.mean()
    spread = float(np.dot(hours, hours))
    rise = float(np.dot(hours, means)) / spread
    left = means - means.mean() - rise * hours
    return rise, 2 * float(np.sqrt(np.dot(left, left) / max(1, means.size - 2) / spread))


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole run."""
    with whole(EDGES) as (page, edges):
        scales = Scales(psutil.Process(edges[0].ppid()))
        churn = Churn(page, rate=arguments.rate, stay_s=arguments.stay)
        weighing = asyncio.create_task(scales.run(), name="scales")
        await churn.run(arguments.minutes * 60)
        weighing.cancel()
    warm = [(at_s, sizes) for at_s, sizes in scales.samples if at_s >= arguments.warm_up * 60]
    found: dict[str, Any] = {}
    print(f"{dict(churn.done)}; after {arguments.warm_up:g} minutes:")
    for role in ROLES:
        rise, error = slope([(at_s, sizes[role]) for at_s, sizes in warm])
        found[role] = {
            "mb": round(warm[-1][1][role] / MEGABYTE, 1),
            "mb_an_hour": round(rise, 2),
            "error": round(error, 2),
        }
        print(f"{role:10} {found[role]['mb']:7.1f} MB, {rise:+.2f} ± {error:.2f} MB an hour")
    return {"listeners": dict(churn.done), "roles": found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=40.0, help="listeners who come in a second")
    parser.add_argument("--stay", type=float, default=10.0, help="seconds")
    parser.add_argument("--warm-up", type=float, default=3.0, help="minutes that do not count")
    arguments = parser.parse_args()
    if arguments.minutes < arguments.warm_up + 3:
        sys.exit("A slope needs three minutes after the warm-up.")
    came = asyncio.run(measure(arguments))
    now = datetime.now(UTC)
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}"
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"churn-{now:%Y%m%d-%H%M}.json"
    file.write_text(
        json.dumps({"at": now.isoformat(timespec="seconds"), "machine": machine, **vars(arguments), **came}, indent=1)
        + "\n"
    )
    print(f"written to bench/results/{file.name}")


if __name__ == "__main__":
    main()
