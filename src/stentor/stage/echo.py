"""The echo: a speaker's own voice comes back to him, four seconds later, before he goes onto any stage.

It is one WebRTC connection made as WHIP makes them, so what it shows is what joining will meet: the microphone, the
browser's encoder, UDP through every firewall between, loss and round trip. Nothing is decoded, mixed or kept. It needs
no space on air, so any stage process answers; whether the caller may is the house's to say.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from typing import Any, Final, NamedTuple

from stentor.base import grid, log
from stentor.base.clock import Clock, wall
from stentor.base.drain import ended
from stentor.base.errors import CallerError, Malformed, Overloaded, StentorError
from stentor.spaces.claims import Checker
from stentor.stage import offer as sdp
from stentor.stage import rtp
from stentor.stage.ice import IceSettings
from stentor.stage.peer import DtlsCertificate, Peer, PeerState
from stentor.stage.whip import OFFER_TYPE, not_understood, offered, refusal
from stentor.wire.sdp import ask_for_fec
from stentor.wire.whip import WhipReply, WhipRequest, decode_request, encode

DELAY_S: Final = 4.0
"""A sentence long: the page has its microphone off when its sound comes back, so that no loudspeaker feeds it."""
LASTS_S: Final = 30.0
"""The page needs nine seconds, and up to twenty to connect."""
MOST_ECHOES: Final = 20
"""Of one process; each costs what a silent seat costs."""
RETRY_S: Final = 5.0
KEPT_PACKETS: Final = 500
"""Twice what comes in :data:`DELAY_S`; more is no speaker's, and the oldest go."""


class _Kept(NamedTuple):
    due: float
    timestamp: int
    payload: bytes


class Repeater:
    """What came, to be given back ``delay_s`` later. ``now`` is monotonic seconds."""

    def __init__(self, delay_s: float = DELAY_S) -> None:
        self._delay_s = delay_s
        self._kept: deque[_Kept] = deque(maxlen=KEPT_PACKETS)
        self._first: int | None = None

    def hear(self, packet: rtp.Packet, now: float) -> None:
        """Keeps a packet; one that was overtaken on its way is left out."""
        if self._first is None:
            self._first = packet.timestamp
        since = (packet.timestamp - self._first) & 0xFFFFFFFF
        if not self._kept or since > self._kept[-1].timestamp:
            self._kept.append(_Kept(now + self._delay_s, since, packet.payload))

    def due(self, now: float) -> list[tuple[bytes, int]]:
        """Opus packets to send now, each with its tick counted from the first that came."""
        found: list[tuple[bytes, int]] = []
        while self._kept and self._kept[0].due <= now:
            kept = self._kept.popleft()
            found.append((kept.payload, kept.timestamp // grid.TICK_SAMPLES))
        return found


class Echoes:
    """All echoes of this process."""

    def __init__(
        self,
        ice: IceSettings,
        certificate: DtlsCertificate,
        *,
        checker: Checker,
        clock: Clock = wall,
        delay_s: float = DELAY_S,
    ) -> None:
        self._ice, self._certificate, self._delay_s = ice, certificate, delay_s
        self._checker, self._clock, self._since = checker, clock, clock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = 0
        self.log = log.get("stage")

    async def serve(self, message: bytes) -> bytes:
        """The reply to a message from the bus, as it travels there. Never raises for what a caller may send."""
        try:
            reply = await self.answer(decode_request(message))
        except Malformed as error:
            reply = not_understood(error)
        except StentorError as error:
            reply = refusal(error)
        return encode(reply)

    async def answer(self, request: WhipRequest) -> WhipReply:
        """The answer to an offer; raises what WHIP refuses, and :class:`Overloaded` when too many check at once."""
        if request.method != "POST":
            raise CallerError(f"{request.method} is not possible here.", code="method-not-allowed", status=405)
        now, about = self._clock(), request.signed()
        self._checker.check(request.claim, purposes=("echo",), space=None, now=now, about=about, since=self._since)
        offer = offered(request)
        if self._open >= MOST_ECHOES:
            raise Overloaded(
                "Too many people check their sound at once; try again in a moment.",
                retry_after_s=RETRY_S,
                code="echo-full",
            )
        self._open += 1
        try:
            peer, repeater, answer = await self._connect(offer)
        except BaseException:
            self._open -= 1
            raise
        self._start(self._attend(peer, repeater))
        return WhipReply(201, {"Content-Type": OFFER_TYPE}, ask_for_fec(answer).encode())

    async def close(self) -> None:
        """Ends all echoes."""
        await ended(self._tasks, within_s=1.0)

    async def _connect(self, offer: sdp.SpeakerOffer) -> tuple[Peer, Repeater, str]:
        repeater = Repeater(self._delay_s)
        peer = Peer(
            offer,
            ice=self._ice,
            certificate=self._certificate.get(),
            on_packet=repeater.hear,
        )
        try:
            return peer, repeater, await peer.answer()
        except BaseException:
            await peer.close()
            raise

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="echo")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attend(self, peer: Peer, repeater: Repeater) -> None:
        """Gives back what comes until the caller hangs up, at most :data:`LASTS_S`."""
        connection = asyncio.create_task(peer.run(), name="echo connection")
        try:
            async with asyncio.timeout(LASTS_S):
                while not connection.done():
                    await asyncio.wait([connection], timeout=grid.TICK_S)
                    for opus, tick in repeater.due(time.monotonic()) if peer.state is PeerState.CONNECTED else []:
                        await peer.send(opus, tick)
        except TimeoutError:
            pass
        except Exception:  # the outermost boundary of this task: an echo never takes the stage along
            self.log.exception("echo-failed")
        finally:
            self._open -= 1
            await peer.close()
            await asyncio.wait([connection], timeout=1.0)
