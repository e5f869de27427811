"""What rows take: of a quiet second, of a thousand listeners and of twenty thousand, as an edge makes them."""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import time
import zlib
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from bench.evidence import Taker
from stentor.crowd.addresses import Addresses
from stentor.edge import fanout, seconds
from stentor.edge.protocol import Connection
from stentor.edge.seconds import Seconds
from stentor.evidence.kernel import KernelSecond
from stentor.evidence.row import EdgeSecond, encode, line
from tests.support.edge import Rig, edge, request

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "evidence.md"
SECONDS = 20
KERNEL = KernelSecond(passive_opens=40, resets_sent=20, in_packets=90_000, in_bytes=9_000_000, out_bytes=95_000_000)
"""What one edge of a machine says besides; there is no socket here that waits."""
BY_HLS = 5
"""One in so many of the audience."""
CHANGE = 0.005
"""Of the audience, each second: so many come and go, as when they stay for three minutes."""
ASKING = 0.05
"""Of the audience, each second: pages that ask for something."""


class FarTaker(Taker):
    """Each has an address of its own, in networks as full as those of real providers."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self._peer = (f"{20 + number % 97}.{number // 97 % 211}.{number // 2000 % 250}.{number % 250}", number)


class Audience:
    """People at an edge, without sockets: what they send goes in where a socket's bytes would."""

    def __init__(self, rig: Rig, size: int) -> None:
        self._rig, self._chance = rig, random.Random(size)
        self._protocol = rig.worker.protocol_factory(rig.site.answer)
        self._number = 0
        self.streams: list[Connection] = []
        self.players: list[Connection] = []
        self.pages: list[Connection] = []
        rig.worker.turn.room = lambda: True  # type: ignore[method-assign]  # all of it is one turn of the loop here
        for _ in range(size):
            self.come()

    def come(self) -> None:
        """One more, by a stream or by HLS."""
        if self._number % BY_HLS:
            self.streams.append(self.ask(self._connect(), "/s/friday/live.aac"))
        else:
            self.players.append(self.ask(self._connect(), "/s/friday/hls/index.m3u8"))

    def _connect(self) -> Connection:
        self._number += 1
        connection = self._protocol()
        assert isinstance(connection, Connection)
        connection.connection_made(FarTaker(self._number))
        return connection

    def ask(self, connection: Connection, target: str) -> Connection:
        connection.data_received(request(target, "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"))
        return connection

    def second(self) -> None:
        """Chunks come, players ask for playlist and part, some pages ask for something, a few come and go."""
        self._rig.publish(3)
        for stream in self._rig.channel.streams.values():
            for slot in stream._slots:
                stream._fire(slot)
        for player in self.players:
            self.ask(player, "/s/friday/hls/aac-64.m3u8")
            self.ask(player, f"/s/friday/hls/aac-64/{self._rig.window.head // 12 - 1}.2.m4s")
        size = len(self.streams) + len(self.players)
        for page in self._chance.sample(self.streams, round(ASKING * size)):
            self.pages.append(self.ask(self._protocol_of(page), "/s/friday/pulse.json"))
        for _ in range(round(CHANGE * size)):
            self.come()
            self.streams.pop(self._chance.randrange(len(self.streams))).connection_lost(None)

    def _protocol_of(self, listener: Connection) -> Connection:
        """Another connection of the same address."""
        connection = self._protocol()
        assert isinstance(connection, Connection)
        transport = Taker(0)
        transport._peer = (listener.client, 1)
        connection.connection_made(transport)
        return connection

    def go(self) -> None:
        for each in (*self.streams, *self.players, *self.pages):
            each.connection_lost(None)


async def told(size: int, monkeypatch: pytest.MonkeyPatch) -> list[EdgeSecond]:
    """The rows of a steady audience, without those of the time in which it comes."""
    at_s = [1000.0]
    clocks = SimpleNamespace(monotonic=lambda: at_s[0], process_time=time.process_time)
    for module in (fanout, seconds):
        monkeypatch.setattr(module, "time", clocks)
    nobody = Addresses(connections=0, requests=0, proxy=lambda address: False)
    async with edge(chunks=60, capacity=100_000, addresses=nobody) as rig:
        rows, found = Seconds(rig.worker, rig.site, "edge-0-9f3a61c2"), []
        audience = Audience(rig, size)
        for _ in range(SECONDS + 5):
            at_s[0] += 1.0
            rig.now += 1.0
            audience.second()
            rig.worker.addresses.second()
            row = rows.row()
            assert row is not None
            found.append(msgspec.structs.replace(row, kernel=KERNEL, queue=0, queue_limit=1024))
        audience.go()
        await asyncio.sleep(0)
    return found[5:]


def page_says() -> dict[str, list[int]]:
    """By audience: bytes as MessagePack, as a line of a file, and of a packed file."""
    found = re.findall(
        r"^\| ([\d,]+) listeners? \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", PAGE.read_text("utf-8"), re.MULTILINE
    )
    return {size: [int(each.replace(",", "")) for each in rest] for size, *rest in found}


@pytest.mark.parametrize(("size", "most"), [(3, 300), (1_000, 900), (20_000, 1_100)])
async def test_rows_take_no_more_than_the_page_says(size: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is what an edge makes, within a tenth, and never more than a limit: who makes rows larger sees it."""
    rows = await told(size, monkeypatch)
    files = b"".join(map(line, rows))
    took = [statistics.median(len(encode(row)) for row in rows), len(files) / len(rows)]
    took.append(len(zlib.compress(files)) / len(rows))
    assert took[0] < most
    assert page_says()[f"{size:,}"] == [pytest.approx(each, rel=0.1) for each in took]
