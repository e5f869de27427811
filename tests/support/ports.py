"""Ports for servers of tests, which no other test running at the same time takes meanwhile.

Between the choice of a port and the moment in which its server begins lie seconds, and as many while a server is killed
and started again. So a port that was given belongs to this process until it ends: no other one of this machine that
runs tests gets it, and nobody gets it twice. Locks on bytes of one file say so; they end with their process.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Final

PORTS: Final = range(20_000, 32_768)
"""Below those that Linux gives to connections (ip_local_port_range): none of thousands of listeners gets a server's
port."""
_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """TCP ports of this machine that are free now."""
    found: list[int] = []
    with ExitStack() as stack:
        for port in random.sample(PORTS, len(PORTS)):
            if len(found) == count:
                break
            probe = stack.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            if _take(port):
                found.append(port)
    assert len(found) == count, "there are not enough free ports"
    return found


def free_port() -> int:
    return free_ports(1)[0]


def _take(port: int) -> bool:
    """Whether it is nobody's, and now this process's."""
    if port in _given:
        return False
    try:
        fcntl.lockf(_register(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except BlockingIOError:
        return False
    _given.add(port)
    return True


@cache
def _register() -> int:
    """The file, whose bytes nobody reads; open as long as this process is there, for the locks end with that."""
    file = Path(tempfile.gettempdir(), f"stentor-ports-of-{os.geteuid()}")
    return os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
