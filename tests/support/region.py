"""A region by the samples of ``deploy/``: a NATS server beside its edges, and one of the cluster that it belongs to."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from stentor.base.config import Settings
from stentor.bus import server
from tests.support.certificates import Authority
from tests.support.ports import free_ports
from tests.support.recipes import recipe, stentor

ALONE = re.compile(r"^cluster \{.*?^\}\n", re.MULTILINE | re.DOTALL)
"""What the recipe of three servers has more than one alone."""


class Server:
    """A nats-server with a configuration file; regions come to its ``leaf_port``."""

    def __init__(self, file: Path, configuration: str, port: int, leaf_port: int = 0) -> None:
        file.write_text(configuration)
        self.leaf_port = leaf_port
        self.url = f"tls://127.0.0.1:{port}"
        self._command = [server.program(), "-c", str(file)]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        nowhere = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(*self._command, stdout=nowhere, stderr=nowhere)
        await server.wait_ready(self.url.replace("tls://", "nats://"))

    def reload(self) -> None:
        """It reads its configuration anew."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    async def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def hub_and_region(
    folder: Path, changed: Callable[[str], str] = lambda text: text
) -> AsyncIterator[tuple[Server, Server, str]]:
    """The hub's server, the region's, and the hub's monitoring. ``changed`` changes the region's accounts."""
    hub_port, leaf_port, http_port, region_port = free_ports(4)
    authority = Authority(folder)
    make_accounts(folder, leaf_port)
    (folder / "region.conf").write_text(changed((folder / "region.conf").read_text("utf-8")))
    one = {"/var/lib/nats": str(folder / "hub"), "0.0.0.0:4222": f"127.0.0.1:{hub_port}"}
    one |= {"0.0.0.0:7422": f"127.0.0.1:{leaf_port}", 'name: "a"': f'name: "a"\nhttp: "127.0.0.1:{http_port}"'}
    alone = ALONE.sub("", recipe("nats.conf", authority, one), count=1)
    hub = Server(folder / "hub.conf", alone, hub_port, leaf_port)
    there = recipe("nats-leaf.conf", authority, {"0.0.0.0:4222": f"127.0.0.1:{region_port}"})
    region = Server(folder / "region-server.conf", there, region_port)
    try:
        await hub.start()
        await region.start()
        yield hub, region, f"http://127.0.0.1:{http_port}/leafz"
    finally:
        await region.kill()
        await hub.kill()


def make_accounts(folder: Path, leaf_port: int, *keys: str) -> None:
    """The files of keys and of accounts, as an operator makes them; ``keys`` are more words for `stentor keys`."""
    stentor("keys", str(folder / "keys"), *keys, data=folder)
    stentor("bus", str(folder / "accounts.conf"), "--regions", data=folder)
    line = ("--hub", f"127.0.0.1:{leaf_port}", "--ca", str(folder / "ca.pem"))
    stentor("bus", str(folder / "region.conf"), *line, data=folder)


def settings(folder: Path, url: str) -> Settings:
    """Of those who have the keys that :func:`hub_and_region` made, at one of its servers."""
    return Settings(
        data=str(folder), nats_url=url, nats_ca=str(folder / "ca.pem"), keys=str(folder / "keys"), log_level="WARNING"
    )
