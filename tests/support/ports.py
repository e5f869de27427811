"""Ports for servers of tests, which no other test running at the same time takes meanwhile."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack
from typing import Final

PORTS: Final = range(20_000, 32_768)
"""Below those that Linux gives to connections (ip_local_port_range): none of thousands of listeners gets a server's
port before it has begun, or while it is killed and started again."""


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
            found.append(port)
    assert len(found) == count, "there are not enough free ports"
    return found


def free_port() -> int:
    return free_ports(1)[0]
