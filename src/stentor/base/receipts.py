"""Links for people without a session: whoever reported, and whoever was shut out, sees what became of it; and whoever
wants to be reminded says yes, or takes that back.

A number and a signature of it: nothing is stored, and nobody can guess another's.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, Literal

from stentor.base.errors import NotFound

Kind = Literal["report", "decision", "remind", "subscriber"]
PATTERN: Final = "^[0-9]{1,9}-[0-9a-f]{40}$"
_PURPOSE: Final = b"stentor moderation 1\0"
"""Stands before what is signed: the key signs other things too, and one must never pass for the other."""
_LONGEST: Final = 9


class Receipts:
    """``key`` never leaves it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def made(self, kind: Kind, number: int) -> str:
        """What stands in the link."""
        return f"{number}-{self._mac(kind, str(number))}"

    def read(self, kind: Kind, text: str) -> int:
        """The number that a link says; raises :class:`NotFound` for one that we have not made."""
        number, _, mac = text.partition("-")
        digits = number.isascii() and number.isdigit() and len(number) <= _LONGEST
        if not (digits and mac.isascii() and hmac.compare_digest(mac, self._mac(kind, number))):
            raise NotFound("There is nothing behind this link; copy all of it.", code="link-wrong")
        return int(number)

    def _mac(self, kind: Kind, number: str) -> str:
        return hmac.digest(self._key, _PURPOSE + f"{kind} {number}".encode("ascii"), hashlib.sha256).hex()[:40]
