"""A small WHIP server with real WebRTC: it hears one speaker, answers with a voice of its own, and fails on request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from stentor.audio.pcm import Samples
from stentor.client.microphone import Microphone, MicrophoneTrack
from stentor.client.monitor import Monitor


class WhipPeer:
    """Serves ``/whip/test``. ``refuse`` answers every POST so: (status, headers, body)."""

    def __init__(self, voice: Samples) -> None:
        self.monitor = Monitor(keep_s=60.0)
        self.microphone = Microphone(voice)
        self.requests: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        self.refuse: tuple[int, dict[str, str], bytes] | None = None
        self.url = ""
        self._sessions: dict[str, RTCPeerConnection] = {}
        self._count = 0

    @property
    def sessions(self) -> int:
        return len(self._sessions)

    def made(self, method: str) -> int:
        return sum(1 for known, _ in self.requests if known == method)

    async def forget(self) -> None:
        """Knows no session any more and is silent, without a word to the speaker: as after a crash."""
        for connection in self._sessions.values():
            for sender in connection.getSenders():
                await sender.stop()
        self._sessions.clear()

    async def crash(self) -> None:
        """Closes every connection."""
        connections, self._sessions = list(self._sessions.values()), {}
        for connection in connections:
            await connection.close()

    async def answer(
        self, method: str, path: str, headers: dict[str, str], body: str
    ) -> tuple[int, dict[str, str], bytes]:
        self.requests.append((method, path))
        self.tokens.add(headers.get("authorization", ""))
        if method == "POST":
            return self.refuse or await self._join(body)
        session = path.rpartition("/")[2]
        if session not in self._sessions:
            return 404, {}, b'{"detail":"No such session.","code":"no-session"}'
        if method == "PATCH":
            assert headers["content-type"] == "application/trickle-ice-sdpfrag"
            assert headers["if-match"] == '"tag"'
            return 204, {}, b""
        await self._sessions.pop(session).close()
        return 200, {}, b""

    async def _join(self, offer: str) -> tuple[int, dict[str, str], bytes]:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        await connection.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        transceiver = connection.getTransceivers()[0]
        if "a=sendrecv" in offer:
            self.microphone.start()
            connection.addTrack(MicrophoneTrack(self.microphone))
        self.monitor.listen_to(transceiver.receiver)
        await connection.setLocalDescription(await connection.createAnswer())
        self._count += 1
        name = f"session-{self._count}"
        self._sessions[name] = connection
        headers = {"Location": f"/whip/test/{name}", "ETag": '"tag"', "Content-Type": "application/sdp"}
        return 201, headers, connection.localDescription.sdp.encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                method, path, _ = first.split(" ")
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                status, more, reply = await self.answer(method, path, headers, body.decode())
                more["Content-Length"] = str(len(reply))
                fields = "".join(f"{name}: {value}\r\n" for name, value in more.items())
                writer.write(f"HTTP/1.1 {status} Status\r\n{fields}\r\n".encode() + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def whip_peer(voice: Samples) -> AsyncIterator[WhipPeer]:
    """A peer on a free port of 127.0.0.1; every connection is closed at the end."""
    peer = WhipPeer(voice)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/whip/test"
    try:
        yield peer
    finally:
        server.close()
        await peer.crash()
