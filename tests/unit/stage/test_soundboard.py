"""The soundboard of a room: what the space says is playing is what is heard."""

from __future__ import annotations

import asyncio

import msgspec
import numpy as np
import pytest

from stentor.audio.pcm import Block
from stentor.base.errors import Overloaded
from stentor.base.units import SpaceId
from stentor.spaces.model import Playing, Sound, Space, State
from stentor.stage.soundboard import Soundboard
from tests.support.wait import eventually

AT_S = 5000.0
SOUND = Sound("ramp", "Ramp", 3000)
PCM = (np.arange(144_000) // 8).astype(np.int16)
"""Rises by one every eight samples, so that a sample says where it is from."""
SPACE = Space(id=SpaceId("talk"), title="Talk", state=State.LIVE, doors_open_ms=1_000_000, sounds=[SOUND])


def played(volume: int = 100, at_s: float = AT_S) -> Space:
    return msgspec.structs.replace(SPACE, playing=Playing("ramp", round(at_s * 1000), volume))


async def ready(*, failures: int = 0) -> tuple[Soundboard, asyncio.Task[None], list[str]]:
    """A board that has its sound, after the store has failed so often."""
    asked: list[str] = []

    async def fetch(key: str) -> bytes:
        asked.append(key)
        if len(asked) <= failures:
            raise Overloaded("Not now.", retry_after_s=1)
        return PCM.astype("<i2").tobytes()

    board = Soundboard(fetch)
    board.apply(SPACE)
    task = asyncio.create_task(board.run(), name="sounds")
    await eventually(lambda: len(asked) > failures, "the sound is fetched")
    await asyncio.sleep(0)
    return board, task, asked


def first_sample(block: Block | None) -> int:
    assert block is not None
    return round(float(block[0]) * 32768)


async def test_a_sound_begins_with_its_first_sample_at_the_next_tick() -> None:
    """However long the news of it took; and it ends by itself."""
    board, task, _ = await ready()
    board.apply(played())
    assert first_sample(board.take(AT_S + 0.3)) == 0
    assert first_sample(board.take(AT_S + 0.32)) == 960 // 8
    for _ in range(148):
        assert board.take(AT_S + 1) is not None
    assert board.take(AT_S + 4) is None
    board.apply(played())
    assert board.take(AT_S + 5) is None, "it is not played once more for another word of the space"
    task.cancel()


async def test_a_stage_that_takes_over_goes_on_where_the_sound_would_be() -> None:
    """And one that comes after its end plays nothing."""
    board, task, _ = await ready()
    board.apply(played())
    board.take(AT_S + 2.5)
    assert first_sample(board.take(AT_S + 2.52)) > 0
    late, other, _ = await ready()
    late.apply(played())
    assert late.take(AT_S + 3.0) is None
    task.cancel()
    other.cancel()


async def test_stopping_fades_and_what_comes_next_begins_at_once() -> None:
    """Both are heard while the old one fades."""
    board, task, _ = await ready()
    board.apply(played())
    board.take(AT_S)
    board.apply(SPACE)
    assert board.take(AT_S + 0.02) is not None
    for _ in range(16):
        board.take(AT_S + 0.1)
    assert board.take(AT_S + 1) is None
    board.apply(played(at_s=AT_S + 1))
    board.take(AT_S + 1)
    board.apply(played(at_s=AT_S + 1.02))
    both = board.take(AT_S + 1.02)
    assert both is not None
    assert first_sample(both) == pytest.approx(960 / 8, abs=2)
    task.cancel()


async def test_what_the_store_refuses_is_asked_for_again_and_never_waited_for() -> None:
    """Until it is here, a tick hears nothing of it."""
    board, task, asked = await ready(failures=1)
    assert asked == ["sounds/talk/ramp"] * 2
    board.apply(played())
    assert first_sample(board.take(AT_S)) == 0
    empty = Soundboard(lambda _: asyncio.sleep(60, b""))
    empty.apply(played())
    assert empty.take(AT_S) is None
    task.cancel()
