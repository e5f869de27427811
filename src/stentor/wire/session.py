"""What players call their session: the same name with each request, on whichever connection."""

from __future__ import annotations

import re
from collections.abc import Mapping

MOST_SESSION = 64
"""Of a session's name; players use a UUID."""
_CMCD_SESSION = re.compile(r'(?:^|,)\s*sid="([^"]{1,64})"')


def session(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """Apple's players and Stentor's page name it in a field of its own, others by CMCD (CTA-5004); empty without."""
    if named := headers.get("x-playback-session-id", ""):
        return named[:MOST_SESSION]
    told = headers.get("cmcd-session", "") or query.get("CMCD", "")
    found = _CMCD_SESSION.search(told) if told else None
    return found[1] if found else ""
