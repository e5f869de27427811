"""A sample of ``make proof-counts``: a real edge's rows beside the ledger of the crowd in C that it served."""

from __future__ import annotations

import asyncio

import pytest

from bench.listeners import listen
from bench.program import NO_COMPILER, compiler
from stentor.base import grid
from stentor.edge.seconds import Seconds
from stentor.evidence.counts import count
from stentor.evidence.row import EdgeSecond
from tests.support.edge import SPACE, edge

pytestmark = pytest.mark.skipif(compiler() is None, reason=NO_COMPILER)

PLACES, PEOPLE, RATE = 60, 150, 75.0
STAY_S, SECONDS = 3.0, 8.0


async def test_who_comes_waits_and_comes_again_is_counted_as_the_crowd_knows_it() -> None:
    """More than there is room for: joins, refusals, and the devices that waited, exactly."""
    async with edge(chunks=40, places=PLACES) as rig:
        told, rows = Seconds(rig.worker, rig.site, "edge-0"), list[EdgeSecond]()
        stream = f"http://127.0.0.1:{rig.port}/s/{SPACE}/live.aac"
        crowd = asyncio.create_task(
            asyncio.to_thread(listen, stream, PEOPLE, RATE, SECONDS, stay_s=STAY_S, again_s=1.0), name="crowd"
        )
        while not crowd.done():
            await asyncio.sleep(grid.CHUNK_S)
            rig.publish()
            if rig.window.head % 3 == 0 and (row := told.row()) is not None:
                rows.append(row)
        met = await crowd
        rig.publish(3)
        if (row := told.row()) is not None:
            rows.append(row)
        found = count(SPACE, rows)
        assert found is not None
        assert met.told > PEOPLE - 2 * PLACES
        assert (found.joins.value, found.refused.value) == (met.joins, met.refusals)
        assert (found.refused_devices.value, found.waited.value) == (met.told, met.let_in)
        assert found.peak.value == pytest.approx(met.peak, abs=3)
        assert found.unique.low <= met.people <= found.unique.high
        assert found.waited_minutes.value == pytest.approx(met.waited_s / 60, abs=met.told / 60)
