"""Publishes to a server by WHIP (RFC 9725): Opus and H.264 over WebRTC.

The offer has all candidates, and none is sent later: whether to trickle is the client's choice (4.3.1). The server is
on the internet, so that it is enough that we call it: no STUN or TURN server is asked.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

import av
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)

from stentor.base.grid import OPUS_FRAME_SAMPLES, SAMPLE_RATE_HZ
from stentor.courier.addresses import reachable
from stentor.courier.client import MOST_REDIRECTS, Answer, NoAnswer, OutsideClient, outside
from stentor.courier.simulcast import pacing
from stentor.courier.simulcast.line import AGENT, GOODBYE_S, HELLO_S, LineBroken, Sent
from stentor.wire import ingest
from stentor.wire.forwarded import Networks
from stentor.wire.ingest import WhipAddress

PROFILE: Final = "42e01f"
"""Constrained baseline, level 3.1: the only H.264 that every browser plays (RFC 7742, 6.2)."""
PICTURE_HZ: Final = 90_000
MOST_WAITING: Final = 256
"""Packets of a track that wait for their time; 5 s of sound. The oldest give way."""
LATE_S: Final = 0.2
REPORT_S: Final = 1.0
SILENT_S: Final = 15.0
"""A server that has told how it receives and tells no more for so long is gone: all tell every 7.5 s at least
(RFC 3550, 6.2)."""
MOST_DATAGRAMS: Final = 256
_TROUBLES: Final = {401: "bad-key", 403: "bad-key", 404: "no-stream", 405: "no-whip", 409: "in-use"}
MOST_LOST: Final = 0.1
"""A line that loses more of the sound gets no pictures."""
MOST_RTT_S: Final = 1.0
"""What takes so long waits somewhere on the way."""


class _PacketTrack(MediaStreamTrack):
    """What the library's sender takes encoded packets from, each when its time has come."""

    def __init__(self, kind: str, rate_hz: int) -> None:
        super().__init__()
        self.kind, self._base = kind, Fraction(1, rate_hz)
        self._packets: deque[tuple[float, av.Packet[Any]]] = deque(maxlen=MOST_WAITING)
        self._news = asyncio.Event()

    @property
    def last_s(self) -> float:
        """When the last of what waits is due; 0 when nothing does."""
        return self._packets[-1][0] if self._packets else 0.0

    def put(self, due_s: float, at: int, data: bytes) -> None:
        """``due_s`` is a monotonic time, ``at`` the one that the packet says, in its own clock."""
        packet = av.Packet(data)
        packet.pts = packet.dts = at
        packet.time_base = self._base
        self._packets.append((due_s, packet))
        self._news.set()

    async def recv(self) -> av.Packet[Any]:
        while True:
            while not self._packets:
                self._news.clear()
                await self._news.wait()
            wait_s = self._packets[0][0] - time.monotonic()
            if wait_s <= 0:
                return self._packets.popleft()[1]
            await asyncio.sleep(wait_s)


