"""Who a token makes of its bearer."""

from __future__ import annotations

import pytest

from stentor.base.errors import NotAllowed, NotSignedIn, Overloaded
from stentor.base.units import SeatId, SpaceId
from stentor.house.who.access import WRONG, Access, bearer
from stentor.spaces import rights
from stentor.spaces.model import Role
from stentor.spaces.tokens import Invitation, sign, sign_short

KEY = b"k" * 32
NOW = 1_000.0


def access() -> Access:
    return Access("the-admin-token", KEY, lambda: NOW)


def invitation(*, space: str = "talk", expires_ms: int = 2_000_000, key: bytes = KEY) -> str:
    return "Bearer " + sign(Invitation(SpaceId(space), SeatId("seat1"), "Ada", Role.HOST, expires_ms), key)


def test_a_short_invitation_counts_as_a_long_one() -> None:
    """Its seat with its generation; not in another space."""
    header = "Bearer " + sign_short(Invitation(SpaceId("talk"), SeatId("s1"), expires_ms=2_000_000, generation=3), KEY)
    assert access().actor(header, space="talk", address="a") == rights.seated("s1", 3)
    assert access().invitation(header, space="talk", address="a").generation == 3
    with pytest.raises(NotAllowed, match="another space"):
        access().actor(header, space="other", address="a")


def test_admin_person_and_anyone() -> None:
    """The admin's token makes an admin, an invitation its seat, no header anyone."""
    assert access().actor("Bearer the-admin-token", space="talk", address="a") == rights.ADMIN
    assert access().actor(invitation(), space="talk", address="a") == rights.seated("seat1")
    assert access().actor("", space="talk", address="a") == rights.ANYONE


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic abc", "the-admin-token", "Bearer wrong", "Bearer é"])
def test_wrong_headers(header: str) -> None:
    """A header that is there must be right; it never makes anyone of somebody who meant to be someone."""
    with pytest.raises(NotSignedIn):
        access().actor(header, space=None, address="a")


def test_a_huge_header_is_not_looked_at() -> None:
    """Input has a limit."""
    with pytest.raises(NotSignedIn):
        bearer("Bearer " + "x" * 5000)


def test_invitations_count_only_where_and_while_they_hold() -> None:
    """Another space, another key, an expired link: refused."""
    with pytest.raises(NotAllowed, match="another space"):
        access().actor(invitation(space="other"), space="talk", address="a")
    with pytest.raises(NotSignedIn):
        access().actor(invitation(key=b"x" * 32), space="talk", address="a")
    with pytest.raises(NotSignedIn, match="expired"):
        access().actor(invitation(expires_ms=1), space="talk", address="a")


def test_guessing_is_slowed_down_and_locks_nobody_out() -> None:
    """Too many wrong tokens: 429 with a time, for wrong ones only; the right ones count from that address, too."""
    door = access()
    for _ in range(WRONG.burst):
        with pytest.raises(NotSignedIn):
            door.actor("Bearer guess", space=None, address="a")
    with pytest.raises(Overloaded) as refused:
        door.actor("Bearer guess", space=None, address="a")
    assert (refused.value.status, refused.value.error_code) == (429, "too-many-guesses")
    assert refused.value.retry_after_s > 0
    assert door.actor("Bearer the-admin-token", space=None, address="a") == rights.ADMIN
    assert door.actor(invitation(), space="talk", address="a") == rights.seated("seat1")
    with pytest.raises(NotSignedIn):
        door.actor("Bearer guess", space=None, address="b")


def test_an_old_link_is_no_guess() -> None:
    """A page that is left open with an expired link locks nobody out."""
    door = access()
    for _ in range(3 * WRONG.burst):
        with pytest.raises(NotSignedIn, match="expired"):
            door.actor(invitation(expires_ms=1), space="talk", address="a")
