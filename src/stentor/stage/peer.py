"""One peer connection: ICE, DTLS and SRTP to a speaker, Opus packets in and out.

Built from aiortc's transports, not from its ``RTCPeerConnection``: that one decodes each track in a thread behind a
buffer that loses three packets for each lost one, encodes for each connection, generates a certificate for each call
and cannot restart ICE. What is used of aiortc's inside is in :class:`_Dtls` and :class:`~stentor.stage.ice.Path`,
written for aiortc 1.16; tests/unit/stage/test_peer.py fails on another version.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtp import is_rtcp
from pylibsrtp import Error as SrtpError

from stentor.base.clock import Clock, wall
from stentor.base.errors import BadInput, Conflict, Malformed
from stentor.stage import offer as sdp
from stentor.stage import rtp
from stentor.stage.ice import Ice, IceSettings, Path

CONNECT_TIMEOUT_S = 20.0
"""From the answer to the first sound. Browsers need 0.3 s, people behind a slow TURN server some seconds."""
REPORT_S = 1.0
"""Seconds between RTCP reports (RFC 3550 asks for 5 s at most for so small a session, WebRTC sends every second)."""
RENEW_BEFORE = timedelta(days=1)


class PeerState(StrEnum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"


class DtlsCertificate:
    """The certificate of this process: making one takes 2 ms and more, so all connections share it."""

    def __init__(self) -> None:
        self._certificate = RTCCertificate.generateCertificate()

    def get(self) -> RTCCertificate:
        """The certificate, made anew a day before it runs out."""
        if self._certificate.expires - datetime.now(UTC) < RENEW_BEFORE:
            self._certificate = RTCCertificate.generateCertificate()
        return self._certificate


class _Dtls(RTCDtlsTransport):
    """The DTLS transport without aiortc's router, receivers and senders: media comes past its queue and its task."""

    def __init__(self, path: Path, certificate: RTCCertificate) -> None:
        super().__init__(path, [certificate])  # type: ignore[arg-type]

    def decrypt(self, datagram: bytes) -> bytes | None:
        """RTP or RTCP; None for what was not encrypted for us, or comes before the handshake is over."""
        if self._rx_srtp is None or len(datagram) > rtp.MAX_DATAGRAM_BYTES:
            return None
        try:
            if is_rtcp(datagram):
                return self._rx_srtp.unprotect_rtcp(datagram)
            return self._rx_srtp.unprotect(datagram)
        except SrtpError:
            return None

    async def send(self, datagram: bytes) -> None:
        """Encrypts and sends RTP or RTCP; raises ConnectionError when the connection is gone."""
        await self._send_rtp(datagram)

    def take_role(self, role: str) -> None:
        self._set_role(role)


