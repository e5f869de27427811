"""A time as people read it where no script says it in their own zone: with the name of the zone beside it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_NAME: Final = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+){0,5}")
"""Of the IANA time zone database; nothing else is looked for among files."""


class _Way(NamedTuple):
    """How a language says a date and a time."""

    days: tuple[str, ...]
    """From Monday on."""
    months: tuple[str, ...]
    date: str
    """With the day of the week in it."""
    short: str
    zone: str
    ordinal: str = ""
    """Behind the number of a day."""


_WAYS: Final = {
    "en": _Way(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
         "December"),
        "{day} {number} {month} {year}, {clock}",
        "{number} {month} {year}, {clock}",
        "{place} time",
    ),
    "de": _Way(
        ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
         "Dezember"),
        "{day}, {number}. {month} {year}, {clock} Uhr",
        "{number}. {month} {year}, {clock} Uhr",
        "Ortszeit {place}",
        ".",
    ),
}  # fmt: skip


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of a name such as ``Europe/Berlin``; None for what is none."""
    if not _NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def written(ms: int, language: str, zone: str = "") -> str:
    """``ms`` since 1970 (UTC) as ``Friday 4 December 2026, 20:00 (Berlin time)``; in UTC where ``zone`` names none."""
    return _said(ms, language, zone, short=False)


def moment(ms: int | None, language: str, zone: str = "") -> str:
    """The same without the day of the week, as ``4 December 2026, 20:00 (Berlin time)``; empty for None."""
    return "" if ms is None else _said(ms, language, zone, short=True)


def day(date: str, language: str) -> str:
    """A date of ISO 8601, with or without its day, as ``4 December 2026`` or ``December 2026``."""
    way, (year, month, *rest) = _WAYS.get(language) or _WAYS["en"], date.split("-")
    number = f"{int(rest[0])}{way.ordinal} " if rest else ""
    return f"{number}{way.months[int(month) - 1]} {year}"


def _said(ms: int, language: str, zone: str, *, short: bool) -> str:
    way, found = _WAYS.get(language) or _WAYS["en"], zone_of(zone)
    there: tzinfo = found or UTC
    at = datetime.fromtimestamp(ms / 1000, there)
    said = (way.short if short else way.date).format(
        day=way.days[at.weekday()], number=at.day, month=way.months[at.month - 1], year=at.year, clock=f"{at:%H:%M}"
    )
    place = zone.rpartition("/")[2].replace("_", " ") if found else "UTC"
    local = found is not None and "/" in zone and not zone.startswith("Etc/")
    return f"{said} ({way.zone.format(place=place) if local else place})"
