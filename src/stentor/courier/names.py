"""Looks up the names of hosts, many at once: one whose name server says nothing keeps no other waiting.

The loop's own way has four threads for all, and a name that nobody answers for holds one of them for ten seconds. Here
a few threads take one name after the other without a pause, and what they find goes to the loop together; while names
wait behind them, there are more threads.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, NamedTuple

from aiohttp.abc import AbstractResolver, ResolveResult

FEW: Final = 8
"""Threads that are begun as names come. Each that is woken up costs as much as a look into the system's files."""
AT_ONCE: Final = 512
"""Threads at most, which wait and do nothing else. Of 20,000 hosts that are told in three minutes some hundreds may
have name servers that say nothing: with 64 threads those held all of them, and names of living hosts waited."""
LOOK_S: Final = 0.05
"""Where names still wait after so long there are half as many threads more, and again."""
IDLE_S: Final = 10.0
"""A thread that has had nothing to do for so long ends."""
PATIENCE: Final = "timeout:2 attempts:2"
"""Of the system's resolver (resolv.conf(5)): it waits ten seconds otherwise, longer than anybody for a connection."""


def hurry() -> None:
    """Has the system's resolver wait no longer, unless the operator has set ``RES_OPTIONS``. It reads that once in a
    process: before the first name."""
    os.environ.setdefault("RES_OPTIONS", PATIENCE)


class _Wanted(NamedTuple):
    host: bytes
    port: int
    family: int
    found: asyncio.Future[list[Any]]


class NameLookup(AbstractResolver):
    """The system's resolver, with its files and its order. Made and used on one loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wanted: SimpleQueue[_Wanted | None] = SimpleQueue()
        self._found: deque[tuple[_Wanted | None, list[Any] | OSError]] = deque()
        """What threads have found; None of one that has ended."""
        self._told = False
        """The loop is told that there is something."""
        self.threads = self._under_way = 0
        self._look: asyncio.TimerHandle | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of a host; raises OSError for one that is none."""
        wanted = _Wanted(_encoded(host), port, family, self._loop.create_future())
        self._wanted.put(wanted)
        self._under_way += 1
        if self.threads < min(self._under_way, FEW):
            self._begin(1)
        if self._look is None:
            self._look = self._loop.call_later(LOOK_S, self._more)
        return [
            ResolveResult(
                hostname=host,
                host=_numeric(address),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in await wanted.found
            if len(address) >= 2 and isinstance(address[0], str)
        ]

    async def close(self) -> None:
        if self._look is not None:
            self._look.cancel()
        for _ in range(self.threads):
            self._wanted.put(None)

    # On the loop.

    def _begin(self, count: int) -> None:
        for _ in range(min(count, AT_ONCE - self.threads)):
            self.threads += 1
            Thread(target=self._work, name="names", daemon=True).start()

    def _more(self) -> None:
        """Those that are there are too few, or wait for name servers that say nothing."""
        self._look = None
        if waiting := self._wanted.qsize():
            self._begin(min(waiting, 1 + self.threads // 2))
            self._look = self._loop.call_later(LOOK_S, self._more)

    def _take(self) -> None:
        self._told = False
        while self._found:
            wanted, found = self._found.popleft()
            if wanted is None:
                self.threads -= 1
                continue
            self._under_way -= 1
            if wanted.found.done():
                continue  # nobody waits any more
            if isinstance(found, OSError):
                wanted.found.set_exception(found)
            else:
                wanted.found.set_result(found)

    # In threads.

    def _work(self) -> None:
        try:
            while (wanted := self._wanted.get(timeout=IDLE_S)) is not None:
                self._tell(wanted, _looked_up(wanted))
        except Empty:
            pass
        self._tell(None, [])

    def _tell(self, wanted: _Wanted | None, found: list[Any] | OSError) -> None:
        self._found.append((wanted, found))
        if not self._told:
            self._told = True
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._take)


def _looked_up(wanted: _Wanted) -> list[Any] | OSError:
    try:
        return socket.getaddrinfo(wanted.host, wanted.port, wanted.family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    except OSError as error:
        return error
    except ValueError as error:  # such as a label that is too long
        return socket.gaierror(socket.EAI_NONAME, str(error))


def _encoded(host: str) -> bytes:
    """As it is asked for. Raises OSError for what is no name."""
    try:
        return host.encode("ascii" if host.isascii() else "idna")
    except ValueError as error:
        raise socket.gaierror(socket.EAI_NONAME, "this is no name") from error


def _numeric(address: tuple[object, ...]) -> str:
    """With the scope of an address of the link, which is a number behind it."""
    scope = address[3] if len(address) > 3 else 0
    return f"{address[0]}%{scope}" if scope and "%" not in str(address[0]) else str(address[0])
