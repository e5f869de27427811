"""The one place that wires: what runs, in which order, with which settings.

``up`` starts the bus, prepares what all roles need, starts every role as a process of its own and keeps them alive.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from stentor import logfiles
from stentor.audio import hold, music
from stentor.base import certificates, config, domain, folder, keys, log, private, started, tls
from stentor.base.clock import wall
from stentor.base.config import Settings
from stentor.base.descriptors import descriptors
from stentor.base.errors import BadInput, Malformed, NotFound, Overloaded, SetupError
from stentor.bus import disk, server, streams
from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from stentor.captions import whisper
from stentor.environment import role_environment, system
from stentor.rehearsal import certificate
from stentor.rehearsal.configuration import Configuration, current, differences
from stentor.spaces import attendance, retention
from stentor.store.database import unsafe
from stentor.store.objects import Objects
from stentor.store.spaces import Store
from stentor.supervisor import ChildProcess, Supervisor
from stentor.wire import forwarded

PROGRAMMES = 2
"""One speaks, one stands by hot."""
EXCHANGE_S = 1.0
"""So soon does the embedded bus take new passwords."""
LEADER_S = 30.0
"""Servers of a bus that begin together choose a leader in 4 to 9 s; where votes are split, once more."""
HEALTH_S = 2.0
READY_S = 60.0
"""Ten processes load in five seconds on two idle cores, in half a minute on very busy ones."""
HOLD_KEY = "hold/default"
HOLD_LABEL = "Stentor: lo-fi, first edition"
"""Another label makes every installation encode the music anew."""

Step = Callable[[str], None]
"""Told what is being done now, for a progress line."""


@asynccontextmanager
async def running(
    settings: Settings, *, on_step: Step = lambda _: None, logs: Path | None = None
) -> AsyncIterator[Supervisor]:
    """Everything, up and answering. Ends all of it in order on leaving.

    ``logs`` is a folder for the processes' output; without it they share this process's. Raises :class:`SetupError`
    with one sentence for whatever the operator must mend.
    """
    folder.make(settings.folder)
    with folder.held(settings.folder):
        async with _running(settings, on_step, logs) as supervisor:
            yield supervisor


@asynccontextmanager
async def _running(settings: Settings, on_step: Step, logs: Path | None) -> AsyncIterator[Supervisor]:
    started.remember(settings)
    if domain.managed(settings):
        domain.begin(settings)
    await check(settings)
    settings = measured(settings, on_step)
    supervisor = Supervisor()
    minding: list[asyncio.Task[None]] = []
    try:
        minding.append(asyncio.create_task(logfiles.keep(logs or settings.folder / "logs"), name="log files"))
        if not settings.nats_url:
            settings, bus = await _start_bus(supervisor, settings, on_step, logs)
            minding.append(asyncio.create_task(disk.watch(settings.folder, bus.restart), name="disk of the bus"))
            minding.append(asyncio.create_task(_exchange_passwords(settings, bus), name="passwords of the bus"))
        await prepare(settings, on_step)
        on_step("starting the roles")
        supervisor.start(workers(settings, logs))
        await _ready(settings, supervisor, logs)
        yield supervisor
    finally:
        for task in minding:
            task.cancel()
        await supervisor.stop(lambda names: on_step(f"ending {', '.join(names)}"))


def workers(settings: Settings, logs: Path | None) -> list[ChildProcess]:
    """The role processes of one machine."""
    counts = {"house": 1, "stage": 1, "programme": PROGRAMMES, "archive": 1, "edge": settings.edge_count}
    counts["courier"] = 1
    counts["https"] = int(domain.managed(settings))
    counts["captions"] = int(settings.captions != "off" and whisper.installed())
    machine = re.sub(r"[^A-Za-z0-9-]+", "-", socket.gethostname())  # an instance's name is its own on the whole bus
    return [
        ChildProcess(
            f"{role}-{index}",
            [sys.executable, "-P", "-m", "stentor", "role", role, "--instance", f"{role}-{index}-{machine}"],
            role_environment(role, settings),
            output=logs / f"{role}-{index}.log" if logs else None,
        )
        for role, count in counts.items()
        for index in range(count)
    ]


def measured(settings: Settings, on_step: Step) -> Settings:
    """With the places of an edge that readiness certificates show of this configuration, the largest claim of all that
    hold; what the operator has set stays.
    """
    if settings.edge_listeners:
        return settings
    now = expected(settings)
    best, places, changed = None, 0, ""
    for file in certificates.kept(settings.folder):
        try:
            shown = certificate.own(settings, file)
        except BadInput as error:
            on_step(f"leaving {file.name} aside ({error})")
            continue
        claim = certificate.places(shown) if shown else None
        if shown is None or claim is None:
            continue
        changed = ", ".join(differences(shown.configuration, now))
        if not changed and claim > places:
            best, places = shown, claim
    if best is not None and places < descriptors():
        day = datetime.fromtimestamp(best.at_ms / 1000, UTC).date()
        on_step(f"giving each edge {places:,} places, as the readiness certificate of {day} shows")
        return msgspec.structs.replace(settings, edge_listeners=places)
    if best is None and changed:
        on_step(f"leaving the readiness certificate aside ({changed}: rehearse again)")
    return settings


def expected(settings: Settings) -> Configuration:
    """The configuration once all roles of this machine are up."""
    processes = [
        {"role": worker.name.rpartition("-")[0], "numbers": {"capacity": descriptors()}}
        for worker in workers(settings, None)
    ]
    return current(settings, processes, settings.audience_address)


async def check(settings: Settings) -> None:
    """Everything that can be known before starting. Raises :class:`SetupError`."""
    folder.make(settings.folder)
    if settings.port == settings.audience_port:
        raise SetupError(f"The house and the audience both have port {settings.port}; give them different ones.")
    _loopback()
    for port, option in ((settings.port, "--port"), (settings.audience_port, "--audience-port")):
        _free(settings.host, port, option)
    private.guard(settings, lambda path: log.get("up").warning("secret-file-tightened", file=str(path)))
    if domain.managed(settings):
        _free(settings.host, settings.http_port, "--http-port")
    if settings.captions == "on" and not whisper.installed():
        raise SetupError(whisper.EXTRA)
    _ = settings.udp_range
    tls.configured(settings, clock=wall)
    forwarded.networks(settings.trusted_proxies)
    attendance.parse(settings.end_after)
    retention.of_site(settings)
    store = await Store.open(settings.database_address, whole=True)
    try:
        if await store.used():
            config.require_secrets(settings)
    finally:
        await store.close()
    keys.write(settings, keys.folder(settings))
    Objects.open(settings.recordings_address)


async def check_store(settings: Settings) -> list[str]:
    """Opens the database once, looks it through, and brings its tables up to date; settings of its server by which a
    power cut loses something (``store.database.unsafe``). Raises :class:`SetupError`."""
    store = await Store.open(settings.database_address, whole=True)
    try:
        return await store.work.read(unsafe)
    finally:
        await store.close()


async def prepare(settings: Settings, on_step: Step) -> None:
    """What all roles need: streams, buckets and the hold music, encoded once."""
    async with join(settings, OPERATOR, name="up") as bus:
        make = partial(streams.prepare, bus, hours=settings.bus_hours, most_bytes=round(settings.bus_gb * 1e9))
        await _until_led(make, on_step)
    objects = Objects.open(settings.recordings_address)
    try:
        if hold.decode(await objects.get(HOLD_KEY)).label == HOLD_LABEL:
            return
    except (NotFound, Malformed):
        pass
    on_step("preparing the hold music (once)")
    await objects.put(HOLD_KEY, await asyncio.to_thread(_default_hold))


async def _until_led(make: Callable[[], Awaitable[None]], on_step: Step) -> None:
    """Makes the streams. The servers of a cluster that has just begun answer before they have chosen a leader, and
    until then keep nothing: that is waited for. Raises :class:`Overloaded` after :data:`LEADER_S`.
    """
    deadline = asyncio.get_running_loop().time() + LEADER_S
    while True:
        try:
            await make()
            return
        except Overloaded as error:
            if asyncio.get_running_loop().time() >= deadline:
                raise
            on_step(f"waiting for the bus ({error.detail})")
            await asyncio.sleep(error.retry_after_s)


def _default_hold() -> bytes:
    return hold.encode(music.default_loop(HOLD_LABEL))


async def _start_bus(
    supervisor: Supervisor, settings: Settings, on_step: Step, logs: Path | None
) -> tuple[Settings, ChildProcess]:
    on_step("starting the bus")
    url = server.address(settings)
    _free("127.0.0.1", int(url.rpartition(":")[2]), "STENTOR_NATS_PORT")
    output = (logs or settings.folder / "logs") / "nats-server.log"
    worker = ChildProcess("nats-server", server.command(settings, _users(settings)), system(), output=output)
    supervisor.start([worker])
    await server.wait_ready(url, output, lambda: worker.starts)
    return msgspec.structs.replace(settings, nats_url=url), worker


def _users(settings: Settings) -> dict[str, tuple[str, str]]:
    """Who may come to the embedded bus."""
    secret = keys.bus_secret(keys.folder(settings))
    return secret.users() if secret else {}


async def _exchange_passwords(settings: Settings, bus: ChildProcess) -> None:
    """Lets the embedded bus know of new passwords (`stentor keys --exchange`); for ever."""
    known = _users(settings)
    while True:
        await asyncio.sleep(EXCHANGE_S)
        users = _users(settings)
        if users != known:
            server.configure(settings, users)
            bus.reload()
            known = users


async def _ready(settings: Settings, supervisor: Supervisor, logs: Path | None) -> None:
    """Waits until house and edges answer."""
    deadline = asyncio.get_running_loop().time() + READY_S
    for port, proxied in ((settings.port, False), (settings.audience_port, settings.proxy_protocol == "on")):
        while not await healthy(settings, port, proxied=proxied):
            if asyncio.get_running_loop().time() > deadline:
                where = logs or "the logs"
                dead = [worker.name for worker in supervisor.workers if worker.pid is None]
                raise SetupError(
                    f"Nothing healthy answers on port {port} after {READY_S:.0f} s"
                    + (f"; {', '.join(dead)} died: see {where}." if dead else f"; see {where}.")
                )
            await asyncio.sleep(0.1)


async def healthy(settings: Settings, port: int, *, proxied: bool) -> bool:
    """Whether ``/healthz`` on this machine says yes, asked as a proxy would (PROXY header, then TLS)."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    try:
        context = tls.trusting(settings)
        async with asyncio.timeout(HEALTH_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                if proxied:
                    writer.write(b"PROXY UNKNOWN\r\n")
                if isinstance(context, ssl.SSLContext):
                    await writer.start_tls(context)
                writer.write(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            finally:
                writer.transport.abort()
    except OSError:  # a timeout and TLS's errors are some too
        return False


def _loopback() -> None:
    """Raises :class:`SetupError` on a machine whose processes cannot reach each other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("127.0.0.1", 9))  # nothing is sent
        except OSError as error:
            raise SetupError(
                "The loopback network (127.0.0.1) is down, by which Stentor's processes reach each other: "
                "ip link set lo up."
            ) from error


def _free(host: str, port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise SetupError(f"Port {port} needs the right to bind it; use one above 1023 with {option}.") from error
        except OSError as error:
            raise SetupError(
                f"Port {port} on {host} cannot be used ({error.strerror}); choose another with {option}."
            ) from error
