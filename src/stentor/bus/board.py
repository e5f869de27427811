"""The board: what everybody knows of the spaces that are on. KV bucket ``board``, key = space id, value = the ``Space``
as JSON, without what is the house's own (``spaces.board``).

Only the house writes.
"""

from __future__ import annotations

from stentor.bus.documents import Documents
from stentor.spaces import board
from stentor.spaces.model import Space


class Board(Documents[Space]):
    """The board as one process sees it."""

    bucket = "board"
    kind = Space

    def key(self, document: Space) -> str:
        return document.id

    async def put(self, document: Space, *, anew: bool = True) -> None:
        await super().put(board.public(document), anew=anew)
