"""A real nats-server for tests, which can be killed and started again on the same port."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from stentor.base.config import Settings
from stentor.bus import server, streams
from stentor.bus.authorization import Users
from stentor.bus.connection import connect
from stentor.bus.permissions import OPERATOR


class NatsServer:
    """One server with its own folder, open to all unless there are ``users``; ``url`` stays the same over restarts."""

    def __init__(self, folder: Path, users: Users | None = None) -> None:
        self.settings = Settings(data=str(folder))
        self.url = server.address(self.settings)
        self.users = users
        self.log = folder / "nats-server.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *server.command(self.settings, self.users), stdout=log, stderr=log
            )
        await server.wait_ready(self.url)

    async def prepare(self) -> None:
        """Makes the streams, as the operator."""
        own = next((user for user in (self.users or {}).items() if user[1][0] == OPERATOR), None)
        login = (lambda: (own[0], own[1][1])) if own else None
        async with connect(self.url, name="prepare", role=OPERATOR, login=login) as bus:
            await streams.prepare(bus)

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
async def nats_server(folder: Path, users: Users | None = None, *, empty: bool = False) -> AsyncIterator[NatsServer]:
    """A running server with the streams that there are, unless it is to be empty; killed at the end."""
    running = NatsServer(folder, users)
    await running.start()
    try:
        if not empty:
            await running.prepare()
        yield running
    finally:
        await running.kill()
