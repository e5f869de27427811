"""What goes over a stream: events as bytes, made once for all who get them, and what apps say over WebSocket."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from websockets.frames import Frame, Opcode

from stentor.social.streams import StreamName

ALIVE: Final = b":thump\n"
"""A line of a stream of events that says nothing."""
PING: Final = Frame(Opcode.PING, b"").serialize(mask=False)


class StreamEvent:
    """One event. ``payload`` is text: JSON of an entity, or an id."""

    __slots__ = ("_frames", "_line", "event", "payload")

    def __init__(self, event: str, payload: str | None = None) -> None:
        self.event, self.payload = event, payload
        self._frames: dict[StreamName, bytes] = {}
        self._line = b""

    def frame(self, name: StreamName) -> bytes:
        """For WebSocket: a frame that says which stream it is of (RFC 6455, 5.2)."""
        made = self._frames.get(name)
        if made is None:
            said: dict[str, object] = {"stream": name.words, "event": self.event}
            if self.payload is not None:
                said["payload"] = self.payload
            made = self._frames[name] = text_frame(said)
        return made

    def line(self) -> bytes:
        """As a server-sent event (HTML, 9.2); JSON has no line breaks."""
        if not self._line:
            self._line = f"event: {self.event}\ndata: {self.payload or 'undefined'}\n\n".encode()
        return self._line


class StreamCommand(msgspec.Struct, frozen=True, kw_only=True):
    """What an app says over WebSocket; what it says besides is left aside."""

    type: Literal["subscribe", "unsubscribe"]
    stream: str
    tag: str = ""
    list: str = ""


_asked = msgspec.json.Decoder(StreamCommand, strict=False)


def asked(text: bytes) -> StreamCommand | None:
    """What was said; None for what cannot be understood."""
    try:
        return _asked.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def text_frame(said: object) -> bytes:
    """JSON in one frame; servers do not mask (RFC 6455, 5.1)."""
    return Frame(Opcode.TEXT, msgspec.json.encode(said)).serialize(mask=False)
