"""How long waiting for room is worth it."""

from __future__ import annotations

from stentor.crowd.patience import INTERVAL_S, STANDING_S, Patience


def test_a_standing_queue_has_little_patience() -> None:
    """Within 0.1 s of an empty queue one may wait that long; later only 5 ms."""
    patience = Patience()
    assert patience.wait_s(0.0) == STANDING_S
    patience.empty(10.0)
    assert patience.wait_s(10.0 + INTERVAL_S / 2) == INTERVAL_S
    assert patience.wait_s(10.0 + 2 * INTERVAL_S) == STANDING_S
