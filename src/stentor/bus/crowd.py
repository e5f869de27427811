"""Orders for the edges. KV bucket ``crowd``, key = space id, value = the ``Orders`` as JSON. Only the house writes."""

from __future__ import annotations

from stentor.bus.documents import Documents
from stentor.crowd.orders import Orders


class Crowd(Documents[Orders]):
    """The orders as one process sees them."""

    bucket = "crowd"
    kind = Orders

    def key(self, document: Orders) -> str:
        return document.space
