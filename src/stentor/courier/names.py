"""Looks up the names of hosts, many at once: one whose name server says nothing keeps no other waiting.

The loop's own way has four threads for all, and a name that nobody answers for holds one of them for ten seconds.
"""

from __future__ import annotations

import asyncio
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

AT_ONCE: Final = 512
"""A thread each, which waits and does nothing else. Of 20,000 hosts that are told in three minutes some hundreds may
have name servers that say nothing: with 64 threads those held all of them, and names of living hosts waited."""
PATIENCE: Final = "timeout:2 attempts:2"
"""Of the system's resolver (resolv.conf(5)): it waits ten seconds otherwise, longer than anybody for a connection."""


def hurry() -> None:
    """Has the system's resolver wait no longer, unless the operator has set ``RES_OPTIONS``. It reads that once in a
    process: before the first name."""
    os.environ.setdefault("RES_OPTIONS", PATIENCE)


class NameLookup(AbstractResolver):
    """The system's resolver, with its files and its order."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of a host; raises OSError for one that is none."""
        look = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look)
        return [
            ResolveResult(
                hostname=host,
                host=_numeric(address),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
            if len(address) >= 2 and isinstance(address[0], str)
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _numeric(address: tuple[object, ...]) -> str:
    """With the scope of an address of the link, which is a number behind it."""
    scope = address[3] if len(address) > 3 else 0
    return f"{address[0]}%{scope}" if scope and "%" not in str(address[0]) else str(address[0])
