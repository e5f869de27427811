"""Spaces in a calendar (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

CONTENT_TYPE = "text/calendar; charset=utf-8"
LINE_BYTES = 75
"""RFC 5545, 3.1: "Lines of text SHOULD NOT be longer than 75 octets, excluding the line break." """
ASSUMED = "PT1H"
"""Nobody knows how long a talk will be; calendars need a length to show it as a time and not as a mark."""


class CalendarEvent(NamedTuple):
    """From ``start_ms`` on, until ``end_ms`` where that is known; a higher ``sequence`` of a ``uid`` replaces it."""

    uid: str
    title: str
    start_ms: int
    made_ms: int
    sequence: int
    description: str = ""
    address: str = ""
    cancelled: bool = False
    end_ms: int | None = None


def calendar(events: Sequence[CalendarEvent], *, name: str = "", method: str = "PUBLISH") -> bytes:
    """A calendar, called ``name``; to be fetched again in an hour when there may be others (RFC 7986, 5.7)."""
    named = [f"NAME:{escape(name)}", f"X-WR-CALNAME:{escape(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H"]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Stentor//Stentor//EN",
        f"METHOD:{method}",
        *(named if name else []),
        *(line for event in events for line in _lines(event)),
        "END:VCALENDAR",
    ]
    return b"".join(fold(line) for line in lines)


def single(event: CalendarEvent) -> bytes:
    """A calendar with one event; one that was cancelled takes itself out of calendars (RFC 5546, 3.2.5)."""
    return calendar([event], method="CANCEL" if event.cancelled else "PUBLISH")


def _lines(event: CalendarEvent) -> list[str]:
    until = f"DURATION:{ASSUMED}" if event.end_ms is None else f"DTEND:{_utc(event.end_ms)}"
    return [
        "BEGIN:VEVENT",
        f"UID:{escape(event.uid)}",
        f"DTSTAMP:{_utc(event.made_ms)}",
        f"DTSTART:{_utc(event.start_ms)}",
        until,
        f"SEQUENCE:{event.sequence}",
        f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}",
        f"SUMMARY:{escape(event.title)}",
        *([f"DESCRIPTION:{escape(event.description)}"] if event.description else []),
        *([f"URL:{event.address}", f"LOCATION:{escape(event.address)}"] if event.address else []),
        "END:VEVENT",
    ]


def escape(text: str) -> str:
    """A value of type TEXT (3.3.11): backslash, semicolon, comma and line break are written with a backslash."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(plain, written)
    return text


def fold(line: str) -> bytes:
    """A line in UTF-8 with its break; 3.1: a long one goes on after a line break and a space, never inside a letter."""
    folded, length = bytearray(), 0
    for letter in line:
        octets = letter.encode()
        if length + len(octets) > LINE_BYTES:
            folded += b"\r\n "
            length = 1
        folded += octets
        length += len(octets)
    return bytes(folded + b"\r\n")


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y%m%dT%H%M%SZ}"
