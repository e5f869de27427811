"""Spaces on other people's pages and players: oEmbed (oembed.com, version 1.0) and a playlist for radios."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import msgspec

from stentor.base.address import origin
from stentor.base.errors import BadInput, NotFound, NotSupported
from stentor.edge.page import ListenerPages
from stentor.edge.shown import download
from stentor.spaces.model import ON_AIR, Space

OEMBED_CACHE = "public, max-age=60"
M3U_TYPE = "audio/x-mpegurl"
WIDTH, HEIGHT = 480, 360
LEAST_WIDTH, LEAST_HEIGHT = 240, 160
"""Pixels below which the player has no room; a smaller frame scrolls."""

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of a site without a public address, with any port: a tunnel or a container shows edges under another one."""


def asked_space(query: Mapping[str, str], address: str) -> str:
    """The id in ``?url=…/s/<id>``; raises BadInput without one, NotFound for another site's, NotSupported.

    This site is ``address``, or where none is set this machine by its :data:`LOCAL` names. The request's Host is not
    asked: who sends the request chooses it, and a cache would keep the frame for others.
    """
    if query.get("format", "json") != "json":
        # oEmbed, 2.3.2: "501 Not Implemented: The provider cannot return a response in the requested format."
        raise NotSupported("Only format=json is there.", code="oembed-format", status=501)
    if "url" not in query:
        raise BadInput("oEmbed needs the address of a space: /oembed?url=…")
    parts = _split(query["url"])
    path = parts.path.split("/")
    if not _own(parts, address) or path[:2] != ["", "s"] or len(path) < 3:
        raise NotFound("That is not the address of a space of this house.", code="no-such-space")
    return path[2]


def oembed(space: Space, query: Mapping[str, str], pages: ListenerPages, *, address: str) -> bytes:
    """The reply for a space: an iframe no larger than ``maxwidth`` and ``maxheight``; raises :class:`BadInput`."""
    width = max(LEAST_WIDTH, min(WIDTH, _pixels(query, "maxwidth", WIDTH)))
    height = max(LEAST_HEIGHT, min(HEIGHT, _pixels(query, "maxheight", HEIGHT)))
    home = address or origin(query["url"])
    return msgspec.json.encode(
        {
            "version": "1.0",
            "type": "rich",
            "title": space.title,
            "provider_name": pages.app,
            "provider_url": home,
            "cache_age": 60,
            "width": width,
            "height": height,
            "html": pages.frame(space, home, width, height),
        }
    )


def m3u(space: Space, *, address: str, below: str = "") -> bytes:
    """``listen.m3u``: the stream while on air, the recording afterwards; raises :class:`NotFound` before the doors.

    Without an ``address`` the entry is relative to the playlist's own.
    """
    if space.doors_open_ms is None:
        raise NotFound("The doors of this space are not open yet.", code="no-recording")
    name = "live.aac" if space.state in ON_AIR else download(space)
    base = f"{address}/s/{space.id}{below}/" if address else ""
    return f"#EXTM3U\n#EXTINF:-1,{' '.join(space.title.split())}\n{base}{name}\n".encode()


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise BadInput("url is not an address.") from error


def _own(parts: SplitResult, address: str) -> bool:
    try:
        asked = origin(parts.geturl()).partition("://")[2]
    except ValueError:
        return False
    return asked == origin(address).partition("://")[2] if address else parts.hostname in LOCAL


def _pixels(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise BadInput(f"{name} is a number of pixels.")
    return int(text)
