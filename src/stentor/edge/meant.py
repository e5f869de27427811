"""Addresses of spaces as people write them: with capitals, slashes too many or a full stop at the end; and as programs
pass them on: with query or fragment escaped into the path, or a semicolon behind a stream, which Shoutcast wants."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

_NOT_IN_NAMES = re.compile(r"^[^a-z0-9]+|[?#&].*|[^a-z0-9]+$")
_AT_THE_END = re.compile(r"[^A-Za-z0-9]+$")


def ends_well(part: str) -> bool:
    """Whether the last part of a path can be one of ours: none ends in anything but a letter or a digit."""
    return part[-1:].isascii() and (not part or part[-1].isalnum())


def address(space: str, below: Sequence[str], query: Mapping[str, str]) -> str:
    """The path and query that were meant with ``/s/{space}/{below}``; empty when they are right as they are."""
    name = _NOT_IN_NAMES.sub("", _NOT_IN_NAMES.sub("", unicodedata.normalize("NFKC", space).lower())) or space
    if below and not any(below):
        return f"/s/{quote(name)}"
    if below and not ends_well(below[-1]):
        below = [*below[:-1], _AT_THE_END.sub("", below[-1])]
    elif name == space:
        return ""
    told = f"?{urlencode(query)}" if query else ""
    return f"/s/{quote(name)}{''.join(f'/{quote(part)}' for part in below)}{told}"


def whole(path: Sequence[str], query: Mapping[str, str]) -> str:
    """The same of a path that begins otherwise: ``//s/evening``, or ``/S/EVENING`` as small QR codes have it."""
    start, *rest = [part for part in path if part] or [""]
    if start.lower() != "s" or not rest or list(path[:2]) == ["s", rest[0]]:
        return ""
    return address(rest[0], rest[1:] or [""], query)
