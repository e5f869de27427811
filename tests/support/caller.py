"""A speaker's end of a connection, made of aiortc: a second implementation to test the stage against."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtpPacket
from av import Packet

from stentor.audio.opus import OpusDecoder, OpusEncoder
from stentor.audio.pcm import Samples
from stentor.base.grid import SAMPLE_RATE_HZ, TICK_SAMPLES

KEPT_TICKS = 50 * 60


class _Mouth(MediaStreamTrack):
    """Opus packets of a voice, one every 20 ms by the clock, over and over."""

    kind = "audio"

    def __init__(self, packets: list[bytes]) -> None:
        super().__init__()
        self._packets = packets
        self._next = 0
        self._began: float | None = None

    async def recv(self) -> Packet[Any]:
        self._began = self._began or time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._next * 0.02 - time.monotonic()))
        packet = Packet(self._packets[self._next % len(self._packets)])
        packet.pts, packet.time_base = self._next * TICK_SAMPLES, Fraction(1, SAMPLE_RATE_HZ)
        self._next += 1
        return packet


class Caller:
    """One caller; ``listens`` makes the offer sendrecv. ``loss`` and ``jitter_s`` spoil what is sent, by a seed."""

    def __init__(self, packets: list[bytes], *, listens: bool = True, loss: float = 0.0, jitter_s: float = 0.0) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTransceiver(_Mouth(packets), "sendrecv" if listens else "sendonly")
        self.connection.on("track", self._listen)
        self._heard: deque[Samples] = deque(maxlen=KEPT_TICKS)
        self.timestamps: deque[int] = deque(maxlen=KEPT_TICKS)
        """RTP timestamps of the packets that came back."""
        self._loss, self._jitter_s, self._chance = loss, jitter_s, random.Random(7)

    @property
    def heard(self) -> Samples:
        """What came back so far, mono at 48 kHz."""
        return np.concatenate([np.zeros(0, np.float32), *self._heard])

    @property
    def connected(self) -> bool:
        return self.connection.connectionState == "connected"

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def take(self, answer: str) -> None:
        if self._loss or self._jitter_s:
            self._spoil()
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def hang_up(self) -> None:
        await self.connection.close()

    def go_silent(self) -> None:
        """Loses the network without a word: nothing is sent any more."""
        self._loss = 1.0
        self._spoil()

    def _spoil(self) -> None:
        """Loses and delays datagrams where they leave; each waits up to twice ``jitter_s``, so they overtake."""
        transport = self.connection.getTransceivers()[0].sender.transport.transport
        send: Any = transport._connection.send

        async def spoiled(data: bytes) -> None:
            if not data or not 127 < data[0] < 192:
                await send(data)  # the handshake is not what is tested
            elif self._chance.random() >= self._loss:
                wait_s = min(abs(self._chance.gauss(0, self._jitter_s)), 3 * self._jitter_s)
                asyncio.get_running_loop().call_later(wait_s, lambda: asyncio.ensure_future(send(data)))

        transport._send = spoiled

    def _listen(self, _: MediaStreamTrack) -> None:
        """Hears each packet as it comes: aiortc's own buffer would leave sound out on a busy machine."""
        decoder = OpusDecoder()
        expected: int | None = None

        async def hear(packet: RtpPacket, arrival_time_ms: int) -> None:
            nonlocal expected
            if packet.payload:
                self.timestamps.append(packet.timestamp)
                if expected is not None and expected < packet.timestamp:  # what was not sent keeps its place
                    self._heard.append(np.zeros(min(packet.timestamp - expected, SAMPLE_RATE_HZ), np.float32))
                self._heard.append(decoder.decode(packet.payload))
                expected = packet.timestamp + TICK_SAMPLES

        receiver: Any = self.connection.getTransceivers()[0].receiver
        receiver._handle_rtp_packet = hear


def spoken(samples: Samples) -> list[bytes]:
    """The voice as Opus packets with in-band FEC, as browsers send it."""
    encoder = OpusEncoder()
    blocks = samples[: samples.size // TICK_SAMPLES * TICK_SAMPLES].reshape(-1, TICK_SAMPLES)
    return [encoder.encode(block) for block in blocks]


@asynccontextmanager
async def calling(packets: list[bytes], **options: Any) -> AsyncIterator[Caller]:
    """A caller who hangs up at the end."""
    caller = Caller(packets, **options)
    try:
        yield caller
    finally:
        await caller.hang_up()
