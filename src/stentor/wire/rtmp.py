"""RTMP as far as publishing needs it ("Real-Time Messaging Protocol (RTMP) specification", Adobe, 1.0). Pure: bytes in,
bytes out.

Whoever publishes says hello (:meth:`Publishing.begin`), gives in what comes (:meth:`Publishing.receive`) and sends what
that returns, until :attr:`Publishing.live`; then :meth:`Publishing.message` makes the bytes of sound and picture.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from stentor.base.errors import BadInput, Malformed, StentorError
from stentor.wire import amf
from stentor.wire.amf import AmfValue

HELLO_BYTES: Final = 1536
VERSION: Final = 3
CHUNK_BYTES: Final = 4096
"""Of what is sent; both sides begin with 128."""
FIRST_CHUNK_BYTES: Final = 128
MOST_BYTES: Final = 64 * 1024
"""Of a message that comes: answers have a few hundred."""
MOST_WAITING_BYTES: Final = 1024 * 1024
FAR_MS: Final = 0xFFFFFF
"""A time from here on (4.66 hours) takes the place of four more bytes."""

SET_CHUNK_SIZE, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW, PEER_BANDWIDTH = 1, 3, 4, 5, 6
AUDIO, VIDEO, COMMAND_3, DATA_0, COMMAND_0 = 8, 9, 17, 18, 20
PING, PONG = 6, 7
PORTS: Final = {"rtmp": 1935, "rtmps": 443}
_CONTROL_LINE, _COMMAND_LINE, _SOUND_LINE, _PICTURE_LINE = 2, 3, 4, 6
_LINES: Final = {AUDIO: _SOUND_LINE, VIDEO: _PICTURE_LINE, DATA_0: _SOUND_LINE}


class RtmpRefused(StentorError):
    """The server does not want it. ``detail`` has its own words; ``key``: it is the key that it does not know."""

    code, status, title = "rtmp-refused", 502, "The server refused"

    def __init__(self, detail: str, *, key: bool = False) -> None:
        super().__init__(detail)
        self.key = key


class RtmpAddress(NamedTuple):
    """Where to publish."""

    scheme: str
    host: str
    port: int
    app: str
    key: str

    @property
    def secure(self) -> bool:
        return self.scheme == "rtmps"

    @property
    def url(self) -> str:
        """What the server is told that it was asked for; never the key."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}/{self.app}"


