"""What an edge measures of itself."""

from __future__ import annotations

import asyncio
import time

import pytest

from stentor.edge.fanout import Counters
from stentor.edge.load import WINDOW_S, Meter
from tests.support.edge import edge
from tests.support.wait import eventually


class Worker:
    def __init__(self) -> None:
        self.counters = Counters()
        self.replied_bytes = 0


def test_the_line_is_what_was_sent_over_three_seconds() -> None:
    """Replies and chunks, in bits a second, as a share of the line; what is longer ago does not count."""
    worker = Worker()
    meter = Meter(worker, line_bps=8_000)
    for half_seconds in range(20):
        meter.roll(half_seconds / 2)
        if half_seconds < 10:
            worker.counters.bytes_sent += 100
            worker.replied_bytes += 100
        if half_seconds == 9:
            assert meter.out_bps == pytest.approx(3_200)
            assert meter.load.line == pytest.approx(0.4)
    assert meter.out_bps == 0.0
    assert Meter(worker).load.line == 0.0


def test_slow_listeners_are_a_share_of_all_chunks() -> None:
    """Chunks that were skipped among those that should have gone out."""
    worker = Worker()
    meter = Meter(worker)
    meter.roll(0.0)
    worker.counters.chunks, worker.counters.skipped = 90, 10
    meter.roll(0.5)
    assert meter.load.slow == pytest.approx(0.1)


def test_lag_is_the_mean_delay_of_timers() -> None:
    """Early counts as in time; one late look among ten is a tenth of it."""
    meter = Meter(Worker())
    meter.roll(0.0)
    for late_s in [0.5] + [-0.01] * 9:
        meter.look(late_s)
    meter.roll(1.0)
    assert meter.load.lag == pytest.approx(0.05)


def test_the_processors_share_is_that_of_this_process() -> None:
    """Half a window of work is about half a processor, and all of it for one of two who share a processor."""
    meter, sharing = Meter(Worker()), Meter(Worker(), processors=0.5)
    meter.roll(0.0)
    sharing.roll(0.0)
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    meter.roll(0.2)
    sharing.roll(0.2)
    assert 0.5 <= meter.load.cpu < 1.0
    assert 1.0 <= sharing.load.cpu < 2.0


async def test_a_blocked_loop_is_seen() -> None:
    """The meter notices by itself that the loop stands still, and the worker's bytes are counted."""
    async with edge() as rig:
        measuring = asyncio.create_task(rig.worker.meter.run(), name="load")
        await rig.get("/s/friday/hls/index.m3u8")
        assert rig.worker.replied_bytes > 200
        await asyncio.sleep(0)
        time.sleep(0.7)  # noqa: ASYNC251 the loop is to stand still
        await eventually(lambda: rig.worker.meter.load.lag > 0.05, "the meter saw it")
        measuring.cancel()
        await asyncio.gather(measuring, return_exceptions=True)
    assert WINDOW_S > 0.7
