"""Somebody whose account was deleted."""

from __future__ import annotations

from stentor.base.units import SeatId
from stentor.spaces import commands as c
from stentor.spaces.model import State
from stentor.spaces.rules import decide
from tests.support.spaces import BEN, NOW, do, with_guests

ERASE = c.ErasePerson(BEN, "account", 17)


def test_a_seat_becomes_a_number() -> None:
    """The seat stays without account and name; once is enough."""
    space = do(with_guests(State.LIVE), c.ClaimSeat(BEN, "account"), ERASE)
    assert (space.seats[BEN].name, space.seats[BEN].account) == ("Deleted person 17", "")
    assert space.erased == {BEN: 17}
    assert decide(space, ERASE, NOW) == []


def test_a_seat_that_was_taken_away_is_remembered() -> None:
    """The sound that they left behind names them: whoever shows that must know."""
    space = do(with_guests(State.LIVE), c.ClaimSeat(BEN, "account"), c.RemoveSeat(BEN), ERASE)
    assert space.erased == {BEN: 17}
    assert BEN not in space.seats


def test_somebody_else_s_seat_keeps_its_name() -> None:
    """The same seat, given to another account since."""
    space = do(with_guests(State.LIVE), c.ClaimSeat(BEN, "other"), c.ErasePerson(SeatId(BEN), "account", 17))
    assert (space.seats[BEN].name, space.seats[BEN].account) == ("Ben", "other")
