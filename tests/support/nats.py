"""A real nats-server for tests, which can be killed and started again on the same port."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from stentor.base.config import Settings
from stentor.bus import server


class NatsServer:
    """One server with its own folder; ``url`` stays the same over restarts."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data=str(folder))
        self.url = server.address(self.settings)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *server.command(self.settings),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await server.wait_ready(self.url)

    async def kill(self) -> None:
        """Kill -9, as a crash would."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        self._process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It stands still, as on a machine that has no time for it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def nats_server(folder: Path) -> AsyncIterator[NatsServer]:
    """A running server; killed at the end."""
    running = NatsServer(folder)
    await running.start()
    try:
        yield running
    finally:
        await running.kill()
