"""Spaces as events: for servers with calendars, and for whoever looks up the address of a space on their own server."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import msgspec

from stentor.fediverse.sites import PUBLIC, SITE, Home
from stentor.fediverse.writing import CONTEXT, stamp

Thing = Mapping[str, Any]
_TERMS: Final = {"ical": "http://www.w3.org/2002/12/cal/ical#", "sc": "http://schema.org#"}


class SpaceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A space as others read of it. Times are ms since 1970 (UTC); ``said`` is a sentence about how it is."""

    id: str
    title: str
    said: str
    about: str
    """Its description: plain text."""
    language: str
    created_ms: int
    start_ms: int | None
    end_ms: int | None
    cancelled: bool


def event(home: Home, space: SpaceEvent) -> Thing:
    """The document of a space. It is of the site: hosts may change, and need no account."""
    page = f"{home.files}/s/{space.id}"
    lines = [space.said, *(each for each in space.about.split("\n") if each.strip())]
    found: dict[str, Any] = {
        "@context": [CONTEXT, _TERMS],
        "id": home.event(space.id),
        "type": "Event",
        "name": space.title,
        "content": "".join(f"<p>{escape(each)}</p>" for each in lines),
        "url": page,
        "attributedTo": home.actor(SITE),
        "to": [PUBLIC],
        "published": stamp(space.created_ms),
        "location": {"type": "VirtualLocation", "name": home.name, "url": page},
        "ical:status": "CANCELLED" if space.cancelled else "CONFIRMED",
        "sc:inLanguage": space.language,
    }
    if space.start_ms is not None:
        found["startTime"] = stamp(space.start_ms)
    if space.end_ms is not None:
        found["endTime"] = stamp(space.end_ms)
    return found
