"""The house leads the crowd: what an edge measures becomes orders on the bus and steps in the record."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from stentor.bus.connection import Bus, connect
from stentor.bus.crowd import Crowd
from stentor.bus.documents import Gone
from stentor.bus.status import SpaceStatus, Status, beat
from stentor.crowd.orders import Orders
from tests.support.house import House, problem, running_house
from tests.support.wait import PATIENCE_S, eventually

RUNG = "/api/v1/spaces/talk/rung"


class Edge:
    """An edge that says of itself what the test wants."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.numbers: dict[str, float] = {"places": 100}
        self.seen = SpaceStatus(chunk=1, listeners=5)
        self.orders = Orders("talk")
        self.heeded: list[int] = []

    @property
    def rung(self) -> int:
        return self.heeded[-1] if self.heeded else 0

    def status(self) -> Status:
        return Status("edge", "edge-9", 0, 1, {"talk": self.seen}, self.numbers)

    async def heed(self) -> None:
        async for orders in Crowd(self.bus).watch():
            assert not isinstance(orders, Gone)
            self.orders = orders
            if self.rung != orders.rung:
                self.heeded.append(orders.rung)


@asynccontextmanager
async def crowd(folder: Path) -> AsyncIterator[tuple[House, Edge]]:
    """A house with a space that is open, and an edge."""
    async with running_house(folder) as house, connect(house.nats.url, name="edge") as bus:
        await house.create()
        await house.http.post("/api/v1/spaces/talk/doors")
        edge = Edge(bus)
        tasks = [asyncio.create_task(edge.heed()), asyncio.create_task(beat(bus, edge.status, every_s=0.2))]
        try:
            yield house, edge
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def steps(house: House) -> list[tuple[int, str]]:
    """Rung and cause of every step in the record."""
    events = (await house.http.get("/api/v1/spaces/talk/events")).json()["events"]
    return [(event["rung"], event["cause"]) for event in events if event["kind"] == "RungChanged"]


async def recorded(house: House, wanted: list[tuple[int, str]]) -> None:
    found: list[tuple[int, str]] = []
    async with asyncio.timeout(PATIENCE_S):
        while found != wanted:
            await asyncio.sleep(0.05)
            found = await steps(house)


async def test_a_busy_edge_makes_its_space_give_way(tmp_path: Path) -> None:
    """Ordered at once, recorded with its cause and value; a host's choice goes before, and can be given up again."""
    async with crowd(tmp_path) as (house, edge):
        edge.numbers = {"places": 100, "cpu": 0.9, "lag": 0.07}
        await eventually(lambda: edge.rung == 3, "the order has come")
        await recorded(house, [(3, "cpu")])
        view = (await house.http.get("/api/v1/spaces/talk")).json()
        assert view["ladder"] == {"rung": 3, "cause": "cpu", "value": 0.9, "pinned": None}
        assert (await house.http.put(RUNG, json={"rung": 1})).json()["ladder"]["pinned"] == 1
        await eventually(lambda: edge.rung == 1, "the choice is heeded")
        await recorded(house, [(3, "cpu"), (1, "pinned")])
        assert (await house.http.put(RUNG, json={"rung": None})).status_code == 200
        await eventually(lambda: edge.rung == 3, "the ladder climbs by itself again")
        problem(await house.http.put(RUNG, json={"rung": 5}), 400, "bad-input")


async def test_the_ladder_needs_no_database(tmp_path: Path) -> None:
    """While nothing can be written orders go out; the step is recorded later."""
    async with crowd(tmp_path) as (house, edge):
        with closing(sqlite3.connect(house.settings.folder / "stentor.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            edge.numbers = {"places": 100, "line": 0.99}
            await eventually(lambda: edge.rung == 4, "the order has come")
            other.rollback()
        await recorded(house, [(4, "line")])


async def test_a_new_house_goes_on_from_the_rung_that_is_ordered(tmp_path: Path) -> None:
    """A house that starts in the middle knows nothing of the past, and does not begin at 0."""
    async with crowd(tmp_path) as (house, edge):
        edge.numbers = {"places": 100, "line": 0.99}
        await eventually(lambda: edge.rung == 4, "the order has come")
        edge.numbers = {"places": 100, "line": 0.8}  # would not lead here, but is no calm either
        await house.stop()
        await house.start()
        await house.http.put(RUNG, json={"rung": 2})
        await eventually(lambda: edge.rung == 2, "the new house leads")
        assert edge.heeded == [4, 2]


async def moved(house: House) -> list[float]:
    """How wide the door was, at every step in the record."""
    events = (await house.http.get("/api/v1/spaces/talk/events")).json()["events"]
    return [event["p"] for event in events if event["kind"] == "DoorMoved"]


async def test_the_door_follows_the_crowd(tmp_path: Path) -> None:
    """Narrow at three quarters of the places, wider when some have left, open when everybody who waits has room."""
    async with crowd(tmp_path) as (house, edge):
        edge.seen = SpaceStatus(chunk=1, listeners=80)
        await eventually(lambda: edge.orders.p == 0.0, "the door is narrow")
        assert (edge.orders.epoch, edge.orders.narrow_ms > 0) == (1, True)
        edge.seen = SpaceStatus(chunk=1, listeners=65, places=[place / 50 for place in range(50)])
        await eventually(lambda: edge.orders.p == 0.2, "ten of fifty are let in")
        await eventually(lambda: edge.orders.waiting == 40, "the others wait")
        view = (await house.http.get("/api/v1/spaces/talk")).json()["door"]
        assert (view["places"], view["limited"]) == (100, False)
        edge.seen = SpaceStatus(chunk=1, listeners=10, places=[0.5 + place / 40 for place in range(20)])
        await eventually(lambda: edge.orders.p == 1.0, "the door is open")
        await asyncio.sleep(1.0)  # a look and a heartbeat later it is written down
        assert await moved(house) == [0.0, 0.2, 1.0]


async def test_a_limited_audience_is_a_button(tmp_path: Path) -> None:
    """Nobody else is let in but the chosen classes, whatever room there is; opening it again lets all in."""
    async with crowd(tmp_path) as (house, edge):
        made = await house.http.put("/api/v1/spaces/talk/door", json={"limited": True, "passes": ["press"]})
        assert made.json()["door"]["limited"] is True
        await eventually(lambda: edge.orders.held and edge.orders.p == 0.0, "the door is held")
        assert edge.orders.passes == ("press",)
        link = (await house.http.post("/api/v1/spaces/talk/passes", json={"kind": "press"})).json()["link"]
        assert "/s/talk#pass=" in link
        await house.http.put("/api/v1/spaces/talk/door", json={"limited": False})
        await eventually(lambda: edge.orders.p == 1.0, "the door is open")
        problem(
            await house.http.put("/api/v1/spaces/talk/door", json={"limited": True, "passes": ["friends"]}),
            400,
            "bad-input",
        )
