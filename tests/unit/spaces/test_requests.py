"""The line of those who ask to speak."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.errors import BadInput, Conflict, NotAllowed, NotSignedIn, Overloaded
from stentor.base.units import SeatId
from stentor.spaces import commands as c
from stentor.spaces.model import Asking, Space
from stentor.spaces.model import State as Life
from stentor.spaces.requests import MOST_WAITING, RequestState, SpeakRequest, Standing, admit, standing
from tests.support.spaces import BEN, do, with_guests

LIVE = with_guests(Life.LIVE)
DORA = SpeakRequest(SeatId("dora"), "Dora", 10)
EMIL = SpeakRequest(SeatId("emil"), "Emil", 20)


def test_places_are_in_order() -> None:
    """The first who asked is next."""
    assert standing(LIVE, [DORA, EMIL], "dora") == Standing(RequestState.WAITING, 1, 2)
    assert standing(LIVE, [DORA, EMIL], "emil") == Standing(RequestState.WAITING, 2, 2)


def test_what_becomes_of_a_request() -> None:
    """A seat means accepted, a ban is said as such, the end ends it, and nothing else means asking anew."""
    given = do(LIVE, c.GiveSeat(DORA.id, "Dora"))
    assert standing(given, [], "dora").state is RequestState.ACCEPTED
    assert standing(do(given, c.RemoveSeat(DORA.id)), [], "dora").state is RequestState.CLOSED
    assert standing(do(given, c.BanSeat(DORA.id)), [], "dora").state is RequestState.BANNED
    assert standing(do(given, c.End()), [], "dora").state is RequestState.OVER
    assert standing(LIVE, [EMIL], "dora") == Standing(RequestState.CLOSED)


def test_asking_again_keeps_the_place() -> None:
    """One place a browser; the name may change."""
    again = admit(LIVE, [DORA, EMIL], SpeakRequest(DORA.id, " Dora B. ", 99))
    assert again == SpeakRequest(DORA.id, "Dora B.", 10)


def test_a_ban_holds_the_account() -> None:
    """Under another name and from another device too, until the ban is lifted; a guest's ban holds no other guest."""
    space = do(do(LIVE, c.ClaimSeat(BEN, "account-of-ben")), c.BanSeat(BEN))
    assert space.banned_accounts == {BEN: "account-of-ben"}
    with pytest.raises(NotAllowed):
        admit(space, [], SpeakRequest(SeatId("other"), "Benedict", 5), "account-of-ben")
    assert admit(space, [], DORA, "account-of-dora") == admit(space, [], DORA) == DORA
    given = do(space, c.GiveSeat(DORA.id, "Dora"))
    with pytest.raises(Conflict, match="shut out"):
        do(given, c.ClaimSeat(DORA.id, "account-of-ben"))
    lifted = do(space, c.LiftBan(BEN))
    assert lifted.banned_accounts == {}
    assert admit(lifted, [], DORA, "account-of-ben") == DORA


def test_a_full_line_says_so() -> None:
    """Whoever comes as the 201st is told when to come back; who waits already may still change the name."""
    line = [SpeakRequest(SeatId(f"s{number}"), "X", number) for number in range(MOST_WAITING)]
    with pytest.raises(Overloaded) as full:
        admit(LIVE, line, DORA)
    assert (full.value.status, full.value.error_code) == (429, "requests-full")
    assert admit(LIVE, line, SpeakRequest(SeatId("s0"), "Y", 5)).name == "Y"
    assert admit(LIVE, line[1:], DORA) == DORA


@pytest.mark.parametrize(
    "space", [do(LIVE, c.SetAsking(Asking.NOBODY)), do(LIVE, c.End()), with_guests(Life.SCHEDULED)]
)
def test_closed(space: Space) -> None:
    """Nobody asks before the doors open, after the end, or when the hosts want no requests."""
    with pytest.raises(Conflict) as closed:
        admit(space, [], DORA)
    assert closed.value.error_code == "requests-closed"


def test_who_may_not_ask() -> None:
    """Whoever has a seat, whoever is shut out (by the seat, or by the same name anew), and names that are none."""
    with pytest.raises(Conflict) as seated:
        admit(LIVE, [], SpeakRequest(BEN, "Ben", 1))
    assert seated.value.error_code == "seat-exists"
    banned = do(LIVE, c.BanSeat(BEN))
    for request in (SpeakRequest(BEN, "Other", 1), SpeakRequest(SeatId("new"), "BEN", 1)):
        with pytest.raises(NotAllowed) as refused:
            admit(banned, [], request)
        assert refused.value.error_code == "banned"
    with pytest.raises(BadInput):
        admit(LIVE, [], SpeakRequest(DORA.id, "two\nlines", 1))


@pytest.mark.parametrize("asking", [Asking.SIGNED_IN, Asking.MEMBERS])
def test_hosts_may_hear_only_people_who_are_signed_in(asking: Asking) -> None:
    """A name that anybody can type is not enough then; and where hosts only invite, nobody asks."""
    space = do(LIVE, c.SetAsking(asking))
    with pytest.raises(NotSignedIn) as refused:
        admit(space, [], DORA)
    assert refused.value.error_code == "sign-in-to-ask"
    assert admit(space, [], DORA, "dora") == DORA
    with pytest.raises(Conflict):
        admit(do(space, c.SetAsking(Asking.INVITED)), [], DORA, "dora")


def test_who_is_shut_out_does_not_come_back_as_a_guest() -> None:
    """Not in the browser in which they signed in last; at their address guests sign in first, and others may ask."""
    banned = msgspec.structs.replace(LIVE, banned={BEN: "Ben"}, banned_accounts={BEN: "account-of-ben"})
    with pytest.raises(NotAllowed, match="shut you out"):
        admit(banned, [], DORA, device="account-of-ben")
    assert admit(banned, [], DORA, "account-of-dora", device="account-of-ben", near=True) == DORA
    with pytest.raises(NotSignedIn, match="sign in"):
        admit(banned, [], DORA, near=True)
