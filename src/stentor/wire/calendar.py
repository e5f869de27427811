"""A space in a calendar (iCalendar, RFC 5545)."""

from __future__ import annotations

from datetime import UTC, datetime

CONTENT_TYPE = "text/calendar; charset=utf-8"
LINE_BYTES = 75
"""RFC 5545, 3.1: "Lines of text SHOULD NOT be longer than 75 octets, excluding the line break." """
ASSUMED = "PT1H"
"""Nobody knows how long a talk will be; calendars need a length to show it as a time and not as a mark."""


def event(
    *,
    uid: str,
    title: str,
    description: str = "",
    start_ms: int,
    made_ms: int,
    sequence: int,
    address: str = "",
    cancelled: bool = False,
) -> bytes:
    """A calendar with one event from ``start_ms`` on; a higher ``sequence`` of the same ``uid`` replaces it.

    One that was ``cancelled`` takes itself out of calendars (RFC 5546, 3.2.5).
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Stentor//Stentor//EN",
        f"METHOD:{'CANCEL' if cancelled else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:{escape(uid)}",
        f"DTSTAMP:{_utc(made_ms)}",
        f"DTSTART:{_utc(start_ms)}",
        f"DURATION:{ASSUMED}",
        f"SEQUENCE:{sequence}",
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        f"SUMMARY:{escape(title)}",
        *([f"DESCRIPTION:{escape(description)}"] if description else []),
        *([f"URL:{address}", f"LOCATION:{escape(address)}"] if address else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(fold(line) for line in lines)


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
