"""What a request's header fields ask of a reply: a range, an encoding, or nothing because nothing has changed."""

from __future__ import annotations

import re
from functools import lru_cache

from stentor.base.errors import CallerError

# RFC 9110, 14.1.1 has no space in it; allowing some would also make long runs of it slow to refuse
_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)
MAX_ACCEPT_BYTES = 512
"""Of an Accept-Encoding that is read; browsers send 25."""
_QUALITY = re.compile(r"[01](?:\.\d{0,3})?", re.ASCII)
_TAG = re.compile(r'(?:W/)?("[^"]*")')


class Unsatisfiable(CallerError):
    """A range that begins after the end; the reply carries ``Content-Range: bytes */{size}`` (see ``fields``)."""

    code, status, title = "range-not-satisfiable", 416, "Range not satisfiable"


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes ``[start, end)`` asked for of ``size``, or None for "the whole" (RFC 9110, 14.2).

    "A server MAY ignore the Range header field": so it is for other units, several ranges and what does not parse.
    Raises :class:`Unsatisfiable` when the range holds no byte.
    """
    found = _ONE_RANGE.fullmatch(header.strip()) if header else None
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:  # the last so many
        length = int(found[2])
        if length == 0 or size == 0:
            raise Unsatisfiable(f"The last {length} of {size} bytes are none.", size=size)
        return max(0, size - length), size
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None
    if start >= size:
        raise Unsatisfiable(f"There are only {size} bytes.", size=size)
    return start, min(int(found[2]) + 1, size) if found[2] else size


def accepts_gzip(header: str | None) -> bool:
    """Whether an Accept-Encoding takes gzip (RFC 9110, 12.5.3): by name or ``*``, and not with ``q=0``.

    One over 512 bytes is not read: the reply then goes as it is, which is always allowed.
    """
    if not header or len(header) > MAX_ACCEPT_BYTES:
        return False
    return _takes_gzip(header)


@lru_cache(maxsize=256)
def _takes_gzip(header: str) -> bool:
    qualities: dict[str, float] = {}
    for item in header.lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                value = value.strip()
                quality = float(value) if _QUALITY.fullmatch(value) else 0.0
        qualities[coding] = quality
    # RFC 9110, 8.4.1.3: "x-gzip" is equivalent to "gzip"
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0))) > 0


def etag_matches(header: str | None, etag: str) -> bool:
    """Whether If-None-Match names ``etag`` (RFC 9110, 13.1.2): weak comparison; ``*`` matches everything."""
    if not header:
        return False
    if header.strip() == "*":
        return True
    return etag.removeprefix("W/") in _TAG.findall(header)
