"""Who goes onto the stage agrees to the recording, and the record keeps it."""

from __future__ import annotations

import pytest

from stentor.base.errors import Conflict, NotFound
from stentor.base.units import SeatId
from stentor.spaces import commands as c
from stentor.spaces.rules import decide
from tests.support.spaces import CREATE, HOST, NOW, do


def test_agreeing_is_kept_with_its_time() -> None:
    """Once; who has agreed does not agree again, and a new link changes nothing."""
    space = do(do(None, CREATE), c.AgreeToRecording(HOST), now=NOW + 9)
    assert space.seats[HOST].agreed_ms == (NOW + 9) * 1000
    assert decide(space, c.AgreeToRecording(HOST), NOW + 99) == []
    assert do(space, c.RenewLink(HOST)).seats[HOST].agreed_ms == (NOW + 9) * 1000


def test_nobody_agrees_for_a_seat_that_is_not_there_or_over() -> None:
    """The record has no consent to what did not happen."""
    space = do(None, CREATE)
    with pytest.raises(NotFound):
        decide(space, c.AgreeToRecording(SeatId("gone")), 1.0)
    with pytest.raises(Conflict):
        decide(do(space, c.OpenDoors(), c.End()), c.AgreeToRecording(HOST), 1.0)
