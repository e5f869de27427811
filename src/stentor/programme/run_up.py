"""Encoders that go on where a loop's own frames end.

The frames of a loop were made by one encoder, from a run-up before the loop to its end. How FFmpeg's AAC encoder shares
out its bits depends on all that it has heard: its psychoacoustic model keeps the largest perceptual entropy for ever.
So a run-up of a few seconds is not enough, and neither is one of twenty (``docs/reference/proofs.md``). An encoder that
has heard all that the loop's own had heard makes the very bytes that the loop goes on with.
"""

from __future__ import annotations

import threading

from stentor.audio.encoder import LOOP_RUN_UP_CHUNKS, ProgrammeEncoder
from stentor.audio.hold import HoldLoop
from stentor.base.grid import HOLD_CHUNKS
from stentor.base.rendition import RENDITIONS


class RunUp:
    """For one seam in one loop.

    Without :meth:`feed` the work is done in :meth:`take`: 3.6 ms a chunk, 0.75 s at most.
    """

    def __init__(self, loop: HoldLoop) -> None:
        self._loop = loop
        self._encoders: list[ProgrammeEncoder] = []
        self._turn = -1
        self._next = 0
        """The chunk that the encoders are to hear next."""
        self._taken = False
        self._lock = threading.Lock()

    def feed(self, end: int) -> None:
        """The loop's sound before chunk ``end``, in a thread of its own; gives way to :meth:`take` within 4 ms."""
        while True:
            with self._lock:
                if self._taken or not self._step(end):
                    return

    def take(self, seam: int) -> list[ProgrammeEncoder]:
        """Encoders whose next chunk is ``seam``. Only once."""
        with self._lock:
            self._taken = True
        while self._step(seam):
            pass
        return self._encoders

    def _step(self, end: int) -> bool:
        """One chunk; False when there is nothing left to hear."""
        turn = end // HOLD_CHUNKS
        if turn != self._turn or self._next > end:
            self._encoders = [ProgrammeEncoder(rendition) for rendition in RENDITIONS]
            self._turn, self._next = turn, turn * HOLD_CHUNKS - LOOP_RUN_UP_CHUNKS
        if self._next == end:
            return False
        pcm = self._loop.chunk_pcm(self._next)
        for encoder in self._encoders:
            encoder.encode(pcm)
        self._next += 1
        return True
