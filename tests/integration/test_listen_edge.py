"""The rehearsal listener at the real edge: every form of the programme, all at once."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from stentor.base import grid
from stentor.base.errors import NotFound
from stentor.client.history import SoundHistory
from stentor.client.listener import listen, probe
from stentor.client.report import ListenerReport
from tests.support.edge import SPACE, VOICE_CHUNKS, Rig, edge
from tests.support.sound import assert_heard, voice


async def _publishing(rig: Rig) -> None:
    while True:
        await asyncio.sleep(grid.CHUNK_S)
        rig.publish()


async def _hear(url: str, *, low_latency: bool = True) -> tuple[ListenerReport, SoundHistory]:
    return await probe(url, seconds=4.0, low_latency=low_latency)


async def test_every_form_of_the_programme_is_heard_without_a_gap() -> None:
    """ADTS, Ogg, MP4, LL-HLS and plain HLS from one edge: the voice, no jump, no problem, the pulse."""
    said = np.tile(voice("reader")[: VOICE_CHUNKS * grid.CHUNK_SAMPLES], 2)
    async with edge(chunks=40) as rig:
        base = f"http://127.0.0.1:{rig.port}/s/{SPACE}"
        publishing = asyncio.create_task(_publishing(rig), name="programme")
        results = await asyncio.gather(
            _hear(base),
            _hear(f"{base}/live.opus"),
            _hear(f"{base}/live.mp4"),
            _hear(f"{base}/hls/index.m3u8"),
            _hear(f"{base}/hls/index.m3u8", low_latency=False),
        )
        publishing.cancel()
        with pytest.raises(NotFound):
            await listen(f"{base}/nothing.aac")
    assert [report.kind for report, _ in results] == ["aac", "opus", "mp4", "ll-hls", "hls"]
    for report, heard in results:
        assert (report.discontinuities, report.problems, report.reconnects) == ([], [], 0), report.kind
        assert report.sound_s > 4.0
        assert_heard(said, heard.samples())
        if report.kind in ("mp4", "ll-hls", "hls"):
            assert report.sources[0].source == "stage"
            assert report.listeners == 3
