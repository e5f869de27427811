"""How long each person has spoken since the space went live, also over new connections."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from stentor.base.grid import TICK_S
from stentor.spaces.model import Space
from stentor.stage.seat import StageSeat


class SpeakingTimes:
    """Of all rooms of this process; a stage that takes a space over begins anew."""

    def __init__(self) -> None:
        self._ticks: dict[str, dict[str, int]] = {}

    def of(self, space: Space, seats: Collection[StageSeat]) -> Mapping[str, float]:
        """Seconds by seat; takes what the seats have counted since the last look. Nothing counts before it is live."""
        ticks = self._ticks.setdefault(space.id, {})
        for seat in seats:
            new, seat.spoken_ticks = seat.spoken_ticks, 0
            if space.live_ms is not None:
                ticks[seat.id] = ticks.get(seat.id, 0) + new
        return {seat: round(count * TICK_S, 2) for seat, count in ticks.items()}

    def keep(self, spaces: Collection[str]) -> None:
        """Forgets all other spaces."""
        for space in self._ticks.keys() - set(spaces):
            del self._ticks[space]
