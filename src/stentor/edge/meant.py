"""Addresses of spaces as people write them: with capitals, a slash or a full stop at the end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

_NOT_IN_NAMES = re.compile(r"^[^a-z0-9]+|[^a-z0-9]+$")


def address(space: str, below: Sequence[str], query: Mapping[str, str]) -> str:
    """The path and query that were meant with ``/s/{space}/{below}``; empty when they are right as they are."""
    name = _NOT_IN_NAMES.sub("", space.lower()) or space
    if list(below) == [""]:
        return f"/s/{quote(name)}"
    if name == space:
        return ""
    told = f"?{urlencode(query)}" if query else ""
    return f"/s/{quote(name)}{''.join(f'/{quote(part)}' for part in below)}{told}"
