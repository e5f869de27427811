"""A region with a NATS server of its own: its edges hear through a leaf node, which is also killed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest

from stentor.bus import streams
from stentor.bus.board import Board
from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from stentor.client.listener import probe
from stentor.store.objects import Objects
from tests.support.air import live, music_object, opened, processes, staged
from tests.support.ports import free_port
from tests.support.region import hub_and_region, settings
from tests.support.sound import assert_heard
from tests.support.speech import voice
from tests.support.wait import PATIENCE_S

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(150)]

EDGES = 2
AWAY_S = 1.0
BURST_S = 3.5
"""Who joins when a programme is on air for so long gets the whole burst, and can be without the line for 3 s."""
BEFORE_S, AFTER_S = 6.0, 10.0


async def sent_bytes(client: httpx.AsyncClient, monitoring: str) -> int:
    """What the hub has sent to the region."""
    [leaf] = (await client.get(monitoring)).json()["leafs"]
    return int(leaf["out_bytes"])


async def answer(client: httpx.AsyncClient, address: str) -> None:
    """Waits until whichever edge is asked serves the address: each connection finds one of them."""
    in_a_row = 0
    async with asyncio.timeout(PATIENCE_S):
        while in_a_row < 10 * EDGES:
            try:
                served = (await client.head(address, headers={"Connection": "close"})).is_success
            except httpx.TransportError:
                served = False
            in_a_row = in_a_row + 1 if served else 0
            await asyncio.sleep(0.0 if served else 0.2)


async def test_a_region_hears_through_its_own_server(tmp_path: Path) -> None:
    """Log, leases and board are the hub's; the region's server dies and comes back, and no listener runs dry."""
    async with (
        hub_and_region(tmp_path) as (hub, region, monitoring),
        httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client,
    ):
        at_hub = settings(tmp_path, hub.url)
        there = msgspec.structs.replace(settings(tmp_path, region.url), audience_port=free_port())
        await Objects.open(at_hub.recordings_address).put("hold/default", music_object())
        async with (
            join(at_hub, OPERATOR, name="test") as operator,
            join(at_hub, "house", name="test") as house,
            join(at_hub, "stage", name="test") as stage,
        ):
            await streams.prepare(operator)
            space = live(opened())
            await Board(house).put(space)
            stream = f"http://127.0.0.1:{there.audience_port}/s/talk/live.aac"
            async with (
                processes("programme", 1, at_hub),
                staged(stage, space, voice("reader")),
                processes("edge", EDGES, there),
            ):
                await answer(client, stream)
                await asyncio.sleep(BURST_S)
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
