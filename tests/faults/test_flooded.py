"""Floods of one kind of path leave the other alone, though both come by one address.

What the clock says: processors are shared with the flood here, so each measurement has one beside it in the same run
that has the same load and does not cross the edge: what is judged is what sharing the edge costs.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from stentor.edge.turn import LoopTurn
from tests.integration.test_one_address import eventually_there, site
from tests.support import flood as floods
from tests.support.edge import request
from tests.support.wait import PATIENCE_S, eventually
from tests.unit.edge.test_forward import OK, always, before

pytestmark = pytest.mark.timeout(240)

LOOPS, MOST_LOOPS = 128, 400
PASSED = 50
MOST_MET = 20
"""A request that is passed on crosses the loop five times, and the client and the house of the test run in it, too."""
SAMPLES = 250
EVERY_S = 0.02
FLOOD_S = 9.0
HOUSE, PUBLIC = "/sign-in", "/s/talk/door.json"


async def p99_ms(*asked: str) -> list[float]:
    """Of each address, the one after the other, 50 a second together."""
    took: dict[str, list[float]] = {address: [] for address in asked}
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        for _ in range(SAMPLES // len(asked)):
            for address in asked:
                began = time.perf_counter()
                assert (await client.get(address)).status_code == 200, address
                took[address].append(time.perf_counter() - began)
                await asyncio.sleep(EVERY_S)
    return [float(np.percentile(each, 99)) * 1000 for each in took.values()]


async def flooded(port: int, path: str, *asked: str) -> tuple[list[float], int]:
    """The same during a flood, and how many answers that got."""
    command = (sys.executable, "-m", "tests.support.flood", str(port), path, str(LOOPS), str(FLOOD_S))
    flood = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    await asyncio.sleep(1.5)  # it has begun
    found = await p99_ms(*asked)
    said, _ = await flood.communicate()
    return found, int(said)


async def test_what_is_passed_on_waits_for_a_few_of_a_flood() -> None:
    """All the way to the house and back, however many stand in the line; counted, for the clock is the machine's."""
    async with before(always(OK)) as (rig, _):
        rig.worker.turn = LoopTurn(share_s=0.0)  # a turn of the loop answers one or two
        flood = asyncio.create_task(floods.flood(rig.port, "/s/friday/door.json", MOST_LOOPS, FLOOD_S))
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        await eventually(lambda: rig.worker.open > MOST_LOOPS and rig.worker.replies[2] > MOST_LOOPS, "it has begun")
        met: list[int] = []
        for _ in range(PASSED):
            before_it = rig.worker.replies[2]
            writer.write(request("/sign-in"))
            assert b"200" in await reader.readuntil(b"hi")
            met.append(rig.worker.replies[2] - before_it)
        writer.close()
        flood.cancel()
        await asyncio.wait([flood])
    assert max(met) <= MOST_MET, met


@pytest.mark.realtime
async def test_a_flood_of_one_kind_leaves_the_other_alone(tmp_path: Path) -> None:
    """The p99 at most doubles, against calm or against the same flood that does not share the edge."""
    async with site(tmp_path, captions="off", address_requests=0) as (settings, client, _):
        await eventually_there(client)
        one, own = settings.audience_address, settings.house_upstream
        calm_house, calm_public = await p99_ms(one + HOUSE, one + PUBLIC)
        (through, straight), asked = await flooded(settings.audience_port, PUBLIC, one + HOUSE, own + HOUSE)
        (beside,), _ = await flooded(settings.port, HOUSE, one + PUBLIC)
        (public,), passed = await flooded(settings.audience_port, HOUSE, one + PUBLIC)
    rates = asked / FLOOD_S, passed / FLOOD_S
    print(f"\nhouse: calm {calm_house:.1f} ms; {rates[0]:.0f} public a second: {through:.1f} (straight {straight:.1f})")
    print(f"public: calm {calm_public:.1f} ms; {rates[1]:.0f} forwarded a second: {public:.1f} (beside {beside:.1f})")
    assert through <= 2 * max(calm_house, straight)
    assert public <= 2 * max(calm_public, beside)
