"""``stentor prepare``: what single roles find when they are started without ``stentor up``."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from subprocess import DEVNULL, Popen

from stentor.audio import hold
from stentor.base.config import Settings
from stentor.bus import server, streams
from stentor.bus.connection import connect
from stentor.store.objects import Objects
from tests.support.nats import nats_server
from tests.support.ports import free_ports


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


MEMBER = """
server_name: "{name}", listen: "127.0.0.1:{port}"
jetstream {{ store_dir: "{folder}" }}
cluster {{ name: "three", listen: "127.0.0.1:{route}", routes: [{routes}] }}
"""


async def test_a_cluster_without_a_leader_is_waited_for(tmp_path: Path) -> None:
    """Servers that have just begun answer, and keep nothing before they have chosen who leads them."""
    ports, routes = free_ports(3), free_ports(3)
    everywhere = ", ".join(f'"nats://127.0.0.1:{route}"' for route in routes)
    with ExitStack() as stack:

        def start(index: int) -> None:
            file = tmp_path / f"{index}.conf"
            folder = tmp_path / f"server-{index}"
            file.write_text(
                MEMBER.format(name=index, port=ports[index], folder=folder, route=routes[index], routes=everywhere)
            )
            process = Popen([server.program(), "-c", str(file)], stdout=DEVNULL, stderr=DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)

        start(0)
        await server.wait_ready(f"nats://127.0.0.1:{ports[0]}")
        preparing = asyncio.create_task(prepare(tmp_path / "data", f"nats://127.0.0.1:{ports[0]}"))
        await asyncio.sleep(6)  # longer than one question to the bus may take
        start(1)
        start(2)
        code, said = await preparing
    assert (code, said.splitlines()[-1]) == (0, "The database, the bus and the hold music are ready.")
    assert "waiting for the bus" in said
