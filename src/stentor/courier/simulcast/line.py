"""Connections to the servers that take a simulcast: RTMP, RTMPS, and Icecast's."""

from __future__ import annotations

import asyncio
import base64
import fcntl
import os
import socket
import ssl
import struct
import sys
import termios
import time
from contextlib import suppress
from typing import Final, NamedTuple, Protocol

import stentor
from stentor.base.errors import Malformed, StentorError
from stentor.courier.addresses import AddressRefused, guarded
from stentor.courier.simulcast.video import EncodedPicture
from stentor.wire import adts, amf, flv, rtmp
from stentor.wire.forwarded import Networks
from stentor.wire.icecast import IcecastAddress
from stentor.wire.rtmp import AUDIO, DATA_0, VIDEO, Publishing, RtmpAddress, RtmpRefused

CONNECT_S: Final = 5.0
HELLO_S: Final = 10.0
"""For all that is said before the first sound."""
GOODBYE_S: Final = 1.0
LAST_S: Final = 5.0
"""Of a slow line that ends; what waits in it takes a while."""
SEND_BYTES: Final = 32 * 1024
"""What the kernel and this process each hold for a slow line: a second or two of sound and picture."""
LOOK_S: Final = 0.02
RESET: Final = struct.pack("ii", 1, 0)
"""``SO_LINGER``: what is not confirmed when a socket is closed is thrown away, and not sent for minutes yet."""
FASTER: Final = 1.5
"""How many times as fast as one hears a server gets what it missed: YouTube warns of what comes too fast
(``videoIngestionFasterThanRealtime``)."""
AGENT: Final = f"Stentor/{stentor.__version__}"


class Sent(NamedTuple):
    """Sound or a picture; ``at_ms`` counts from the beginning of the simulcast."""

    at_ms: int
    frames: list[bytes]
    """A chunk's of AAC."""
    opus: list[bytes]
    """The same in Opus."""
    picture: EncodedPicture | None = None


class LineBroken(StentorError):
    """The connection is of no use (any more). ``code`` says why; ``said`` are the server's own words, if it has any."""

    code, status, title = "line-broken", 502, "Not connected"

    def __init__(self, detail: str, *, code: str, said: str = "") -> None:
        super().__init__(detail, code=code)
        self.said = said


class DestinationLine(Protocol):
    """One connection that takes sound and, if it can, pictures."""

    late: bool
    """It takes no pictures now, so that the sound may go on."""
    speed: float
    """How many times as fast as one hears it may get what it missed."""
    told_at_once: bool
    """:attr:`waiting` tells soon of what was sent last."""

    @property
    def waiting(self) -> int:
        """Bytes of what was sent that the other side has not confirmed; of a broken line as far as was known last."""

    async def open(self) -> None:
        """Connects. Raises :class:`LineBroken`."""

    async def send(self, at_ms: int, sent: Sent) -> int:
        """Sends what is heard or seen ``at_ms`` after the line's own beginning; returns when it can take more, with the
        number of bytes. Raises :class:`LineBroken`."""

    async def close(self) -> None:
        """Says goodbye as far as the other side still hears."""


class ByteLine:
    """A line that takes bytes in their order, and makes its sender wait when it is slow."""

    late = False
    speed = FASTER
    told_at_once = True

    async def send(self, at_ms: int, sent: Sent) -> int:
        """Of :class:`DestinationLine`."""
        data = self.picture(at_ms, sent.picture) if sent.picture else self.sound(at_ms, sent.frames)
        await self.write(data)
        return len(data)

    def sound(self, at_ms: int, frames: list[bytes]) -> bytes:
        """The bytes of raw frames of AAC, the first of which is heard at ``at_ms``."""
        raise NotImplementedError

    def picture(self, at_ms: int, picture: EncodedPicture) -> bytes:
        """The bytes of a picture."""
        raise NotImplementedError

    async def write(self, data: bytes) -> None:
        """Returns when the line can take more. Raises :class:`LineBroken`."""
        raise NotImplementedError


