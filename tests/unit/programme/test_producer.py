"""The producer on a clock that is moved, with real encoders."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from stentor.audio.pcm import SILENCE, to_int16
from stentor.base import grid
from stentor.base.rendition import RENDITIONS, Source
from stentor.bus.status import SeatStatus
from stentor.programme.producer import BEHIND_CHUNKS, STANDBY_CHUNKS, Heard, Producer
from stentor.spaces import pulse
from stentor.store.loops import Music
from stentor.wire import tick as wire_tick
from stentor.wire.chunk import Chunk
from stentor.wire.tick import Tick
from tests.support.air import ended, live, music, opened
from tests.support.wait import PATIENCE_S, eventually


class MovedClock:
    """The wall clock, and what an operator does to it."""

    def __init__(self) -> None:
        self.offset_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset_s


class Spare(ThreadPoolExecutor):
    """The threads for what is done ahead; counts what they were given."""

    def __init__(self) -> None:
        super().__init__(1)
        self.given = 0

    def submit(self, *given: Any, **named: Any) -> Future[Any]:
        self.given += 1
        return super().submit(*given, **named)


class Bench:
    """A producer of a space whose doors open now, and that goes live at once unless it waits; and what it made."""

    def __init__(self, pool: ThreadPoolExecutor, *, waits: bool = False) -> None:
        loop = music()  # made before the doors open: it takes seconds
        self.clock = MovedClock()
        self.chunks: list[Chunk] = []
        self.listeners = 7
        self.looks = 0
        self.seats: list[SeatStatus] = []
        self.spare = Spare()
        self.reads_spans = self.speaks = True
        self.producer = Producer(
            opened() if waits else live(opened()),
            Music("own", loop),
            clock=self.clock,
            pool=pool,
            spare=self.spare,
            heard=self.heard,
            deliver=self.deliver,
            spans=lambda: self.reads_spans,
            speaks=lambda: self.speaks,
        )

    def heard(self) -> Heard:
        self.looks += 1
        return Heard(self.listeners, self.seats)

    async def deliver(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)

    @property
    def numbers(self) -> list[int]:
        return [chunk.number for chunk in self.chunks]

    async def makes(self, count: int) -> None:
        goal = len(self.chunks) + count
        await eventually(lambda: len(self.chunks) >= goal, f"{count} more chunks are made")


@asynccontextmanager
async def producing(*, waits: bool = False) -> AsyncIterator[Bench]:
    """A producer that runs meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        bench = Bench(pool, waits=waits)
        task = asyncio.create_task(bench.producer.run(), name="producer")
        try:
            yield bench
        finally:
            task.cancel()
            await asyncio.wait([task])
            bench.spare.shutdown()


async def test_every_chunk_is_whole_and_in_its_time() -> None:
    """Numbers follow the clock without a hole; every rendition is in every chunk."""
    async with producing() as bench:
        await bench.makes(4)
    assert bench.numbers == list(range(bench.numbers[0], bench.numbers[0] + len(bench.numbers)))
    for chunk in bench.chunks:
        end = grid.chunk_start(chunk.number + 1, bench.producer.space.doors_open_s)
        assert chunk.made_ms / 1000 >= end - 0.001
    for chunk in bench.chunks[1:]:
        assert chunk.source in (Source.HOLD, Source.FILLER)
        assert chunk.frames.keys() == {rendition.name for rendition in RENDITIONS}


async def test_who_reads_no_spans_gets_each_chunk() -> None:
    """While an older edge or archive is there, a space that waits has a whole message for each chunk."""
    async with producing(waits=True) as bench:
        bench.reads_spans = False
        await bench.makes(4)
        assert bench.producer.vouches == -1
    assert bench.numbers == list(range(bench.numbers[0], bench.numbers[0] + len(bench.numbers)))
    assert {chunk.source for chunk in bench.chunks} == {Source.HOLD}
    for chunk in bench.chunks[1:]:
        assert chunk.span == 1
        assert chunk.frames.keys() == {rendition.name for rendition in RENDITIONS}


async def test_a_seam_is_prepared_while_somebody_is_on_the_stage() -> None:
    """A space that only waits is not worked for."""
    async with producing(waits=True) as bench:
        await bench.makes(1)
        assert bench.spare.given == 0
        bench.seats = [SeatStatus("ben", "Ben", "speaker")]
        bench.producer.look()
        await eventually(lambda: bench.spare.given > 0, "the seam is prepared")


