"""When all is known of an evening: every edge that had the space at its end has said that nobody hears it any more."""

from __future__ import annotations

from typing import Final

from stentor.evidence.row import EdgeSecond

NEAR_MS: Final = 10_000
"""An edge that was silent for longer when the space ended was gone before, and nobody waits for it."""


class Closing:
    """``hear`` the rows of one space as they come."""

    def __init__(self, space: str) -> None:
        self.space = space
        self._edges: dict[str, tuple[int, bool]] = {}
        """Of each edge's newest row: its time, and whether it was the last."""

    def hear(self, row: EdgeSecond) -> None:
        """One that only tells of plays of the recording, or came already, changes nothing."""
        one = row.spaces.get(self.space)
        before, was_last = self._edges.get(row.edge, (-1, False))
        if one is not None and row.at_ms > before and (one.last or not (one.plays or one.robots) or not was_last):
            self._edges[row.edge] = row.at_ms, one.last

    def awaited(self, ended_ms: int) -> list[str]:
        """Edges that had the space at its end and have not said the last of it, by name."""
        return sorted(edge for edge, (at_ms, last) in self._edges.items() if not last and at_ms >= ended_ms - NEAR_MS)

    def silent(self, ended_ms: int, now_ms: int) -> list[str]:
        """Of these the ones that are not heard any more: what they did since is not known."""
        return [edge for edge in self.awaited(ended_ms) if self._edges[edge][0] < now_ms - NEAR_MS]
