"""A post for twenty thousand servers, of which 15 % are dead: what its courier takes, and who waits for it.

``python -m bench.reach [--inboxes 20000] [--dead 0.15] [--plain] [--without floor stentor fedify] [--workers 200]``, as
root. A whole Stentor with a live talk; the servers are those of ``bench.elsewhere``, each with a name and a certificate
(``--plain``: without TLS). Measured is the time until all that live have it, the processor time of courier, bus, house
and edge meanwhile, the longest pause between two arrivals, and how long requests of listeners and of a host take, calm
and beside it; before it what a bare POST and a signature cost (``bench.posting``). Then Fedify does the same
with its queue in its process and so many messages at once, beside that talk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

from bench import elsewhere as servers
from bench.elsewhere import Elsewhere, cpu_s
from bench.front import SETTLE_S
from bench.kept import head, keep, state, watched
from tests.support import fedify, node
from tests.support.federated import Ada, ada, talking
from tests.support.house import database
from tests.support.ports import free_port

LATEST_S: Final = 420.0
FEDIFY_S: Final = 120.0
"""What has come by then counts: its processor is busy all the time."""
CALM_S: Final = 15.0
EVERY_S: Final = 0.05
THREADS: Final = 128
"""Of Fedify's process, for looking up names: it has four, and those whose name server says nothing would hold all."""
EDGE, HOUSE = "/s/evening/door.json", "/sign-in"
WORDS = "A post of usual length says what happened, and to whom. " * 4


def follow(site: Ada, place: Elsewhere) -> None:
    """Somebody of each server follows Ada."""
    numbers = range(1 << 20, (1 << 20) + place.count)
    port = f":{place.port}"
    with database(site.site.settings) as connection:
        connection.executemany(
            "INSERT INTO actors (number, handle, domain, name, approves) VALUES (?, 'eve', ?, 'Eve', 1)",
            [(number, f"h{at}.{servers.DOMAIN}{port}") for at, number in enumerate(numbers)],
        )
        inboxes = [(number, place.inbox(at)) for at, number in enumerate(numbers)]
        connection.executemany(
            "INSERT INTO remote_actors"
            " (actor, uri, kind, inbox, shared_inbox, followers, page, key_id, key, fetched_ms)"
            " VALUES (?1, ?2 || '/eve', 'Person', ?2, ?2, '', '', ?2, '', 0)",
            inboxes,
        )
        connection.executemany(
            "INSERT INTO follows (follower, followee, boosts, notify, state, at_ms) VALUES (?, ?, 1, 0, 'granted', 1)",
            [(number, int(site.number)) for number in numbers],
        )


@asynccontextmanager
async def hosted(site: Ada) -> AsyncIterator[None]:
    """A host talks meanwhile."""
    begun = await site.do("POST", "/spaces", id="evening", title="The evening", language="en")
    await site.do("POST", "/spaces/evening/live")
    async with talking(site, "evening", begun["invitation"]["token"]):
        await asyncio.sleep(SETTLE_S)
        yield


class Waits:
    """How long listeners and a host wait for answers, and how evenly sound comes, while it is open; in ms."""

    def __init__(self, site: Ada) -> None:
        self._at = site.site.settings.audience_address
        self._took: dict[str, list[float]] = {"edge": [], "house": [], "sound": []}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Waits:
        wanted = {"edge": self._ask("edge", EDGE), "house": self._ask("house", HOUSE), "sound": self._hear()}
        self._tasks = [asyncio.create_task(each, name=name) for name, each in wanted.items()]
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in self._tasks:
            each.cancel()
        await asyncio.wait(self._tasks)

    async def _ask(self, name: str, path: str) -> None:
        async with httpx.AsyncClient(base_url=self._at, trust_env=False, timeout=30) as client:
            while True:
                began = time.perf_counter()
                assert (await client.get(path)).status_code == 200, path
                self._took[name].append(1000 * (time.perf_counter() - began))
                await asyncio.sleep(EVERY_S)

    async def _hear(self) -> None:
        """What lies between two pieces of the sound: stage, programme and edge together."""
        async with (
            httpx.AsyncClient(base_url=self._at, trust_env=False, timeout=30) as client,
            client.stream("GET", "/s/evening/live.aac") as sound,
        ):
            before = 0.0
            async for _ in sound.aiter_raw():
                now = time.perf_counter()
                if before:
                    self._took["sound"].append(1000 * (now - before))
                before = now

    def told(self) -> dict[str, float]:
        return {f"{name}_p99_ms": round(float(np.percentile(took, 99)), 2) for name, took in self._took.items() if took}


async def until_all(place: Elsewhere, began: float, latest_s: float) -> dict[str, float]:
    """Waits until all that live have it; by name when."""
    while True:
        found = place.came()
        if len(found) >= place.living or time.time() > began + latest_s:
            return found
        await asyncio.sleep(0.5)


