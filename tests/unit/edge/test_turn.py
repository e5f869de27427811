"""A flood of public requests waits in a line of its own, which what is passed on to the house does not stand in."""

from __future__ import annotations

import asyncio
import re

from stentor.edge.turn import LoopTurn
from tests.support.edge import Rig, edge, request
from tests.support.wait import PATIENCE_S
from tests.unit.edge.test_forward import OK, Visit, before

FLOOD = 60
PUBLIC = "/s/friday/door.json"


async def flood(rig: Rig) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """So many connections, each of which is known to the edge."""
    found = [await asyncio.open_connection("127.0.0.1", rig.port) for _ in range(FLOOD)]
    while rig.worker.open < FLOOD:  # noqa: ASYNC110 nobody tells
        await asyncio.sleep(0.01)
    return found


async def test_what_is_passed_on_goes_first() -> None:
    """It reaches the house while nearly all of a flood that came before it waits; then that is answered whole."""
    answered: list[int] = []

    async def serve(visit: Visit) -> None:
        await visit.head()
        answered.append(rig.worker.replies[2])
        visit.say(OK)

    async with before(serve) as (rig, _):
        rig.worker.turn = LoopTurn(share_s=0.0)  # one in each turn
        *connections, (reader, writer) = await flood(rig)
        for _, each in connections:
            each.write(request(PUBLIC))
        writer.write(request("/sign-in", "Connection: close"))
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.read()).endswith(b"hi")
            writer.close()
            assert answered[0] < FLOOD / 2
            for reader, writer in connections:
                assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
                writer.close()


async def test_each_connection_gets_all_it_asked_for_in_order() -> None:
    """Also when it says at once that it asks for nothing more; who has gone is passed over."""
    async with edge() as rig:
        rig.worker.turn = LoopTurn(share_s=0.0)
        connections = await flood(rig)
        for _, writer in connections:
            writer.write(request(PUBLIC) + request("/s/friday/nothing") + request("/door.pub"))
            writer.write_eof()
        for _, writer in connections[::2]:
            writer.transport.abort()
        async with asyncio.timeout(PATIENCE_S):
            for reader, writer in connections[1::2]:
                assert re.findall(rb"HTTP/1.1 (\d+)", await reader.read()) == [b"200", b"404", b"200"]
                writer.close()
        assert (await rig.get("/door.pub"))[0] == 200
