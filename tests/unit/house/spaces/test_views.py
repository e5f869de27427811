"""What is shown of spaces."""

from __future__ import annotations

from stentor.base.units import SpaceId
from stentor.house.spaces.views import prominence
from stentor.spaces.model import Space, State


def test_what_can_be_heard_now_stands_first() -> None:
    """On the air, then what comes (the soonest first, then the undated), then what is over, the newest first."""
    spaces = [
        Space(SpaceId("cancelled"), "x", state=State.CANCELLED, created_ms=9),
        Space(SpaceId("undated"), "x", created_ms=8),
        Space(SpaceId("old-replay"), "x", state=State.REPLAY, ended_ms=5),
        Space(SpaceId("later"), "x", scheduled_ms=200, created_ms=7),
        Space(SpaceId("soon"), "x", scheduled_ms=100, created_ms=1),
        Space(SpaceId("replay"), "x", state=State.REPLAY, ended_ms=6),
        Space(SpaceId("live"), "x", state=State.LIVE, doors_open_ms=3),
    ]
    order = [space.id for space in sorted(spaces, key=prominence)]
    assert order == ["live", "soon", "later", "undated", "cancelled", "replay", "old-replay"]
