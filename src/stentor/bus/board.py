"""The board: what everybody knows of a space. KV bucket ``board``, key = space id, value = the ``Space`` as JSON.

Only the house writes.
"""

from __future__ import annotations

from stentor.bus.documents import Documents
from stentor.spaces.model import Space


class Board(Documents[Space]):
    """The board as one process sees it."""

    bucket = "board"
    kind = Space

    def key(self, document: Space) -> str:
        return document.id
