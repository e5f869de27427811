"""``stentor prepare``: what single roles find when they are started without ``stentor up``."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from stentor.audio import hold
from stentor.base.config import Settings
from stentor.bus import streams
from stentor.bus.connection import connect
from stentor.store.objects import Objects
from tests.support.nats import nats_server


async def prepare(folder: Path, url: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    environment = dict(os.environ) | {"STENTOR_DATA": str(folder), "STENTOR_NATS_URL": url}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stentor", "prepare"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_a_cluster_is_prepared_once(tmp_path: Path) -> None:
    """Afterwards tables, log and music are there; without a bus it says what to do."""
    async with nats_server(tmp_path / "bus", empty=True) as nats:
        code, said = await prepare(tmp_path / "data", nats.url)
        assert (code, said.splitlines()[-1]) == (0, "The database, the bus and the hold music are ready.")
        async with connect(nats.url, name="test") as bus:
            assert {found.config.name for found in await bus.js.streams_info()} == {
                config.name for config in streams.wanted(hours=24, copies=1)
            }
    settings = Settings(data=str(tmp_path / "data"))
    assert hold.decode(await Objects.open(settings.recordings_address).get("hold/default")).label
    assert (tmp_path / "data" / "stentor.db").exists()
    code, said = await prepare(tmp_path / "other", "")
    assert code == 1
    assert "STENTOR_NATS_URL" in said
