"""What a crowd on a profile, its posts and a space's card costs a host: queries of the database, and how long the house
takes, with and without.

``python -m bench.profile [--per-s 5000] [--seconds 10] [--rounds 3]``. As ``bench.front``: a whole Stentor on
PostgreSQL, a host with an account who talks, and wrk, which asks in turn for the host's page, for the post that
announces the space (its card follows it) and for another one. In turn: calm, the same load on an nginx with a file as
long, and on the site.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench import front
from bench.flood import FILE, RESULTS, nginx
from bench.front import Queries
from stentor.client import speak
from tests.faults.test_flooded import p99_ms
from tests.support.postgres import Postgres, module
from tests.support.whole import Whole, whole

IN_TURN = """
local paths, at = {{ {paths} }}, 0
function request() at = at % #paths + 1; return wrk.format("GET", paths[at]) end
"""
WORDS = "A post of usual length says what happened, and to whom. " * 4
POSTS = 20
"""Of the profile, as many as a page has."""


@asynccontextmanager
async def hosted(house: Whole) -> AsyncIterator[list[str]]:
    """Somebody with an account who hosts a space and talks; gives the paths that a crowd asks for."""
    ours = {"Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=f"{house.client.base_url}", headers=ours, trust_env=False) as ada:
        made = {"handle": "ada", "name": "Ada", "password": "several words together"}
        (await ada.post("/api/v1/sign-up", json=made)).raise_for_status()
        for each in range(POSTS):
            wish = {"text": f"{each}: {WORDS}"}
            (await ada.post("/api/v1/posts", json=wish)).raise_for_status()
        begun = await ada.post("/api/v1/spaces", json={"id": "evening", "title": "The evening", "language": "en"})
        token = begun.raise_for_status().json()["invitation"]["token"]
        (await ada.post("/api/v1/spaces/evening/live")).raise_for_status()
        talk = speak.speak(f"{house.client.base_url}", "evening", ("reader",), name="Ada", token=token)
        talking = asyncio.create_task(talk)
        try:
            await house.until("evening", lambda view: view["seats"][0]["state"] == "connected", "the host is on stage")
            await asyncio.sleep(front.SETTLE_S)
            newest = (await ada.get("/api/v1/people/ada/posts")).json()["posts"]
            assert newest[0]["space_card"]["phase"] in ("live", "quiet"), newest[0]
            yield ["/@ada", *(f"/@ada/{each['id']}" for each in newest[:2])]
        finally:
            talking.cancel()
            with suppress(asyncio.CancelledError):
                await talking


async def once(
    house: Whole, queries: Queries, at: str, paths: Sequence[str], options: argparse.Namespace, folder: Path
) -> dict[str, float]:
    """One measurement under a load on ``at``; empty for none."""
    asked = f"http://127.0.0.1:{house.settings.audience_port}/sign-in"
    before, told = queries.transactions(), dict[str, float]()
    if at:
        script = IN_TURN.format(paths=", ".join(f'"{path}"' for path in paths))
        async with front.load(at, options.per_s, options.seconds, folder, script=script) as found:
            [p99] = await p99_ms(asked)
        told["per_s"] = round(found[0])
    else:
        [p99], _ = await asyncio.gather(p99_ms(asked), asyncio.sleep(options.seconds))
    return told | {"p99_ms": round(p99, 2), "transactions": queries.transactions() - before}


async def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="profile") as name:
        folder = Path(name)
        os.chmod(folder, 0o755)  # noqa: PTH101 the database runs as a user of its own
        server = module(folder).get_server(folder / "data", cleanup_mode="delete")
        try:
            postgres = Postgres(server.get_uri())
            more: dict[str, Any] = {
                "sign_up": "open",
                "create_spaces": "members",
                "new_account_hours": 0,
                "address_requests": 0,
            }
            site_folder, url = folder / "site", postgres.fresh()
            async with whole(site_folder, edges=1, database_url=url, **more) as house, hosted(house) as paths:
                site = f"http://127.0.0.1:{house.settings.audience_port}"
                async with httpx.AsyncClient(trust_env=False) as client:
                    pages = [(await client.get(site + path)).raise_for_status().content for path in paths]
                body = sorted(pages, key=len)[1]
                rounds, queries = [], Queries(postgres.admin_url)
                async with nginx(folder, body) as other:
                    places = {
                        "calm": ("", []),
                        "nginx": (f"http://127.0.0.1:{other}", [FILE]),
                        "site": (site, paths),
                    }
                    for _ in range(options.rounds):
                        found = {
                            kind: await once(house, queries, at, asked, options, folder)
                            for kind, (at, asked) in places.items()
                        }
                        print(found, flush=True)
                        rounds.append(found)
                return rounds
        finally:
            server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-s", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    now, busy = datetime.now(UTC), os.getloadavg()[0]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    rounds = asyncio.run(measure(options))
    told = {
        "at": now.isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}",
        "commit": commit.stdout.strip(),
        "load_average_before": busy,
        "ratio_to_nginx": round(median(each["site"]["p99_ms"] / each["nginx"]["p99_ms"] for each in rounds), 2),
        "rounds": rounds,
    }
    file = RESULTS / f"profile-{now:%Y%m%d-%H%M}.json"
    file.write_text(json.dumps(told, indent=2) + "\n")
    print(file)


if __name__ == "__main__":
    main()
