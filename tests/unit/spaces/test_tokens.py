"""Invitations."""

from __future__ import annotations

import base64
import hmac
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import NotSignedIn
from stentor.base.units import SEAT_ID, SPACE_ID, SeatId, SpaceId
from stentor.spaces.model import Role
from stentor.spaces.tokens import Invitation, _mac, _short_mac, _to_text, sign, sign_short, verify

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


SHORT = Invitation(SpaceId("talk"), SeatId("3f9a0c1d2e4b"), expires_ms=EXPIRES_MS, generation=2)


@given(
    space=st.from_regex(SPACE_ID, fullmatch=True),
    seat=st.from_regex(SEAT_ID, fullmatch=True),
    expires_s=st.integers(round(NOW) + 1, 2**33),
    generation=st.integers(0, 2**31),
)
def test_a_short_token_says_the_seat(space: str, seat: str, expires_s: int, generation: int) -> None:
    """Space, seat, expiry and generation come back; it fits an address and a header, and is short."""
    invitation = Invitation(SpaceId(space), SeatId(seat), expires_ms=expires_s * 1000, generation=generation)
    token = sign_short(invitation, KEY)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")
    assert len(token) <= len(space) + len(seat) + len(str(generation)) + 9 + 16 + 4
    assert verify(token, KEY, now=NOW) == invitation


def test_a_short_token_expires_with_its_second() -> None:
    """What has a fraction of a second is rounded up; then it says so."""
    half = msgspec.structs.replace(SHORT, expires_ms=EXPIRES_MS + 500)
    assert verify(sign_short(half, KEY), KEY, now=NOW + 1.9).expires_ms == EXPIRES_MS + 1000
    with pytest.raises(NotSignedIn, match="expired") as refusal:
        verify(sign_short(half, KEY), KEY, now=NOW + 2)
    assert refusal.value.error_code == "token-expired"


@given(st.data())
def test_no_sign_of_a_short_token_can_be_changed(data: st.DataObject) -> None:
    """Nor can one be left out, added or written large or small: space, seat, expiry and generation are all signed."""
    token = sign_short(SHORT, KEY)
    at = data.draw(st.integers(0, len(token) - 1))
    signs = string.ascii_letters + string.digits + "-_.=+ "
    new = data.draw(st.sampled_from(["", token[at] * 2, token[at].swapcase(), *signs]).filter(lambda s: s != token[at]))
    with pytest.raises(NotSignedIn, match="not valid"):
        verify(token[:at] + new + token[at + 1 :], KEY, now=NOW)


@pytest.mark.parametrize("part", [*range(4), "mac"])
def test_what_is_said_and_what_is_signed_belong_together(part: int | str) -> None:
    """The signature of another space, seat, expiry, generation or key is worth nothing for this one."""
    token = sign_short(SHORT, KEY)
    *said, mac = token.split(".")
    if part == "mac":
        mac = sign_short(SHORT, b"x" * 32).rpartition(".")[2]
    else:
        said[int(part)] = ("chat", "3f9a0c1d2e4c", "ffffffff", "3")[int(part)]
    with pytest.raises(NotSignedIn, match="not valid"):
        verify(".".join([*said, mac]), KEY, now=NOW)


def test_a_short_token_that_was_cut_off_opens_nothing() -> None:
    """As a mail program may break it: each beginning and each end of it is refused."""
    token = sign_short(SHORT, KEY)
    for at in range(1, len(token)):
        for part in (token[:at], token[at:], token[:at].upper() + token[at:]):
            if part != token:
                with pytest.raises(NotSignedIn, match="not valid"):
                    verify(part, KEY, now=NOW)


@pytest.mark.parametrize("body", ["talk.anna.zz.0", "talk.anna.5.x", "talk.anna.5", "a.b.c.d.e", "..."])
def test_signed_short_nonsense(body: str) -> None:
    """What another version has signed is refused, not a crash."""
    with pytest.raises(NotSignedIn, match="not valid"):
        verify(f"{body}.{_to_text(_short_mac(body, KEY))}", KEY, now=NOW)


def test_short_and_long_are_signed_apart() -> None:
    """The signature of one kind does not make the other."""
    body = sign_short(SHORT, KEY).rpartition(".")[0]
    with pytest.raises(NotSignedIn, match="not valid"):
        verify(f"{body}.{_to_text(_mac(body, KEY))}", KEY, now=NOW)
    with pytest.raises(NotSignedIn, match="not valid"):
        verify(f"{body}.{_to_text(_mac(body, KEY)[:12])}", KEY, now=NOW)
