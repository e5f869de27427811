"""A synthetic speaker: a real WebRTC client that talks into a stage over WHIP, and comes back when it is lost.

It uses only what any browser or encoder may use: the WHIP address and an invitation's token.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Final, Literal, Self

import httpx
from aioice import Candidate
from aiortc import (
    InvalidStateError,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)

from stentor.audio.pcm import Samples
from stentor.base.clock import unix_ms, wall
from stentor.base.errors import Overloaded, PeerError, SetupError, StentorError
from stentor.base.log import get
from stentor.client.impairment import BadNetwork, Impairment
from stentor.client.microphone import Microphone, MicrophoneTrack
from stentor.client.monitor import Monitor
from stentor.client.session import WhipSession, end_of_candidates

CONNECT_S: Final = 10.0
"""From the offer to the first packet that may leave: ICE and DTLS take 0.1 s on a good network."""
SILENCE_S: Final = 1.0
"""The stage sends 50 packets a second, or 10 while nobody else talks; none for so long and it is lost. As soon as that,
because a stage that died must be heard again after 3 s; a POST too many costs nothing, it replaces the connection."""
PATIENCE_S: Final = 10.0
"""How long a server may be busy (503) before the first connection; later it may restart as long as it likes."""
CHECK_EVERY_S: Final = 5.0
MAX_BACKOFF_S: Final = 2.0
LEAVE_S: Final = 2.0
_WATCH_S: Final = 0.1


class SpeakerState(StrEnum):
    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    LEFT = "left"
    REFUSED = "refused"
    """The server refused for good; ``problem`` says why."""


class Speaker:
    """Says ``samples`` (float32 mono, 48 kHz) into the stage at ``whip_url``, over and over or once.

    ``async with`` it: entering returns when the stage takes the sound, leaving hangs up. Or ``await run()``, which
    returns when a voice that does not loop is over and raises :class:`StentorError` when the server refuses for good.
    A lost connection is made again after a jittered backoff of at most 2 s; the voice goes on meanwhile. When the same
    person takes the seat elsewhere, that is final: ``run`` raises :class:`Conflict` (``displaced``).

    ``direction`` is ``sendrecv`` (hears the others) or ``sendonly``. ``keep_heard_s`` keeps so much of what came back
    in ``monitor.heard``. ``impairment`` makes the network bad, on the sending side. ``ice_servers`` are ``stun:`` and
    ``turn:`` URLs. ``seed`` makes the backoff repeatable.
    """

    def __init__(
        self,
        whip_url: str,
        token: str,
        samples: Samples,
        *,
        name: str = "speaker",
        loop: bool = True,
        pause_s: float = 0.6,
        direction: Literal["sendrecv", "sendonly"] = "sendrecv",
        keep_heard_s: float = 0.0,
        impairment: Impairment | None = None,
        ice_servers: Sequence[str] = (),
        seed: int | None = None,
    ) -> None:
        self.name = name
        self.state = SpeakerState.NEW
        self.problem = ""
        self.connections = 0
        """How often the stage took the connection: 1, and one more for each time that it was made again."""
        self.microphone = Microphone(samples, loop=loop, pause_s=pause_s)
        self.monitor = Monitor(keep_heard_s)
        self._url, self._token, self._direction = whip_url, token, direction
        self._impairment = impairment
        self._ice = RTCConfiguration(iceServers=[RTCIceServer(urls=url) for url in ice_servers])
        self._random = random.Random(seed)
        self._log = get("speaker").bind(speaker=name)
        self._session: WhipSession | None = None
        self._taken_ms = 0
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def spoken_at(self, sample: int, lap: int = 0) -> float:
        """Wall-clock seconds at which a sample of the voice was spoken in round ``lap``."""
        return self.microphone.spoken_at(sample, lap)

    @property
    def lap_s(self) -> float:
        """Seconds from the beginning of the voice to its beginning again."""
        return self.microphone.lap_s

    @property
    def muted(self) -> bool:
        return self.microphone.muted

    @muted.setter
    def muted(self, muted: bool) -> None:
        self.microphone.muted = muted

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.run(), name=f"speaker {self.name}")
        settled = asyncio.create_task(self._settled.wait(), name=f"speaker {self.name} settles")
        try:
            await asyncio.wait({self._task, settled}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self._hang_up()
            raise
        finally:
            settled.cancel()
        if self._task.done():
            self._task.result()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hang_up()

    async def _hang_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def run(self) -> None:
        """Talks until cancelled, or until a voice that does not loop is over; always leaves the stage properly."""
        # No limit on connections of its own: one speaker has one request under way at a time.
        async with httpx.AsyncClient(timeout=httpx.Timeout(5.0)) as client:
            failures = 0
            began = time.monotonic()
            self._taken_ms = unix_ms(wall())
            try:
                while not self.microphone.finished:
                    self.state = SpeakerState.RECONNECTING if self.connections else SpeakerState.CONNECTING
                    before = self.connections
                    wait_s = 0.0
                    try:
                        self.problem = await self._one_connection(client) or self.problem
                    except (Overloaded, SetupError, PeerError) as error:
                        # Nobody there at first: say so, a busy server after some patience. Later: they restart.
                        patient = isinstance(error, Overloaded) and time.monotonic() - began < PATIENCE_S
                        if not self.connections and not patient:
                            raise
                        self.problem = error.detail
                        wait_s = error.retry_after_s if isinstance(error, Overloaded) else 0.0
                    failures = 0 if self.connections > before else failures + 1
                    if not self.microphone.finished:
                        await asyncio.sleep(max(self._backoff_s(failures), min(wait_s, MAX_BACKOFF_S)))
            except StentorError as error:
                self.state, self.problem = SpeakerState.REFUSED, error.detail
                raise
            finally:
                await self._leave()
                if self.state is not SpeakerState.REFUSED:
                    self.state = SpeakerState.LEFT

    def _backoff_s(self, failures: int) -> float:
        """At once after a loss, then up to 2 s; jittered, so that a stage that restarts is not run over."""
        return self._random.uniform(0.05, min(MAX_BACKOFF_S, 0.25 * 2.0 ** min(failures, 6)))

    async def _one_connection(self, client: httpx.AsyncClient) -> str:
        """One connection from the offer to its loss; returns why it was lost, or nothing when the voice is over."""
        connection = RTCPeerConnection(self._ice)
        network: BadNetwork | None = None
        try:
            transceiver = connection.addTransceiver(MicrophoneTrack(self.microphone), self._direction)
            self.monitor.listen_to(transceiver.receiver)
            _offer_loopback(transceiver)
            await connection.setLocalDescription(await connection.createOffer())
            offer = connection.localDescription.sdp
            # A POST for a seat that is taken replaces its connection, so a lost session is not deleted first.
            self._session = session = await WhipSession.post(
                client, self._url, self._token, offer, taken_ms=self._taken_ms
            )
            if self._impairment is not None:
                network = BadNetwork(transceiver.sender.transport, self._impairment)
            await self._connect(connection, session.answer)
            self._connected()
            return await self._until_lost(connection, session, end_of_candidates(offer))
        finally:
            if network is not None:
                await network.close()
            await connection.close()

    async def _connect(self, connection: RTCPeerConnection, answer: str) -> None:
        """Applies the answer and waits for ICE and DTLS; raises :class:`PeerError`."""
        settled = asyncio.Event()

        @connection.on("connectionstatechange")
        def _changed() -> None:
            if connection.connectionState in ("connected", "failed", "closed"):
                settled.set()

        self.microphone.start()
        try:
            await connection.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
        except (ValueError, InvalidStateError, LookupError, AttributeError) as error:
            # aiortc raises any of these for an answer that is none.
            raise PeerError("The stage's answer is no SDP answer to our offer.") from error
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                await settled.wait()
        if connection.connectionState != "connected":
            raise PeerError(
                f"No media connection to the stage within {CONNECT_S:.0f} s ({connection.connectionState}): "
                "is UDP let through, or is a TURN server needed?"
            )

    def _connected(self) -> None:
        self.connections += 1
        self.state, self.problem = SpeakerState.CONNECTED, ""
        self._settled.set()
        self._log.info("speaker.connected", times=self.connections)

    async def _until_lost(self, connection: RTCPeerConnection, session: WhipSession, fragment: str) -> str:
        watches = {
            asyncio.create_task(self._watch_media(connection), name=f"speaker {self.name} media"),
            asyncio.create_task(self._watch_session(session, fragment), name=f"speaker {self.name} session"),
        }
        try:
            done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
            reason = next(iter(done)).result()
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)
        if reason:
            self._log.info("speaker.lost", reason=reason)
        return reason

    async def _watch_media(self, connection: RTCPeerConnection) -> str:
        """Returns when ICE or DTLS is gone, when the stage is silent, or (nothing) when the voice is over."""
        since = time.monotonic()
        while not self.microphone.finished:
            if connection.connectionState in ("failed", "closed"):
                return f"The media connection is {connection.connectionState}."
            last = max(since, self.monitor.last_packet or since)
            if self._direction == "sendrecv" and time.monotonic() - last > SILENCE_S:
                return f"The stage sent nothing for {SILENCE_S:g} s."
            await asyncio.sleep(_WATCH_S)
        return ""

    async def _watch_session(self, session: WhipSession, fragment: str) -> str:
        """Returns when the server does not know the session any more: all that a send-only speaker can notice."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S * self._random.uniform(0.8, 1.2))
            try:
                alive = await session.alive(fragment)
            except SetupError:
                continue  # the house restarts; the media may well flow on
            if not alive:
                return "The stage does not know this session any more."

    async def _leave(self) -> None:
        """Gives the seat back; a server that does not answer in 2 s frees it by itself."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_S):
                    await session.delete()


def _offer_loopback(transceiver: RTCRtpTransceiver) -> None:
    """Lets a speaker on a machine without any network reach a stage on the same machine: aioice offers no loopback."""
    ice = transceiver.sender.transport.transport.iceGatherer._connection
    gather = ice.get_component_candidates

    async def candidates(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:  # noqa: ASYNC109
        return await gather(component, addresses or ["127.0.0.1"], timeout)

    ice.get_component_candidates = candidates  # type: ignore[method-assign]
