"""A real house for tests: uvicorn on a free port, SQLite, a real bus; and whatever stands in for the other roles."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

import httpx

from stentor.base import config
from stentor.base.config import Settings
from stentor.house import role
from tests.support import templates
from tests.support.nats import NatsServer, nats_server
from tests.support.ports import free_port
from tests.support.wait import PATIENCE_S, eventually

templates.share()


class House:
    """A running house; ``http`` asks as the admin, ``anyone`` without a token."""

    def __init__(self, settings: Settings, nats: NatsServer) -> None:
        self.settings, self.nats = settings, nats
        self.task: asyncio.Task[None] | None = None
        address = f"http://127.0.0.1:{settings.port}"
        token = config.admin_token(settings)
        self.anyone = client(address)
        self.http = client(address, Authorization=f"Bearer {token}")

    async def start(self) -> None:
        """Starts the role and waits until it answers."""
        self.task = task = asyncio.create_task(role.run(self.settings, instance="house-0"), name="house")
        while not task.done():
            with suppress(httpx.TransportError):
                if (await self.anyone.get("/healthz")).status_code == 200:
                    return
            await asyncio.sleep(0.02)
        await task  # raises what kept it from starting

    async def stop(self) -> None:
        """Ends the role as SIGTERM would."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
            self.task = None

    async def forget_people(self) -> None:
        """Takes all accounts away, with their invitations and what was counted, for the next test in the same house."""
        with database(self.settings) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            for table in ("accounts", "site_invitations", "challenges", "tries"):
                connection.execute(f"DELETE FROM {table}")

    async def create(self, space: str = "talk", **fields: object) -> dict[str, str]:
        """Makes a space and returns the host's invitation."""
        answer = await self.http.post("/api/v1/spaces", json={"title": "Talk", "id": space, "language": "en", **fields})
        assert answer.status_code == 201, answer.text
        invitation: dict[str, str] = answer.json()["invitation"]
        return invitation

    async def state(self, space: str = "talk") -> str:
        return str((await self.http.get(f"/api/v1/spaces/{space}")).json()["state"])

    async def becomes(self, state: str, space: str = "talk") -> None:
        """Waits until the space is in a state."""
        found = ""

        async def follow() -> None:
            nonlocal found
            while found != state:
                found = await self.state(space)
                await asyncio.sleep(0.02)

        task = asyncio.create_task(follow(), name="follow state")
        try:
            await eventually(task.done, f"{space} is {found!r} and should become {state!r}")
        finally:
            task.cancel()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    """The problem document of an answer, which must be one (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"/problems/{code}"
    assert document["title"]
    assert document["detail"]
    return document


@contextmanager
def database(settings: Settings) -> Iterator[sqlite3.Connection]:
    """The database of a house, from outside; what was changed is kept."""
    with closing(sqlite3.connect(settings.folder / "stentor.db", timeout=5)) as connection:
        yield connection
        connection.commit()


def age_sessions(settings: Settings, by_ms: int) -> None:
    """Makes all sessions of a house older, as if their people had signed in so much earlier."""
    with database(settings) as connection:
        connection.execute("UPDATE sessions SET created_ms = created_ms - ?", [by_ms])


def client(address: str, **headers: str) -> httpx.AsyncClient:
    """A client for plain HTTP: without loading everybody's certificates, which takes a tenth of a second."""
    return httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE_S, headers=headers, verify=False)


@asynccontextmanager
async def running_house(folder: Path, **settings: object) -> AsyncIterator[House]:
    """A house and its bus; both are gone at the end."""
    async with nats_server(folder / "bus") as nats:
        values: dict[str, object] = {
            "data": str(folder / "house"), "host": "127.0.0.1", "port": free_port(), "nats_url": nats.url, **settings
        }  # fmt: skip
        house = House(config.load({}, **values), nats)
        await house.start()
        try:
            yield house
        finally:
            await house.stop()
            await house.http.aclose()
            await house.anyone.aclose()
