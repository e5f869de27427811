"""Who is named in lists."""

from __future__ import annotations

from stentor.spaces import commands as c
from stentor.spaces.front import people
from stentor.spaces.model import Role, State
from tests.support.spaces import ANNA, do, space_in


def names(state: State, *commands: c.Command) -> list[str]:
    return [seat.name for seat in people(do(space_in(state), *commands))]


def test_who_never_came_is_not_named_once_it_is_live() -> None:
    """An announcement names whoever is invited; from then on an open invitation is nobody."""
    invited = c.GiveSeat(ANNA, "Grace Hopper", Role.SPEAKER)
    assert "Grace Hopper" in names(State.SCHEDULED, invited)
    assert "Grace Hopper" not in names(State.LIVE, invited)
