"""Types for ids and clocks, so that a signature says what a number is."""

from __future__ import annotations

import re
from typing import NewType

from stentor.base.errors import BadInput

SpaceId = NewType("SpaceId", str)
"""What stands in ``/s/{space}``: 1 to 48 of ``a-z 0-9 -``, so that it is safe in paths, subjects and file names."""

SeatId = NewType("SeatId", str)
"""One seat on a stage: ``[A-Za-z0-9_-]{1,48}``; a person keeps it over reconnects."""

UnixMs = NewType("UnixMs", int)
"""Wall-clock time in whole milliseconds since 1970 (UTC)."""

SEAT_ID = r"^[A-Za-z0-9_-]{1,48}$"
SPACE_ID = r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$"
MADE_ID = r"^[A-Za-z0-9_-]{1,64}$"
"""What the house names pins, sounds, sessions and the like."""
_SEAT_ID = re.compile(SEAT_ID.strip("^$"))
_SPACE_ID = re.compile(SPACE_ID.strip("^$"))
_MADE_ID = re.compile(MADE_ID.strip("^$"))


def counted(number: float, noun: str) -> str:
    """A number and its noun, as in ``1 day`` and ``1,200 days``; whole numbers only, rounded."""
    return f"{number:,.0f} {noun}{'' if round(number) == 1 else 's'}"


def space_id(text: str) -> SpaceId:
    """Checks a space id from outside; raises :class:`BadInput`."""
    if not _SPACE_ID.fullmatch(text):
        raise BadInput("A space id has 1 to 48 of a-z, 0-9 and '-', and begins and ends with a letter or digit.")
    return SpaceId(text)


def seat_id(text: str) -> SeatId:
    """Checks a seat id from outside; raises :class:`BadInput`."""
    if not _SEAT_ID.fullmatch(text):
        raise BadInput("A seat id has 1 to 48 of A-Z, a-z, 0-9, '-' and '_'.")
    return SeatId(text)


def made_id(text: str) -> str:
    """Checks an id from outside that the house has made; raises :class:`BadInput`."""
    if not _MADE_ID.fullmatch(text):
        raise BadInput("An id that the house has made has 1 to 64 of A-Z, a-z, 0-9, '-' and '_'.")
    return text
