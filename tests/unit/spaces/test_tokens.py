"""Invitations."""

from __future__ import annotations

import base64
import hmac
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import NotSignedIn
from stentor.base.units import SeatId, SpaceId
from stentor.spaces.model import Role
from stentor.spaces.tokens import Invitation, _mac, _to_text, sign, verify

KEY = b"k" * 32
NOW = 1_800_000_000.0
EXPIRES_MS = round(NOW * 1000) + 1000
ANNA = Invitation(SpaceId("talk"), SeatId("anna"), "Änna 🎙️", Role.CO_HOST, EXPIRES_MS)


@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=80), role=st.sampled_from(Role))
def test_round_trip(name: str, role: Role) -> None:
    """A signed invitation comes back as it was, and fits an address and a header."""
    invitation = Invitation(SpaceId("talk"), SeatId("anna"), name, role, EXPIRES_MS)
    token = sign(invitation, KEY)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")
    assert verify(token, KEY, now=NOW) == invitation


def test_expired() -> None:
    """An invitation ends at its millisecond, and says so."""
    token = sign(ANNA, KEY)
    assert verify(token, KEY, now=NOW + 0.999) == ANNA
    with pytest.raises(NotSignedIn, match="expired") as refusal:
        verify(token, KEY, now=NOW + 1)
    assert refusal.value.error_code == "token-expired"


def test_other_key() -> None:
    """Another house's invitation is none."""
    with pytest.raises(NotSignedIn, match="not valid"):
        verify(sign(ANNA, b"x" * 32), KEY, now=NOW)


@given(st.data())
def test_no_sign_can_be_changed(data: st.DataObject) -> None:
    """Any other sign anywhere in a token makes it worthless."""
    token = sign(ANNA, KEY)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from([sign_ for sign_ in string.ascii_letters + "-_.=" if sign_ != token[at]]))
    with pytest.raises(NotSignedIn):
        verify(token[:at] + other + token[at + 1 :], KEY, now=NOW)


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    """Whatever is sent as a token, the answer is a documented refusal."""
    with pytest.raises(NotSignedIn):
        verify(text, KEY, now=NOW)


@pytest.mark.parametrize("token", ["a" * 2001 + ".b", "ä.b", ".", "", sign(ANNA, KEY) + "é"])
def test_odd_texts(token: str) -> None:
    """Too long, not ASCII, empty: refused before anything is computed."""
    with pytest.raises(NotSignedIn):
        verify(token, KEY, now=NOW)


@pytest.mark.parametrize("body", [_to_text(b'{"seat":1}'), _to_text(b"\xff"), "%%%", "abcde"])
def test_signed_nonsense(body: str) -> None:
    """What another version has signed is refused, not a crash."""
    with pytest.raises(NotSignedIn, match="not valid"):
        verify(f"{body}.{_to_text(_mac(body, KEY))}", KEY, now=NOW)


def test_signature_has_a_purpose() -> None:
    """The key's signature over the same bytes for another purpose does not pass."""
    body, _, signature = sign(ANNA, KEY).partition(".")
    assert base64.urlsafe_b64decode(signature + "=") == _mac(body, KEY)
    assert _mac(body, KEY) != hmac.digest(KEY, body.encode(), "sha256")