async def test_a_standby_makes_several_at_once_and_the_same_bytes() -> None:
    """With the ticks that were there when each was due: one that came later is late for it, too. Told to speak it
    makes what is left at once.
    """
    with ThreadPoolExecutor(1) as pool:
        speaker, standby = Bench(pool), Bench(pool)
        standby.producer.update(speaker.producer.space)
        standby.producer.number, standby.speaks = speaker.producer.number, False
        benches = (speaker, standby)
        first, seam = speaker.producer.number, speaker.producer.space.live_chunk or 0
        end = seam + STANDBY_CHUNKS + 3
        late = {(number + 1) * grid.TICKS_PER_CHUNK - 1 for number in range(first, end) if number % 3 == 1}
        sent = range(first * grid.TICKS_PER_CHUNK, end * grid.TICKS_PER_CHUNK)
        for tick in [each for each in sent if each not in late]:
            hear(benches, tick)
        tasks = [asyncio.create_task(bench.producer.run()) for bench in benches]
        await eventually(lambda: min(bench.producer.number for bench in benches) >= end, "all were due")
        for tick in late:
            hear(benches, tick)
        await eventually(lambda: len(encoded(speaker)) >= STANDBY_CHUNKS + 3, "the speaker has made them")
        await eventually(lambda: len(encoded(standby)) >= STANDBY_CHUNKS, "the standby has made the first ones")
        assert len(encoded(standby)) == STANDBY_CHUNKS
        await standby.producer.catch_up()
        assert len(encoded(standby)) >= STANDBY_CHUNKS + 3
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for one, other in zip(encoded(speaker), encoded(standby), strict=False):
        assert (one.number, one.source, one.frames) == (other.number, other.source, other.frames)


def hear(benches: Iterable[Bench], tick: int) -> None:
    """The same sound for all of them."""
    sound = (0.2 * np.sin(np.arange(tick * 960, tick * 960 + 960) / 9)).astype(np.float32)
    for bench in benches:
        bench.producer.hear("", wire_tick.encode(Tick(tick, 20, 1, to_int16(sound))))


def encoded(bench: Bench) -> list[Chunk]:
    """Without what is the loop's own."""
    return [chunk for chunk in bench.chunks if chunk.frames]


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
        bench.producer.update(ended(bench.producer.space))
        async with asyncio.timeout(PATIENCE_S):
            await task
    assert bench.numbers[-1] == bench.producer.space.last_chunk


async def test_a_space_that_waits_is_told_of_by_segment() -> None:
    """One message stands for twelve chunks of the loop, and a new number of listeners is told within a second."""
    async with producing(waits=True) as bench:
        await bench.makes(2)
        assert bench.looks == 2  # once a message
        bench.listeners = 8
        bench.producer.look()
        await bench.makes(1)
    one, two, three = bench.chunks[:3]
    assert one.number % grid.CHUNKS_PER_PART == grid.CHUNKS_PER_PART - 1
    assert (two.first, two.number % grid.CHUNKS_PER_SEGMENT) == (one.number + 1, grid.CHUNKS_PER_SEGMENT - 1)
    assert (three.first, three.span) == (two.number + 1, grid.CHUNKS_PER_PART)
    assert [pulse.read(chunk.pulse).listeners for chunk in (one, two, three)] == [7, 7, 8]
    assert {(chunk.hold, len(chunk.frames), chunk.source) for chunk in bench.chunks} == {("own", 0, Source.HOLD)}


async def test_what_waits_ends_with_the_seam() -> None:
    """The news that it is live is heard at once: the loop is told of up to the seam, and from there on is encoded."""
    async with producing(waits=True) as bench:
        await bench.makes(1)
        bench.producer.update(live(bench.producer.space))
        await bench.makes(3)
    told, *encoded = bench.chunks[1:]
    assert told.number + 1 == bench.producer.space.live_chunk == encoded[0].number
    assert all(chunk.frames.keys() == {rendition.name for rendition in RENDITIONS} for chunk in encoded)
    assert bench.numbers[1:] == list(range(told.number, told.number + len(encoded) + 1))


async def test_a_clock_set_back_does_not_stop_what_waits() -> None:
    """The loop is told of at its own pace."""
    async with producing(waits=True) as bench:
        await bench.makes(1)
        bench.clock.offset_s = -3600.0
        bench.producer.update(bench.producer.space)
        await bench.makes(1)
        assert bench.producer.set_back
    one, two = bench.chunks
    assert (two.first, two.number % grid.CHUNKS_PER_SEGMENT) == (one.number + 1, grid.CHUNKS_PER_SEGMENT - 1)


@pytest.mark.realtime
async def test_a_chunk_is_made_as_soon_as_its_ticks_are_there() -> None:
    """In the talk nothing waits for the clock when the sound is there; garbage on the subject is counted."""
    with ThreadPoolExecutor(1) as pool:
        bench = Bench(pool)
        for number in range(bench.producer.number * 16, bench.producer.number * 16 + 64):
            bench.producer.hear("", wire_tick.encode(Tick(number, 20, 1, to_int16(SILENCE))))
        bench.producer.hear("", b"garbage")
        task = asyncio.create_task(bench.producer.run(), name="producer")
        await bench.makes(4)
        task.cancel()
        await asyncio.wait([task])
    took_s = (bench.chunks[3].made_ms - bench.chunks[1].made_ms) / 1000  # the first also loads the encoders
    assert took_s < grid.CHUNK_S, "two in less than the time of one"
    assert bench.producer.malformed == 1
    assert bench.chunks[3].delay_ms == pytest.approx(20)
