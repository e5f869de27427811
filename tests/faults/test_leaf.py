"""A region with a NATS server of its own: its edges hear through a leaf node, which is also killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from stentor.base.config import Settings
from stentor.bus import server
from stentor.bus.board import Board
from stentor.bus.connection import connect
from stentor.rehearsal.listener import probe
from stentor.store.objects import Objects
from tests.support.air import live, music_object, opened, processes, staged
from tests.support.ports import free_ports
from tests.support.sound import assert_heard
from tests.support.speech import voice

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(150)]

RECIPE = Path(__file__).parents[2] / "deploy" / "nats-leaf.conf"
HUB = """server_name: "hub"
listen: "127.0.0.1:{port}"
jetstream {{ store_dir: "{folder}", domain: "hub" }}
max_payload: 1MB
http: "127.0.0.1:{http}"
leafnodes {{ listen: "127.0.0.1:{leaf}" }}
"""
EDGES = 2
AWAY_S = 1.0
BEFORE_S, AFTER_S = 6.0, 10.0


class Server:
    """A nats-server with a configuration file."""

    def __init__(self, file: Path, configuration: str, port: int) -> None:
        file.write_text(configuration)
        self.url = f"nats://127.0.0.1:{port}"
        self._command = [server.program(), "-c", str(file)]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        nowhere = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(*self._command, stdout=nowhere, stderr=nowhere)
        await server.wait_ready(self.url)

    async def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def hub_and_region(folder: Path) -> AsyncIterator[tuple[Server, Server, str]]:
    """The hub's server, the region's by the recipe, and the address of the hub's monitoring."""
    hub_port, leaf_port, http_port, region_port = free_ports(4)
    configuration = HUB.format(port=hub_port, folder=folder / "hub", http=http_port, leaf=leaf_port)
    recipe = RECIPE.read_text("utf-8")
    for ours, theirs in (
        ("0.0.0.0:4222", f"127.0.0.1:{region_port}"),
        ('"nats-leaf://a:7422", "nats-leaf://b:7422", "nats-leaf://c:7422"', f'"nats-leaf://127.0.0.1:{leaf_port}"'),
    ):
        assert ours in recipe, f"the recipe has no {ours}"
        recipe = recipe.replace(ours, theirs)
    hub = Server(folder / "hub.conf", configuration, hub_port)
    region = Server(folder / "region.conf", recipe, region_port)
    try:
        await hub.start()
        await region.start()
        yield hub, region, f"http://127.0.0.1:{http_port}/leafz"
    finally:
        await region.kill()
        await hub.kill()


async def sent_bytes(client: httpx.AsyncClient, monitoring: str) -> int:
    """What the hub has sent to the region."""
    [leaf] = (await client.get(monitoring)).json()["leafs"]
    return int(leaf["out_bytes"])


async def answer(client: httpx.AsyncClient, address: str) -> None:
    """Waits until whichever edge is asked serves the address: each connection finds one of them."""
    in_a_row = 0
    async with asyncio.timeout(30):
        while in_a_row < 10 * EDGES:
            try:
                served = (await client.head(address, headers={"Connection": "close"})).is_success
            except httpx.TransportError:
                served = False
            in_a_row = in_a_row + 1 if served else 0
            await asyncio.sleep(0.0 if served else 0.2)


async def test_a_region_hears_through_its_own_server(tmp_path: Path) -> None:
    """Log, leases and board are the hub's; the region's server dies and comes back, and no listener runs dry."""
    async with hub_and_region(tmp_path) as (hub, region, monitoring), httpx.AsyncClient(trust_env=False) as client:
        [port] = free_ports(1)
        at_hub = Settings(data=str(tmp_path), nats_url=hub.url, log_level="WARNING")
        there = Settings(data=str(tmp_path), nats_url=region.url, audience_port=port, log_level="WARNING")
        await Objects.open(at_hub.recordings_address).put("hold/default", music_object())
        async with connect(hub.url, name="test") as bus:
            space = live(opened())
            await Board(bus).put(space)
            stream = f"http://127.0.0.1:{port}/s/talk/live.aac"
            async with (
                processes("programme", 1, at_hub),
                staged(bus, space, voice("reader")),
                processes("edge", EDGES, there),
            ):
                await answer(client, stream)
                listening = asyncio.create_task(probe(stream, seconds=BEFORE_S + AWAY_S + AFTER_S))
                await asyncio.sleep(BEFORE_S / 2)
                before = await sent_bytes(client, monitoring)
                await asyncio.sleep(BEFORE_S / 2)
                line_bps = 8 * (await sent_bytes(client, monitoring) - before) / (BEFORE_S / 2)
                await region.kill()
                await asyncio.sleep(AWAY_S)
                await region.start()
                report, heard = await listening
    print(f"\n{line_bps / 1000:.0f} kbit/s for {EDGES} edges", end="")
    assert (report.reconnects, report.stalls) == (0, [])
    spoken = np.concatenate([voice("reader"), voice("reader")])
    assert_heard(heard.samples()[-round(AFTER_S / 2 * 48_000) :], spoken)
