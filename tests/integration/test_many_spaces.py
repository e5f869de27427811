"""A site with a long past: every role learns what is on, nobody speaks of what is over, and that is found again."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from stentor.archive import role as archive
from stentor.audio import hold
from stentor.base import config
from stentor.base.config import Settings
from stentor.base.units import SpaceId
from stentor.bus import documents
from stentor.bus.board import Board
from stentor.bus.connection import Bus, connect
from stentor.bus.documents import Gone
from stentor.bus.status import BEATING, Statuses
from stentor.edge import role as edge
from stentor.house import role as house
from stentor.programme import role as programme
from stentor.spaces import board
from stentor.spaces.model import Space, State
from stentor.stage import role as stage
from stentor.store.objects import Objects
from stentor.store.spaces import Store
from tests.support.edge import silent_hold
from tests.support.house import client
from tests.support.nats import NatsServer, nats_server
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S, eventually

PAST = 2000
STILL_THERE = 1200
"""So many of them an older version left on the board; more than a queue of 1,024 holds."""
ROLES: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
    "house": house.run,
    "stage": stage.run,
    "programme": programme.run,
    "archive": archive.run,
    "edge": edge.run,
}
ON = {f"on-{number}" for number in range(3)}


def was(number: int) -> Space:
    """A space that was recorded long ago; the older its number, the older it is."""
    at_ms = 1_600_000_000_000 + number * 60_000
    return Space(
        SpaceId(f"old-{number}"), f"Old {number}", State.REPLAY, created_ms=at_ms, doors_open_ms=at_ms,
        live_ms=at_ms, ended_ms=at_ms + 50_000, version=7,
    )  # fmt: skip


def is_on(name: str, now_ms: int) -> Space:
    """A space whose doors are open; made before all others, as a house that rests on one long space has it."""
    return Space(SpaceId(name), name, State.DOORS_OPEN, created_ms=1, doors_open_ms=now_ms, version=2)


def write(settings: Settings, spaces: list[Space], *, published: bool) -> None:
    """Into the database, as if a house had written it long ago."""
    rows = [
        (each.id, each.version, each.state.value, each.created_ms, each.when_ms, each.version if published else 0,
         msgspec.json.encode(each).decode())
        for each in spaces
    ]  # fmt: skip
    with closing(sqlite3.connect(settings.folder / "stentor.db")) as connection:
        connection.executemany(
            "INSERT INTO spaces (id, version, state, created_ms, when_ms, published, body) VALUES (?,?,?,?,?,?,?)", rows
        )
        connection.commit()


class Site:
    """All roles in this process, each a task of its own."""

    def __init__(self, settings: Settings, bus: Bus) -> None:
        self.settings, self.bus = settings, bus
        self.statuses = Statuses(time.monotonic)
        self.running: dict[str, asyncio.Task[None]] = {}

    async def start(self, role: str) -> None:
        running = ROLES[role](self.settings, instance=f"{role}-0")
        self.running[role] = asyncio.create_task(running, name=role)

    async def stop(self, role: str) -> None:
        task = self.running.pop(role)
        task.cancel()
        await asyncio.wait([task])

    def knows(self, role: str) -> bool:
        """Whether the newest heartbeat of a role has what is on, and nothing else."""
        heard = self.statuses.fresh(time.monotonic(), role)
        return bool(heard) and set(heard[0].spaces) == ON

    async def get(self, target: str) -> int:
        async with client(f"http://127.0.0.1:{self.settings.audience_port}") as anyone:
            return (await anyone.get(target)).status_code


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(board, "AFTER_S", 0.0)
    monkeypatch.setattr(documents, "GONE_S", 1.0)
    async with nats_server(tmp_path / "bus") as nats, connect(nats.url, name="test") as bus:
        site = Site(settings_of(tmp_path, nats), bus)
        await site.statuses.start(bus, *BEATING)
        store = await Store.open(site.settings.database_address)
        await store.close()
        now_ms = round(time.time() * 1000)
        write(site.settings, [was(number) for number in range(10, PAST)], published=True)
        write(site.settings, [was(number) for number in range(10)], published=False)
        write(site.settings, [is_on(name, now_ms) for name in ON], published=False)
        objects = Objects.open(site.settings.recordings_address)
        await objects.put("hold/default", hold.encode(silent_hold()))
        await objects.put(board.key("old-1500"), msgspec.json.encode(was(1500)))
        for number in range(STILL_THERE):
            space = was(number)
            await bus.client.publish(f"$KV.board.{space.id}", msgspec.json.encode(space))
        yield site
        for role in list(site.running):
            await site.stop(role)


def settings_of(folder: Path, nats: NatsServer) -> Settings:
    port, audience_port = free_ports(2)
    settings = Settings(
        data=str(folder), host="127.0.0.1", port=port, audience_port=audience_port, edges=1, nats_url=nats.url
    )
    config.signing_key(settings)
    config.admin_token(settings)
    return settings


@pytest.mark.realtime  # of two thousand
async def test_what_is_over_leaves_and_what_is_on_is_known_to_each(site: Site) -> None:
    """With 2,000 spaces over, each role that starts knows what is on; the board and the bus have nothing else."""
    for role in ROLES:
        await site.start(role)
    there: set[str] = set()

    async def watch() -> None:
        async for space in Board(site.bus).watch():
            if isinstance(space, Gone):
                there.discard(space.key)
            else:
                there.add(space.id)

    watching = asyncio.create_task(watch(), name="watch")
    await eventually(lambda: there == ON, "what is over leaves the board, what is on is there")
    for role in ("stage", "programme", "archive", "edge"):
        await eventually(lambda role=role: site.knows(role), f"{role} knows what is on")  # type: ignore[misc]
    assert await site.get("/s/old-1500") == 200
    assert await site.get("/s/old-3") == 200, "its document was missing and has been written"
    assert await site.get("/s/on-0/door.json") == 200
    assert await site.get("/s/old-1501/door.json") == 404, "a space without a document"
    async with asyncio.timeout(PATIENCE_S):
        while (await site.bus.js.stream_info("KV_board")).state.messages > len(ON):  # the marks of what went
            await site.bus.pause()
    for role in ROLES:
        await site.stop(role)
        heard: list[str] = []
        stop = await site.bus.subscribe(">", lambda subject, payload: heard.append(f"{subject} {payload!r}"))  # noqa: B023
        await site.start(role)
        if role in ("stage", "programme", "archive", "edge"):
            site.statuses = Statuses(time.monotonic)
            await site.statuses.start(site.bus, role)
            await eventually(lambda role=role: site.knows(role), f"{role} knows it again")  # type: ignore[misc]
        else:
            await healthy(site.settings.house_upstream)
        await stop()
        assert [each for each in heard if "old-" in each] == []
    watching.cancel()


async def healthy(address: str) -> None:
    """Returns when it says that it is ready."""
    async with asyncio.timeout(PATIENCE_S), client(address) as anyone:
        while True:
            with suppress(httpx.TransportError):
                if (await anyone.get("/healthz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)
