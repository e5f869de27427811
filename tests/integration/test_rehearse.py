"""A rehearsal at the real edge: who is carried, who is refused, who comes back after a cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from stentor.base import grid
from stentor.base.errors import BadInput
from stentor.base.tls import Tls
from stentor.rehearsal.order import CrowdMix, Format, Storm
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.rehearse import rehearse
from stentor.rehearsal.rehearsed import Rehearsed
from stentor.spaces.model import State
from tests.support.certificates import Authority
from tests.support.edge import SPACE, Rig, edge, live_space
from tests.support.wait import eventually

pytestmark = pytest.mark.realtime
PLAIN = CrowdMix({Format.AAC: 3.0, Format.OPUS: 1.0, Format.MP4: 1.0})
"""Plain streams only, on good lines: every cut and every refusal is the edge's."""


@asynccontextmanager
async def on_air(*, capacity: int = 5000, tls: Tls | None = None) -> AsyncIterator[Rig]:
    """An edge whose programme goes on."""
    async with edge(chunks=40, capacity=capacity, tls=tls) as rig:

        async def publish() -> None:
            while True:
                await asyncio.sleep(grid.CHUNK_S)
                rig.publish()

        publishing = asyncio.create_task(publish(), name="programme")
        try:
            yield rig
        finally:
            publishing.cancel()


async def crowd(
    rig: Rig, listeners: int, *, for_s: float = 4.0, mix: CrowdMix = PLAIN, storm: Storm | None = None
) -> tuple[Rehearsed, int]:
    """The report, and the most that the edge itself counted."""
    counted = 0

    def look(report: Rehearsed, playing: int) -> None:
        nonlocal counted
        counted = max(counted, rig.worker.listeners)

    page = f"http://127.0.0.1:{rig.port}/s/{SPACE}"
    plan = RehearsalPlan(page=page, listeners=listeners, curve="step", within_s=1.5, for_s=for_s, mix=mix, storm=storm)
    report = await rehearse(plan, on_progress=look)
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
    """Those who find no room are told to wait, come again, and are counted as such: neither lost nor refused."""
    async with on_air(capacity=60) as rig:
        report, counted = await crowd(rig, 100, for_s=3.0)
    assert 40 <= counted <= 60
    assert report.heard == counted
    assert (report.heard + report.left_waiting, report.unheard, report.refused) == (100, 0, 0)


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
        ("ftp://localhost/s/talk", "flash", BadInput),
        ("http://localhost/talk", "flash", BadInput),
        ("http://localhost/s/talk/live.aac", "flash", BadInput),
        ("http://localhost/s/talk", "tsunami", BadInput),
    ],
)
async def test_what_cannot_be_rehearsed(page: str, curve: str, error: type[Exception]) -> None:
    """An address that is no listener's page, and a curve that there is not, are refused before anybody comes."""
    with pytest.raises(error):
        await rehearse(RehearsalPlan(page=page, listeners=1, curve=curve, within_s=1, for_s=5))


async def test_all_kinds_of_listeners_over_tls(tmp_path: Path) -> None:
    """Streams, low-latency HLS and HLS, encrypted: all hear something, nobody's player runs dry."""
    authority = Authority(tmp_path)
    everything = CrowdMix({Format.AAC: 1.0, Format.MP4: 1.0, Format.LOW_LATENCY: 1.0, Format.HLS: 1.0})
    async with on_air(tls=authority.tls()) as rig:
        page = f"https://localhost:{rig.port}/s/{SPACE}"
        report = await rehearse(
            RehearsalPlan(page=page, listeners=60, curve="together", within_s=1, for_s=7, mix=everything)
        )
    assert report.complaints == []
    assert report.heard == 60
    assert all(count >= 5 for count in report.ways.values())


async def test_a_storm_is_weathered() -> None:
    """A quarter of all streams breaks at once: they are back, spread over seconds, and it is not called a fault."""
    async with on_air() as rig:
        report, _ = await crowd(rig, 200, for_s=7.0, storm=Storm(3.0, 0.25))
    assert 25 <= report.stormed <= 75
    assert report.again_ms is not None
    assert report.again_ms.most < 4000
    assert report.complaints == []


async def test_slow_lines_are_counted_apart() -> None:
    """Whoever cannot take the sound as fast as it comes is heard of, but it is his line's fault."""
    async with on_air() as rig:
        slow = CrowdMix({Format.AAC: 1.0}, slow=0.5, slow_bps=45_000)
        report, _ = await crowd(rig, 40, for_s=9.0, mix=slow)  # the page comes first, which takes them six
    assert report.slow >= 10
    assert report.complaints == []


async def test_devices_come_from_many_addresses() -> None:
    """A share comes from one address, as behind a carrier's NAT, everybody else from his own."""
    async with on_air() as rig:
        rehearsing = asyncio.create_task(crowd(rig, 100, mix=CrowdMix({Format.AAC: 1.0}, shared=0.3)))
        await eventually(lambda: rig.worker.listeners >= 95, "nearly all listen")
        peers = [connection.transport.get_extra_info("peername")[0] for connection in rig.worker._connections]
        await rehearsing
    assert 15 <= peers.count("127.10.0.1") <= 45
    assert len(set(peers)) >= 50
