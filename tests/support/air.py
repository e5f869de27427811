"""A space on air for tests of the programme and the archive: hold music, a stage that ticks, and role processes."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import msgspec
import numpy as np

from stentor.audio import hold
from stentor.audio.hold import LOOP_SAMPLES, HoldLoop
from stentor.audio.media import StreamDecoder
from stentor.audio.pcm import Samples, to_int16
from stentor.base import grid
from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.units import SpaceId
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus
from stentor.environment import role_environment
from stentor.spaces.model import Space, State
from stentor.wire import mp4
from stentor.wire import tick as wire_tick
from stentor.wire.chunk import Chunk
from stentor.wire.tick import Tick
from tests.support.wait import PATIENCE_S

MUSIC_HZ = 220.0


@cache
def music() -> HoldLoop:
    """A hold loop that is easily told from a voice: a chord that breathes."""
    t = np.arange(LOOP_SAMPLES) / grid.SAMPLE_RATE_HZ
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (MUSIC_HZ, 275.0, 330.0))
    return hold.build((0.05 * chord * (1.2 + np.sin(2 * np.pi * t / 1.92))).astype(np.float32), "chord")


@cache
def music_object() -> bytes:
    """The loop as it lies in the object store."""
    return hold.encode(music())


def opened(space: str = "talk") -> Space:
    """A space whose doors open now."""
    return Space(SpaceId(space), "A talk", State.DOORS_OPEN, doors_open_ms=unix_ms(time.time()), version=1)


def live(space: Space) -> Space:
    """It goes live now."""
    return msgspec.structs.replace(space, state=State.LIVE, live_ms=unix_ms(time.time()), version=space.version + 1)


def ended(space: Space) -> Space:
    """It ends now."""
    return msgspec.structs.replace(space, state=State.ENDED, ended_ms=unix_ms(time.time()), version=space.version + 1)


class Stage:
    """Sends the ticks of a space as a stage does; ``silent`` makes it give nothing, as if it were dead."""

    def __init__(self, bus: Bus, space: Space, sound: Samples) -> None:
        self.silent = False
        self._bus, self._space, self._sound = bus, space, sound

    async def run(self) -> None:
        """Ticks for ever; the sound comes again and again, its place given by the number of the tick."""
        origin = self._space.doors_open_s
        number: int = grid.tick_at(time.time(), origin)
        ticks = self._sound.size // grid.TICK_SAMPLES
        while True:
            await asyncio.sleep(max(0.0, grid.tick_start(number, origin) - time.time()))
            if not self.silent:
                start = number % ticks * grid.TICK_SAMPLES
                block = self._sound[start : start + grid.TICK_SAMPLES]
                tick = Tick(number, 30, 1, to_int16(block))
                await self._bus.publish(f"tick.{self._space.id}", wire_tick.encode(tick))
            number += 1


@asynccontextmanager
async def staged(bus: Bus, space: Space, sound: Samples) -> AsyncIterator[Stage]:
    """A stage that ticks meanwhile."""
    stage = Stage(bus, space, sound)
    task = asyncio.create_task(stage.run(), name="stage")
    try:
        yield stage
    finally:
        task.cancel()
        await asyncio.wait([task])


class RoleProcess:
    """``stentor role`` in a process of its own, to be killed."""

    def __init__(self, role: str, index: int, settings: Settings) -> None:
        self.instance = f"{role}-{index}"
        self._role, self._settings = role, settings
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "stentor", "role", self._role, "--instance", self.instance),
            env=role_environment(self._role, self._settings),
        )

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def end(self, number: int = signal.SIGKILL) -> int | None:
        """Sends the signal and waits; kill -9 by default. Returns the exit status."""
        if self._process is None:
            return None
        if self._process.returncode is None:
            self._process.send_signal(number)
            await self._process.wait()
        return self._process.returncode


@asynccontextmanager
async def processes(role: str, count: int, settings: Settings) -> AsyncIterator[list[RoleProcess]]:
    """Role processes; killed at the end."""
    running = [RoleProcess(role, index, settings) for index in range(count)]
    for each in running:
        await each.start()
    try:
        yield running
    finally:
        for each in running:
            await each.end()


async def logged(chunks: ChunkLog, space: Space, last: int) -> list[Chunk]:
    """Everything in the log up to the number ``last``; waits for it."""
    found: list[Chunk] = []
    async with asyncio.timeout(PATIENCE_S):
        async for chunk in chunks.follow(space.id, doors_open_ms=space.doors_open_ms or 0, start=0):
            found.append(chunk)
            if chunk.number >= last:
                break
    return found


def heard(chunks: list[Chunk], rendition: str = "aac-64") -> Samples:
    """What a listener of these chunks hears."""
    decoder = StreamDecoder("aac", mp4.AAC_CONFIG)
    return np.concatenate([decoder.decode(frame) for chunk in chunks for frame in chunk.frames[rendition]])
