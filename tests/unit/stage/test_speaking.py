"""Speaking time: from the moment it is live, over new connections, and no longer than the space is there."""

from __future__ import annotations

from stentor.spaces.model import Role, State
from stentor.stage.seat import StageSeat
from stentor.stage.speaking import SpeakingTimes
from tests.support.spaces import BEN, space_in


def test_time_is_counted_from_live_on_and_over_connections() -> None:
    """What is said among us counts for nobody; who comes back goes on where they were."""
    times, seat = SpeakingTimes(), StageSeat(BEN, "Ben", Role.SPEAKER)
    seat.spoken_ticks = 500
    assert times.of(space_in(State.DOORS_OPEN), [seat]) == {}
    live = space_in(State.LIVE)
    seat.spoken_ticks = 100
    assert times.of(live, [seat]) == {BEN: 2.0}
    again = StageSeat(BEN, "Ben", Role.SPEAKER)
    again.spoken_ticks = 50
    assert times.of(live, [again]) == times.of(live, []) == {BEN: 3.0}
    times.keep([])
    assert times.of(live, []) == {}
