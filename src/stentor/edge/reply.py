"""Replies as ready, immutable bytes: made once, written to anybody who asks.

``Date`` is that of the making, so a cache that computes a reply's age gets the age of its content.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from email.utils import formatdate

import msgspec

from stentor.base.errors import PROBLEM_TYPE, Overloaded, StentorError, problem
from stentor.spaces.private import BELOW
from stentor.wire import http

ANYBODY = {"Access-Control-Allow-Origin": "*"}
"""Audience replies carry nothing personal: any page may read them."""
EXPOSED = "X-Stentor-Chunk, X-Stentor-Origin, Content-Range, Age"
MEDIA_CACHE = "public, max-age=60"
"""Sound never changes, but it may be removed: then caches have it a minute longer."""
HTML = "text/html; charset=utf-8"
NO_STORE = "no-store"
BRIEF = "public, max-age=1"
LEAST_GZIPPED_BYTES = 256
LARGE_BYTES = 50_000
"""A playlist of a long recording has them, and is another with each segment: zipped quickly, it is a twelfth larger."""
_CLOSE = b"Connection: close\r\n\r\n"


class Reply:
    """One HTTP reply. ``now`` (wall-clock seconds) is its date."""

    __slots__ = ("_head_bytes", "full", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes = b"", *, now: float) -> None:
        fields = {"Date": formatdate(now, usegmt=True), **headers}
        self.status = status
        self.full = http.response(status, fields, body, keep_alive=True)
        """Head and body for a connection that stays open."""
        self._head_bytes = len(self.full) - (0 if status in (204, 304) else len(body))

    @classmethod
    def without_length(cls, status: int, headers: Mapping[str, str], *, now: float) -> Reply:
        """The head of something endless, for HEAD."""
        reply = cls.__new__(cls)
        reply.status = status
        reply.full = http.head(status, {"Date": formatdate(now, usegmt=True), **headers}, keep_alive=True)
        reply._head_bytes = len(reply.full)
        return reply

    def dated(self, now: float) -> Reply:
        """The same reply, made now."""
        reply = Reply.__new__(Reply)
        reply.status, reply._head_bytes = self.status, self._head_bytes
        start = self.full.index(b"\r\nDate: ", 0, self._head_bytes) + len(b"\r\nDate: ")
        date = formatdate(now, usegmt=True).encode()  # every date is as long
        reply.full = self.full[:start] + date + self.full[start + len(date) :]
        return reply

    def render(self, *, head_only: bool, keep_alive: bool) -> bytes:
        """The bytes to write."""
        if keep_alive and not head_only:
            return self.full
        start = self.full[: self._head_bytes] if keep_alive else self.full[: self._head_bytes - 2] + _CLOSE
        return start if head_only else b"".join((start, memoryview(self.full)[self._head_bytes :]))

    @property
    def body(self) -> bytes:
        return self.full[self._head_bytes :]


def zip_level(size: int) -> int:
    """How hard gzip tries with a text of so many bytes."""
    return 3 if size > LARGE_BYTES else 6


class Document:
    """Text in three replies: plain, gzipped, and "not modified" for who has it already."""

    __slots__ = ("_content_type", "_etag", "_plain", "_unchanged", "_zipped")

    def __init__(self, body: bytes, content_type: str, cache: str, *, now: float, **extra: str) -> None:
        self._content_type = content_type
        self._etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        kept = {"Cache-Control": cache, "ETag": self._etag, "Vary": "Accept-Encoding", **ANYBODY}
        kept |= {name.replace("_", "-"): value for name, value in extra.items()}
        fields = {"Content-Type": content_type, **kept}
        self._plain = self._zipped = Reply(200, fields, body, now=now)
        if len(body) >= LEAST_GZIPPED_BYTES:
            small = gzip.compress(body, zip_level(len(body)), mtime=0)
            self._zipped = Reply(200, {**fields, "Content-Encoding": "gzip"}, small, now=now)
        self._unchanged = Reply(304, kept, now=now)

    def answer(self, headers: Mapping[str, str]) -> Reply:
        """The reply that fits a request's header fields."""
        if "if-none-match" in headers and http.etag_matches(headers["if-none-match"], self._etag):
            return self._unchanged
        return self._zipped if http.accepts_gzip(headers.get("accept-encoding")) else self._plain

    def dated(self, now: float) -> Document:
        """The same text, known to be so still: its age for caches begins anew."""
        document = self.__class__.__new__(self.__class__)
        document._content_type, document._etag = self._content_type, self._etag
        document._plain, document._zipped = self._plain.dated(now), self._zipped.dated(now)
        document._unchanged = self._unchanged.dated(now)
        return document

    def private(self, now: float) -> Reply:
        """The reply for this asker alone: no cache may give it to another."""
        return Reply(
            200, {"Content-Type": self._content_type, "Cache-Control": NO_STORE, **ANYBODY}, self.body, now=now
        )

    @property
    def body(self) -> bytes:
        """The text, not compressed."""
        return self._plain.body


