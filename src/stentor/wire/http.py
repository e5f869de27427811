"""HTTP/1.1 for the audience (RFC 9110, RFC 9112): bytes in, requests out; replies as ready bytes.

What is taken and refused is in :mod:`stentor.wire.head`. What takes too long is the protocol's business: nothing here
knows the time. Ranges, encodings and entity tags are in :mod:`stentor.wire.negotiate`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

import msgspec

from stentor.base.errors import Malformed, TooLarge
from stentor.base.paths import of_house
from stentor.wire.head import HeadLimits, HeadParser
from stentor.wire.heads import Heads
from stentor.wire.negotiate import Unsatisfiable, accepts_gzip, etag_matches, parse_range
from stentor.wire.session import session

__all__ = [
    "BodyStream",
    "HeadLimits",
    "Request",
    "RequestParser",
    "Unsatisfiable",
    "accepts_gzip",
    "etag_matches",
    "head",
    "parse_range",
    "response",
    "status_line",
]

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {code: f"HTTP/1.1 {code} {reason}\r\n" for code, reason in _REASONS.items()}
_NO_BODY = (204, 304)
FORWARDED_BODY_BYTES = 64 * 1024 * 1024
"""The longest body that is passed on to the house, which has the same limit, and lower ones by address."""


class BodyStream:
    """A body that is passed on while it comes. ``on_news`` is called after each piece, and at the end."""

    __slots__ = ("_pieces", "complete", "length", "on_news", "size", "waiting_bytes")

    def __init__(self, length: int | None) -> None:
        self.length = length
        """Bytes; None when it comes in chunks."""
        self.complete = False
        self.size = 0
        """Bytes that have come."""
        self.waiting_bytes = 0
        self.on_news: Callable[[], None] = lambda: None
        self._pieces: deque[bytes] = deque()

    def put(self, data: bytes) -> None:
        self.size += len(data)
        self.waiting_bytes += len(data)
        self._pieces.append(data)
        self.on_news()

    def end(self) -> None:
        self.complete = True
        self.on_news()

    def take(self) -> bytes:
        """What has come and was not taken yet."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        self.waiting_bytes = 0
        return data


class Request(msgspec.Struct, frozen=True):
    """A whole request. ``path`` is percent-decoded and free of dot segments and control characters; header names are
    in lower case, repeated ones joined with a comma (RFC 9110, 5.3); of a repeated query name the first counts.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    keep_alive: bool
    version: str
    body: bytes = b""
    target: bytes = b""
    """Path and query as they came."""
    stream: BodyStream | None = None
    """The body of a request to the house: it comes while the request is passed on."""
    parts: list[str] = []
    """Of the path, between its slashes; those of the same head are the same list."""
    session: str = ""
    """What a player calls its session, if it does."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "parts", self.path.split("/")[1:])
        msgspec.structs.force_setattr(self, "session", session(self.headers, self.query))


class RequestParser(HeadParser):
    """The requests of one connection of the audience, and those to the house that are passed on."""

    _body: bytes
    _stream: BodyStream | None
    _expects: bool

    def __init__(self, limits: HeadLimits | None = None, heads: Heads | None = None) -> None:
        self._done: list[Request] = []
        self._heads = heads
        """What this process has read already; None once a request ends the connection."""
        super().__init__(limits or HeadLimits())

    def feed(self, data: bytes) -> list[Request]:
        """The requests that ``data`` completes, in order; raises what :meth:`HeadParser.parse` does.

        When it raises, requests before the wrong one in the same read are lost.
        """
        heads = self._heads if self.idle else None
        if heads is not None and (known := heads.find(data)) is not None:
            return [known]
        self.parse(data)
        done, self._done = self._done, []
        if heads is not None and len(done) == 1 and self.idle:
            heads.learn(data, done[0])
        if done and not done[-1].keep_alive:
            self._heads = None  # llhttp takes nothing more, known or not
        return done

    @property
    def expects(self) -> bool:
        """Whether the peer waits for a word before it sends the body (RFC 9110, 10.1.1); asked once a request."""
        expects, self._expects = self._expects and self.in_body and not self._body, False
        return expects

    def on_head(self) -> None:
        fields = self._fields
        if ("content-length" in fields or "transfer-encoding" in fields) and self._forwarded():
            length = None if "transfer-encoding" in fields else int(fields["content-length"])
            if length != 0:
                self._stream = BodyStream(length)
                self._add(self._stream)
                return
        self._expects = fields.get("expect", "").lower() == "100-continue" and self._parser.get_http_version() == "1.1"

    def most_body_bytes(self) -> int:
        return FORWARDED_BODY_BYTES if self._forwarded() else self.limits.body_bytes

    def on_transfer_encoding(self, coding: str) -> None:
        """A body for the house may come in chunks: it is sent on in chunks of our own."""
        if self._forwarded():
            self._only_chunked(coding)
        else:
            super().on_transfer_encoding(coding)

    def on_body(self, data: bytes) -> None:
        self._told = True
        if self._stream is None:
            self._body += data
            return
        if self._stream.size + len(data) > FORWARDED_BODY_BYTES:
            self._refuse(TooLarge(f"A body has at most {FORWARDED_BODY_BYTES} bytes."))
        self._stream.put(data)

    def on_message_complete(self) -> None:
        if self._stream is None:
            self._add(None)
        else:
            self._stream.end()
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._body = b""
        self._stream = None
        self._expects = False

    def _forwarded(self) -> bool:
        return of_house(self._asked()[0])

    def _add(self, stream: BodyStream | None) -> None:
        """The request may be answered: it is whole, or its body is passed on as a stream."""
        if len(self._done) >= self.limits.pipelined:
            self._refuse(Malformed("Too many requests at once.", code="pipelined"))
        path, query = self._asked()
        self._done.append(
            Request(
                self._parser.get_method().decode("ascii"),
                path,
                read_query(query) if query else {},
                self._fields,
                self._parser.should_keep_alive(),
                self._parser.get_http_version(),
                self._body,
                self._target,
                stream,
            )
        )


def read_query(query: str) -> dict[str, str]:
    """The fields of a query that have a value. Of a repeated name the first counts. What is not percent-encoded UTF-8
    is read as it can be: links are decorated by others with fields that mean nothing here.
    """
    return dict(reversed(parse_qsl(query, errors="replace")))


def status_line(status: int) -> bytes:
    """The first line of a reply, without its end."""
    return f"HTTP/1.1 {status} {_REASONS.get(status, '')}".encode()


def head(status: int, headers: Mapping[str, str], *, keep_alive: bool) -> bytes:
    """Status line and header fields, to the empty line. The caller adds ``Date`` and what the body needs.

    Raises ValueError for a line break in a field: nothing from outside may become one.
    """
    lines = [_STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
    if not keep_alive:
        lines.append("Connection: close\r\n")
    lines.append("\r\n")
    text = "".join(lines)
    if text.count("\n") != len(lines) or text.count("\r") != len(lines) or "\0" in text:
        raise ValueError("a header field with a line break")
    return text.encode("latin-1")


def response(
    status: int, headers: Mapping[str, str], body: bytes = b"", *, keep_alive: bool, body_omitted: bool = False
) -> bytes:
    """A whole reply with its ``Content-Length``; ``body_omitted`` for HEAD: the length is said, the body is not sent.

    RFC 9110, 8.6: no Content-Length in a reply of status 204; a 304 here has none either.
    """
    if status in _NO_BODY:
        return head(status, headers, keep_alive=keep_alive)
    start = head(status, {**headers, "Content-Length": str(len(body))}, keep_alive=keep_alive)
    return start if body_omitted else start + body
