"""A voice from a file as a microphone: Opus packets every 20 ms, paced by the clock, with the time of every sample."""

from __future__ import annotations

import asyncio
import fractions
import time
from typing import Final

import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet
from av.stream import Stream

from stentor.audio.opus import OpusEncoder
from stentor.audio.pcm import SILENCE, Block, Samples
from stentor.base.errors import BadInput
from stentor.base.grid import SAMPLE_RATE_HZ, TICK_S, TICK_SAMPLES

MAX_BEHIND_BLOCKS: Final = 10
"""After a stall of the process so many blocks are sent at once, as a sound card would; older ones are lost."""
MAX_KEPT_PACKETS: Final = 30_000
"""Ten minutes of packets are kept, so that a voice that loops is encoded once (2 MB)."""
_TIME_BASE: Final = fractions.Fraction(1, SAMPLE_RATE_HZ)


class Microphone:
    """``samples`` (float32 mono, 48 kHz) and a pause of ``pause_s``, over and over or once, from :meth:`start` on.

    The position runs with the clock whether anybody is connected or not, as a person goes on talking. While ``muted``
    packets carry silence. Raises :class:`BadInput` for an empty voice.
    """

    def __init__(self, samples: Samples, *, loop: bool = True, pause_s: float = 0.6) -> None:
        if samples.size == 0:
            raise BadInput("There is nothing to say: the voice is empty.")
        blocks = -(-(samples.size + round(pause_s * SAMPLE_RATE_HZ)) // TICK_SAMPLES)
        self._sound = np.zeros(blocks * TICK_SAMPLES, dtype=np.float32)
        self._sound[: samples.size] = samples
        self.lap_blocks = blocks
        self.loop = loop
        self.muted = False
        self.skipped = 0
        """Blocks that were never sent because the process stalled."""
        self._encoder = OpusEncoder()
        self._silence = OpusEncoder().encode(SILENCE)
        self._kept: dict[int, bytes] = {}
        self._started: float | None = None
        self._started_wall = 0.0

    @property
    def lap_s(self) -> float:
        """Length of the voice with its pause."""
        return self.lap_blocks * TICK_S

    def start(self) -> None:
        """The first sample is spoken now; later calls change nothing."""
        if self._started is None:
            # Paced by the monotonic clock, told in wall-clock time: a step of the wall clock moves neither.
            self._started, self._started_wall = time.monotonic(), time.time()

    def spoken_at(self, sample: int, lap: int = 0) -> float:
        """Wall-clock seconds at which ``sample`` of the voice was (or will be) spoken in its ``lap``-th round."""
        return self._started_wall + lap * self.lap_s + sample / SAMPLE_RATE_HZ

    @property
    def finished(self) -> bool:
        """Whether a voice that does not loop has been spoken to its end."""
        return not self.loop and self.current_block() >= self.lap_blocks

    def current_block(self) -> int:
        """The number of the block that is being spoken; 0 before the start."""
        return 0 if self._started is None else int((time.monotonic() - self._started) / TICK_S + 1e-6)

    def due_s(self, block: int) -> float:
        """Seconds from now until ``block`` has been spoken to its end and can be sent; negative when that is past."""
        return 0.0 if self._started is None else self._started + (block + 1) * TICK_S - time.monotonic()

    def block(self, number: int) -> Block:
        """The sound of a block, without regard to ``muted``; read-only use."""
        if not self.loop and number >= self.lap_blocks:
            return SILENCE
        start = (number % self.lap_blocks) * TICK_SAMPLES
        return self._sound[start : start + TICK_SAMPLES]

    def packet(self, number: int) -> bytes:
        """The Opus packet of a block. Each block of a lap is encoded once: the pause hides the seam."""
        if self.muted or (not self.loop and number >= self.lap_blocks):
            return self._silence
        inside = number % self.lap_blocks
        packet = self._kept.get(inside)
        if packet is None:
            packet = self._encoder.encode(self.block(inside))
            if len(self._kept) < MAX_KEPT_PACKETS:
                self._kept[inside] = packet
        return packet


class MicrophoneTrack(MediaStreamTrack):
    """The microphone on one connection: ready packets for aiortc's sender, which must not encode again."""

    kind = "audio"

    def __init__(self, microphone: Microphone) -> None:
        super().__init__()
        self._microphone = microphone
        self._next: int | None = None

    async def recv(self) -> Packet[Stream]:
        """Waits until the next block has been spoken and returns its packet; aiortc's way to say that it is over."""
        if self.readyState != "live":
            raise MediaStreamError
        microphone = self._microphone
        current = microphone.current_block()
        block = current if self._next is None else self._next
        if current - block > MAX_BEHIND_BLOCKS:
            microphone.skipped += current - MAX_BEHIND_BLOCKS - block
            block = current - MAX_BEHIND_BLOCKS
        await asyncio.sleep(max(0.0, microphone.due_s(block)))
        packet = Packet(microphone.packet(block))
        # The RTP timestamp is the position: a receiver sees a stall as a hole, not as a delay that stays.
        packet.pts = block * TICK_SAMPLES
        packet.time_base = _TIME_BASE
        self._next = block + 1
        return packet
