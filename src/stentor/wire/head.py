"""What edge and house take of a request, and refuse: llhttp (through httptools) with our limits around it (RFC 9112).

:class:`HeadParser` collects a head and counts what comes; who makes something of it is a subclass:
:class:`stentor.wire.http.RequestParser` for the audience, the house's for its framework. Nothing here knows the time.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

import httptools
import msgspec

from stentor.base.errors import Malformed, NotSupported, StentorError, TooLarge

_PLAIN_PATH = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9_.~-]*)+")
"""A path that needs no decoding and has no dot segment: all of ours."""
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
PASTED = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u00a0\u202f\u3000\u3164\r\n\t"
"""What cannot be seen and comes along at the end of an address that is copied from a message."""
_ABSOLUTE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_VERSION = re.compile(rb" HTTP/(\d\.\d)\r?\n$")
_HEAD_END = re.compile(rb"\n\r?\n")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::\d*)?")
"""RFC 9110, 7.2: ``uri-host [ ":" port ]``; empty where the target has no authority."""
VERSIONS = (b"1.0", b"1.1")


class HeadLimits(msgspec.Struct, frozen=True):
    """How much a peer may send. Each has a status of its own when it is passed."""

    target_bytes: int = 8192
    """Path and query (414): RFC 9112, 3, wants at least 8,000; links get longer on their way."""
    head_bytes: int = 24_576
    """All header fields together (431): browsers send 2 kB, and up to 16 kB of cookies of all sites of a domain."""
    fields: int = 100
    """Their number (431): browsers send 20, chains of proxies 40."""
    body_bytes: int = 4096
    """A body (413): an audience has little to say over HTTP."""
    pipelined: int = 64
    """Requests in one read (400): no browser pipelines at all."""


class HeadParser:
    """One connection's requests. After an error the connection is answered with its ``status`` and closed."""

    _begun: bool  # llhttp has seen the first byte of a request
    _in_body: bool
    _unfinished: int
    _fields: dict[str, str]

    def __init__(self, limits: HeadLimits) -> None:
        self.limits = limits
        self._parser = httptools.HttpRequestParser(self)
        self._error: StentorError | None = None
        self._line = bytearray()
        """Of a request line that is not whole, or of a head of HTTP/1.0 with bare line feeds."""
        self.reset()

    @property
    def idle(self) -> bool:
        """Whether no request has been begun: then a silent peer is waiting, not slow."""
        return not self._begun and not self._line

    @property
    def in_body(self) -> bool:
        """Whether a head is complete, and its body is not."""
        return self._in_body

    def parse(self, data: bytes) -> None:
        """Takes what the peer sent.

        Raises :class:`Malformed` (400; 505 for another version), :class:`TooLarge` (413, 414, 431) or
        :class:`NotSupported` (501, a transfer-encoding).
        """
        if not self._begun and not (data := self._whole_line(data)):
            return
        fresh = not self._begun
        self._told = False
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
        self._bound(0 if fresh else len(data))

    # Called back by llhttp, in this order. An exception stops it; parse() raises the reason.

    def on_message_begin(self) -> None:
        self._begun = True

    def on_url(self, data: bytes) -> None:
        self._target += data
        if len(self._target) > self.limits.target_bytes:
            self._refuse(TooLarge("The address is too long.", code="address-too-long", status=414))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._told = True
        self._head_bytes += len(name) + len(value) + 4
        self._count += 1
        if self._head_bytes > self.limits.head_bytes or self._count > self.limits.fields:
            self._refuse(TooLarge("Too many header fields.", code="head-too-large", status=431))
        if self._in_body:
            return  # RFC 9110, 6.5.1: fields after the body are not merged into the head
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        if key in self._fields:
            # RFC 9112, 3.2: "more than one Host header field line" is answered with 400
            if key == "host":
                self._refuse(Malformed("More than one Host."))
            text = f"{self._fields[key]}{'; ' if key == 'cookie' else ', '}{text}"
        self._fields[key] = text

    def on_headers_complete(self) -> None:
        fields, version = self._fields, self._parser.get_http_version()
        if version.encode() not in VERSIONS:  # of a second request in the same read
            self._refuse(_other_version())
        # RFC 9112, 3.2: 400 "to any HTTP/1.1 request message that lacks a Host header field" or has an invalid one
        host = fields.get("host")
        if host is None and version == "1.1":
            self._refuse(Malformed("A request without Host."))
        if host and not _HOST.fullmatch(host):
            self._refuse(Malformed("A Host that is no name of a machine."))
        if "transfer-encoding" in fields:
            self.on_transfer_encoding(fields["transfer-encoding"])
        # llhttp lets only one number through here
        if "content-length" in fields and int(fields["content-length"]) > (most := self.most_body_bytes()):
            self._refuse(TooLarge(f"A body has at most {most} bytes."))
        self.on_head()
        self._in_body = True

    def on_head(self) -> None:
        """The head is whole and right; for subclasses."""

    def most_body_bytes(self) -> int:
        """How long the body of this request may be."""
        return self.limits.body_bytes

    def on_transfer_encoding(self, coding: str) -> None:
        """RFC 9112, 6.1: a server that does not understand a transfer coding SHOULD answer 501.

        We take none if a subclass says nothing else: a body with an end that two servers may see differently is how
        requests are smuggled.
        """
        self._refuse(NotSupported("No transfer-encoding is taken.", code="transfer-encoding", status=501))

    def on_chunk_header(self) -> None:
        self._told = True

    # For subclasses.

    def reset(self) -> None:
        """The request is complete; the next one may come."""
        self._begun = self._in_body = False
        self._told = True
        self._unfinished = 0
        self._target = b""
        self._head_bytes = 0
        self._count = 0
        self._fields = {}

    def _refuse(self, error: StentorError) -> None:
        self._error = error
        raise error

    def _only_chunked(self, coding: str) -> None:
        """Chunked alone, which programs send that do not know the length; RFC 9112, 6.1: not with HTTP/1.0."""
        if self._parser.get_http_version() != "1.1":
            self._refuse(Malformed("A transfer-encoding in HTTP/1.0."))
        if coding.strip().lower() != "chunked":
            self._refuse(NotSupported("Only chunked is taken.", code="transfer-encoding", status=501))

    def _asked(self) -> tuple[str, str]:
        """Path and query; refuses what could mean two things."""
        try:
            path, query = target(self._target)
        except Malformed as error:
            self._refuse(error)
        if path == "*" and self._parser.get_method() != b"OPTIONS":  # RFC 9112, 3.2.4
            self._refuse(Malformed("The address * is for OPTIONS only."))
        return path, query

    # Inside.

    def _whole_line(self, data: bytes) -> bytes:
        """``data`` when it begins with a whole request line that is ours; nothing while that has not come."""
        if self._line:
            self._line += data
            data = bytes(self._line)
        data = data.lstrip(b"\r\n")  # RFC 9112, 2.2: "SHOULD ignore at least one empty line" before it
        if data and not data[:1].isalpha():
            raise Malformed("Not HTTP/1.1: a request begins with a method.")  # TLS, for instance: no more of it
        end = data.find(b"\n") + 1
        if not end:
            self._keep(data, self.limits.target_bytes + 64)
            return b""
        line = data[:end]
        version = _VERSION.search(line)
        if version is None:
            raise Malformed("Not HTTP/1.1: a request line without a version.")
        if version[1] not in VERSIONS:
            raise _other_version()
        if not line.isascii():  # people and programs type letters into addresses
            data = re.sub(rb"[\x80-\xff]", lambda letter: b"%%%02X" % letter[0][0], line) + data[end:]
        elif not line.endswith(b"\r\n") and version[1] == b"1.0":
            return self._old_head(data)
        self._line.clear()
        return data

    def _old_head(self, data: bytes) -> bytes:
        """A head of HTTP/1.0 with bare line feeds, as old players send it, with the line breaks of today.

        RFC 9112, 2.2: "a recipient MAY recognize a single LF as a line terminator". Not with HTTP/1.1: a connection
        that stays open must have one reading only.
        """
        end = _HEAD_END.search(data)
        if end is None:
            self._keep(data, self.limits.target_bytes + self.limits.head_bytes)
            return b""
        self._line.clear()
        return re.sub(rb"\r?\n", b"\r\n", data[: end.end()]) + data[end.end() :]

    def _keep(self, data: bytes, most: int) -> None:
        if len(data) > most:
            raise TooLarge("The head of the request is too long.", code="head-too-large", status=431)
        self._line[:] = data

    def _bound(self, came: int) -> None:
        """llhttp keeps an unfinished field, and skips what is said about chunks, without telling: what was fed since it
        told something is the bound.
        """
        if not self._begun:
            return
        if self._in_body:
            self._unfinished = 0 if self._told else self._unfinished + came
        else:
            self._unfinished += came  # from the read in which the head began
        if self._unfinished > self.limits.target_bytes + self.limits.head_bytes:
            raise TooLarge("The head of the request is too long.", code="head-too-large", status=431)