class Peer:
    """One connection. :meth:`answer`, then :meth:`run` in a task until it ends; :meth:`close` ends it."""

    def __init__(
        self,
        offer: sdp.SpeakerOffer,
        *,
        ice: IceSettings,
        certificate: RTCCertificate,
        on_packet: Callable[[rtp.Packet, float], None],
        monotonic: Clock = time.monotonic,
    ) -> None:
        self.offer = offer
        self.state = PeerState.CONNECTING
        self.malformed = 0
        """Datagrams that were properly encrypted and yet no RTP, RTCP or not the codec agreed on."""
        self.reception: rtp.Reception | None = None
        self._settings = ice
        self._on_packet = on_packet
        self._monotonic = monotonic
        self._ended = asyncio.Event()
        self._ice = Ice(ice, self._hear)
        self._path = Path(self._ice)
        self._dtls = _Dtls(self._path, certificate)
        self._dtls.take_role(sdp.dtls_role(offer))
        self._dtls.on("statechange", self._dtls_changed)
        self._restarting: asyncio.Task[None] | None = None
        self._transmission = rtp.Transmission(
            ssrc=secrets.randbits(32),
            payload_type=offer.payload_type,
            cname=secrets.token_hex(8),
            sequence=secrets.randbits(15),  # the lower half, so that an early wrap does not upset SRTP's counter
            origin=secrets.randbits(32),
        )

    @property
    def loss(self) -> float:
        """Share of the speaker's packets that was lost in the last second, 0 to 1."""
        return self.reception.loss if self.reception else 0.0

    @property
    def jitter_ms(self) -> float:
        return self.reception.jitter_ms if self.reception else 0.0

    @property
    def remote_ufrag(self) -> str:
        """The speaker's ICE user name; another one in a fragment means a restart."""
        return self._ice.remote_username or ""

    @property
    def dropped(self) -> int:
        """Datagrams on the open port that were no use: broken, or too many at once."""
        return self._path.ice.dropped

    async def answer(self) -> str:
        """Gathers our candidates and answers the offer. Raises :class:`BadInput` for credentials ICE cannot use."""
        await self._start(self._ice, self.offer.ufrag, self.offer.password, self.offer.candidates, self.offer.complete)
        if self.state is PeerState.CLOSED:
            await self._ice.close()  # the sockets that gathering opened after the first close
            raise Conflict("The seat was taken away or joined from elsewhere meanwhile.")
        first = self._ice.local_candidates[0]
        return sdp.answer(
            self.offer,
            sdp.Local(
                session=secrets.randbits(62),
                version=1,
                ufrag=self._ice.local_username,
                password=self._ice.local_password,
                candidates=[candidate.to_sdp() for candidate in self._ice.local_candidates],
                fingerprints=[(each.algorithm, each.value) for each in self._dtls.getLocalParameters().fingerprints],
                ssrc=self._transmission.ssrc,
                cname=self._transmission.cname,
                host=first.host,
                port=first.port,
            ),
        )

    async def run(self) -> None:
        """Connects, then reports every second until the connection ends for whatever reason; never raises for it."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._ice.connect()
                await self._dtls.start(
                    RTCDtlsParameters([RTCDtlsFingerprint(*each) for each in self.offer.fingerprints])
                )
            if self._dtls.state == "connected" and self.state is PeerState.CONNECTING:
                self.state = PeerState.CONNECTED
            while self.state is PeerState.CONNECTED and not self._ended.is_set():
                try:
                    async with asyncio.timeout(REPORT_S):
                        await self._ended.wait()
                except TimeoutError:
                    await self._report()
        except (ConnectionError, TimeoutError):
            pass  # not reached, or gone: both end here, and the seat is told by `state`
        finally:
            await self._shut()

    async def send(self, opus: bytes, tick: int) -> None:
        """Sends the Opus packet of ``tick``; nothing when the speaker does not listen or is not connected."""
        if self.state is not PeerState.CONNECTED or not self.offer.listens:
            return
        try:
            await self._dtls.send(self._transmission.pack(opus, tick))
        except ConnectionError:
            self._ended.set()

    async def trickle(self, candidates: list[str], *, complete: bool) -> None:
        """Takes further candidates (RFC 8838)."""
        ice = self._ice
        for candidate in candidates:
            await ice.add(candidate)
        if complete:
            await ice.no_more()

    async def restart(self, ufrag: str, password: str, candidates: list[str], *, complete: bool) -> Ice:
        """Restarts ICE (RFC 8445, 2.4): new credentials and sockets, the same DTLS. Returns our new half.

        The old path carries on until the new one is connected. Raises :class:`BadInput` for credentials that ICE
        cannot use and :class:`Conflict` while the connection is not up.
        """
        if self.state is not PeerState.CONNECTED:
            raise Conflict("ICE restarts only on a connection that is up; make a new one with POST.")
        await self._forget_restart()
        ice = Ice(self._settings, self._hear)
        await self._start(ice, ufrag, password, candidates, complete)
        self._ice = ice
        self._restarting = asyncio.create_task(self._take_over(ice), name="ice-restart")
        return ice

    async def close(self) -> None:
        """Ends the connection; :meth:`run` finishes. Also closes one that never ran."""
        self._ended.set()
        await self._shut()

    async def _start(self, ice: Ice, ufrag: str, password: str, candidates: list[str], complete: bool) -> None:
        if not (_is_ice_text(ufrag, 4) and _is_ice_text(password, 22)):
            raise BadInput("ice-ufrag has 4 to 256 characters and ice-pwd 22 to 256 (RFC 8839, 5.4).")
        ice.remote_username, ice.remote_password = ufrag, password
        await ice.gather_candidates()
        for candidate in candidates:
            await ice.add(candidate)
        if complete:
            await ice.no_more()

    async def _take_over(self, ice: Ice) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await ice.connect()
        except (ConnectionError, TimeoutError):
            await ice.close()  # the old path may still work
            self._ice = self._path.ice
            return
        await self._path.switch(ice)

    async def _forget_restart(self) -> None:
        task, self._restarting = self._restarting, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait([task])
            if self._ice is not self._path.ice:
                await self._ice.close()
                self._ice = self._path.ice

    async def _shut(self) -> None:
        if self.state is PeerState.CLOSED:
            return
        was, self.state = self.state, PeerState.CLOSED
        await self._forget_restart()
        if was is PeerState.CONNECTED:
            with suppress(ConnectionError):  # gone already: nobody to say goodbye to
                await self._dtls.send(self._transmission.farewell())
        await self._dtls.stop()
        await self._path.ice.close()
        self._ended.set()

    def _dtls_changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            self._ended.set()

    def collect(self) -> None:
        """Takes what has come; who begins with it goes on doing so, for nothing else takes it from then on."""
        self._path.ice.collect()

    def _hear(self, datagram: bytes, age_s: float) -> None:
        """Media as it comes off the network, ``age_s`` seconds after the kernel took it."""
        decrypted = self._dtls.decrypt(datagram)
        if decrypted is None:
            return
        at = self._monotonic() - age_s
        if is_rtcp(decrypted):
            self._receive_report(decrypted, at)
        else:
            self._receive(decrypted, at)

    def _receive(self, datagram: bytes, at: float) -> None:
        try:
            packet = rtp.parse(datagram)
        except Malformed:
            self.malformed += 1
            return
        if packet.payload_type != self.offer.payload_type:
            self.malformed += 1
            return
        if self.reception is None or self.reception.ssrc != packet.ssrc:
            self.reception = rtp.Reception(packet.ssrc)  # browsers change it when the microphone is replaced
        self.reception.add(packet, at)
        if packet.payload:
            self._on_packet(packet, at)

    def _receive_report(self, datagram: bytes, at: float) -> None:
        try:
            ntp_timestamp = rtp.sender_report(datagram)
        except Malformed:
            self.malformed += 1
            return
        if ntp_timestamp is not None and self.reception is not None:
            self.reception.heard_sender_report(ntp_timestamp, at)

    async def _report(self) -> None:
        heard = self.reception.report(self._monotonic()) if self.reception else None
        await self._dtls.send(self._transmission.report(heard, wall()))


def _is_ice_text(text: str, at_least: int) -> bool:
    return at_least <= len(text) <= 256 and all(each.isalnum() or each in "+/" for each in text) and text.isascii()
