"""How pictures go by WebRTC: a large one not all at once, and one that stands alone when a receiver asks for it.

Replaces methods of aiortc's, as ``client.impairment`` does: tests hold them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from aiortc import RTCRtpSender
from aiortc.rtp import RTCP_PSFB_FIR, RtcpPsfbPacket, is_rtcp

from stentor.courier.simulcast.video import MOST_BPS

PACE_BYTES_S: Final = 2.5 * MOST_BPS / 8
"""As browsers do: a picture that stands alone, of 60 kB, takes 80 ms and not one, and no queue on the way spills."""
BURST_S: Final = 0.01
"""So much may go at once: fewer timers, and what is small does not wait."""


class PicturePace:
    """When the next packet may go. Times are monotonic, in seconds."""

    def __init__(self) -> None:
        self._free_s = 0.0

    def wait_s(self, size: int, now_s: float) -> float:
        """How long a packet of ``size`` bytes waits; it goes then."""
        wait_s = self._free_s - now_s
        self._free_s = max(self._free_s, now_s) + size / PACE_BYTES_S
        return wait_s if wait_s > BURST_S else 0.0


def paced(sender: RTCRtpSender) -> None:
    """From now on the packets of this sender keep the pace, and nothing else waits for them."""
    transport, pace, own = sender.transport, PicturePace(), sender._ssrc.to_bytes(4, "big")
    send = transport._send_rtp

    async def send_rtp(data: bytes) -> None:
        if not is_rtcp(data) and data[8:12] == own and (wait_s := pace.wait_s(len(data), time.monotonic())):
            await asyncio.sleep(wait_s)
        await send(data)

    transport._send_rtp = send_rtp  # type: ignore[method-assign]


def heeds(sender: RTCRtpSender, wanted: Callable[[], None]) -> None:
    """``wanted`` is called when the receiver has lost a picture (PLI; RFC 4585, 6.3.1) or wants a whole one (FIR; RFC
    5104, 4.3.1, which names its sender in another place than the library looks)."""
    sender._send_keyframe = wanted  # type: ignore[method-assign]
    router = sender.transport._rtp_router
    route = router.route_rtcp

    def route_rtcp(packet: Any) -> Any:
        found = route(packet)
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_FIR:
            found.add(sender)
        return found

    router.route_rtcp = route_rtcp  # type: ignore[method-assign]
