"""Chunks that are made and not yet known to be in the log.

Every programme makes every chunk; only the one with the lease publishes. Both keep theirs here until they have seen
the number in the log, so that whoever publishes goes on exactly behind the last one there.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from stentor.wire.chunk import Chunk

KEPT_CHUNKS: Final = 938
"""5 minutes, about 5 MB: what a lost bus may cost. Above it the oldest is dropped; the log then has a gap."""


class Backlog:
    """Chunks with rising numbers, ``first`` to ``newest``; pure."""

    def __init__(self, limit: int = KEPT_CHUNKS) -> None:
        self.dropped = 0
        self.published = -1
        """The highest number that is known to be in the log."""
        self._limit = limit
        self._chunks: deque[Chunk] = deque()

    def __len__(self) -> int:
        return len(self._chunks)

    @property
    def first(self) -> Chunk | None:
        """The oldest chunk that is not known to be in the log."""
        return self._chunks[0] if self._chunks else None

    def put(self, chunk: Chunk) -> None:
        """Adds the newest chunk. Raises ValueError when its number does not rise: numbers never go back."""
        if self._chunks and chunk.number <= self._chunks[-1].number:
            raise ValueError(f"chunk {chunk.number} after {self._chunks[-1].number}")
        if chunk.number <= self.published:
            return  # the other one was quicker
        self._chunks.append(chunk)
        if len(self._chunks) > self._limit:
            self._chunks.popleft()
            self.dropped += 1

    def seen(self, last: int) -> None:
        """The log has every chunk up to ``last`` that it will ever have."""
        self.published = max(self.published, last)
        while self._chunks and self._chunks[0].number <= self.published:
            self._chunks.popleft()

    def newest(self, count: int) -> list[Chunk]:
        """The last ``count`` chunks that are not known to be in the log, oldest first."""
        return list(self._chunks)[-count:]

    def missing(self, reach: int = KEPT_CHUNKS) -> range:
        """The numbers between the log's last and the first one here: nobody made them. At most the last ``reach``."""
        if not self._chunks:
            return range(0)
        end = self._chunks[0].first
        return range(max(self.published + 1, end - reach), end)