def address(server: str, key: str) -> RtmpAddress:
    """Of the two that a network shows: the server's address and the stream key. Who has only one, which ends with the
    key, leaves ``key`` empty. Raises :class:`BadInput`, which names no key."""
    try:
        parts = urlsplit(server.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadInput("The server is an address such as rtmps://live.example.org/app.", code="bad-server") from error
    if parts.scheme not in PORTS or not host or parts.username or parts.password:
        raise BadInput("The server is an address such as rtmps://live.example.org/app.", code="bad-server")
    app = parts.path.strip("/")
    query = f"?{parts.query}" if parts.query else ""
    key = key.strip()
    if key:
        app += query
    else:
        app, _, key = app.rpartition("/")
        key += query
    if not app or not key or any(ord(sign) < 33 or ord(sign) > 126 for sign in app + key):
        raise BadInput("Server and stream key are copied from the network's own page.", code="bad-stream-key")
    return RtmpAddress(parts.scheme, host, port or PORTS[parts.scheme], app, key)


def parted(server: str, key: str) -> tuple[str, str]:
    """Takes the key out of an address that ends with it, when there is none beside it. Raises :class:`BadInput`."""
    where = address(server, key)
    return (server.strip() if key.strip() else where.url), where.key


class PublishingStep(Enum):
    """How far it has come."""

    HELLO = auto()
    CONNECT = auto()
    CREATE = auto()
    PUBLISH = auto()
    LIVE = auto()


class _Message(NamedTuple):
    kind: int
    body: bytes


class _ChunkStream:
    """Of one chunk stream: the newest header, and what has come of the message."""

    __slots__ = ("body", "far", "kind", "length")

    def __init__(self) -> None:
        self.kind, self.length, self.far, self.body = 0, 0, False, bytearray()


class Publishing:
    """One connection that publishes. ``hello`` is 1,528 random bytes."""

    def __init__(self, where: RtmpAddress, hello: bytes, agent: str) -> None:
        self._where, self._agent = where, agent
        self._hello = bytes(8) + hello
        self._stage = PublishingStep.HELLO
        self._buffer = bytearray()
        self._lines: dict[int, _ChunkStream] = {}
        self._their_chunk = FIRST_CHUNK_BYTES
        self._own_chunk = FIRST_CHUNK_BYTES
        self._stream = 0
        self._read, self._told, self._window = 0, 0, 0

    @property
    def live(self) -> bool:
        """The server takes sound and picture."""
        return self._stage is PublishingStep.LIVE

    def begin(self) -> bytes:
        """The first bytes (C0 and C1)."""
        return bytes([VERSION]) + self._hello

    def receive(self, data: bytes) -> bytes:
        """Takes what came; what is to be sent now. Raises :class:`Malformed`, and :class:`RtmpRefused`."""
        self._buffer += data
        self._read += len(data)
        if len(self._buffer) > MOST_WAITING_BYTES:
            raise Malformed("The server sends more than RTMP has to say.")
        out = bytearray()
        if self._stage is PublishingStep.HELLO:
            if len(self._buffer) < 1 + 2 * HELLO_BYTES:
                return b""
            if self._buffer[0] != VERSION:
                raise Malformed("The server does not speak RTMP.")
            out += self._buffer[1 : 1 + HELLO_BYTES]  # C2 is S1 once more
            del self._buffer[: 1 + 2 * HELLO_BYTES]
            out += self._connect()
        while (message := self._next()) is not None:
            out += self._heed(message)
        if self._window and self._read - self._told >= self._window:
            self._told = self._read
            out += self._control(ACKNOWLEDGEMENT, (self._read & 0xFFFFFFFF).to_bytes(4))
        return bytes(out)

    def message(self, kind: int, at_ms: int, body: bytes) -> bytes:
        """A message of sound, picture or data at a time since the beginning, in chunks."""
        return self._chunks(_LINES[kind], kind, at_ms, body, self._stream)

    def close(self) -> bytes:
        """The last words."""
        if not self.live:
            return b""
        return self._command("FCUnpublish", 6, None, self._where.key) + self._command(
            "deleteStream", 7, None, float(self._stream)
        )

    # What is said.

    def _connect(self) -> bytes:
        self._stage = PublishingStep.CONNECT
        told: dict[str, AmfValue] = {
            "app": self._where.app, "type": "nonprivate", "flashVer": self._agent, "tcUrl": self._where.url,
        }  # fmt: skip
        size = self._control(SET_CHUNK_SIZE, CHUNK_BYTES.to_bytes(4))
        self._own_chunk = CHUNK_BYTES
        return size + self._command("connect", 1, told)

    def _heed(self, message: _Message) -> bytes:
        kind, body = message
        if kind == SET_CHUNK_SIZE and len(body) >= 4:
            size = int.from_bytes(body[:4])
            if not 1 <= size <= MOST_WAITING_BYTES:
                raise Malformed("Chunks of no size, or of more than a megabyte.")
            self._their_chunk = size
        elif kind == WINDOW and len(body) >= 4:
            self._window = int.from_bytes(body[:4])
        elif kind == PEER_BANDWIDTH:
            return self._control(WINDOW, body[:4])
        elif kind == USER_CONTROL and int.from_bytes(body[:2]) == PING:
            return self._control(USER_CONTROL, PONG.to_bytes(2) + body[2:6])
        elif kind in (COMMAND_0, COMMAND_3):
            return self._answered(amf.decode(body[kind == COMMAND_3 :]))
        return b""

    def _answered(self, values: list[AmfValue]) -> bytes:
        name = values[0] if values else None
        turn = values[1] if len(values) > 1 else None
        told = next((each for each in values[2:] if isinstance(each, dict) and "code" in each), {})
        code, words = str(told.get("code", "")), str(told.get("description", ""))
        failed = name == "_error" or told.get("level") == "error"
        if failed and not (name == "_error" and isinstance(turn, float) and 2 <= turn <= 3):
            # who does not know releaseStream and FCPublish says so, and takes the stream all the same
            raise RtmpRefused(f"{words or code or 'no reason given'}"[:200], key="BadName" in code or "Denied" in code)
        if name == "_result" and turn == 1 and self._stage is PublishingStep.CONNECT:
            self._stage = PublishingStep.CREATE
            key = self._where.key
            return (
                self._command("releaseStream", 2, None, key)
                + self._command("FCPublish", 3, None, key)
                + self._command("createStream", 4, None)
            )
        if name == "_result" and turn == 4 and self._stage is PublishingStep.CREATE:
            stream = values[3] if len(values) > 3 else None
            if not isinstance(stream, float) or not 0 <= stream < 1 << 32:
                raise Malformed("The server made a stream and gave it no number.")
            self._stream, self._stage = int(stream), PublishingStep.PUBLISH
            body = amf.encode("publish", 5, None, self._where.key, "live")
            return self._chunks(_SOUND_LINE, COMMAND_0, 0, body, self._stream)
        if name == "onStatus" and code == "NetStream.Publish.Start" and self._stage is PublishingStep.PUBLISH:
            self._stage = PublishingStep.LIVE
        elif name == "onStatus" and code.startswith(("NetStream.Unpublish", "NetConnection.Connect.Closed")):
            raise RtmpRefused(words or "The server has ended the stream.")
        return b""

    def _command(self, name: str, turn: int, *values: AmfValue) -> bytes:
        return self._chunks(_COMMAND_LINE, COMMAND_0, 0, amf.encode(name, turn, *values), 0)

    def _control(self, kind: int, body: bytes) -> bytes:
        return self._chunks(_CONTROL_LINE, kind, 0, body, 0)

    def _chunks(self, line: int, kind: int, at_ms: int, body: bytes, stream: int) -> bytes:
        """5.3.1: a whole header (type 0), and for what is longer than a chunk headers of one byte (type 3)."""
        far = at_ms >= FAR_MS
        more = (at_ms & 0xFFFFFFFF).to_bytes(4) if far else b""
        out = bytearray([line])
        out += min(at_ms, FAR_MS).to_bytes(3) + len(body).to_bytes(3) + bytes([kind]) + stream.to_bytes(4, "little")
        out += more + body[: self._own_chunk]
        for at in range(self._own_chunk, len(body), self._own_chunk):
            out += bytes([0xC0 | line]) + more + body[at : at + self._own_chunk]
        return bytes(out)

    # What comes.

    def _next(self) -> _Message | None:
        """The next whole message; None until more has come."""
        while (taken := self._chunk()) is not None:
            if taken is not _PART:
                return taken
        return None

    def _chunk(self) -> _Message | None:
        """Takes one chunk off the buffer; :data:`_PART` when its message goes on."""
        data = self._buffer
        if not data:
            return None
        form, number, at = data[0] >> 6, data[0] & 0x3F, 1
        if number < 2:
            size = number + 1
            if len(data) < 1 + size:
                return None
            number, at = 64 + int.from_bytes(data[1 : 1 + size], "little"), 1 + size
        head = (11, 7, 3, 0)[form]
        line = self._lines.get(number)
        if line is None:
            if form or len(self._lines) >= 64:
                raise Malformed("A chunk of RTMP that goes on with what has not begun.")
            line = _ChunkStream()
        if len(data) < at + head:
            return None
        kind, length, far = line.kind, line.length, line.far
        if form < 3:
            far = int.from_bytes(data[at : at + 3]) == FAR_MS
        if form < 2:
            length, kind = int.from_bytes(data[at + 3 : at + 6]), data[at + 6]
        at += head + 4 * far
        if length > MOST_BYTES:
            raise Malformed("A message of RTMP that is longer than any answer.")
        size = min(length - len(line.body), self._their_chunk)
        if len(data) < at + size:
            return None
        line.kind, line.length, line.far = kind, length, far
        self._lines[number] = line
        line.body += data[at : at + size]
        del data[: at + size]
        if len(line.body) < length:
            return _PART
        body, line.body = bytes(line.body), bytearray()
        return _Message(kind, body)


_PART: Final = _Message(-1, b"")
