"""What a crowd on a profile, its posts and a space's card costs a host: queries of the database, and how long the house
takes, with and without.

``python -m bench.profile [--per-s 5000] [--seconds 10] [--rounds 3]``. As ``bench.front``: a whole Stentor on
PostgreSQL, a host with an account who talks, and wrk, which asks in turn for the host's page, for the post that
announces the space (its card follows it) and for another one. In turn: calm, the same load on an nginx with a file as
long, on the site, and on the page of the host's older posts alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx

from bench import front
from bench.flood import FILE, nginx
from bench.front import Queries
from bench.kept import head, keep
from bench.social import post
from stentor.client import speak
from stentor.social.ids import PostIds
from stentor.store.actors import ActorsTable
from stentor.store.posts import PostsTable
from stentor.store.spaces import Store
from tests.support.postgres import Postgres, module
from tests.support.whole import Whole, whole

IN_TURN = """
local paths, at = {{ {paths} }}, 0
function request() at = at % #paths + 1; return wrk.format("GET", paths[at]) end
"""
OLDER: Final = re.compile(r'<link rel="next" href="([^"]+)"')
POSTS = 40
"""With the announcement one more: twenty of them are older ones, on a page of their own."""


@asynccontextmanager
async def hosted(house: Whole) -> AsyncIterator[list[str]]:
    """Somebody with an account who hosts a space and talks; gives the paths that a crowd asks for."""
    ours = {"Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=f"{house.client.base_url}", headers=ours, trust_env=False) as ada:
        made = {"handle": "ada", "name": "Ada", "password": "several words together"}
        (await ada.post("/api/v1/sign-up", json=made)).raise_for_status()
        await posted(house)
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
            yield ["/@ada", *(f"/@ada/{each['id']}" for each in newest[:2]), await older(house)]
        finally:
            talking.cancel()
            with suppress(asyncio.CancelledError):
                await talking


async def posted(house: Whole) -> None:
    """The host's posts, past the limit of what somebody may post at once."""
    store = await Store.open(house.settings.database_address)
    try:
        found = await store.accounts.find("ada")
        assert found is not None
        author, posts, numbers = await ActorsTable(store.work).of_account(found.id), PostsTable(store.work), PostIds(3)
        for _ in range(POSTS):
            await post(posts, numbers, author)
    finally:
        await store.close()


async def older(house: Whole) -> str:
    """Where the host's older posts are, once they are there."""
    site = f"http://127.0.0.1:{house.settings.audience_port}"
    async with httpx.AsyncClient(base_url=site, trust_env=False) as client:
        while True:
            if found := OLDER.search((await client.get("/@ada")).text):
                (await client.get(found[1])).raise_for_status()
                return found[1]
            await asyncio.sleep(0.1)


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
                site, edge = f"http://127.0.0.1:{house.settings.audience_port}", front.edge_process(house)
                pages = [await front.as_sent(site + path) for path in paths]
                async with nginx(folder, sorted(pages, key=len)[1]) as other:
                    script = IN_TURN.format(paths=", ".join(f'"{path}"' for path in paths[:3]))
                    places = {
                        "calm": front.Asked("", edge),
                        "nginx": front.Asked(f"http://127.0.0.1:{other}{FILE}", front.nginx_process()),
                        "site": front.Asked(site, edge, script),
                        "older": front.Asked(site + paths[3], edge),
                    }
                    return await front.rounds_of(house, Queries(postgres.admin_url), places, options, folder)
        finally:
            server.cleanup()


def main() -> None:
    options, told = front.arguments(__doc__), head()
    rounds = asyncio.run(measure(options))
    told |= {"beside_nginx": front.beside_nginx(rounds), "older_beside_nginx": front.beside_nginx(rounds, "older")}
    keep("profile", told | {"rounds": rounds})


if __name__ == "__main__":
    main()