class FeedDocument(Document):
    """A document that says since when it is as it is: as long as the one ``before``, where that has the same text."""

    __slots__ = ("_modified",)

    def __init__(
        self, body: bytes, content_type: str, cache: str, before: Document | None = None, *, now: float, **extra: str
    ) -> None:
        self._modified = formatdate(now, usegmt=True)
        if isinstance(before, FeedDocument) and before.body == body:
            self._modified = before._modified
        super().__init__(body, content_type, cache, now=now, Last_Modified=self._modified, **extra)

    def answer(self, headers: Mapping[str, str]) -> Reply:
        """As of a document. Of a date only the very one that was told counts: edges may learn of a change at other
        moments, so who has the date of one edge gets the whole text from another."""
        if "if-none-match" not in headers and headers.get("if-modified-since") == self._modified:
            return self._unchanged
        return super().answer(headers)

    def dated(self, now: float) -> FeedDocument:
        document = super().dated(now)
        assert isinstance(document, FeedDocument)
        document._modified = self._modified
        return document


class File:
    """Bytes that never change, whole or in ranges."""

    __slots__ = ("_fields", "_whole", "etag", "size")

    def __init__(self, body: bytes, content_type: str, cache: str, *, now: float, **extra: str) -> None:
        self.etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        self.size = len(body)
        self._fields = {"Content-Type": content_type, "Cache-Control": cache, "ETag": self.etag, **ANYBODY}
        self._fields["Accept-Ranges"] = "bytes"
        self._fields |= {name.replace("_", "-"): value for name, value in extra.items()}
        self._whole = Reply(200, self._fields, body, now=now)

    @property
    def body(self) -> bytes:
        return self._whole.body

    def dated(self, now: float) -> File:
        """The same bytes, known to be there still: their age for caches begins anew."""
        file = File.__new__(File)
        file.etag, file.size, file._fields, file._whole = self.etag, self.size, self._fields, self._whole.dated(now)
        return file

    def answer(self, headers: Mapping[str, str], now: float) -> Reply:
        """The reply that fits a request's header fields; raises :class:`stentor.wire.http.Unsatisfiable`."""
        if len(headers) == 1:
            return self._whole  # only Host: nothing is asked for in particular
        if "if-none-match" in headers and http.etag_matches(headers["if-none-match"], self.etag):
            return Reply(304, self._fields, now=now)
        wanted = asked_range(headers, self.size, self.etag)
        if wanted is None:
            return self._whole
        start, end = wanted
        fields = {**self._fields, "Content-Range": f"bytes {start}-{end - 1}/{self.size}"}
        return Reply(206, fields, self._whole.body[start:end], now=now)


def asked_range(headers: Mapping[str, str], size: int, etag: str) -> tuple[int, int] | None:
    """The range asked for, or None for the whole; raises :class:`stentor.wire.http.Unsatisfiable`.

    RFC 9110, 13.1.5: "If the validator does not match, the server MUST ignore the Range header field."
    """
    if headers.get("if-range", etag) != etag:
        return None
    return http.parse_range(headers.get("range"), size)


def preflight(methods: str, now: float) -> Reply:
    """What OPTIONS is answered with, also for scripts of other pages."""
    fields = {
        "Allow": methods,
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Range, If-None-Match, If-Range",
        "Access-Control-Expose-Headers": EXPOSED,
        "Access-Control-Max-Age": "86400",
        **ANYBODY,
    }
    return Reply(204, fields, now=now)


def brief(path: str) -> str:
    """How long it may be kept that nothing is at ``path``: below a key not at all, for an old key leads whoever brings
    a pass to the new one."""
    return NO_STORE if path.split("/")[3:4] == [BELOW] else BRIEF


def failure(error: StentorError, *, now: float, cache: str = NO_STORE, **extra: str) -> Reply:
    """An error as an RFC 9457 problem document."""
    headers = {"Content-Type": PROBLEM_TYPE, "Cache-Control": cache, **ANYBODY}
    headers |= {name.replace("_", "-"): value for name, value in extra.items()}
    if isinstance(error, Overloaded):
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    if isinstance(error, http.Unsatisfiable):
        headers["Content-Range"] = f"bytes */{error.fields['size']}"
    return Reply(error.status, headers, msgspec.json.encode(problem(error)), now=now)
