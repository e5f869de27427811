"""All of Stentor, as ``stentor up`` runs it: real processes, a real bus, a real database, on free ports."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from stentor import app
from stentor.audio.pcm import Samples
from stentor.base import config
from stentor.base.config import Settings
from stentor.supervisor import ChildProcess, Supervisor
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S, eventually


class Whole:
    """A running Stentor. ``worker(name)`` is one of its processes, such as ``edge-0``."""

    def __init__(self, settings: Settings, supervisor: Supervisor, client: httpx.AsyncClient) -> None:
        self.settings = settings
        self.supervisor = supervisor
        self.client = client

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call of the REST API as the admin; fails with the problem's text."""
        reply = await self.client.request(method, f"/api/v1{path}", json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    async def space(self, name: str, *guests: str) -> dict[str, str]:
        """Makes a space with its doors open; returns the tokens of the host and the guests, by name."""
        body = {"id": name, "title": f"The {name}", "host_name": "host", "language": "en"}
        made = await self.call("POST", "/spaces", body)
        tokens = {"host": str(made["invitation"]["token"])}
        for guest in guests:
            tokens[guest] = str((await self.call("POST", f"/spaces/{name}/invitations", {"name": guest}))["token"])
        await self.call("POST", f"/spaces/{name}/doors")
        return tokens

    def whip(self, space: str) -> str:
        return f"http://{self.settings.host}:{self.settings.port}/whip/{space}"

    def audience(self, space: str, path: str = "") -> str:
        return f"http://{self.settings.host}:{self.settings.audience_port}/s/{space}{path}"

    async def state(self, space: str) -> str:
        return str((await self.call("GET", f"/spaces/{space}"))["state"])

    async def until(
        self, space: str, condition: Callable[[dict[str, Any]], bool], reason: str, within_s: float = PATIENCE_S
    ) -> dict[str, Any]:
        """Waits until the house's view of a space fulfils the condition; returns it. A house that was killed is waited
        for."""
        view: dict[str, Any] = {}
        deadline = asyncio.get_running_loop().time() + within_s
        while asyncio.get_running_loop().time() < deadline:
            with suppress(httpx.TransportError):
                view = await self.call("GET", f"/spaces/{space}")
                if condition(view):
                    return view
            await asyncio.sleep(0.1)
        raise AssertionError(f"waited {within_s} s in vain: {reason}; it is {view}")

    def worker(self, name: str) -> ChildProcess:
        return next(worker for worker in self.supervisor.workers if worker.name == name)

    async def kill(self, name: str) -> None:
        """Kill -9, and wait until the supervisor has started the process again."""
        worker = self.worker(name)
        assert worker.pid is not None, f"{name} is not running"
        starts = worker.starts
        os.kill(worker.pid, signal.SIGKILL)
        await eventually(lambda: worker.starts > starts and worker.pid is not None, f"{name} is started again")


@asynccontextmanager
async def whole(folder: Path, *, edges: int = 2, host: str = "127.0.0.1", **settings: Any) -> AsyncIterator[Whole]:
    """Everything up at an address of this machine; ends in order, and every process is gone afterwards.

    On its bus nobody tried what it may not.

    Without captions, unless the settings say otherwise: their model takes seconds of a processor to load.
    """
    port, audience_port = free_ports(2)
    name = "localhost" if host == "127.0.0.1" else host
    scheme = "https" if settings.get("tls_cert") else "http"
    configured = Settings(
        data=str(folder), host=host, port=port, audience_port=audience_port, edges=edges,
        public_url=f"{scheme}://{name}:{port}", audience_url=f"{scheme}://{host}:{audience_port}",
        **({"captions": "off"} | settings),
    )  # fmt: skip
    async with app.running(configured, logs=folder / "logs") as supervisor:
        headers = {"Authorization": f"Bearer {config.admin_token(configured)}"}
        async with httpx.AsyncClient(
            base_url=f"{scheme}://{host}:{port}", headers=headers, trust_env=False, timeout=PATIENCE_S, verify=False
        ) as client:
            yield Whole(configured, supervisor, client)
        pids = [worker.pid for worker in supervisor.workers]
    told = (folder / "logs" / "nats-server.log").read_text().splitlines()
    refused = [line for line in told if "Violation" in line or "authentication error" in line]
    assert not refused, f"the bus refused what the table of permissions lacks: {refused}"
    left = [pid for pid in pids if pid is not None and psutil.pid_exists(pid)]
    assert not left, f"processes were left behind: {left}"


def in_turn(first: Samples, second: Samples, pause_s: float = 0.5) -> tuple[Samples, Samples]:
    """Two voices as two microphones hear them when the people take turns: each is silent while the other talks."""
    pause = np.zeros(round(pause_s * 48_000), dtype=np.float32)
    silent = np.zeros_like
    return (
        np.concatenate([first, pause, silent(second), pause]),
        np.concatenate([silent(first), pause, second, pause]),
    )
