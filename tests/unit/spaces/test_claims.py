"""Claims hold for one request, for half a minute, once, and only with the house's signature."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Overloaded
from stentor.base.signing import Signer
from stentor.base.units import SeatId, SpaceId
from stentor.spaces import claims
from stentor.spaces.claims import ORDERS, Checker, Claim
from stentor.spaces.model import Role
from stentor.spaces.tokens import Invitation

NOW = 1_800_000_000.0
HOUSE = Signer(b"h" * 32)
EVE = Invitation(SpaceId("talk"), SeatId("eve"), "Eve", Role.HOST, 0, 3)


def made(nonce: str = "a", now: float = NOW) -> str:
    return claims.sign(claims.claim("join", EVE.space, EVE, nonce=nonce, now=now, about=b"offer"), HOUSE)


def check(text: str, checker: Checker | None = None, *, now: float = NOW, about: bytes = b"offer") -> Claim:
    checker = checker or Checker(HOUSE.public)
    return checker.check(text, purposes=("join",), space="talk", now=now, about=about)


def test_a_claim_names_a_seat() -> None:
    """The stage learns space, seat, name, role and generation."""
    found = check(made()).invitation
    assert msgspec.structs.replace(found, expires_ms=0) == EVE


def test_for_nothing_else() -> None:
    """Neither for another request, nor another purpose, nor another space, nor a second time."""
    with pytest.raises(Overloaded):
        check(made(), about=b"another offer")
    for purposes in (("patch",), ("delete",), ("echo",), ORDERS):
        with pytest.raises(Overloaded):
            Checker(HOUSE.public).check(made(), purposes=purposes, space="talk", now=NOW, about=b"offer")
    with pytest.raises(Overloaded):
        Checker(HOUSE.public).check(made(), purposes=("join",), space="other", now=NOW, about=b"offer")
    checker = Checker(HOUSE.public)
    check(made(), checker)
    with pytest.raises(Overloaded):
        check(made(), checker)
    check(made("b"), checker)


@given(st.floats(-100, 100))
def test_for_half_a_minute(later_s: float) -> None:
    """One that is older, or from a clock that far ahead, is refused."""
    if abs(later_s) < claims.LASTS_S - 0.01:
        check(made(), now=NOW + later_s)
    elif abs(later_s) > claims.LASTS_S + 0.01:
        with pytest.raises(Overloaded):
            check(made(), now=NOW + later_s)


def test_not_again_after_a_restart() -> None:
    """A stage that has just begun does not know what was taken before: it refuses what was issued before."""
    begun = NOW + 2
    with pytest.raises(Overloaded) as refused:
        after_restart(made(), since=begun, now=begun)
    assert refused.value.error_code == "claim-expired"
    after_restart(made(now=begun), since=begun, now=begun)


@given(st.floats(0, claims.AGREE_S), st.floats(0, 3600))
def test_a_restart_refuses_nobody_whose_clock_is_right(behind_s: float, later_s: float) -> None:
    """At once, and ever after, a claim of now is taken of a house whose clock is a second behind."""
    after_restart(made(now=NOW + later_s - behind_s), since=NOW, now=NOW + later_s)


@given(st.floats(-3600, 3600))
def test_a_clock_that_is_set_refuses_nobody_for_long(ahead_s: float) -> None:
    """A stage that began with a wrong clock takes claims of now as soon as the clock is right."""
    for later_s in (0.0, 5.0, claims.LASTS_S):
        after_restart(made(now=NOW + later_s), since=NOW + ahead_s, now=NOW + later_s)


def after_restart(text: str, *, since: float, now: float) -> Claim:
    return Checker(HOUSE.public).check(text, purposes=("join",), space="talk", now=now, about=b"offer", since=since)


@given(st.text(max_size=60), st.integers(0, 500))
def test_only_with_the_houses_signature(junk: str, at: int) -> None:
    """Whatever else is sent, or changed in a claim, is refused with the same error."""
    text = made()
    changed = text[: at % len(text)] + "~" + text[at % len(text) + 1 :]
    other = claims.sign(claims.claim("join", EVE.space, EVE, nonce="a", now=NOW, about=b"offer"), Signer(b"x" * 32))
    for wrong in (junk, changed, other, text + "A" * 3000, ""):
        with pytest.raises(Overloaded) as refused:
            check(wrong)
        assert refused.value.error_code == "claim-wrong"


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims that have expired need not be remembered."""
    monkeypatch.setattr(claims, "MOST_REMEMBERED", 5)
    checker = Checker(HOUSE.public)
    for number in range(20):
        check(made(str(number), NOW + 40 * number), checker, now=NOW + 40 * number)
    assert len(checker._taken) <= 6
