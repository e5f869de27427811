"""Files of other people, each read by a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from stentor.base.errors import BadInput, Overloaded
from stentor.house.uploads import readers
from stentor.house.uploads.readers import MOST_WAITING, SOUNDS, Readers
from tests.support.pictures import decoded, encoded, gif
from tests.support.sound_files import encoded as sound_file
from tests.support.sound_files import tone, wav
from tests.support.wait import eventually

Children = Callable[[], list[psutil.Process]]


@pytest.fixture
def children() -> Children:
    """The processes that a test has started; other tests' houses are children of this process, too."""
    before = set(psutil.Process().children())
    return lambda: [process for process in psutil.Process().children() if process not in before]


async def test_sounds_and_pictures() -> None:
    """What a decoder found comes back as it would in this process, with what was left out; so does a refusal."""
    read = Readers()
    sound, cut, first, jpeg = await asyncio.gather(
        read.sound("a", wav(), 60.0),
        read.sound("b", wav()[:100_000], 60.0),
        read.sound("c", sound_file("matroska", "pcm_s16le", tone(3.0)), 1.0, whole=False),
        read.picture("ada", gif()),
    )
    assert np.array_equal(sound.samples, tone())
    assert (cut.left_out, first.left_out, first.samples.size) == (("cut-short",), ("rest",), 48_000)
    assert decoded(jpeg).shape == (256, 256, 3)
    with pytest.raises(BadInput) as refused:
        await read.sound("a", b"ffconcat version 1.0\nfile 'base.wav'\n", 60.0)
    assert (refused.value.error_code, refused.value.fields) == ("bad-input", {"reason": "not-sound"})
    with pytest.raises(BadInput) as refused:
        await read.picture("ada", encoded("png", width=6000, height=5000))
    assert refused.value.error_code == "picture-too-large"


async def test_one_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, children: Children) -> None:
    """At its deadline, and also when whoever asked has gone: the sender hears of it, and no process is left."""
    monkeypatch.setattr(readers, "DEADLINE_S", 0.05)
    read = Readers()
    with pytest.raises(BadInput) as refused:
        await read.sound("a", wav(), 60.0)
    assert refused.value.fields == {"reason": "undecodable"}
    assert children() == []
    monkeypatch.setattr(readers, "DEADLINE_S", 20.0)
    asked = asyncio.create_task(read.sound("a", wav(), 60.0))
    await eventually(lambda: bool(children()), "the decoder has started")
    asked.cancel()
    await asyncio.wait([asked])
    assert children() == []


async def test_one_that_is_taken_down_is_an_error_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that crashes is the file's fault: 400, and the next one is read."""
    decoder = tmp_path / "decoder"
    decoder.write_text("#!/bin/sh\necho Segmentation fault >&2; kill -SEGV $$\n")
    decoder.chmod(0o755)
    read = Readers()
    with monkeypatch.context() as patched:
        patched.setattr("sys.executable", str(decoder))
        with pytest.raises(BadInput) as refused:
            await read.sound("a", wav(size=None) + bytes(1 << 20), 60.0)
    assert refused.value.fields == {"reason": "undecodable"}
    assert (await read.sound("a", wav(), 60.0)).samples.size == 48_000


async def test_a_slow_file_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: Children
) -> None:
    """Somebody's slow files take one place; others are read beside them, and what waits is bounded: 503."""
    stays = tmp_path / "stays"
    stays.write_text("#!/bin/sh\nexec sleep 60\n")
    stays.chmod(0o755)
    read = Readers()
    with monkeypatch.context() as patched:
        patched.setattr("sys.executable", str(stays))
        slow = asyncio.create_task(read.sound("slow", wav(), 60.0))
        await eventually(lambda: bool(children()), "the slow one has started")
    more = [asyncio.create_task(read.sound("slow", wav(), 60.0)) for _ in range(MOST_WAITING - 1)]
    await asyncio.sleep(0)
    assert (await read.sound("other", wav(), 60.0)).samples.size == 48_000
    assert SOUNDS > 1
    more.append(asyncio.create_task(read.sound("slow", wav(), 60.0)))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await read.sound("other", wav(), 60.0)
    assert len(children()) == 1
    for task in (*more, slow):
        task.cancel()
    await asyncio.wait([*more, slow])
    assert children() == []
    assert (await read.sound("slow", wav(), 60.0)).samples.size == 48_000
