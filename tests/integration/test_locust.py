"""The Locust user of the documents, run by a real Locust against the real edge."""

from __future__ import annotations

import asyncio
import csv
import os
import sys
from pathlib import Path

import pytest

from tests.integration.test_rehearse import on_air
from tests.support.edge import SPACE

LOCUSTFILE = Path(__file__).parents[2] / "docs" / "examples" / "locustfile.py"

pytestmark = pytest.mark.realtime


async def test_locust_users_listen(tmp_path: Path) -> None:
    """Users of streams and of both kinds of HLS hear something, and the edge has counted them."""
    counted = 0
    async with on_air() as rig:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary", "-u", "12",
            "-r", "6", "-t", "12s", "--stop-timeout", "1", "--host", f"http://127.0.0.1:{rig.port}",
            "--csv", str(tmp_path / "run"),
            env=os.environ | {"STENTOR_SPACE": SPACE, "STENTOR_WAYS": "live.aac=1,ll-hls=1,hls=1"},
        )  # fmt: skip
        waiting = asyncio.create_task(running.wait())
        while not waiting.done():
            counted = max(counted, rig.worker.listeners)
            await asyncio.wait([waiting], timeout=0.1)
    with (tmp_path / "run_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    assert waiting.result() == 0, "no request failed"
    assert int(rows["first sound"]["Request Count"]) == 12
    assert counted >= 1
    assert {SPACE, "door.json", "playlist", "part or segment"} <= set(rows)
