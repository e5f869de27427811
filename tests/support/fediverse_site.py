"""A house with a courier and a server of strangers, for tests that import ``running`` and ``site``."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from stentor.base.config import Settings
from stentor.courier import role as courier
from stentor.fediverse.sites import Home
from stentor.house.duty import jobs as duty
from tests.support.fediverse import KEYS, Sent, Stranger, fields, stranger
from tests.support.house import House, database, running_house
from tests.support.wait import PATIENCE_S, eventually

ADDRESS = "http://talk.example"
HOME = Home(ADDRESS, ADDRESS)
LOOK_S = 0.05
"""So often the house looks for what is to be told: each test waits for that several times."""


_seconds = itertools.cycle(range(240))
"""A clock may be five minutes ahead."""


@dataclass
class Site:
    """A house with a courier, Ada who has an account there, and the server of strangers."""

    house: House
    other: Stranger
    ada: httpx.AsyncClient
    number: int

    @property
    def ada_uri(self) -> str:
        return HOME.actor(self.number)

    async def send(self, activity: dict[str, Any], **changed: Any) -> httpx.Response:
        """To the shared inbox, signed by its actor unless ``changed`` says otherwise. Never at the same second as
        another one: what says the same would be a repetition."""
        name = activity["actor"].rpartition("/")[2]
        now = time.time() + next(_seconds)
        usual: dict[str, Any] = {"key": KEYS[name], "key_id": f"{activity['actor']}#main-key", "now": now}
        body, headers = fields(activity, authority=HOME.authority, **(usual | changed))
        return await self.house.anyone.post("/inbox", content=body, headers=headers)

    async def taken(self, activity: dict[str, Any]) -> None:
        reply = await self.send(activity)
        assert reply.status_code == 202, reply.text

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with database(self.house.settings) as connection:
            return connection.execute(query).fetchall()

    async def done(self) -> None:
        """Waits until nothing waits any more of what came."""
        query = "SELECT count(*) FROM received WHERE done_ms IS NULL"
        await eventually(lambda: self.rows(query) == [(0,)], "all that came is done")

    async def came(self, kind: str, count: int = 1) -> list[Sent]:
        """What was sent to the stranger, once so many of a kind are there."""
        await eventually(lambda: self.other.kinds().count(kind) >= count, f"{count} {kind}")
        return [each for each in self.other.inbox if each.activity["type"] == kind]

    async def post(self, text: str, **more: object) -> int:
        reply = await self.ada.post("/posts", json={"text": text, **more})
        assert reply.status_code == 201, reply.text
        return int(reply.json()["id"])

    async def befriend(self, name: str) -> str:
        """Ada follows somebody of the stranger's, who lets her; their address."""
        reply = await self.ada.post("/follows-elsewhere", json={"address": f"@{name}@{self.other.host}"})
        assert reply.status_code == 202, reply.text
        [follow] = await self.came("Follow")
        await self.taken(self.other.activity("Accept", name, follow.activity["id"]))
        await self.done()
        self.other.inbox.clear()
        return self.other.uri(f"/users/{name}")

    async def seen(self, query: str, rows: list[tuple[Any, ...]], reason: str) -> None:
        """Waits until the database says so."""
        await eventually(lambda: self.rows(query) == rows, reason)

    def due(self, key: str) -> None:
        """What is to be told later is told now."""
        with database(self.house.settings) as connection:
            connection.execute("UPDATE jobs SET due_ms = 0 WHERE kind = 'federate' AND key = ?", (key,))

    async def follow_ada(self, name: str) -> None:
        """Somebody of the stranger's follows her."""
        await self.taken(self.other.activity("Follow", name, self.ada_uri))
        await self.came("Accept")
        self.other.inbox.clear()


@asynccontextmanager
async def running_courier(settings: Settings) -> AsyncIterator[None]:
    told = msgspec.structs.replace(settings, courier_networks="127.0.0.1")
    task = asyncio.create_task(courier.run(told, instance="courier-0"), name="courier")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("federation")
    patch = pytest.MonkeyPatch()
    patch.setattr(duty, "LOOK_S", LOOK_S)
    async with (
        running_house(
            folder, federation="on", public_url=ADDRESS, sign_up="open", create_spaces="members", new_account_hours=0
        ) as house,
        stranger() as other,
        running_courier(house.settings),
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{house.settings.port}/api/v1", trust_env=False, timeout=PATIENCE_S,
            headers={"Origin": ADDRESS, "User-Agent": "Browser", "Sec-Fetch-Site": "same-origin"},
        ) as ada,
    ):  # fmt: skip
        wish = {"handle": "ada", "name": "Ada", "password": "several words together"}
        made = await ada.post("/sign-up", json=wish)
        assert made.status_code == 201, made.text
        ada.headers["Cookie"] = made.headers["set-cookie"].partition(";")[0]
        [(number,)] = Site(house, other, ada, 0).rows("SELECT number FROM actors WHERE account IS NOT NULL")
        site = Site(house, other, ada, number)
        keys = "SELECT count(*) FROM actor_keys"
        await eventually(lambda: site.rows(keys) == [(2,)], "Ada and the site have keys")
        yield site
    patch.undo()


@pytest_asyncio.fixture(loop_scope="module")
async def site(running: Site) -> AsyncIterator[Site]:
    """With nobody of elsewhere known."""
    with database(running.house.settings) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM actors WHERE domain <> ''")
        connection.execute("DELETE FROM received")
    running.other.there.clear()
    running.other.inbox.clear()
    running.other.asked.clear()
    for name in KEYS:
        running.other.person(name)
    yield running
