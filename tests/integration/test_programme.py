"""Programmes on a real bus with real encoders; one is killed, the bus is killed, the stage falls silent."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from stentor.audio.pcm import Samples
from stentor.base import grid
from stentor.base.config import Settings
from stentor.base.rendition import Source
from stentor.bus.board import Board
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus, connect
from stentor.bus.status import BEATING, Statuses
from stentor.spaces.model import Space
from stentor.spaces.pulse import Pulse
from stentor.store.objects import Objects
from stentor.wire.chunk import Chunk
from tests.support.air import ended, heard, live, logged, music, music_object, opened, processes, staged
from tests.support.nats import NatsServer, nats_server
from tests.support.sound import assert_heard, gaps
from tests.support.speech import voice
from tests.support.wait import eventually

pytestmark = pytest.mark.realtime


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    async with connect(nats.url, name="test") as bus:
        yield bus


@pytest.fixture
async def settings(tmp_path: Path, nats: NatsServer) -> Settings:
    settings = Settings(data=str(tmp_path), nats_url=nats.url, log_level="WARNING")
    await Objects.open(settings.recordings_address).put("hold/default", music_object())
    return settings


@pytest.fixture
async def statuses(bus: Bus) -> Statuses:
    statuses = Statuses(time.time)
    await statuses.start(bus, *BEATING)
    return statuses


class Follower:
    """Reads the log of a space as it grows."""

    def __init__(self, bus: Bus, space: Space) -> None:
        self.chunks: list[Chunk] = []
        self._log, self._space = ChunkLog(bus), space

    @property
    def newest(self) -> int:
        return self.chunks[-1].number if self.chunks else -1

    async def run(self) -> None:
        origin_ms = self._space.doors_open_ms or 0
        async for chunk in self._log.follow(self._space.id, doors_open_ms=origin_ms, start=0):
            self.chunks.append(chunk)

    async def reaches(self, number: int) -> None:
        await eventually(lambda: self.newest >= number, f"chunk {number} is in the log")


@pytest.fixture
async def on_air(bus: Bus, settings: Settings) -> AsyncIterator[tuple[Space, Follower]]:
    """A space with open doors on the board, and its log."""
    space = opened()
    await Board(bus).put(space)
    follower = Follower(bus, space)
    task = asyncio.create_task(follower.run(), name="follower")
    yield space, follower
    task.cancel()
    await asyncio.wait([task])


def hum() -> Samples:
    """A sound without a pause, 1 s long and seamless."""
    t = np.arange(grid.SAMPLE_RATE_HZ) / grid.SAMPLE_RATE_HZ
    return (0.2 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)


def assert_whole(chunks: list[Chunk]) -> None:
    """Every number from 0 on, each once."""
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))


def sources(chunks: list[Chunk]) -> set[Source]:
    """Where their sound is from."""
    return {chunk.source for chunk in chunks}


def speaker(statuses: Statuses) -> str | None:
    """The instance that publishes, when there is one."""
    fresh = statuses.fresh(time.time(), "programme")
    return next((status.instance for status in fresh if status.numbers.get("speaking")), None)


async def test_a_talk_from_the_doors_to_the_end(bus: Bus, settings: Settings, on_air: tuple[Space, Follower]) -> None:
    """Hold music, the talk, and an end: one log without a hole, and the voice is in it."""
    space, follower = on_air
    reader = voice("reader")
    async with processes("programme", 1, settings) as [programme]:
        await follower.reaches(3)
        async with staged(bus, space, reader):
            space = live(space)
            await Board(bus).put(space)
            await follower.reaches(follower.newest + 20)
            space = ended(space)
            await Board(bus).put(space)
            assert space.last_chunk is not None
            await follower.reaches(space.last_chunk)
        assert await programme.end(signal.SIGTERM) == 0
    chunks = await logged(ChunkLog(bus), space, space.last_chunk)
    assert_whole(chunks)
    first_live = next(chunk.number for chunk in chunks if chunk.source is Source.STAGE)
    assert sources(chunks[:first_live]) == {Source.HOLD}
    assert sources(chunks[first_live:]) == {Source.STAGE}
    talk = heard(chunks[first_live + 4 :])
    start = (first_live + 4) * grid.CHUNK_SAMPLES % (reader.size // grid.TICK_SAMPLES * grid.TICK_SAMPLES)
    assert_heard(reader[start : start + 4 * grid.SAMPLE_RATE_HZ], talk)
    pulse = msgspec.json.decode(chunks[-1].pulse, type=Pulse)
    assert (pulse.space, pulse.chunk) == ("talk", chunks[-1].number)
    assert all(chunk.delay_ms == 30 for chunk in chunks[first_live + 1 :])


async def test_a_silent_stage_is_filled_and_comes_back(
    bus: Bus, settings: Settings, on_air: tuple[Space, Follower]
) -> None:
    """A second of nothing, then the filler; the stage again as soon as it is back."""
    space, follower = on_air
    space = live(space)
    await Board(bus).put(space)
    async with processes("programme", 1, settings), staged(bus, space, voice("reader")) as stage:
        await eventually(lambda: bool(follower.chunks) and follower.chunks[-1].source is Source.STAGE, "the stage")
        await follower.reaches(follower.newest + 4)
        stage.silent = True
        await eventually(lambda: follower.chunks[-1].source is Source.FILLER, "filler after a second")
        await follower.reaches(follower.newest + 3)
        stage.silent = False
        await eventually(lambda: follower.chunks[-1].source is Source.STAGE, "the stage is back")
    assert_whole(follower.chunks)


async def test_a_standby_takes_over(
    bus: Bus, settings: Settings, on_air: tuple[Space, Follower], statuses: Statuses
) -> None:
    """The speaking one of two programmes is killed: every number once, and no hole in the sound."""
    space, follower = on_air
    async with processes("programme", 2, settings) as twins:
        space = live(space)
        await Board(bus).put(space)
        async with staged(bus, space, hum()):
            await eventually(
                lambda: speaker(statuses) is not None and len(statuses.fresh(time.time(), "programme")) == 2,
                "two programmes, and one speaks",
            )
            await eventually(lambda: sources(follower.chunks[-6:]) == {Source.STAGE}, "six chunks of the stage")
            await eventually(lambda: speaker(statuses) is not None, "it is known who speaks")
            first = speaker(statuses)
            killed_after = follower.newest
            await next(twin for twin in twins if twin.instance == first).end()
            await follower.reaches(killed_after + 15)
            await eventually(lambda: speaker(statuses) not in (None, first), "the other one speaks")
    assert_whole(follower.chunks)
    around = follower.chunks[killed_after - 5 : killed_after + 14]
    assert sources(around) == {Source.STAGE}
    assert not gaps(heard(around), least_s=0.02, floor_dbfs=-60.0)


async def test_a_dead_programme_leaves_filler_and_no_hole(
    bus: Bus, settings: Settings, on_air: tuple[Space, Follower]
) -> None:
    """The only programme is killed and started again: what it missed is the hold loop, marked."""
    space, follower = on_air
    space = live(space)
    await Board(bus).put(space)
    async with processes("programme", 1, settings) as [programme]:
        await follower.reaches(6)
        await programme.end()
        died = follower.newest
        await programme.start()
        await follower.reaches(died + 6)
    assert_whole(follower.chunks)
    filled = follower.chunks[died + 1]
    assert filled.source is Source.FILLER
    assert filled.frames == music().chunk_frames(filled.number)


async def test_the_bus_is_killed_in_the_talk(
    bus: Bus, nats: NatsServer, settings: Settings, on_air: tuple[Space, Follower]
) -> None:
    """What is made while the bus is away is published when it is back: no hole."""
    space, follower = on_air
    space = live(space)
    await Board(bus).put(space)
    async with processes("programme", 2, settings), staged(bus, space, voice("reader")):
        await follower.reaches(8)
        await nats.kill()
        killed_at = time.time()
        await eventually(lambda: time.time() > killed_at + 2.5, "the bus is away for some chunks")
        await nats.start()
        away = grid.chunk_at(time.time(), space.doors_open_s)
        await follower.reaches(away + 10)
        await eventually(lambda: follower.chunks[-1].source is Source.STAGE, "the stage is back")
    assert_whole(follower.chunks)
