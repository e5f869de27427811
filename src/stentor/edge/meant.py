"""Addresses of spaces as people write them: with capitals, slashes too many or a full stop at the end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

_NOT_IN_NAMES = re.compile(r"^[^a-z0-9]+|[^a-z0-9]+$")


def address(space: str, below: Sequence[str], query: Mapping[str, str]) -> str:
    """The path and query that were meant with ``/s/{space}/{below}``; empty when they are right as they are."""
    name = _NOT_IN_NAMES.sub("", space.lower()) or space
    if below and not any(below):
        return f"/s/{quote(name)}"
    if name == space:
        return ""
    told = f"?{urlencode(query)}" if query else ""
    return f"/s/{quote(name)}{''.join(f'/{quote(part)}' for part in below)}{told}"


def whole(path: Sequence[str], query: Mapping[str, str]) -> str:
    """The same of a path that begins otherwise: ``//s/evening``, or ``/S/EVENING`` as small QR codes have it."""
    start, *rest = [part for part in path if part] or [""]
    if start.lower() != "s" or not rest or list(path[:2]) == ["s", rest[0]]:
        return ""
    return address(rest[0], rest[1:] or [""], query)
