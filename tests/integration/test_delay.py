"""The broadcast delay through real programmes: what is said is heard later, what is dumped by nobody."""

from __future__ import annotations

import asyncio
import time
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
from stentor.bus.connection import connect
from stentor.bus.status import BEATING, Statuses
from stentor.spaces.delay import DumpSound
from stentor.spaces.model import Space, State
from stentor.spaces.pulse import read
from stentor.store.objects import Objects
from stentor.wire.chunk import Chunk
from tests.support.air import ended, heard, live, logged, music_object, opened, processes, staged
from tests.support.nats import nats_server
from tests.support.sound import assert_heard, assert_not_heard
from tests.support.spaces import do
from tests.support.speech import voice
from tests.support.wait import eventually

pytestmark = pytest.mark.realtime

DELAY_S = 8
DELAY = 25
SAID = 12
"""Chunks of speech that are looked for: 3.84 s."""


async def test_what_is_dumped_nobody_hears(tmp_path: Path) -> None:
    """The twin that speaks is killed a moment after the key: the other one dumps the same, and plays out the end."""
    async with nats_server(tmp_path / "nats") as nats, connect(nats.url, name="test") as bus:
        settings = Settings(data=str(tmp_path), nats_url=nats.url, log_level="WARNING")
        await Objects.open(settings.recordings_address).put("hold/default", music_object())
        statuses, board, log = Statuses(time.time), Board(bus), ChunkLog(bus)
        await statuses.start(bus, *BEATING)
        space = msgspec.structs.replace(opened(), delay_s=DELAY_S)
        await board.put(space)
        async with processes("programme", 2, settings) as twins, staged(bus, space, voice("reader")):
            await eventually(lambda: len(statuses.fresh(time.time(), "programme")) == 2, "two programmes")
            space = live(space)
            await board.put(space)
            begun = space.live_chunk or 0
            await logged(log, space, begun + SAID + 2)
            space = do(space, DumpSound(), now=time.time())
            await board.put(space)
            [dump] = space.dumps
            speaking = [each.instance for each in statuses.fresh(time.time(), "programme") if each.numbers["speaking"]]
            await logged(log, space, dump.first)
            await next(twin for twin in twins if [twin.instance] == speaking).end()
            await asyncio.sleep(grid.CHUNK_S * (SAID + 6))
            space = ended(space)
            await board.put(space)
            last = space.last_chunk or 0
            chunks = await logged(log, space, last)
    assert [chunk.number for chunk in chunks] == list(range(last + 1))
    assert {chunk.source for chunk in chunks[:begun]} == {Source.HOLD}
    assert {chunk.source for chunk in chunks[begun : dump.first]} == {Source.STAGE}
    assert {chunk.source for chunk in chunks[dump.first + 1 : dump.end]} == {Source.FILLER}
    assert {chunk.source for chunk in chunks[dump.end + 1 : last + 1]} == {Source.STAGE}
    assert_heard(said(begun + 2), heard(chunks[begun : begun + SAID + 6]))
    assert_not_heard(said(dump.first + 4), heard(chunks[dump.first : dump.end + 1]))
    assert_heard(said(last - SAID), heard(chunks[last - SAID - 4 : last + 1]))
    assert_told_when_heard(space, chunks)


def said(chunk: int) -> Samples:
    """What the stage gave for chunk ``chunk`` of the programme, and the next."""
    reader = voice("reader")
    size = reader.size // grid.TICK_SAMPLES * grid.TICK_SAMPLES
    start = (chunk - DELAY) * grid.CHUNK_SAMPLES % size
    return np.concatenate([reader[:size], reader[:size]])[start : start + SAID * grid.CHUNK_SAMPLES]


def assert_told_when_heard(space: Space, chunks: list[Chunk]) -> None:
    """The pulse says that it is live with the first word, and as long as there is one."""
    begun, last = space.live_chunk or 0, space.last_chunk or 0
    states = [read(chunk.pulse).state for chunk in chunks]
    assert set(states[: begun - 1]) == {State.DOORS_OPEN}
    assert set(states[begun + 1 : last]) == {State.LIVE}
