"""New passwords for the bus while a space is on air, as an operator makes them; twice, so that the first ones end."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path

import pytest

from stentor.base.rendition import Source
from stentor.bus.identity import join
from stentor.bus.status import Statuses
from stentor.client.listener import probe
from stentor.wire import manifest
from tests.support.recipes import stentor
from tests.support.wait import PATIENCE_S, eventually
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(120)]

ROLES = ("archive", "edge", "house", "programme", "stage")
BURST_S = 3.5
"""Who joins when the doors have been open for so long gets the whole burst."""
RELOADED = "Reloaded server configuration"


async def test_passwords_are_exchanged_and_nobody_notices(tmp_path: Path) -> None:
    """No listener is dropped or runs dry, no edge misses a chunk, the recording has all; the old passwords are void."""
    async with whole(tmp_path, edges=1) as site:
        await site.space("talk")
        await asyncio.sleep(BURST_S)
        listening = asyncio.create_task(probe(site.audience("talk", "/live.aac")))
        told = tmp_path / "logs" / "nats-server.log"
        for times in (1, 2):
            stentor("keys", str(tmp_path / "keys"), "--exchange", data=tmp_path)
            await eventually(partial(lambda n: told.read_text().count(RELOADED) == n, times), "the bus takes them")
            await all_are_there(site)
        await site.call("POST", "/spaces/talk/end")
        report, _ = await asyncio.wait_for(listening, PATIENCE_S)
        await site.until("talk", lambda view: view["state"] == "replay", "the recording is complete")
        beats = (await site.call("GET", "/processes"))["processes"]
    logs = [log for role in ROLES for log in (tmp_path / "logs").glob(f"{role}-*.log")]
    assert all("bus-back" in log.read_text("utf-8") for log in logs), "somebody is still there with an old password"
    assert (report.reconnects, report.stalls) == (0, [])
    assert [beat["numbers"].get("fillers", 0) for beat in beats if beat["role"] == "edge"] == [0]
    pages = sorted((tmp_path / "objects" / "recordings" / "talk" / "manifest").glob("*.jsonl"))
    entries = [entry for page in pages for entry in manifest.decode_page(page.read_bytes())]
    assert manifest.verify(entries) == []
    runs = [run for entry in entries for run in entry.runs]
    chunks = [chunk for run in runs for chunk in range(run.first, run.last)]
    assert chunks == list(range(len(chunks)))
    assert Source.GAP not in {run.source for run in runs}


async def all_are_there(site: Whole) -> None:
    """Returns when a process of every role has been heard of after this."""
    async with join(site.settings, "house", name="test") as bus:
        statuses = Statuses(time.time)
        await statuses.start(bus, *ROLES)
        await eventually(
            lambda: {beat.role for beat in statuses.fresh(time.time())} == set(ROLES), "all roles tell of themselves"
        )