class WhipLine:
    """One session at a server."""

    speed = 1.0
    """It plays as it comes."""
    told_at_once = False

    def __init__(
        self, where: WhipAddress, *, allowed: Networks, tls: ssl.SSLContext | None = None, silent_s: float = SILENT_S,
        want_key: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """``want_key`` is called when the server asks for a picture that stands alone."""
        self._want_key = want_key
        self._where, self._allowed, self._tls, self._silent_s = where, allowed, tls, silent_s
        self.late = False
        """It loses sound, or something on the way holds it up."""
        self._stack = AsyncExitStack()
        self._client: OutsideClient | None = None
        self._peer: RTCPeerConnection | None = None
        self._session = ""
        self._sound, self._pictures = _PacketTrack("audio", SAMPLE_RATE_HZ), _PacketTrack("video", PICTURE_HZ)
        self._sender: RTCRtpSender | None = None
        self._began_s: float | None = None
        self._looked_s = self._heard_s = 0.0
        self._unheard = self._new = 0
        """Bytes since the report before the newest look, and since that look."""
        self._report: datetime | None = None

    async def open(self) -> None:
        """Offers, and waits until it is connected. Raises :class:`LineBroken`."""
        self._client = await self._stack.enter_async_context(outside(self._allowed, tls=self._tls))
        peer = self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        connected = asyncio.Event()
        peer.on("connectionstatechange", connected.set)
        self._sender = self._offers(peer)
        _guard(peer)
        await peer.setLocalDescription(await peer.createOffer())
        text = await self._asked(self._client, peer.localDescription.sdp.encode())
        answer, left, had = ingest.heeded(text, lambda address: reachable(address, self._allowed))
        if had and not left:
            raise LineBroken("It answers from where nothing is on the internet.", code="refused-address")
        try:
            await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except Exception as error:  # whatever the library finds wrong with what a stranger says
            raise LineBroken("Its answer is none.", code="no-whip") from error
        try:
            async with asyncio.timeout(HELLO_S):
                while peer.connectionState in ("new", "connecting"):
                    connected.clear()
                    await connected.wait()
        except TimeoutError as error:
            raise LineBroken("It did not connect in time.", code="no-media") from error
        if peer.connectionState != "connected":
            raise LineBroken("It did not connect.", code="no-media")

    @property
    def waiting(self) -> int:
        """What was sent since the server last told how it receives; 0 of one that never does."""
        return self._unheard + self._new if self._heard_s else 0

    async def send(self, at_ms: int, sent: Sent) -> int:
        """Returns at once: what cannot go is lost, as the protocol has it. Raises :class:`LineBroken`."""
        if self._peer is None or self._peer.connectionState != "connected":
            raise LineBroken("It closed the connection.", code="closed")
        now = time.monotonic()
        if now - self._looked_s >= REPORT_S:
            self._looked_s = now
            await self._look(now)
            self._unheard, self._new = self._unheard + self._new, 0
        if self._began_s is None or self._began_s + at_ms / 1000 < now - LATE_S:
            self._began_s = now - at_ms / 1000
        size = self._given(self._began_s + at_ms / 1000, at_ms, sent)
        self._new += size
        return size

    def _given(self, due_s: float, at_ms: int, sent: Sent) -> int:
        if sent.picture is not None:
            self._pictures.put(due_s, at_ms * PICTURE_HZ // 1000, sent.picture.data)
            return len(sent.picture.data)
        first = at_ms * SAMPLE_RATE_HZ // 1000
        for number, frame in enumerate(sent.opus):
            samples = number * OPUS_FRAME_SAMPLES
            self._sound.put(due_s + samples / SAMPLE_RATE_HZ, first + samples, frame)
        return sum(len(frame) for frame in sent.opus)

    async def close(self) -> None:
        """Ends the session there (4.2), and the connection."""
        try:
            await asyncio.sleep(min(GOODBYE_S, max(0.0, self._sound.last_s - time.monotonic())))
            if self._session and self._client is not None:
                with suppress(NoAnswer, TimeoutError):
                    async with asyncio.timeout(GOODBYE_S):
                        await self._client.send("DELETE", self._session, b"", self._headers())
            self._session = ""
        finally:
            if self._peer is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(GOODBYE_S):
                        await self._peer.close()
            await self._stack.aclose()

    def _offers(self, peer: RTCPeerConnection) -> RTCRtpSender:
        """Adds both tracks; returns the one of the sound, by which a line is judged."""
        sound = peer.addTransceiver(self._sound, direction="sendonly")
        _prefer(sound, "audio/opus", "")
        pictures = peer.addTransceiver(self._pictures, direction="sendonly")
        _prefer(pictures, "video/h264", PROFILE)
        pacing.paced(pictures.sender)
        pacing.heeds(pictures.sender, self._want_key)
        return sound.sender

    async def _asked(self, client: OutsideClient, offer: bytes) -> str:
        kind = {"Content-Type": "application/sdp", "Accept": "application/sdp"}
        url, headers = self._where.url, self._headers() | kind
        for _ in range(MOST_REDIRECTS + 1):
            try:
                answer = await client.send("POST", url, offer, headers)
            except NoAnswer as error:
                code = "no-whip" if error.error_code == "broken-answer" else error.error_code
                said = error.detail.partition(": ")[2] if code == "tls" else ""
                raise LineBroken(error.detail, code=code, said=said) from error
            if answer.status not in (307, 308):  # others would make a GET of it
                break
            url = ingest.elsewhere(url, answer.location)
            if not url:
                raise LineBroken("It sends on to where nothing may be sent.", code="refused")
        if answer.status not in (200, 201):
            raise _refusal(answer)
        self._session = ingest.elsewhere(url, answer.location) if answer.location else ""
        return answer.body.decode("utf-8", "replace")

    def _headers(self) -> dict[str, str]:
        token = self._where.token
        return {"User-Agent": AGENT} | ({"Authorization": f"Bearer {token}"} if token else {})

    async def _look(self, now: float) -> None:
        """Judges the line by what the server reports of the sound."""
        assert self._sender is not None
        for found in (await self._sender.getStats()).values():
            if found.type != "remote-inbound-rtp":
                continue
            if found.timestamp != self._report:
                self._report, self._heard_s, self._unheard = found.timestamp, now, 0
                slow = found.roundTripTime is not None and found.roundTripTime > MOST_RTT_S
                self.late = slow or found.fractionLost / 256 > MOST_LOST
            elif now - self._heard_s > self._silent_s:
                raise LineBroken("It says nothing any more.", code="closed")


def _guard(peer: RTCPeerConnection) -> None:
    """Keeps out what anybody may send to an open port: an empty datagram would end the DTLS transport, and the library
    lets any number wait (decision 0004). Replaces a method of aioice 0.13's; a test sends such a datagram."""
    connection = peer.getSenders()[0].transport.transport._connection
    take = connection.data_received

    def data_received(data: bytes, component: int) -> None:
        if data and connection._queue.qsize() < MOST_DATAGRAMS:
            take(data, component)

    connection.data_received = data_received  # type: ignore[method-assign]


def _prefer(transceiver: RTCRtpTransceiver, kind: str, profile: str) -> None:
    """Offers one codec alone, with the way to send it anew."""
    transceiver.setCodecPreferences(
        [
            each
            for each in RTCRtpSender.getCapabilities(transceiver.kind).codecs
            if each.name.lower() == "rtx"
            or (each.mimeType.lower() == kind and each.parameters.get("profile-level-id", "") == profile)
        ]
    )


def _refusal(answer: Answer) -> LineBroken:
    words = answer.body[:200].decode("utf-8", "replace").strip().partition("\n")[0]
    plain = answer.content_type.startswith("text/plain") and words.isprintable()
    code = _TROUBLES.get(answer.status, "refused")
    if 200 <= answer.status < 400:
        code = "no-whip"
    return LineBroken("It refused.", code=code, said=f"{answer.status} {words if plain else ''}".strip())
