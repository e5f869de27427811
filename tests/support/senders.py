"""People and hostile senders of a real night, as a process of its own: ``python -m tests.support.senders ORDER``.

Each has an address of its own in 127.0.0.0/8. What they did stands in a ledger, a line a second, that is printed at the
end; the product never sees it. At most a few hundred connections for half a minute, to an address of this machine.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import uvloop

BROWSER = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
PULSE_S, RETRY_S = 3.0, (2.0, 5.0)
PART = re.compile(rb'EXT-X-PART:[^\n]*URI="([^"]+)"')
FILES = ("", "/door.json", "/ticket", "/pulse.json", "/comments.json")
"""What a page asks for, about."""


@dataclass(frozen=True)
class Crowd:
    """Which part comes within so many seconds, and the rest until late; which part shares few addresses."""

    at_once: float
    within_s: float
    shared: float = 0.0
    addresses: int = 1
    bare: float = 0.2
    """Players without a page."""
    reloads: int = 0
    """How often somebody who is told to wait loads the page once more, a second later."""


CROWDS = {
    "push": Crowd(0.7, 4.0),
    "school": Crowd(0.6, 4.0, shared=0.5),
    "steady": Crowd(0.9, 3.0, shared=0.1),
    "flash": Crowd(0.3, 10.0),
    "carrier": Crowd(0.5, 6.0, shared=0.7, addresses=6),
    "hotel": Crowd(0.5, 6.0, shared=0.9, addresses=12, bare=0.5),
    "reloaders": Crowd(0.5, 4.0, reloads=4),
}


class Order(msgspec.Struct, frozen=True):
    """One night. ``attack`` is one of :data:`ATTACKS` or empty."""

    number: int
    port: int
    space: str
    seconds: float
    people: int
    crowd: str = "push"
    attack: str = ""
    hostile: int = 0
    """Sources; of slow readers the places that they want."""
    hasty_pages: bool = False
    """The people's own pages ask far too often: a fault."""
    robots: int = 5
    """Monitors."""


class Second(msgspec.Struct):
    """By side, the audience first: who wants to hear, who does, and what has been sent since the beginning."""

    at_ms: int
    wants: list[int]
    hears: list[int]
    requests: list[int]
    connections: list[int]


@dataclass
class Side:
    wants: int = 0
    hears: int = 0
    requests: int = 0
    connections: int = 0