class TcpLine(ByteLine):
    """What RTMP and Icecast have in common."""

    def __init__(self, host: str, port: int, *, secure: bool, allowed: Networks, tls: ssl.SSLContext | None) -> None:
        self._host, self._port, self._allowed = host, port, allowed
        self._tls = (tls or ssl.create_default_context()) if secure else None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._heeding: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None
        self._lower: asyncio.WriteTransport | None = None
        """Below TLS, if there is TLS."""
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """What waits here, and what the kernel keeps until the other side's has confirmed it. With TLS that is a little
        more than what was sent."""
        if self._writer is not None and self._lower is not None and not self._writer.is_closing():
            here = {id(each): each.get_write_buffer_size() for each in (self._lower, self._writer.transport)}
            self._waiting = sum(here.values()) + _unconfirmed(self._socket)
        return self._waiting

    async def open(self) -> None:
        """Connects and says hello. Raises :class:`LineBroken`."""
        try:
            async with asyncio.timeout(HELLO_S):
                self._reader, self._writer = await self._connect()
                await self._hello(self._reader, self._writer)
        except LineBroken:
            await self.close()
            raise
        except TimeoutError as error:
            await self.close()
            raise LineBroken("It did not answer in time.", code="timeout") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            await self.close()
            raise LineBroken("It closed the connection.", code="closed") from error
        self._heeding = asyncio.create_task(self._heed(self._reader, self._writer), name="simulcast line")

    async def write(self, data: bytes) -> None:
        if self._writer is None or (self._heeding is not None and self._heeding.done()):
            raise self._why()
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise LineBroken("It closed the connection.", code="closed") from error

    async def close(self) -> None:
        if self._heeding is not None:
            self._heeding.cancel()
            await asyncio.wait([self._heeding])
        if self._writer is None:
            return
        if not self._writer.is_closing():
            self._writer.write(self._goodbye())
            await self._drained()
        if self.waiting and self._socket is not None and self._lower is not None:
            with suppress(OSError):  # it hung up first
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._lower.abort()
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self._writer.wait_closed()
        self._writer = None

    async def _drained(self) -> None:
        """Returns when the other side has confirmed all, or nothing for a while, or takes too long."""
        before, end_s = self.waiting + 1, time.monotonic() + LAST_S
        while self.waiting < before and time.monotonic() < end_s:
            before = self.waiting
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    while self.waiting:  # noqa: ASYNC110 the kernel calls nobody back
                        await asyncio.sleep(LOOK_S)

    def _why(self) -> LineBroken:
        if self._heeding is not None and self._heeding.done() and not self._heeding.cancelled():
            error = self._heeding.exception()
            if isinstance(error, LineBroken):
                return error
        return LineBroken("It closed the connection.", code="closed")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop, refused = asyncio.get_running_loop(), list[str]()
        try:
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise LineBroken("There is no host of that name.", code="no-such-host") from error
        make = guarded(self._allowed, refused.append)
        for info in found:
            try:
                made = make(info)
            except AddressRefused:
                continue
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
            try:
                async with asyncio.timeout(CONNECT_S):
                    await loop.sock_connect(made, info[4])
                return await self._streams(made)
            except ssl.SSLError as error:
                why = str(getattr(error, "verify_message", "") or error.reason or "")
                raise LineBroken(f"Its certificate is not good: {why}.", code="tls", said=why) from error
            except (OSError, TimeoutError):
                made.close()
        if refused and len(refused) == len(found):
            raise LineBroken(f"{refused[0]} is not on the internet.", code="refused-address")
        raise LineBroken("Nobody answers there.", code="not-reached")

    async def _streams(self, made: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(sock=made)
        self._socket, self._lower = made, writer.transport
        self._lower.set_write_buffer_limits(high=SEND_BYTES)
        if self._tls is not None:
            try:
                await writer.start_tls(self._tls, server_hostname=self._host)
            except BaseException:
                self._lower.abort()
                raise
            writer.transport.set_write_buffer_limits(high=SEND_BYTES)
        return reader, writer

    async def _hello(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    async def _heed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Reads what the server says while it is sent to, until it hangs up. Raises :class:`LineBroken`."""
        while await reader.read(65536):
            pass
        raise LineBroken("It closed the connection.", code="closed")

    def _goodbye(self) -> bytes:
        return b""


def _unconfirmed(made: socket.socket | None) -> int:
    """Bytes that the kernel has not sent, or of which it does not know that they have arrived; 0 where it does not
    say."""
    if made is None or made.fileno() < 0:
        return 0
    try:
        return int.from_bytes(fcntl.ioctl(made.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    except OSError:
        return 0


class RtmpLine(TcpLine):
    """Publishes to an RTMP server."""

    def __init__(self, where: RtmpAddress, *, allowed: Networks, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(where.host, where.port, secure=where.secure, allowed=allowed, tls=tls)
        self._publishing = Publishing(where, os.urandom(rtmp.HELLO_BYTES - 8), AGENT)
        self._began = self._shown = False

    def sound(self, at_ms: int, frames: list[bytes]) -> bytes:
        out = bytearray()
        if not self._began:
            self._began = True
            out += self._publishing.message(DATA_0, 0, amf.encode("@setDataFrame", "onMetaData", METADATA))
            out += self._publishing.message(AUDIO, at_ms, flv.aac_config())
        for number, frame in enumerate(frames):
            out += self._publishing.message(AUDIO, at_ms + number * 64 // 3, flv.aac_frame(frame))
        return bytes(out)

    def picture(self, at_ms: int, picture: EncodedPicture) -> bytes:
        out = b""
        if not self._shown:
            if not picture.key:
                return b""
            self._shown = True
            out = self._publishing.message(VIDEO, at_ms, flv.h264_config(picture.data))
        return out + self._publishing.message(VIDEO, at_ms, flv.h264_picture(picture.data, key=picture.key))

    async def _hello(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._publishing.begin())
        while not self._publishing.live:
            data = await reader.read(65536)
            if not data:
                raise LineBroken("It closed the connection before it took anything.", code="hung-up")
            self._answer(data, writer)

    async def _heed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            self._answer(data, writer)
        raise LineBroken("It closed the connection.", code="closed")

    def _answer(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            if said := self._publishing.receive(data):
                writer.write(said)
        except RtmpRefused as error:
            code = "bad-key" if error.key else "refused"
            raise LineBroken("It refused.", code=code, said=error.detail) from error
        except Malformed as error:
            raise LineBroken(error.detail, code="no-rtmp") from error

    def _goodbye(self) -> bytes:
        return self._publishing.close()


METADATA: Final[dict[str, amf.AmfValue]] = {
    "width": 1280.0, "height": 720.0, "framerate": 10.0, "videocodecid": 7.0, "audiocodecid": 10.0,
    "audiosamplerate": 48_000.0, "audiosamplesize": 16.0, "stereo": False, "audiodatarate": 64.0,
    "encoder": AGENT,
}  # fmt: skip


class IcecastLine(TcpLine):
    """Is a source of Icecast's: AAC, and no picture."""

    speed = 1.0
    """It hangs up on listeners who fall behind by more than a minute: what comes faster than they hear is no use."""

    def __init__(
        self, where: IcecastAddress, title: str, *, allowed: Networks, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(where.host, where.port, secure=where.secure, allowed=allowed, tls=tls)
        self._where, self._title = where, title

    def sound(self, at_ms: int, frames: list[bytes]) -> bytes:
        return adts.pack(frames)

    def picture(self, at_ms: int, picture: EncodedPicture) -> bytes:
        return b""

    async def _hello(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        where = self._where
        login = base64.b64encode(f"{where.user}:{where.password}".encode()).decode()
        title = self._title.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
        head = (
            f"PUT {where.mount} HTTP/1.1\r\nHost: {where.authority}\r\nAuthorization: Basic {login}\r\n"
            f"User-Agent: {AGENT}\r\nContent-Type: audio/aac\r\nIce-Name: {title}\r\nIce-Public: 0\r\n"
            "Expect: 100-continue\r\n\r\n"
        )
        writer.write(head.encode())
        answer = (await reader.readuntil(b"\r\n"))[:200].decode("latin-1")
        status = answer.split(" ")[1] if answer.startswith("HTTP/") and answer.count(" ") > 1 else ""
        if status in ("401", "403"):
            raise LineBroken("It refused.", code="bad-key" if status == "401" else "refused", said=answer.strip())
        if status not in ("100", "200"):
            raise LineBroken("It refused.", code="refused" if status else "no-icecast", said=answer.strip())
