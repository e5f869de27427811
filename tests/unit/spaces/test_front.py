"""Who is named in lists."""

from __future__ import annotations

from stentor.spaces import commands as c
from stentor.spaces.front import people, with_page
from stentor.spaces.model import Role, State
from tests.support.spaces import ANNA, BEN, do, space_in


def names(state: State, *commands: c.Command) -> list[str]:
    return [seat.name for seat in people(do(space_in(state), *commands))]


def test_who_never_came_is_not_named_once_it_is_live() -> None:
    """An announcement names whoever is invited; from then on an open invitation is nobody."""
    invited = c.GiveSeat(ANNA, "Grace Hopper", Role.SPEAKER)
    assert "Grace Hopper" in names(State.SCHEDULED, invited)
    assert "Grace Hopper" not in names(State.LIVE, invited)


def test_who_has_spoken_has_a_page() -> None:
    """Hosts have one, and whoever came while it was live; not who is only invited, or was in the green room."""
    invited = [c.GiveSeat(ANNA, "Anna"), c.GiveSeat(BEN, "Ben"), c.ClaimSeat(ANNA, "anna"), c.ClaimSeat(BEN, "ben")]
    assert with_page(do(space_in(State.LIVE), *invited, c.ConnectSeat(ANNA))) == {"anna"}
    assert with_page(do(space_in(State.SCHEDULED), *invited)) == set()
    leads = c.ChangeRole(BEN, Role.CO_HOST)
    assert with_page(do(space_in(State.SCHEDULED), *invited, leads)) == {"ben"}
