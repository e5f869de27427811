"""The board: what everybody knows of the spaces that are on. KV bucket ``board``, key = space id, value = the ``Space``
as JSON, without what is the house's own (``spaces.board``), the words of a private one sealed (``spaces.sealed``).

Only the house writes.
"""

from __future__ import annotations

from stentor.base import log
from stentor.bus.connection import Bus
from stentor.bus.documents import Documents
from stentor.spaces import board, sealed
from stentor.spaces.model import Space


class Board(Documents[Space]):
    """The board as one process sees it; with ``words_key`` also what private spaces are called (``spaces.sealed``)."""

    bucket = "board"
    kind = Space

    def __init__(self, bus: Bus, words_key: bytes = b"") -> None:
        super().__init__(bus)
        self.words_key = words_key

    def key(self, document: Space) -> str:
        return document.id

    async def put(self, document: Space, *, anew: bool = True) -> None:
        await super().put(sealed.seal(board.public(document), self.words_key), anew=anew)

    def _decode(self, payload: bytes) -> Space | None:
        found = super()._decode(payload)
        if found is not None and found.private:
            log.conceal(found.id)
        return sealed.unseal(found, self.words_key) if found is not None else None