async def told(
    site: Ada, place: Elsewhere, pids: dict[str, int], begin: Callable[[], Any], latest_s: float
) -> dict[str, Any]:
    """One delivery to all. ``pids`` are those whose processor time counts."""
    found: dict[str, Any] = {}
    place.begin()
    with watched(found):
        async with Waits(site) as waits:
            before, began = {name: cpu_s(pid) for name, pid in pids.items()}, time.time()
            await begin()
            came = sorted((await until_all(place, began, latest_s)).values())
            took_s = time.time() - began
            found["processor_s"] = {name: round(cpu_s(pid) - before[name], 1) for name, pid in pids.items()}
    pauses = np.diff(came)
    main = next(iter(found["processor_s"].values()))
    return found | {
        "came": len(came), "living": place.living, "took_s": round(took_s, 1),
        "last_s": round(came[-1] - began, 1) if came else None,
        "longest_pause_s": round(float(pauses.max()), 2) if len(pauses) else None,
        "share_of_a_core": round(main / took_s, 3),
        "processor_ms_each": round(1000 * main / max(1, len(came)), 3),
    } | waits.told()  # fmt: skip


def processes(site: Ada) -> dict[str, int]:
    """Those of Stentor that have to do with it."""
    workers = {each.name: each.pid for each in site.site.supervisor.workers if each.pid is not None}
    return {name: workers[name] for name in ("courier-0", "nats-server", "house-0", "edge-0") if name in workers}


async def calm(site: Ada) -> dict[str, Any]:
    """How it is beforehand, the talk and those who ask included."""
    found: dict[str, Any] = {}
    with watched(found):
        async with Waits(site) as waits:
            before = {name: cpu_s(pid) for name, pid in processes(site).items()}
            await asyncio.sleep(CALM_S)
            shares = {name: round((cpu_s(pid) - before[name]) / CALM_S, 4) for name, pid in processes(site).items()}
    return found | {"share_of_a_core": shares} | waits.told()


async def stentor(site: Ada, place: Elsewhere) -> dict[str, Any]:
    """By Stentor's courier."""

    async def begin() -> None:
        await site.post(WORDS)

    return await told(site, place, processes(site), begin, LATEST_S)


async def floor(place: Elsewhere) -> dict[str, Any]:
    """What a delivery costs at the least, in a process of its own: a post to some of those that live, a signature."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.posting", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate("\n".join(place.alive()).encode())
    assert process.returncode == 0, "the bare posts broke off"
    found: dict[str, Any] = json.loads(said)
    return found


async def by_fedify(site: Ada, place: Elsewhere, folder: Path, ca: Path, workers: int) -> dict[str, Any]:
    """By Fedify, in one process."""
    if (found := node.tools()) is None or (why := fedify.missing()):
        raise SystemExit(f"Fedify cannot be had: {why}")
    inboxes = folder / "inboxes"
    inboxes.write_text("\n".join(place.inbox(number) for number in range(place.count)))
    process = await asyncio.create_subprocess_exec(
        found[0], str(node.kept("fedify") / "send.mjs"), str(free_port()), str(inboxes), str(workers),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"NODE_EXTRA_CA_CERTS": str(ca), "UV_THREADPOOL_SIZE": str(THREADS)},
    )  # fmt: skip
    said, told_it = process.stdin, process.stdout
    assert said is not None
    assert told_it is not None
    try:
        assert await told_it.readline() == b"ready\n", "Fedify did not start"

        async def begin() -> None:
            said.write(b"\n")
            await said.drain()

        return await told(site, place, {"fedify": process.pid}, begin, FEDIFY_S)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="reach") as name:
        folder = Path(name)
        os.chmod(folder, 0o755)  # noqa: PTH101 nginx runs as a user of its own
        with servers.elsewhere(folder, options.inboxes, options.dead, tls=not options.plain) as (place, authority):
            os.environ["SSL_CERT_FILE"] = str(authority.ca)
            async with ada(folder / "site", networks="127.0.0.0/8") as site, hosted(site):
                follow(site, place)
                found["calm"] = await calm(site)
                if "floor" not in options.without:
                    found["floor"] = await floor(place)
                if "stentor" not in options.without:
                    found["stentor"] = await stentor(site, place)
                    show(found, "stentor")
                if "fedify" not in options.without:
                    found["fedify"] = await by_fedify(site, place, folder, authority.ca, options.workers)
                    show(found, "fedify")
    return found


def show(found: dict[str, Any], name: str) -> None:
    print(f"calm {found['calm']}\nfloor {found.get('floor')}\n{name} {found[name]} {state(found[name])}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inboxes", type=int, default=20_000)
    parser.add_argument("--dead", type=float, default=0.15)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--workers", type=int, default=200)
    options = parser.parse_args()
    servers.alone()
    kept = head() | {"inboxes": options.inboxes, "dead": options.dead, "tls": not options.plain}
    kept |= asyncio.run(measure(options))
    if {"stentor", "fedify"} <= set(kept):
        kept["ratio_of_processor"] = round(
            kept["fedify"]["processor_ms_each"] / kept["stentor"]["processor_ms_each"], 2
        )
        print(f"Fedify takes {kept['ratio_of_processor']} times the processor of the courier.")
    keep("reach", kept)


if __name__ == "__main__":
    main()
