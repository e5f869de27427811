"""Doors are closed again only where it is certain that nobody came."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.errors import Conflict
from stentor.base.units import SpaceId
from stentor.bus.status import READS_CLOSING, SpaceStatus, Status, Statuses
from stentor.house.duty.arrivals import Arrivals
from stentor.spaces.model import Space, State

OPENED = 1_900_000_000.0
SPACE = Space(SpaceId("talk"), "Talk", State.DOORS_OPEN, doors_open_ms=round(OPENED * 1000))
HOUSE = Status("house", "house-1", 0, 1, numbers={READS_CLOSING: 1.0})


class Site:
    """One house's ears, a second after the doors opened unless told otherwise."""

    def __init__(self, *, began: float = OPENED - 60) -> None:
        self.now = began
        self.statuses = Statuses(lambda: self.now)
        self.arrivals = Arrivals(self.statuses, lambda: self.now)
        self.now = OPENED + 1
        self.hear(HOUSE)

    def hear(self, status: Status) -> None:
        self.statuses._hear("", msgspec.json.encode(status))

    def edge(self, *, listeners: int = 0, players: float = 0.0) -> None:
        seen = SpaceStatus(listeners=listeners, players=players)
        self.hear(Status("edge", "edge-1", 0, 1, spaces={"talk": seen}))

    def why(self) -> str:
        try:
            self.arrivals.require_nobody(SPACE)
        except Conflict as refusal:
            return refusal.detail
        return ""


def test_nobody_came() -> None:
    """An edge that has carried it to nobody."""
    site = Site()
    site.edge()
    assert site.why() == ""


@pytest.mark.parametrize("seen", [{"listeners": 1}, {"players": 0.3}])
def test_who_has_gone_again_has_come(seen: dict[str, int]) -> None:
    """One listener for a moment is enough, also one by HLS of whom an edge counts a part."""
    site = Site()
    site.edge(**seen)
    site.edge()
    assert "Somebody" in site.why()


def test_who_cannot_be_vouched_for_has_come() -> None:
    """An edge fell silent; a house began after the doors had opened; a house of the release before is there."""
    silent, late, older = Site(), Site(began=OPENED + 0.5), Site()
    silent.edge()
    silent.now += 10
    silent.hear(HOUSE)
    assert "silent" in silent.why()
    assert "anew" in late.why()
    older.hear(Status("house", "house-0", 0, 1))
    assert "anew" in older.why()
