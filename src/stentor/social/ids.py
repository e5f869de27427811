"""Numbers of posts, people who post, pictures, lists: the time in ms, and 16 bits that tell those of one ms apart.

They rise with time, so a page of a timeline is a range of them, and have 18 digits until the year 2453: then order by
text and by number are the same. It is the shape that Mastodon's ids have, which its clients count on.
"""

from __future__ import annotations

from typing import Final

BITS: Final = 16
_LOW: Final = (1 << BITS) - 1
LARGEST: Final = 2**63 - 1
DAY: Final = 86_400_000 << BITS
"""The ids of a day."""


class PostIds:
    """Makes them, each larger than the one before, whatever the clock does. ``seed`` is random: it keeps houses apart.

    Two houses may still make the same one: the database's primary key judges, and whoever lost takes another.
    """

    def __init__(self, seed: int, last: int = 0) -> None:
        self._count, self._last = seed & _LOW, last

    def new(self, now_ms: int) -> int:
        made = now_ms << BITS | self._count
        self._count = (self._count + 1) & _LOW
        self._last = made if made > self._last else self._last + 1
        return self._last


def time_ms(number: int) -> int:
    """When an id was made, in ms since 1970 (UTC)."""
    return number >> BITS


def at(ms: int) -> int:
    """The lowest id of a ms: of what was made earlier all are below it."""
    return ms << BITS


def parse(text: str) -> int | None:
    """An id as it stands in an address; None for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    found = int(text)
    return found if 0 < found <= LARGEST else None