@dataclass
class Night:
    order: Order
    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(), Side()))
    seconds: list[Second] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.order.number)
        self.path = f"/s/{self.order.space}"

    async def run(self) -> None:
        order = self.order
        acts: list[Awaitable[None]] = [self._person(number) for number in range(order.people)]
        acts += [self._robot(number) for number in range(order.robots)]
        if order.attack:
            act = ATTACKS[order.attack]
            acts += [self._hostile(act, number) for number in range(order.hostile)]
        tasks = [asyncio.ensure_future(act) for act in acts]
        for _ in range(round(order.seconds)):
            await asyncio.sleep(1.0)
            self.seconds.append(
                Second(
                    round(time.time() * 1000),
                    *(
                        [getattr(side, name) for side in self.sides]
                        for name in ("wants", "hears", "requests", "connections")
                    ),
                )
            )
        for task in tasks:
            task.cancel()
        for told in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(told, Exception) and not isinstance(told, OSError | asyncio.IncompleteReadError):
                raise told

    def source(self, group: int, number: int) -> str:
        """127.(100 + night).group.number; behind the first of a group may be many."""
        return f"127.{100 + self.order.number % 100}.{group}.{1 + number}"

    async def open(self, source: str, side: Side) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        side.connections += 1
        return await asyncio.open_connection("127.0.0.1", self.order.port, local_addr=(source, 0))

    async def ask(
        self, lines: tuple[asyncio.StreamReader, asyncio.StreamWriter], side: Side, path: str, *, method: str = "GET",
        body: bytes = b"",
    ) -> tuple[int, bytes]:  # fmt: skip
        """One request and its reply, to the end; of a stream only its head."""
        reader, writer = lines
        if writer.transport.is_closing():
            raise ConnectionResetError
        side.requests += 1
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{method} {self.path}{path} HTTP/1.1\r\nHost: edge\r\n{BROWSER}\r\n{length}\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, found, size = head.partition(b"content-length: ")
        said = await reader.readexactly(int(size.split(b"\r\n", 1)[0])) if found else b""
        return int(head.split(b" ", 2)[1]), said

    # The audience.

    async def _person(self, number: int) -> None:
        order, chance = self.order, random.Random(1000 * self.order.number + number)
        crowd = CROWDS[order.crowd]
        at_once = chance.random() < crowd.at_once
        await asyncio.sleep(chance.uniform(0.1, crowd.within_s if at_once else 0.7 * order.seconds))
        behind = chance.random() < crowd.shared
        source = self.source(0, chance.randrange(crowd.addresses)) if behind else self.source(
            1 + number // 200, number % 200
        )  # fmt: skip
        side = self.sides[0]
        bare, hls = chance.random() < crowd.bare, chance.random() < 0.2
        side.wants += not hls
        page, ticket = None, ""
        if not bare:
            ticket, lines = await self._load(source)
            page = asyncio.ensure_future(self._page(lines, chance))
        try:
            await (self._hls(source, chance, ticket) if hls else self._stream(source, chance, ticket, bare))
        finally:
            side.wants -= not hls
            if page is not None:
                page.cancel()
                await asyncio.gather(page, return_exceptions=True)

    async def _load(
        self, source: str, ticket: str = ""
    ) -> tuple[str, tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """The page, with what it asks for at once; with its ticket comes what it asks for later. Who loads it again has
        one, and keeps it."""
        side = self.sides[0]
        lines = await self.open(source, side)
        for path in FILES:
            _, said = await self.ask(lines, side, path + ticket if path == "/ticket" else path)
            if path == "/ticket":
                ticket = f"?ticket={msgspec.json.decode(said)['ticket']}"
        return ticket, lines

    async def _page(self, lines: tuple[asyncio.StreamReader, asyncio.StreamWriter], chance: random.Random) -> None:
        side = self.sides[0]
        try:
            while True:
                await asyncio.sleep(0.02 if self.order.hasty_pages else PULSE_S * chance.uniform(0.9, 1.1))
                await self.ask(lines, side, "/pulse.json")
        finally:
            lines[1].transport.abort()

    async def _stream(self, source: str, chance: random.Random, ticket: str, bare: bool) -> None:
        side = self.sides[0]
        reloads = 0 if bare else CROWDS[self.order.crowd].reloads
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                lines = await self.open(source, side)
                try:
                    status, _ = await self.ask(lines, side, f"/live.aac{ticket}")
                    if status == 200:
                        side.hears += 1
                        try:
                            while await lines[0].read(65536):
                                pass
                        finally:
                            side.hears -= 1
                finally:
                    lines[1].transport.abort()
            if reloads:
                reloads -= 1
                await asyncio.sleep(chance.uniform(0.5, 1.5))
                with suppress(OSError, asyncio.IncompleteReadError):
                    ticket, lines = await self._load(source, ticket)
                    lines[1].transport.abort()
                continue
            await asyncio.sleep(chance.uniform(*RETRY_S))

    async def _hls(self, source: str, chance: random.Random, ticket: str) -> None:
        side = self.sides[0]
        lines = await self.open(source, side)
        try:
            while True:
                status, _ = await self.ask(lines, side, f"/hls/index.m3u8{ticket}")
                if status == 200:
                    break
                await asyncio.sleep(chance.uniform(*RETRY_S))
            seen = b""
            while True:
                _, playlist = await self.ask(lines, side, "/hls/aac-64.m3u8")
                parts = PART.findall(playlist)
                if parts and parts[-1] != seen:
                    seen = parts[-1]
                    await self.ask(lines, side, f"/hls/{seen.decode()}")
                await asyncio.sleep(0.9)
        finally:
            lines[1].transport.abort()

    async def _robot(self, number: int) -> None:
        """A monitor, like clockwork."""
        source, side = self.source(9, number), self.sides[0]
        await asyncio.sleep(number)
        while True:
            lines = await self.open(source, side)
            await self.ask(lines, side, "/door.json")
            lines[1].transport.abort()
            await asyncio.sleep(10)

    # Who is hostile.

    async def _hostile(self, act: Callable[[Night, str], Awaitable[None]], number: int) -> None:
        await asyncio.sleep(1.0 + self.chance.random())
        source = self.source(10 + number // 200, number % 200)
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                await act(self, source)
            await asyncio.sleep(0.2)

    async def floods(self, source: str, path: Callable[[int], str], pause_s: float, *, method: str = "GET",
                     body: bytes = b"", first: str = "") -> None:  # fmt: skip
        """One request after the other on a connection that is kept."""
        side = self.sides[1]
        lines = await self.open(source, side)
        try:
            if first:
                await self.ask(lines, side, first)
            turn = 0
            while True:
                await self.ask(lines, side, path(turn), method=method, body=body)
                turn += 1
                await asyncio.sleep(pause_s)
        finally:
            lines[1].transport.abort()

    async def brief(self, source: str, data: bytes, pause_s: float, *, path: str | None = None) -> None:
        """A connection for a moment: with bytes, or with one request."""
        side = self.sides[1]
        lines = await self.open(source, side)
        if path is not None:
            await self.ask(lines, side, path)
        elif data and not lines[1].transport.is_closing():
            lines[1].write(data)
            await asyncio.sleep(0.01)
        lines[1].transport.abort()
        await asyncio.sleep(pause_s)

    async def holds(self, source: str, head: bytes, count: int) -> None:
        """Connections that say nothing, or never end what they say."""
        side = self.sides[1]
        lines = [await self.open(source, side) for _ in range(count)]
        try:
            while True:
                for _, writer in lines:
                    if head and not writer.transport.is_closing():
                        writer.write(head)
                await asyncio.sleep(4)
                if all(reader.at_eof() for reader, _ in lines):
                    return
        finally:
            for _, writer in lines:
                writer.transport.abort()

    async def joins(self, source: str) -> None:
        """Is let in, and gone."""
        side = self.sides[1]
        lines = await self.open(source, side)
        status, _ = await self.ask(lines, side, "/live.aac")
        side.hears += status == 200
        await asyncio.sleep(0.2)
        side.hears -= status == 200
        lines[1].transport.abort()

    async def reads_nothing(self, source: str) -> None:
        """A stream of which it takes only the first bytes."""
        side, loop = self.sides[1], asyncio.get_running_loop()
        side.connections += 1
        side.requests += 1
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.setblocking(False)
            one.bind((source, 0))
            await loop.sock_connect(one, ("127.0.0.1", self.order.port))
            await loop.sock_sendall(one, f"GET {self.path}/live.aac HTTP/1.1\r\nHost: edge\r\n\r\n".encode())
            if (await loop.sock_recv(one, 12))[-3:] != b"200":
                await asyncio.sleep(2)
                return
            side.hears += 1
            try:
                await asyncio.sleep(3600)
            finally:
                side.hears -= 1

    async def many_ways(self, source: str) -> None:
        await asyncio.gather(
            self.floods(source, lambda turn: FILES[turn % len(FILES)], 0.03),
            self.floods(source, lambda turn: f"/nowhere/{turn}", 0.03, first="/hls/index.m3u8"),
        )


PLACES_ATTACK = "slow readers"
ATTACKS: dict[str, Callable[[Night, str], Awaitable[None]]] = {
    "page flood": lambda night, source: night.floods(source, lambda _: "", 0.01),
    "connect and hold": lambda night, source: night.holds(source, b"", 20),
    "slow heads": lambda night, source: night.holds(source, b"GET / HTTP/1.1\r\nX-Slow: 1\r\n", 20),
    PLACES_ATTACK: lambda night, source: night.reads_nothing(source),
    "join and leave": lambda night, source: night.joins(source),
    "door flood": lambda night, source: night.floods(source, lambda _: "/door.json", 0.01),
    "connect and close": lambda night, source: night.brief(source, b"", 0.0),
    "ticket farm": lambda night, source: night.floods(source, lambda _: "/ticket", 0.01),
    "404 scan": lambda night, source: night.floods(source, lambda turn: f"/nowhere/{turn}", 0.02),
    "what is no HTTP": lambda night, source: night.brief(source, b"\x16\x03\x01\x02\x00\x01" * 20, 0.0),
    "playlist flood": lambda night, source: night.floods(
        source, lambda _: "/hls/aac-64.m3u8", 0.01, first="/hls/index.m3u8"
    ),
    "large posts": lambda night, source: night.floods(
        source, lambda _: "/react/clap", 0.02, method="POST", body=b"x" * 900
    ),
    "many houses": lambda night, source: night.brief(source, b"", 2.0, path="/door.json"),
    "patient flood": lambda night, source: night.floods(
        source, lambda turn: FILES[turn % len(FILES)], 0.03, first="/hls/index.m3u8"
    ),
    "one request a connection": lambda night, source: night.brief(source, b"", 0.1, path="/door.json"),
    "flood of many ways": lambda night, source: night.many_ways(source),
}
"""What real senders do of the kinds in :mod:`tests.support.nights`. Handshakes of TLS need an edge with TLS."""


if __name__ == "__main__":
    os.nice(5)
    night = Night(msgspec.json.decode(sys.argv[1], type=Order))
    uvloop.run(night.run())
    print(msgspec.json.encode(night.seconds).decode())
