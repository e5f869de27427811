"""Sound and picture of a space at their times: what destinations get.

It runs six seconds behind the stage. The log tells of a space that waits every 3.84 s, and what has not come by then is
the hold loop's, as at the edges: the sound never ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from stentor.audio.hold import HoldLoop
from stentor.base import grid
from stentor.base.clock import Clock
from stentor.base.errors import Malformed
from stentor.courier.simulcast import scene as scenes
from stentor.courier.simulcast.line import Sent
from stentor.courier.simulcast.picture import ScenePicture
from stentor.courier.simulcast.scene import Scene
from stentor.courier.simulcast.video import RATE, VideoEncoder
from stentor.spaces import pulse as pulses
from stentor.spaces.model import Space
from stentor.spaces.pulse import Pulse
from stentor.wire.chunk import Chunk
from stentor.wire.cue import Cue

DELAY_S: Final = 6.0
SOUND: Final = "aac-64"
OPUS: Final = "opus-24"
"""What WebRTC takes."""
REDRAW_S: Final = 0.5
"""So often at most something is drawn."""
MOST_CUES: Final = 40
MOST_CHUNKS: Final = 128
"""Ahead of their time; 41 s."""


class Feed:
    """One space. ``emit`` takes sound and pictures, in the order of their times."""

    def __init__(
        self, space: Space, loop: HoldLoop, picture: ScenePicture, emit: Callable[[Sent], None], *, clock: Clock,
        site: str, address: str,
    ) -> None:  # fmt: skip
        assert space.doors_open_ms is not None
        self.space, self.loop = space, loop
        self.filled = 0
        """Chunks that had not come."""
        self.cpu_drawn_s = 0.0
        self.needs: Callable[[list[str]], None] = lambda _: None
        """Is told which portraits are not here yet."""
        self._picture, self._emit, self._site, self._address = picture, emit, site, address
        self._doors_ms = space.doors_open_ms
        self._offset_s = clock() - time.monotonic() - DELAY_S - space.doors_open_ms / 1000
        self._next = max(0, int(self._played_s // grid.CHUNK_S))
        self._first_ms = self._next * grid.CHUNK_MS
        self._chunks: dict[int, Chunk] = {}
        self._cues: list[Cue] = []
        self._pulse: Pulse | None = None
        self._drawn_s = -REDRAW_S
        self._encoder = VideoEncoder()
        self.want_key = self._encoder.want_key

    @property
    def start(self) -> int:
        """The first chunk that is needed."""
        return self._next

    @property
    def over(self) -> bool:
        """All of the space was emitted, or nothing more of it may be."""
        if self.space.private:
            return True
        ended = self.space.ended_ms
        return ended is not None and self._next * grid.CHUNK_MS >= ended - self._doors_ms

    @property
    def _played_s(self) -> float:
        """What is emitted now, in seconds after the doors opened."""
        return time.monotonic() + self._offset_s

    def hear(self, chunk: Chunk) -> None:
        """Takes a chunk of the log; one that is late is of no use any more."""
        if self._next <= chunk.number < self._next + MOST_CHUNKS:
            self._chunks[chunk.number] = chunk

    def read(self, cue: Cue) -> None:
        """Takes a cue; a corrected one replaces what it corrects."""
        if cue.doors_open_ms != self._doors_ms:
            return
        self._cues = [one for one in self._cues if (one.start_ms, one.seat) != (cue.start_ms, cue.seat)][-MOST_CUES:]
        self._cues.append(cue)

    async def run(self) -> None:
        """Until the space is over."""
        number = 0
        while not self.over:
            self._sound()
            self._show(number)
            number = max(number + 1, int((self._played_s - self._first_ms / 1000) * RATE))
            await asyncio.sleep(self._first_ms / 1000 + number / RATE - self._played_s)

    def _sound(self) -> None:
        while self._next * grid.CHUNK_S <= self._played_s and not self.over:
            number, chunk = self._next, self._chunks.pop(self._next, None)
            frames = chunk.frames if chunk is not None and chunk.frames else self.loop.chunk_frames(number)
            if chunk is None:
                self.filled += 1
            else:
                self._pulse = _pulse(chunk.pulse) or self._pulse
            at_ms = number * grid.CHUNK_MS - self._first_ms
            self._emit(Sent(at_ms, frames.get(SOUND, []), frames.get(OPUS, [])))
            self._next += 1

    def _show(self, number: int) -> None:
        at_ms = self._first_ms + number * 1000 // RATE
        if time.monotonic() - self._drawn_s >= REDRAW_S:
            self._drawn_s = time.monotonic()
            began = time.process_time()
            found = self.scene(at_ms)
            if missing := self._picture.missing(found):
                self.needs(missing)
            self._picture.draw(found)
            self.cpu_drawn_s += time.process_time() - began
        self._emit(Sent(at_ms - self._first_ms, [], [], self._encoder.encode(self._picture.planes)))

    def scene(self, at_ms: int) -> Scene:
        """What there is to see then, in ms after the doors opened."""
        lines = scenes.caption(self._cues, at_ms)
        return scenes.scene(self.space, self._pulse, lines, site=self._site, address=self._address)


def _pulse(data: bytes) -> Pulse | None:
    try:
        return pulses.read(data)
    except Malformed:
        return None
