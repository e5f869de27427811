"""Numbers as people read them, in the language of a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

_DECIMAL: Final = {"de": str.maketrans(",.", ".,")}
_DAYS: Final = {"de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")}
Say = Callable[..., str]


class Figures:
    """Writes numbers in one language; ``say`` gives the texts of it."""

    def __init__(self, language: str, say: Say) -> None:
        self._marks = _DECIMAL.get(language, {})
        self._days = _DAYS.get(language)
        self._percent = "\N{NO-BREAK SPACE}%" if language == "de" else "%"
        self._say = say

    def count(self, number: float) -> str:
        """A whole number: 1,234."""
        return f"{round(number):,}".translate(self._marks)

    def decimal(self, number: float) -> str:
        """One digit behind the point; none where there is nothing to say with it."""
        return f"{number:,.1f}".removesuffix(".0").translate(self._marks)

    def percent(self, share: float) -> str:
        return f"{round(100 * share)}{self._percent}"

    def size(self, size_bytes: float) -> str:
        """In MB or GB, as disks are sold."""
        if size_bytes < 1e9:
            return f"{self.count(size_bytes / 1e6)} MB" if size_bytes >= 1e7 else f"{self.decimal(size_bytes / 1e6)} MB"
        return f"{self.decimal(size_bytes / 1e9)} GB"

    def span(self, seconds: float) -> str:
        """A length of time, rounded down: 9 days, 14 hours, 40 minutes."""
        hours = seconds / 3600
        if hours >= 48:
            return self._say("span.days", count=self.count(hours // 24))
        if hours >= 2:
            return self._say("span.hours", count=self.count(hours // 1))
        return self._say("span.minutes", count=self.count(seconds // 60))

    def day(self, iso: str) -> str:
        """A day of the last two weeks: its weekday, and its number."""
        found = date.fromisoformat(iso)
        name = self._days[found.weekday()] if self._days else found.strftime("%a")
        return f"{name} {found.day}{'.' if self._days else ''}"


def iso(ms: int) -> str:
    """A time for programs."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
