"""Captions of a space with a broadcast delay: a line is shown when its sound is heard, and never when it is dumped."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import numpy as np

from stentor.audio.utterance import Utterance
from stentor.base import grid
from stentor.bus.calm import Calm
from stentor.bus.connection import connect
from stentor.bus.cues import CueLog
from stentor.bus.lease import Lease
from stentor.captions.backlog import UtteranceBacklog
from stentor.captions.engine import Transcription
from stentor.captions.seat import SeatCaptions
from stentor.spaces.delay_events import Dump
from stentor.store.objects import Objects
from stentor.wire import speech
from stentor.wire.horizon import Horizon
from tests.support.edge import live_space
from tests.support.nats import nats_server

DELAY_S = 8
WORDS = (("Good evening.", 100, 150), ("Forget that.", 600, 650), ("And on.", 900, 950))
"""What is said, and from which tick to which."""


async def test_lines_wait_for_their_sound_and_those_of_what_was_dumped_go_nowhere(tmp_path: Path) -> None:
    """Each line is on the bus once its sound goes out, moved by the delay; the dumped one never is, and is not kept."""
    opened_ms = round(time.time() * 1000) - 100_000  # cues from the future count for nothing
    now = opened_ms / 1000
    space = live_space(delay_s=DELAY_S, doors_open_ms=opened_ms, live_ms=opened_ms)
    async with nats_server(tmp_path / "nats") as server, connect(server.url, name="test") as bus:
        objects, cues, calm = Objects.open("memory://"), CueLog(bus), Calm(calm=False)
        captions = SeatCaptions(
            space, cues, objects, lease=Lease(bus, f"captions.{space.id}", holder="test", calm=calm), calm=calm,
            backlog=UtteranceBacklog(), engine="test", horizon=Horizon(), clock=lambda: now, monotonic=lambda: now,
        )  # fmt: skip

        async def told() -> list[str]:
            await captions._send()
            return [cue.text for cue in await cues.read(space.id, doors_open_ms=opened_ms)]

        for text, first, last in WORDS:
            now = opened_ms / 1000 + last * grid.TICK_S + 0.5
            sound = np.zeros((last - first) * speech.TICK_SAMPLES, dtype=np.float32)
            captions.said("ada", Utterance(first, sound, last - first), Transcription(text, "en"))
            if text == "Good evening.":
                assert await told() == []
                assert not captions.done, "it waits"
        assert await told() == ["Good evening."], "eight seconds after it was said"
        first, end = (grid.chunk_at(opened_ms / 1000 + at_s + DELAY_S, space.doors_open_s) for at_s in (11, 14))
        dumped = Dump(first, end, opened_ms + 14_000)
        captions.update(msgspec.structs.replace(space, dumps=[dumped]))
        now = opened_ms / 1000 + 60
        assert await told() == ["Good evening.", "And on."]
        assert [cue.start_ms for cue in captions.known] == [2000 + space.delay_ms, 18_000 + space.delay_ms]
        assert captions._held == []
