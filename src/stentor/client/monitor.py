"""What comes back to a speaker: the mix without himself, counted, and kept as sound for those who want to look."""

from __future__ import annotations

import time
from typing import Final

import numpy as np
from aiortc import RTCRtpReceiver
from aiortc.rtp import RtpPacket

from stentor.audio.opus import OpusDecoder, packet_samples
from stentor.base.errors import Malformed
from stentor.client.history import SoundHistory

MAX_CONCEALED: Final = 25
"""Lost packets in a row that are concealed (0.5 s); a longer hole is cut out."""
MAX_UNSENT_SAMPLES: Final = 48_000
"""A second; what jumps further is another clock."""


class Monitor:
    """Takes the RTP packets of one connection after the other.

    Replaces ``RTCRtpReceiver._handle_rtp_packet``: as shipped aiortc decodes each packet in a thread, and a crowd of
    rehearsing speakers would pay for sound that nobody listens to. Private: aiortc's minor version is pinned, a test
    holds it. With it go aiortc's receiver reports, which the stage does not need. Sound is decoded only when
    ``keep_s`` is above 0; a packet is heard when it arrives: no jitter buffer adds to what is measured.
    """

    def __init__(self, keep_s: float = 0.0) -> None:
        self.heard = SoundHistory(keep_s)
        self.packets = 0
        self.lost = 0
        self.bad = 0
        self.last_packet: float | None = None
        """Monotonic seconds."""
        self._decoder = OpusDecoder() if keep_s > 0 else None
        self._sequence: int | None = None
        self._expected = 0
        """The timestamp behind the last packet."""

    def listen_to(self, receiver: RTCRtpReceiver) -> None:
        """From now on the packets of ``receiver`` come here."""
        self._sequence = None
        receiver._handle_rtp_packet = self._packet  # type: ignore[method-assign]

    async def _packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        self.last_packet = time.monotonic()
        self.packets += 1
        ahead = 1 if self._sequence is None else (packet.sequence_number - self._sequence) & 0xFFFF
        if ahead == 0 or ahead >= 0x8000:  # doubled, or overtaken by a later one
            return
        self._sequence = packet.sequence_number
        self.lost += ahead - 1
        if self._decoder is None or not packet.payload:
            return
        now = time.time()
        try:
            length = packet_samples(packet.payload)
            for _ in range(ahead - 1 if ahead <= MAX_CONCEALED else 0):
                self.heard.add(self._decoder.conceal(length), now)
            unsent = packet.timestamp - self._expected & 0xFFFFFFFF if ahead == 1 else 0
            if unsent <= MAX_UNSENT_SAMPLES:  # there was nothing to hear, and that was not sent
                self.heard.add(np.zeros(unsent, dtype=np.float32), now)
            self._expected = packet.timestamp + length
            self.heard.add(self._decoder.decode(packet.payload), now)
        except Malformed:
            self.bad += 1
