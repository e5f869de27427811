"""The query fields that mean something to the edges. Caches in front drop all others."""

from __future__ import annotations

KNOWN = (
    "_HLS_msn", "_HLS_part", "burst", "by", "format", "from", "lang", "maxheight", "maxwidth", "pass", "player", "q",
    "rendition", "resource", "ticket", "to", "url", "v",
)  # fmt: skip
