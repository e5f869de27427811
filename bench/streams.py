"""What apps that listen cost a house: ``python -m bench.streams [--apps 500]``, a minute.

A whole Stentor, and so many people with an app of theirs over WebSocket, all of whom follow one. First nobody says
anything; then that one posts twice a second. Told is the processor time of the house a client and second, of an event
that is delivered, and how long after the request to post it is there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import httpx
import psutil

from bench.kept import RESULTS
from bench.social import percentiles
from stentor.house.who.app_tokens import PREFIX
from stentor.people.digests import digest
from tests.support.whole import Whole, whole

QUIET_S, POSTS, EVERY_S = 15.0, 25, 0.5
AUTHOR: Final = "author"
AT_ONCE: Final = 50
FIRST: Final = 1_700_000_000_000 << 16


def fill(folder: Path, apps: int) -> list[str]:
    """People with a token each, who all follow the author; past all rules, since signing up takes a second each."""
    tokens = [f"{PREFIX}bench-{number}" for number in range(apps)]
    with sqlite3.connect(folder / "stentor.db", timeout=30) as database:
        number_of = "SELECT a.number FROM actors a JOIN accounts c ON c.id = a.account WHERE c.handle = ?"
        [author] = database.execute(number_of, [AUTHOR]).fetchone()
        kept = database.execute("SELECT * FROM accounts WHERE handle = ?", [AUTHOR])
        columns, row = [each[0] for each in kept.description], kept.fetchone()
        places = ", ".join("?" * len(columns))
        for number, token in enumerate(tokens):
            own = dict(zip(columns, row, strict=True)) | {"id": f"app{number}", "handle": f"app{number}"}
            database.execute(f"INSERT INTO accounts ({', '.join(columns)}) VALUES ({places})", list(own.values()))
            actor = FIRST + number
            database.execute(
                "INSERT INTO actors (number, account, handle, name) VALUES (?, ?, ?, '')",
                [actor, own["id"], own["handle"]],
            )
            database.execute(
                "INSERT INTO follows (follower, followee, state, at_ms) VALUES (?, ?, 'granted', 0)", [actor, author]
            )
            database.execute(
                "INSERT INTO oauth_apps (id, client_id, secret, name, website, redirect_uris, scopes, made_ms) "
                "VALUES (?, ?, '', 'bench', '', '[]', 'read', 0)",
                [number + 1, f"bench{number}"],
            )
            database.execute(
                "INSERT INTO oauth_tokens (id, digest, app, account, scopes, made_ms) VALUES (?, ?, ?, ?, 'read', 0)",
                [f"bench{number}", digest(token), number + 1, own["id"]],
            )
    return tokens


class Crowd:
    """All of the apps, in this process."""

    def __init__(self) -> None:
        self.came: dict[str, list[float]] = {}
        self.lost = 0

    async def listen(self, session: aiohttp.ClientSession, base: str, token: str, joined: asyncio.Semaphore) -> None:
        async with joined:
            socket = await session.ws_connect(f"{base}/api/v1/streaming?stream=user&access_token={token}")
        async for message in socket:
            event = json.loads(message.data)
            if event["event"] == "update":
                self.came.setdefault(json.loads(event["payload"])["id"], []).append(time.perf_counter())
        self.lost += 1


async def measure(apps: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        async with whole(Path(name), edges=1, sign_up="open", new_account_hours=0, new_poster_days=0) as house:
            return await listened(house, apps)


async def listened(house: Whole, apps: int) -> dict[str, Any]:
    base = house.settings.house_upstream
    own = {"Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=base, headers=own, trust_env=False, timeout=60) as author:
        wish = {"handle": AUTHOR, "name": "Author", "password": "several words together"}
        (await author.post("/api/v1/sign-up", json=wish)).raise_for_status()
        tokens, crowd = fill(Path(house.settings.folder), apps), Crowd()
        process = next(each for each in house.supervisor.workers if each.name == "house-0")
        assert process.pid is not None
        looked = psutil.Process(process.pid)
        joined = asyncio.Semaphore(AT_ONCE)
        before = _used(looked)
        async with aiohttp.ClientSession(trust_env=False, connector=aiohttp.TCPConnector(limit=0)) as session:
            tasks = [asyncio.create_task(crowd.listen(session, base, each, joined)) for each in tokens]
            await asyncio.sleep(max(3.0, apps / 60))
            joining_s, began, at = _used(looked) - before, time.perf_counter(), _used(looked)
            await asyncio.sleep(QUIET_S)
            idle = (_used(looked) - at) / (time.perf_counter() - began)
            at, sent = _used(looked), dict[str, float]()
            for each in range(POSTS):
                posted = time.perf_counter()
                answer = await author.post("/api/v1/posts", json={"text": f"News {each} of today, with some words."})
                answer.raise_for_status()
                sent[answer.json()["id"]] = posted
                await asyncio.sleep(max(0.0, EVERY_S - (time.perf_counter() - posted)))
            await asyncio.sleep(2.0)
            used = _used(looked) - at - idle * (POSTS * EVERY_S + 2.0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    late = [came - sent[post] for post, all_of in crowd.came.items() if post in sent for came in all_of]
    return {
        "apps": apps,
        "joining_ms_each": round(1000 * joining_s / apps, 2),
        "idle_us_a_client_and_second": round(1e6 * idle / apps, 1),
        "delivered": len(late),
        "of": apps * POSTS,
        "us_a_delivered_event": round(1e6 * used / max(1, len(late)), 1),
        "there_after": percentiles(late),
        "lost": crowd.lost,
    }


def _used(process: psutil.Process) -> float:
    found = process.cpu_times()
    return float(found.user + found.system)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apps", type=int, nargs="*", default=[50, 500])
    options = parser.parse_args()
    now, busy = datetime.now(UTC), os.getloadavg()[0]
    told: dict[str, Any] = {"at": now.isoformat(timespec="seconds"), "load_average_before": busy, "found": []}
    for apps in options.apps:
        told["found"].append(asyncio.run(measure(apps)))
        print(json.dumps(told["found"][-1], indent=2), flush=True)
    file = RESULTS / f"streams-{now:%Y%m%d-%H%M}.json"
    file.write_text(json.dumps(told, indent=2) + "\n")
    print(file)


if __name__ == "__main__":
    main()
