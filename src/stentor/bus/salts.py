"""Salts of the keys by which rows of evidence name anybody. KV bucket ``salts``, in the memory of the bus only.

Keys ``space.<id>`` (from its opening until its numbers are kept) and ``day.<number>`` (a day, UTC). A key is made of a
salt and of what all edges share, so that a salt alone tells nothing. Once it is dropped nobody can find anybody by what
rows say, whoever has all other keys. Only the house writes.
"""

from __future__ import annotations

import msgspec

from stentor.bus.documents import Documents

BYTES = 32


class Salt(msgspec.Struct, frozen=True):
    """Of one space's opening, or of one day."""

    name: str
    version: int
    """When the doors opened (ms), or the day."""
    salt: bytes

    def __repr__(self) -> str:
        return f"Salt({self.name!r})"  # never itself in a log


def of_space(space: str) -> str:
    """The name of a space's salt."""
    return f"space.{space}"


def of_day(day: int) -> str:
    """The name of a day's salt."""
    return f"day.{day}"


class Salts(Documents[Salt]):
    """The salts as one process sees them."""

    bucket = "salts"
    kind = Salt

    def key(self, document: Salt) -> str:
        return document.name