def _other_version() -> Malformed:
    return Malformed("Only HTTP/1.0 and HTTP/1.1.", code="http-version", status=505)


def target(raw: bytes) -> tuple[str, str]:
    """Path (decoded) and query (as it came) of a request target; raises :class:`Malformed` for a path that could mean
    two things. What stands in a query nobody here has to understand.
    """
    text = raw.decode("latin-1")  # ASCII: llhttp lets nothing else through
    if text == "*":
        return "*", ""
    # RFC 9112, 3.2.2: "a server MUST accept the absolute-form in requests"
    text = _ABSOLUTE.sub("", text, count=1) if text[:1] != "/" else text
    path, _, query = text.partition("#")[0].partition("?")
    if not _PLAIN_PATH.fullmatch(path):
        path = _decoded(path or "/")
    return path, query


def origin_form(raw: bytes) -> str:
    """A request target as the next server is asked for it (RFC 9112, 3.2.1): path and query as they came."""
    text = raw.decode("latin-1")
    text = _ABSOLUTE.sub("", text, count=1) if text[:1] != "/" else text
    return text.partition("#")[0] if text[:1] == "/" else f"/{text.partition('#')[0]}"


def _decoded(path: str) -> str:
    if path[0] != "/" or _BAD_PERCENT.search(path):
        raise Malformed("An address that is not a path.")
    # An encoded slash would be a segment to one server and a part of a name to another.
    raw = unquote_to_bytes(path)
    if raw.count(b"/") != path.count("/"):
        raise Malformed("An address with an encoded slash.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("An address that is not UTF-8.") from None
    text = text.rstrip(PASTED)
    if not text.isprintable() or "\\" in text or any(segment in (".", "..") for segment in text.split("/")):
        raise Malformed("An address with control characters, backslashes or dot segments.")
    return text
