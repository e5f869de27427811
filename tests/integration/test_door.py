"""The door with everything up: two edges that carry few, and a crowd of programs that is ten times as large."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

from tests.support.edge import request, split
from tests.support.wait import eventually
from tests.support.whole import Whole, whole

CARRIED = 20
"""By each of the two edges: the door closes at 30 listeners."""
CROWD = 200


class Program:
    """A player that knows no tickets: it heeds Retry-After and comes from an address of its own."""

    def __init__(self, house: Whole, number: int) -> None:
        self.port = house.settings.audience_port
        self.address = f"198.51.{number // 250}.{number % 250}"
        self.heard = 0
        self.refused = 0
        self.leave = asyncio.Event()

    @property
    def listens(self) -> bool:
        return self.heard > 0 and not self.leave.is_set()

    async def run(self) -> None:
        while not await self._listened():
            self.refused += 1

    async def _listened(self) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        with contextlib.closing(writer):
            writer.write(request("/s/crowd/live.aac", f"X-Forwarded-For: {self.address}"))
            head = await reader.readuntil(b"\r\n\r\n")
            status, fields, _ = split(head)
            if status == 429:
                await asyncio.sleep(int(fields["retry-after"]))
                return False
            assert status == 200
            while not self.leave.is_set():
                self.heard += len(await reader.read(65536))
            return True


async def p(house: Whole) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.settings.audience_port)
    with contextlib.closing(writer):
        writer.write(request("/s/crowd/door.json", "Connection: close"))
        found: float = json.loads(split(await reader.read())[2])["p"]
    return found


async def test_a_crowd_ten_times_too_large(tmp_path: Path) -> None:
    """Those let in play, never more than the edges carry; the others wait, and come in as some of the first leave."""
    async with whole(tmp_path, edges=2, edge_listeners=CARRIED) as house:
        await house.space("crowd")
        await house.until("crowd", lambda view: view["lights"]["audience"]["color"] == "green", "the edges carry it")
        programs = [Program(house, number) for number in range(CROWD)]
        tasks = []
        most = 0
        try:
            for program in programs:
                tasks.append(asyncio.create_task(program.run(), name=program.address))
                await asyncio.sleep(0.04)
                most = max(most, sum(one.listens for one in programs))
            assert await p(house) < 1
            first = [one for one in programs if one.listens]
            assert 20 <= len(first) <= 2 * CARRIED
            assert most <= 2 * CARRIED
            played = [one.heard for one in first]
            for one in first[:20]:
                one.leave.set()
            kept = first[20:]
            await eventually(lambda: any(one.listens for one in programs if one.refused), "one who waited")
            assert all(one.heard > before for one, before in zip(kept, played[20:], strict=True)), "they play on"
            assert sum(one.listens for one in programs) <= 2 * CARRIED
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [end for end in ended if end is not None and not isinstance(end, asyncio.CancelledError)] == []
