"""The listening sockets of an edge, which the edges of a machine share: the kernel spreads connections over them."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path

from stentor.base.errors import SetupError

SEND_BUFFER_BYTES = 64 * 1024
"""The kernel's share for each listener: without a limit it grows to megabytes for one that does not read."""
UNACKNOWLEDGED_MS = 20_000
"""TCP_USER_TIMEOUT: a peer that is gone without a word is noticed after 20 s of silence to what we send."""
BACKLOG = 4096
"""Connections the kernel keeps until we take them: half a second of a stampede."""
_LISTENING = "0A"
_TABLES = (Path("/proc/self/net/tcp"), Path("/proc/self/net/tcp6"))
_LOCAL, _STATE, _INODE = 1, 3, 9
"""Columns of those tables (proc(5))."""


def listen_on(host: str, port: int) -> list[socket.socket]:
    """Listening sockets that other edges may share. Raises :class:`SetupError`."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
            one = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # Accepted sockets inherit these.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
            one.setblocking(False)
            one.bind(address)
            one.listen(BACKLOG)
    except OSError as error:
        for one in sockets:
            one.close()
        raise SetupError(
            f"The edge cannot listen on {host} port {port}: {error.strerror}. "
            "Stop what uses it, or set STENTOR_AUDIENCE_PORT to another port."
        ) from error
    return sockets


def shared(sockets: Sequence[socket.socket]) -> bool:
    """Whether another process of this machine listens on the port too, and gets what comes once we do not.

    False where the system does not say.
    """
    ports = {f"{one.getsockname()[1]:04X}" for one in sockets}
    ours = {str(os.fstat(one.fileno()).st_ino) for one in sockets}
    for table in _TABLES:
        try:
            rows = [line.split() for line in table.read_text("ascii").splitlines()[1:]]
        except OSError:
            continue
        for row in rows:
            same_port = row[_STATE] == _LISTENING and row[_LOCAL].rpartition(":")[2] in ports
            if same_port and row[_INODE] not in ours:
                return True
    return False
