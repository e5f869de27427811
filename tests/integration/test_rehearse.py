"""A rehearsal at the real edge: who is carried, who is refused, who comes back after a cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from stentor.audio import grid
from stentor.base.errors import BadInput, NotSupported
from stentor.rehearsal.rehearse import Rehearsed, rehearse
from stentor.spaces.model import State
from tests.support.edge import SPACE, Rig, edge, live_space
from tests.support.wait import eventually

pytestmark = pytest.mark.realtime


@asynccontextmanager
async def on_air(*, capacity: int = 5000) -> AsyncIterator[Rig]:
    """An edge whose programme goes on."""
    async with edge(chunks=40, capacity=capacity) as rig:

        async def publish() -> None:
            while True:
                await asyncio.sleep(grid.CHUNK_S)
                rig.publish()

        publishing = asyncio.create_task(publish(), name="programme")
        try:
            yield rig
        finally:
            publishing.cancel()


async def crowd(rig: Rig, listeners: int, *, for_s: float = 4.0) -> tuple[Rehearsed, int]:
    """The report, and the most that the edge itself counted."""
    counted = 0

    def look(report: Rehearsed, playing: int) -> None:
        nonlocal counted
        counted = max(counted, rig.worker.listeners)

    page = f"http://127.0.0.1:{rig.port}/s/{SPACE}"
    report = await rehearse(page, listeners=listeners, curve="step", within_s=1.5, for_s=for_s, on_progress=look)
    return report, counted


async def test_a_crowd_is_carried() -> None:
    """Everybody hears something soon and without pauses, and the edge has counted the same listeners."""
    async with on_air() as rig:
        report, counted = await crowd(rig, 300)
    assert (report.come, report.heard, report.refused, report.cut) == (300, 300, 0, 0)
    assert report.complaints == []
    assert 290 <= report.most_at_once <= 300  # some look in only
    assert abs(counted - report.most_at_once) <= 10
    assert report.received_bytes > 300 * 3 * 24_000 / 8
    assert msgspec.json.decode(report.json())["well"] is True


async def test_a_full_edge_is_seen() -> None:
    """Those who find no room come again, and the report says that it did not go well."""
    async with on_air(capacity=60) as rig:
        report, counted = await crowd(rig, 100, for_s=3.0)
    assert counted <= 60
    assert report.heard < 100
    assert report.refused >= 40
    assert any("never heard" in complaint for complaint in report.complaints)


async def test_who_is_cut_off_comes_back() -> None:
    """The streams break in the middle, as when an edge dies: everybody is back within seconds, not all at once."""
    async with on_air() as rig:
        rehearsing = asyncio.create_task(crowd(rig, 100, for_s=7.0))
        await eventually(lambda: rig.worker.listeners >= 90, "nearly all listen")
        await asyncio.sleep(0.5)
        for connection in list(rig.worker._connections):
            connection.transport.abort()
        report, _ = await rehearsing
    assert 90 <= report.cut <= 100
    assert report.again_ms is not None
    assert 500 < report.again_ms.median < report.again_ms.most < 4000
    assert report.complaints == [f"{report.cut:,} streams broke off."]


async def test_before_the_doors_a_crowd_waits() -> None:
    """Nobody asks for a stream that there is not yet; the door says when to come again."""
    async with edge(live_space(state=State.SCHEDULED, doors_open_ms=None, live_ms=None)) as rig:
        report, counted = await crowd(rig, 20, for_s=7.0)
        assert (report.heard, report.refused, counted) == (0, 0, 0)
        assert 40 <= rig.worker.requests <= 200  # page and door, and the same again after 2 to 6 s


@pytest.mark.parametrize(
    ("page", "curve", "error"),
    [
        ("https://localhost/s/talk", "flash", NotSupported),
        ("http://localhost/talk", "flash", BadInput),
        ("http://localhost/s/talk/live.aac", "flash", BadInput),
        ("http://localhost/s/talk", "tsunami", BadInput),
    ],
)
async def test_what_cannot_be_rehearsed(page: str, curve: str, error: type[Exception]) -> None:
    """An address that is no listener's page, and a curve that there is not, are refused before anybody comes."""
    with pytest.raises(error):
        await rehearse(page, listeners=1, curve=curve, within_s=1, for_s=5)
