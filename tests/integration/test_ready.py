"""House and edge are up, and the bus keeps from them what is on: they say that they are not ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

from stentor.audio import hold
from stentor.base import config
from stentor.base.config import Settings
from stentor.base.units import SeatId, SpaceId
from stentor.bus import server
from stentor.bus.board import Board
from stentor.bus.connection import connect
from stentor.edge import role as edge
from stentor.house import role as house
from stentor.spaces import commands as c
from stentor.spaces.rules import decide
from stentor.store.objects import Objects
from stentor.store.spaces import Store
from tests.support.edge import silent_hold
from tests.support.house import client
from tests.support.nats import NatsServer
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S

FRIDAY = c.CreateSpace(id=SpaceId("friday"), title="Friday", host_seat=SeatId("host"), host_name="eve")


@asynccontextmanager
async def without_streams(nats: NatsServer) -> AsyncIterator[None]:
    """A server at the same address that passes messages on and keeps nothing."""
    port = nats.url.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(
        server.program(), "-a", "127.0.0.1", "-p", port,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await server.wait_ready(nats.url)
        yield
    finally:
        process.kill()
        await process.wait()


async def health(address: str) -> int:
    """The status of ``/healthz``; 0 while nobody answers."""
    async with client(address) as anyone:
        with suppress(httpx.TransportError):
            return (await anyone.get("/healthz")).status_code
    return 0


async def test_ready_means_that_what_is_on_was_read(tmp_path: Path) -> None:
    """House and edge answer 503 until they have read everything that is on, then 200, and the edge has the space."""
    nats = NatsServer(tmp_path / "bus")
    port, audience_port = free_ports(2)
    settings = Settings(
        data=str(tmp_path), host="127.0.0.1", port=port, audience_port=audience_port, edges=1, nats_url=nats.url
    )
    config.signing_key(settings)
    config.admin_token(settings)
    await Objects.open(settings.recordings_address).put("hold/default", hold.encode(silent_hold()))
    store = await Store.open(settings.database_address)
    friday = await store.create(decide(None, FRIDAY, 1_900_000_000.0))
    await store.close()
    await nats.start()
    await nats.prepare()
    async with connect(nats.url, name="test") as bus:
        await Board(bus).put(friday)
    await nats.kill()
    addresses = [f"http://127.0.0.1:{each}" for each in (port, audience_port)]

    async def all_say(status: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if [await health(address) for address in addresses] == [status, status]:
                    return
                await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as roles:
        async with without_streams(nats):
            running = [
                roles.create_task(house.run(settings, instance="house-0")),
                roles.create_task(edge.run(settings, instance="edge-0")),
            ]
            await all_say(503)
        await nats.start()
        try:
            await all_say(200)
            async with client(addresses[1]) as anyone:
                assert (await anyone.get("/s/friday")).status_code == 200
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)
            await nats.kill()
