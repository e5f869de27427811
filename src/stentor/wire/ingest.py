"""Where something is published by WHIP (RFC 9725), and what of an answer is heeded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from stentor.base.errors import BadInput

MOST_CANDIDATES: Final = 16
"""Of an answer; servers have one to six."""


class WhipAddress(NamedTuple):
    """The endpoint, and the token that it wants; empty for none."""

    url: str
    token: str


def parted(server: str, token: str, path: str) -> tuple[str, str]:
    """What may be shown of an endpoint, and the path that is kept secret with the token: without a token the path is
    all that a stranger does not know. ``path`` is the one that was kept before, for an address without one. Raises
    :class:`BadInput`."""
    wrong = BadInput("The server is an address such as https://whip.example.org/live.", code="bad-server")
    try:
        parts = urlsplit(server.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.password or parts.fragment:
        raise wrong
    name = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{name}" + (f":{port}" if port else "")
    given = parts.path.removeprefix("/") + (f"?{parts.query}" if parts.query else "")
    if any(ord(sign) < 33 or ord(sign) > 126 for sign in token.strip() + given):
        raise BadInput("The token is copied from the network's own page.", code="bad-stream-key")
    if not token.strip():
        return origin, f"/{given}" if given else path or "/"
    return (f"{origin}/{given}", "") if given else (origin, path)


def address(server: str, token: str, path: str) -> WhipAddress:
    """Of what :func:`parted` gave. Raises :class:`BadInput`, which names no secret."""
    shown, path = parted(server, token, path)
    return WhipAddress(shown + path, token.strip())


def elsewhere(url: str, location: str) -> str:
    """Where a server sends on to, or where its session is; empty for what is none, or would give up TLS.

    Both absolute and relative ones are usual (mediamtx #3177).
    """
    try:
        found = urljoin(url, location)
        parts = urlsplit(found)
        if not parts.hostname or parts.scheme not in ("https", "http"):
            return ""
    except ValueError:
        return ""
    return "" if url.startswith("https:") and parts.scheme != "https" else found


def heeded(answer: str, may: Callable[[str], bool]) -> tuple[str, int, int]:
    """An answer without the candidates at addresses that may not be reached; how many are left, and how many it had.

    Names (mDNS) are none that anybody elsewhere could look up.
    """
    kept, left, had = [], 0, 0
    for line in answer.splitlines():
        if line.startswith("a=candidate:"):
            had += 1
            fields = line.split()
            if len(fields) < 8 or left >= MOST_CANDIDATES or not may(fields[4]):
                continue
            left += 1
        kept.append(line)
    return "\r\n".join(kept) + "\r\n", left, had
