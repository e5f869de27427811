"""HTTP/1.1 for the audience (RFC 9110, RFC 9112): bytes in, requests out; replies as ready bytes.

What is taken and refused is in :mod:`stentor.wire.head`. What takes too long is the protocol's business: nothing here
knows the time. Ranges, encodings and entity tags are in :mod:`stentor.wire.negotiate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

import msgspec

from stentor.base.errors import Malformed
from stentor.wire.head import HeadLimits, HeadParser
from stentor.wire.negotiate import Unsatisfiable, accepts_gzip, etag_matches, parse_range

__all__ = [
    "HeadLimits",
    "Request",
    "RequestParser",
    "Unsatisfiable",
    "accepts_gzip",
    "etag_matches",
    "head",
    "parse_range",
    "response",
]

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {code: f"HTTP/1.1 {code} {reason}\r\n" for code, reason in _REASONS.items()}
_NO_BODY = (204, 304)


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


class RequestParser(HeadParser):
    """The requests of one connection of the audience."""

    _body: bytes
    _expects: bool

    def __init__(self, limits: HeadLimits | None = None) -> None:
        self._done: list[Request] = []
        super().__init__(limits or HeadLimits())

    def feed(self, data: bytes) -> list[Request]:
        """The requests that ``data`` completes, in order; raises what :meth:`HeadParser.parse` does.

        When it raises, requests before the wrong one in the same read are lost.
        """
        self.parse(data)
        done, self._done = self._done, []
        return done

    @property
    def expects(self) -> bool:
        """Whether the peer waits for a word before it sends the body (RFC 9110, 10.1.1); asked once a request."""
        expects, self._expects = self._expects and self.in_body and not self._body, False
        return expects

    def on_head(self) -> None:
        self._expects = (
            self._fields.get("expect", "").lower() == "100-continue" and self._parser.get_http_version() == "1.1"
        )

    def on_body(self, data: bytes) -> None:
        self._told = True
        self._body += data

    def on_message_complete(self) -> None:
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
            )
        )
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._body = b""
        self._expects = False


def read_query(query: str) -> dict[str, str]:
    """The fields of a query that have a value. Of a repeated name the first counts. What is not percent-encoded UTF-8
    is read as it can be: links are decorated by others with fields that mean nothing here.
    """
    return dict(reversed(parse_qsl(query, errors="replace")))


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
