"""The producer on a clock that is moved, with real encoders."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from stentor.audio.pcm import SILENCE, to_int16
from stentor.base import grid
from stentor.base.rendition import RENDITIONS, Source
from stentor.programme.producer import BEHIND_CHUNKS, Heard, Producer
from stentor.wire import tick as wire_tick
from stentor.wire.chunk import Chunk
from stentor.wire.tick import Tick
from tests.support.air import ended, live, music, opened
from tests.support.wait import eventually


class MovedClock:
    """The wall clock, and what an operator does to it."""

    def __init__(self) -> None:
        self.offset_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset_s


class Bench:
    """A producer of a space whose doors open now, and what it made."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.clock = MovedClock()
        self.chunks: list[Chunk] = []
        self.producer = Producer(
            opened(),
            music(),
            clock=self.clock,
            pool=pool,
            heard=lambda: Heard(7, ()),
            deliver=self.deliver,
        )

    async def deliver(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)

    @property
    def numbers(self) -> list[int]:
        return [chunk.number for chunk in self.chunks]

    async def makes(self, count: int) -> None:
        goal = len(self.chunks) + count
        await eventually(lambda: len(self.chunks) >= goal, f"{count} more chunks are made")


@asynccontextmanager
async def producing() -> AsyncIterator[Bench]:
    """A producer that runs meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        bench = Bench(pool)
        task = asyncio.create_task(bench.producer.run(), name="producer")
        try:
            yield bench
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_every_chunk_is_whole_and_in_its_time() -> None:
    """Numbers follow the clock without a hole; every rendition is in every chunk."""
    async with producing() as bench:
        await bench.makes(4)
    assert bench.numbers == list(range(bench.numbers[0], bench.numbers[0] + len(bench.numbers)))
    for chunk in bench.chunks:
        end = grid.chunk_start(chunk.number + 1, bench.producer.space.doors_open_s)
        assert chunk.made_ms / 1000 >= end - 0.001
        assert chunk.source is Source.HOLD
        assert chunk.frames.keys() == {rendition.name for rendition in RENDITIONS}


async def test_a_clock_set_forward_leaves_numbers_out() -> None:
    """A minute is not made up for: the programme goes on at the clock's number."""
    async with producing() as bench:
        await bench.makes(2)
        bench.clock.offset_s = 60.0
        await bench.makes(BEHIND_CHUNKS // 8)
    assert bench.numbers == sorted(set(bench.numbers))
    assert bench.numbers[-1] > 60.0 / grid.CHUNK_S
    assert bench.producer.skipped > 0


async def test_a_clock_set_back_does_not_stop_the_programme() -> None:
    """The numbers go on rising by one, at the programme's own pace, and it says so."""
    async with producing() as bench:
        await bench.makes(2)
        bench.clock.offset_s = -3600.0
        await bench.makes(4)
        assert bench.producer.set_back
    assert bench.numbers == list(range(bench.numbers[0], bench.numbers[0] + len(bench.numbers)))


async def test_it_ends_with_the_last_chunk() -> None:
    """The chunk under way at the end is made, and none behind it."""
    with ThreadPoolExecutor(1) as pool:
        bench = Bench(pool)
        task = asyncio.create_task(bench.producer.run(), name="producer")
        await bench.makes(2)
        bench.producer.space = ended(live(bench.producer.space))
        async with asyncio.timeout(5):
            await task
    assert bench.numbers[-1] == bench.producer.space.last_chunk


async def test_a_chunk_is_made_as_soon_as_its_ticks_are_there() -> None:
    """In the talk nothing waits for the clock when the sound is there; garbage on the subject is counted."""
    with ThreadPoolExecutor(1) as pool:
        bench = Bench(pool)
        space = bench.producer.space = live(bench.producer.space)
        for number in range(bench.producer.number * 16, bench.producer.number * 16 + 64):
            bench.producer.hear("", wire_tick.encode(Tick(number, 20, 1, to_int16(SILENCE))))
        bench.producer.hear("", b"garbage")
        task = asyncio.create_task(bench.producer.run(), name="producer")
        await bench.makes(4)
        task.cancel()
        await asyncio.wait([task])
    early = [grid.chunk_start(chunk.number + 1, space.doors_open_s) - chunk.made_ms / 1000 for chunk in bench.chunks]
    assert early[3] > 0
    assert bench.producer.malformed == 1
    assert bench.chunks[3].delay_ms == pytest.approx(20)
