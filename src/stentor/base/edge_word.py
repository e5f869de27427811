"""How the house knows that a request comes from an edge of its own, which says who asks.

An address proves nothing: on one machine everybody is 127.0.0.1, and among containers addresses move. So an edge says a
word that both derive from the key that all edges and the house share. Whoever hears it may claim to be anybody, and
nothing more: it opens no door.
"""

from __future__ import annotations

import hmac
from typing import Final

from stentor.base.signing import derive, to_text

FIELD: Final = "x-stentor-edge"
"""The header field: the word, a space, and the source that the request counts for (``crowd.addresses.source``)."""


def word(doors: bytes) -> str:
    """The word of a site, from the key of its doors."""
    return to_text(derive(doors, "edge word"))


def asker(value: str, own: str) -> str:
    """Who asks, by a field's ``value``; empty when it is not from an edge of this site."""
    said, _, source = value.partition(" ")
    return source if hmac.compare_digest(said.encode("latin-1"), own.encode()) else ""
