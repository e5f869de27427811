"""Stentor on several machines: three NATS servers, a PostgreSQL, and two machines that each run ``stentor up``.

Every machine is a network namespace (``tests.support.namespaces``); recordings are in one folder, as on a shared disk.
The NATS servers run the recipe ``deploy/nats.conf``, with passwords and TLS.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from stentor.base import config, keys
from stentor.base.config import Settings
from stentor.bus import server
from tests.support import postgres
from tests.support.certificates import Authority
from tests.support.namespaces import Network
from tests.support.recipes import recipe, stentor

SERVERS = ("a", "b", "c")
MACHINES = ("m1", "m2")
EDGES = 2
"""Edge processes on each machine."""
DATABASE = "db"
PUBLIC = "public"
"""The machine on which speakers and listeners are."""
UP_S = 60.0
STOP_S = 20.0


class Process:
    """What a machine runs; ``again`` starts it anew after a kill."""

    def __init__(self, network: Network, machine: str, command: list[str], output: Path, env: dict[str, str]) -> None:
        self._network, self._machine = network, machine
        self._command = network.on(machine, *command)
        self._output, self._env = output, env
        self._process: subprocess.Popen[bytes] | None = None
        self.again()

    def again(self) -> None:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output, env=self._env)

    def kill(self) -> None:
        """Kill -9 for everything on the machine, all at once, as when its power fails."""
        assert self._process is not None
        for pid in self._network.processes(self._machine):
            os.kill(pid, signal.SIGKILL)
        self._process.wait()

    async def restart(self) -> None:
        """Asks it to end and starts it anew, as an upgrade does."""
        await asyncio.to_thread(self.stop)
        self.again()

    def stop(self) -> None:
        """Asks it to end, and kills it when it does not."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Cluster:
    """Everything, running. ``clients`` are the REST API of each machine's house, as the admin."""

    def __init__(self, network: Network, folder: Path) -> None:
        self.network = network
        self.folder = folder
        self.servers: dict[str, Process] = {}
        self.machines: dict[str, Process] = {}
        self.clients: dict[str, httpx.AsyncClient] = {}
        self.database: Process
        self.authority: Authority

    @property
    def bus(self) -> Settings:
        """The bus, for the one who has the first machine's keys."""
        return Settings(
            keys=str(self.folder / MACHINES[0] / "keys"),
            nats_url=",".join(f"tls://{self.network.address(name)}:4222" for name in SERVERS),
            nats_ca=str(self.authority.ca),
        )

    def whip(self, machine: str, space: str) -> str:
        return f"http://{self.network.address(machine)}:8080/whip/{space}"

    def audience(self, machine: str, space: str, path: str = "") -> str:
        return f"http://{self.network.address(machine)}:8081/s/{space}{path}"

    async def call(self, machine: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call of one house's REST API; fails with the problem's text."""
        reply = await self.clients[machine].request(method, f"/api/v1{path}", json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    async def stentor(self, machine: str, *arguments: str) -> str:
        """A command on a machine; gives what it printed, and fails with it."""
        command = self.network.on(machine, sys.executable, "-m", "stentor", *arguments)
        process = await asyncio.create_subprocess_exec(
            *command, env=_environment(self, machine), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        printed = (await process.communicate())[0].decode()
        assert process.returncode == 0, printed
        return printed

    def leader(self, stream: str) -> str:
        """Which NATS server leads a stream."""
        for name in SERVERS:
            if (leader := self._seen(name, stream).get("leader", "")) in SERVERS:
                return str(leader)
        raise AssertionError(f"nobody leads {stream}")

    def in_step(self, stream: str) -> bool:
        """Whether all servers are there and have all of a stream."""
        for name in SERVERS:
            seen = self._seen(name, stream)
            if seen.get("leader") == name:
                copies = seen.get("replicas", [])
                return len(copies) == len(SERVERS) - 1 and all(copy["current"] for copy in copies)
        return False

    def _seen(self, server_name: str, stream: str) -> dict[str, Any]:
        """A stream's cluster as one server's monitoring tells it; empty when it does not answer."""
        with self.network.inside(server_name):
            try:
                answer = urllib.request.urlopen("http://127.0.0.1:8222/jsz?streams=true", timeout=2).read()
            except OSError:
                return {}
        for account in json.loads(answer).get("account_details", []):
            for found in account.get("stream_detail", []):
                if found["name"] == stream:
                    return dict(found["cluster"])
        return {}


@asynccontextmanager
async def cluster(network: Network, folder: Path) -> AsyncIterator[Cluster]:
    """Made and ended in order; this thread is on the machine ``public`` meanwhile."""
    made = Cluster(network, folder)
    for name in (*SERVERS, DATABASE, *MACHINES, PUBLIC):
        network.machine(name)
    made.authority = Authority(folder, [network.address(name) for name in SERVERS])
    _secrets(folder)
    stentor("bus", str(folder / "accounts.conf"), "--regions", keys=folder / MACHINES[0] / "keys")
    async with AsyncExitStack() as stack:
        for name in SERVERS:
            made.servers[name] = Process(
                network, name, _nats(made, name), folder / f"nats-{name}.log", dict(os.environ)
            )
            stack.callback(made.servers[name].kill)
        made.database = stack.enter_context(_postgres(network, folder))
        stack.enter_context(network.inside(PUBLIC))
        for name in SERVERS:
            url = f"nats://{network.address(name)}:4222"
            await _until(partial(server.answers, url), f"NATS {name} answers")
        for name in MACHINES:
            process = Process(network, name, _up(name), folder / f"{name}.log", _environment(made, name))
            made.machines[name] = process
            stack.callback(process.stop)
            made.clients[name] = httpx.AsyncClient(
                base_url=f"http://{network.address(name)}:8080",
                headers={"Authorization": f"Bearer {config.admin_token(Settings(data=str(folder / name)))}"},
                trust_env=False,
                timeout=10,
            )
            stack.push_async_callback(made.clients[name].aclose)
            await _until(partial(_healthy, made, name), f"{name} is up: see {folder}/{name}.log")
        yield made


def _nats(made: Cluster, name: str) -> list[str]:
    """The command for the recipe, with this machine's name and addresses, and its monitoring on."""
    text = recipe(
        "nats.conf",
        made.authority,
        {
            'server_name: "a"': f'server_name: "{name}"\nhttp: "127.0.0.1:8222"',
            "/var/lib/nats": str(made.folder / f"nats-{name}"),
            "<password>": "a-secret-of-servers",
            **{f"@{other}:6222": f"@{made.network.address(other)}:6222" for other in SERVERS},
        },
    )
    file = made.folder / f"nats-{name}.conf"
    file.write_text(text)
    return [server.program(), "-c", str(file)]


@contextmanager
def _postgres(network: Network, folder: Path) -> Iterator[Process]:
    """A PostgreSQL on its machine, with an empty database ``stentor``; it runs as a user of its own."""
    with ExitStack() as stack:
        embedded = postgres.module(folder)
        data = folder / "postgres"
        first = embedded.get_server(data, cleanup_mode="stop")
        first.psql("CREATE DATABASE stentor")
        user = first.system_user
        first.cleanup()
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.77.0.0/24 trust\n")
        command = [
            *("setpriv", "--reuid", user, "--regid", user, "--clear-groups"),
            *(str(embedded.POSTGRES_BIN_PATH / "postgres"), "-D", str(data), "-F"),
            *("-c", "listen_addresses=*", "-c", "unix_socket_directories="),
        ]
        process = Process(network, DATABASE, command, folder / "postgres.log", dict(os.environ))
        stack.callback(process.kill)
        yield process


def _secrets(folder: Path) -> None:
    """The first machine makes its keys, the others get copies."""
    settings = Settings(data=str(folder / MACHINES[0]))
    config.signing_key(settings)
    config.admin_token(settings)
    keys.write(settings, keys.folder(settings))
    for name in MACHINES[1:]:
        shutil.copytree(folder / MACHINES[0], folder / name)


def _up(name: str) -> list[str]:
    """The command on a machine that bears its own host name, as processes' names have it in them."""
    named = f'echo {name} > /proc/sys/kernel/hostname && exec "$@"'
    return ["unshare", "--uts", "sh", "-c", named, "sh", sys.executable, "-m", "stentor", "up"]


def _environment(made: Cluster, name: str) -> dict[str, str]:
    address = made.network.address(name)
    settings: Mapping[str, object] = {
        "data": made.folder / name,
        "edges": EDGES,
        "public_url": f"http://{address}:8080",
        "audience_url": f"http://{address}:8081",
        "nats_url": made.bus.nats_url,
        "nats_ca": made.bus.nats_ca,
        "database_url": f"postgresql://postgres@{made.network.address(DATABASE)}/stentor",
        "recordings_url": (made.folder / "objects").as_uri(),
    }
    return dict(os.environ) | {config.PREFIX + key.upper(): str(value) for key, value in settings.items()}


async def _until(check: Callable[[], Awaitable[bool]], reason: str) -> None:
    """Waits :data:`UP_S` for something that is asked over the network."""
    deadline = asyncio.get_running_loop().time() + UP_S
    while not await check():
        assert asyncio.get_running_loop().time() < deadline, f"waited in vain: {reason}"
        await asyncio.sleep(0.1)


async def _healthy(made: Cluster, name: str) -> bool:
    try:
        return all(
            [
                (await made.clients[name].get(f"http://{made.network.address(name)}:{port}/healthz")).is_success
                for port in (8080, 8081)
            ]
        )
    except httpx.TransportError:
        return False
