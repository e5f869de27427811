"""Who asked for playlists of HLS, as logs tell it: in order, and when the answer was over. Pure."""

from __future__ import annotations

from stentor.base import grid
from stentor.crowd.addresses import ALONE
from stentor.crowd.players import Players
from stentor.evidence.asked import SpaceRequest


class _Line:
    """A connection of a log."""

    def __init__(self, source: str, *, known: bool) -> None:
        self.client = source
        self.alone = "" if known else ALONE


class PastPlayers:
    """Counted as at an edge (``crowd.players``)."""

    def __init__(self) -> None:
        self._players = Players()
        self._lines: dict[int, _Line] = {}
        self._apart: int | None = None
        """From the time of a part to its number."""

    def ask(self, connection: int, source: str, client: int | None, at_s: float, what: SpaceRequest) -> None:
        """For a playlist. ``connection`` is 0 where the log names none."""
        part, pace = _part(at_s), grid.PARTS_PER_SEGMENT
        if what.waits:
            pace = 1
            if what.number:
                if self._apart is None:
                    self._apart = what.number - part
                part = min(part, what.number - self._apart)
        line = self._lines.get(connection)
        if line is None:
            line = _Line(source, known=connection != 0)
            if connection:
                self._lines[connection] = line
        self._players.ask(line, "", f"{client or 0:x}", part, pace, amid=what.waits)
        if not connection:
            self._players.gone(line)

    def gone(self, connection: int) -> None:
        """That connection is taken for closed."""
        if (line := self._lines.pop(connection, None)) is not None:
            self._players.gone(line)

    def at(self, second: int) -> float:
        """How many there are at its end; seconds are asked for in their order."""
        found = self._players.count(_part(second + 1) - 1)
        self._players.listeners()  # logs have their own way
        return found


def _part(at_s: float) -> int:
    """Since 1970."""
    return int(at_s / grid.PART_S)
