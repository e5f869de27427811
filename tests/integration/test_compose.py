"""The bus of ``deploy/compose.yaml``: its commands, on this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest
import yaml

from stentor.base import keys
from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.bus import server, streams
from stentor.bus.connection import connect
from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from tests.support.ports import free_port
from tests.support.recipes import DEPLOY, stentor

SERVICES = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]


async def test_the_bus_is_for_those_with_keys_on_this_machine(tmp_path: Path) -> None:
    """It listens on 127.0.0.1 alone, takes the passwords that `stentor up` finds in its folder, and no others."""
    port, data, nats = free_port(), tmp_path / "data", tmp_path / "nats"
    nats.mkdir()
    stentor(*(word.replace("/nats", str(nats)) for word in SERVICES["accounts"]["command"]), data=data)
    words = [word.replace("/nats", str(nats)).replace("4222", str(port)) for word in SERVICES["bus"]["command"]]
    nowhere = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(server.program(), *words, stdout=nowhere, stderr=nowhere)
    try:
        settings = Settings(data=str(data), nats_url=f"nats://127.0.0.1:{port}")
        await server.wait_ready(settings.nats_url)
        keys.write(settings, keys.folder(settings))
        async with join(settings, OPERATOR, name="test") as bus:
            await streams.prepare(bus)
        with pytest.raises(SetupError, match="lets no stranger in"):
            async with connect(settings.nats_url, name="test"):
                pass
        listening = psutil.Process(process.pid).net_connections("tcp")
        assert {each.laddr.ip for each in listening if each.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
        assert SERVICES["bus"]["network_mode"] == "host"
    finally:
        process.kill()
        await process.wait()
