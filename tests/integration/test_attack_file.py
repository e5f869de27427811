"""The attack file: from a flood at an edge to the table for an administrator, and nothing of it after its time."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

import pytest

from stentor.bus.attacks import AttackFile
from stentor.bus.connection import connect
from stentor.bus.streams import ATTACKS
from stentor.edge import rows
from stentor.edge.rows import RowKeeper
from stentor.edge.seconds import Seconds
from tests.support.edge import edge, request
from tests.support.house import problem, running_house
from tests.support.wait import PATIENCE_S

FILE, WHETHER = "/api/v1/site/attack.csv", "/api/v1/site/attack"
HOSTILE, GUEST = "198.51.100.77", "203.0.113.5"
FLOOD = 600


async def test_a_flood_is_named_to_administrators_for_a_time_and_a_listener_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By address; and when its time is over no file of the bus has it."""
    monkeypatch.setattr(rows, "ATTACK_S", 1)
    async with running_house(tmp_path) as house, edge() as rig, connect(house.nats.url, name="edge") as bus:
        problem(await house.http.get(FILE), 404, "no-attack-file")
        problem(await house.anyone.get(FILE), 401, "not-signed-in")
        problem(await house.anyone.get(WHETHER), 401, "not-signed-in")
        assert (await house.http.get(WHETHER)).json() == {"sources": 0, "last_ms": None}
        keeper = RowKeeper(bus, rig.worker, Seconds(rig.worker, rig.site, "edge-0"), "edge-0", attack_file=True)
        telling = asyncio.create_task(keeper.run())
        listener = await rig.open("/s/friday/live.aac", f"X-Forwarded-For: {GUEST}")
        reader, writer = await rig.open("/s/friday", f"X-Forwarded-For: {HOSTILE}")
        await flood(reader, writer)
        async with asyncio.timeout(PATIENCE_S):
            while not await AttackFile(bus).read():  # noqa: ASYNC110 edges tell once in ten seconds
                await asyncio.sleep(0.2)
        answer = await house.http.get(FILE)
        assert answer.status_code == 200
        [head, *found] = csv.reader(answer.text.splitlines())
        assert {one[2] for one in found} == {HOSTILE}
        assert found[0][head.index("behaviour")] == "hasty"
        assert (await house.http.get(WHETHER)).json()["sources"] == len(found)
        assert any(HOSTILE.encode() in data for data in stored(tmp_path))
        assert not any(GUEST.encode() in data for data in stored(tmp_path))
        telling.cancel()
        for one in (writer, listener[1]):
            one.close()
        config = (await bus.js.stream_info(ATTACKS)).config
        assert config.max_age == 72 * 3600
        await bus.js.update_stream(config.evolve(max_age=1.0, duplicate_window=1.0))
        async with asyncio.timeout(PATIENCE_S):
            while any(HOSTILE.encode() in data for data in stored(tmp_path)):  # noqa: ASYNC110 the server tells nobody
                await asyncio.sleep(0.5)
        problem(await house.http.get(FILE), 404, "no-attack-file")


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One reply after the other, as fast as they come."""
    for _ in range(FLOOD):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        writer.write(request("/s/friday/door.json", f"X-Forwarded-For: {HOSTILE}"))


def stored(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
