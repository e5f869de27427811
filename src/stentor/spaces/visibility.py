"""Who may hear a space, and know of it."""

from __future__ import annotations

from enum import StrEnum


class Visibility(StrEnum):
    """Who may hear a space, and know of it."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    """Whoever has the link; it stands in no list."""
    MEMBERS = "members"
    """Whoever has an account on this site and was not shut out."""
    INVITED = "invited"
    """Of these those who are on the space's list."""
    PASSWORD = "password"
    TICKETS = "tickets"
    """Whoever brings a ticket, one listener at a time."""


PRIVATE = frozenset({Visibility.MEMBERS, Visibility.INVITED, Visibility.PASSWORD, Visibility.TICKETS})
"""Of these everything lies below a key, and for everybody else there is no such space (``spaces.private``)."""
