"""HTTP/1.1 for the audience (RFC 9110, RFC 9112): bytes in, requests out; replies as ready bytes.

Parsing is llhttp's (through httptools); the limits and the refusals are ours. What takes too long is the protocol's
business: nothing here knows the time. Ranges, encodings and entity tags are in :mod:`stentor.wire.negotiate`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote_to_bytes

import httptools
import msgspec

from stentor.base.errors import Malformed, NotSupported, StentorError, TooLarge
from stentor.wire.negotiate import Unsatisfiable, accepts_gzip, etag_matches, parse_range

__all__ = [
    "Limits",
    "Request",
    "RequestParser",
    "Unsatisfiable",
    "accepts_gzip",
    "etag_matches",
    "head",
    "parse_range",
    "response",
]

_PLAIN_PATH = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9_.~-]*)+")
"""A path that needs no decoding and has no dot segment: all of ours."""
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ABSOLUTE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {code: f"HTTP/1.1 {code} {reason}\r\n" for code, reason in _REASONS.items()}
_NO_BODY = (204, 304)


class Limits(msgspec.Struct, frozen=True):
    """How much a peer may send. Each has a status of its own when it is passed."""

    target_bytes: int = 2048
    """Path and query (414): our longest is under 300."""
    head_bytes: int = 8192
    """All header fields together (431): browsers with cookies send 2 kB."""
    fields: int = 64
    """Their number (431)."""
    body_bytes: int = 4096
    """A body (413): an audience has little to say over HTTP."""
    query_fields: int = 16
    pipelined: int = 64
    """Requests in one read (400): no browser pipelines at all."""


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


class RequestParser:
    """One connection's requests. After an error the connection must be answered with its ``status`` and closed."""

    _begun: bool
    _fresh: bool  # begun in this very read
    _in_body: bool
    _unfinished: int
    _headers: dict[str, str]

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._parser = httptools.HttpRequestParser(self)
        self._done: list[Request] = []
        self._error: StentorError | None = None
        self._reset()

    @property
    def idle(self) -> bool:
        """Whether no request has been begun: then a silent peer is waiting, not slow."""
        return not self._begun

    def feed(self, data: bytes) -> list[Request]:
        """The requests that ``data`` completes, in order.

        Raises :class:`Malformed` (400; 505 for another version), :class:`TooLarge` (413, 414, 431) or
        :class:`NotSupported` (501, a transfer-encoding); requests before it in the same read are then lost.
        """
        rest = data
        while rest:
            try:
                self._parser.feed_data(rest)
                rest = b""
            except httptools.HttpParserUpgrade as upgrade:
                # RFC 9110, 7.8: "A server MAY ignore a received Upgrade header field"; curl's h2c offer is one.
                rest = rest[upgrade.args[0] :]
            except httptools.HttpParserError as error:
                raise self._error or Malformed(f"Not HTTP/1.1: {error}") from None
        if self._begun and not self._in_body:
            # llhttp keeps an unfinished field without telling: what was fed since the read in which the head began
            # is its bound.
            self._unfinished += 0 if self._fresh else len(data)
            self._fresh = False
            if self._unfinished > self._limits.target_bytes + self._limits.head_bytes:
                raise TooLarge("The head of the request is too long.", code="head-too-large", status=431)
        done, self._done = self._done, []
        return done

    # Called back by llhttp, in this order. An exception stops it; feed() raises the reason.

    def on_message_begin(self) -> None:
        self._begun = self._fresh = True

    def on_url(self, data: bytes) -> None:
        self._target += data
        if len(self._target) > self._limits.target_bytes:
            self._refuse(TooLarge("The address is too long.", code="address-too-long", status=414))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value) + 4
        self._fields += 1
        if self._head_bytes > self._limits.head_bytes or self._fields > self._limits.fields:
            self._refuse(TooLarge("Too many header fields.", code="head-too-large", status=431))
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        if key in self._headers:
            # RFC 9112, 3.2: "more than one Host header field line" is answered with 400
            if key == "host":
                self._refuse(Malformed("More than one Host."))
            text = f"{self._headers[key]}, {text}"
        self._headers[key] = text

    def on_headers_complete(self) -> None:
        self._in_body = True
        version = self._parser.get_http_version()
        if version not in ("1.0", "1.1"):
            self._refuse(Malformed("Only HTTP/1.0 and HTTP/1.1.", code="http-version", status=505))
        # RFC 9112, 3.2: 400 "to any HTTP/1.1 request message that lacks a Host header field"
        if version == "1.1" and "host" not in self._headers:
            self._refuse(Malformed("A request without Host."))
        # RFC 9112, 6.1: a server that does not understand a transfer coding SHOULD answer 501. We take none at all:
        # a body with an end that two servers may see differently is how requests are smuggled.
        if "transfer-encoding" in self._headers:
            self._refuse(NotSupported("No transfer-encoding is taken.", code="transfer-encoding", status=501))
        # llhttp lets only one number through here
        if int(self._headers.get("content-length", "0")) > self._limits.body_bytes:
            self._refuse(TooLarge(f"A body has at most {self._limits.body_bytes} bytes."))

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        if len(self._done) >= self._limits.pipelined:
            self._refuse(Malformed("Too many requests at once.", code="pipelined"))
        try:
            path, query = _target(self._target, self._limits.query_fields)
        except Malformed as error:
            self._refuse(error)
        self._done.append(
            Request(
                self._parser.get_method().decode("ascii"),
                path,
                query,
                self._headers,
                self._parser.should_keep_alive(),
                self._parser.get_http_version(),
                self._body,
            )
        )
        self._reset()

    def _reset(self) -> None:
        self._begun = self._fresh = self._in_body = False
        self._unfinished = 0
        self._target = b""
        self._head_bytes = 0
        self._fields = 0
        self._headers = {}
        self._body = b""

    def _refuse(self, error: StentorError) -> None:
        self._error = error
        raise error


def _target(raw: bytes, query_fields: int) -> tuple[str, dict[str, str]]:
    """Path and query of a request target; raises :class:`Malformed` for all that could mean two things."""
    text = raw.decode("latin-1")  # ASCII: llhttp lets nothing else through
    if text == "*":
        return "*", {}
    # RFC 9112, 3.2.2: "a server MUST accept the absolute-form in requests"
    text = _ABSOLUTE.sub("", text, count=1) if text[:1] != "/" else text
    path, _, query = text.partition("?")
    if not _PLAIN_PATH.fullmatch(path):
        path = _decoded(path or "/")
    if not query:
        return path, {}
    if _BAD_PERCENT.search(query) or "#" in query:
        raise Malformed("A query that is not percent-encoded.")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=query_fields, errors="strict")
    except ValueError:
        raise Malformed("A query that is too long or not UTF-8.") from None
    return path, dict(reversed(pairs))


def _decoded(path: str) -> str:
    if path[0] != "/" or "#" in path or _BAD_PERCENT.search(path):
        raise Malformed("An address that is not a path.")
    # An encoded slash would be a segment to one server and a part of a name to another.
    raw = unquote_to_bytes(path)
    if raw.count(b"/") != path.count("/"):
        raise Malformed("An address with an encoded slash.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("An address that is not UTF-8.") from None
    if not text.isprintable() or "\\" in text or any(segment in (".", "..") for segment in text.split("/")):
        raise Malformed("An address with control characters, backslashes or dot segments.")
    return text


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
