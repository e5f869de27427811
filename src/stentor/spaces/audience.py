"""Who in the audience may ask to speak."""

from __future__ import annotations

from enum import StrEnum


class Asking(StrEnum):
    """Who in the audience may ask to speak."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    MEMBERS = "members"
    """Of a space with a list of members, those on it; else as ``SIGNED_IN``."""
    INVITED = "invited"
    """Nobody asks: whoever is invited has a seat."""
    NOBODY = "nobody"
    """Just now."""


MAY_ASK = frozenset({Asking.ANYONE, Asking.SIGNED_IN, Asking.MEMBERS})
