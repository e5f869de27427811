"""Who asked: only what trusted proxies vouch for is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import SetupError
from stentor.wire.forwarded import Origin, networks, origin

TRUSTED = networks("127.0.0.1, 10.0.0.0/8, 2001:db8::/32")


def client(peer: str, **fields: str) -> str:
    return origin(peer, {name.replace("_", "-"): value for name, value in fields.items()}, TRUSTED).address


def test_a_stranger_says_what_it_likes() -> None:
    """The fields of somebody who is no proxy of ours count for nothing."""
    assert client("192.0.2.1", x_forwarded_for="198.51.100.9") == "192.0.2.1"
    assert origin("192.0.2.1", {"x-forwarded-proto": "https"}, TRUSTED) == Origin("192.0.2.1")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("198.51.100.9", "198.51.100.9"),
        ("203.0.113.5, 198.51.100.9", "198.51.100.9"),
        ("198.51.100.9, 10.1.2.3", "198.51.100.9"),
        ("1.1.1.1, 198.51.100.9, 10.1.2.3, 10.0.0.1", "198.51.100.9"),
        ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("198.51.100.9:4711", "198.51.100.9"),
        ("[2001:db9::7]:4711", "2001:db9::7"),
        ("::ffff:198.51.100.9", "198.51.100.9"),
        ("1.1.1.1, garbage, 10.1.2.3", "10.1.2.3"),
        ("garbage", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_the_chain_is_read_from_its_end_as_far_as_it_is_trusted(value: str, address: str) -> None:
    """What a client invents stands at the beginning and is never reached."""
    assert client("127.0.0.1", x_forwarded_for=value) == address


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("for=198.51.100.9", "198.51.100.9"),
        ('For="[2001:db9:cafe::17]:4711";proto=https', "2001:db9:cafe::17"),
        ("for=203.0.113.5, for=198.51.100.9;by=10.0.0.1, for=10.1.2.3", "198.51.100.9"),
        ("for=198.51.100.9, for=_hidden", "127.0.0.1"),
        ("for=unknown", "127.0.0.1"),
        ("for=198.51.100.9;oops", "127.0.0.1"),
    ],
)
def test_the_standard_field_is_read_the_same_way(value: str, address: str) -> None:
    """RFC 7239, section 4, with its quoting; hidden names end the chain."""
    assert client("127.0.0.1", forwarded=value) == address


def test_two_fields_that_differ_are_both_disbelieved() -> None:
    """A proxy writes one of them and passes the client's other one on: nobody can tell which is which."""
    assert client("127.0.0.1", forwarded="for=1.1.1.1", x_forwarded_for="198.51.100.9") == "127.0.0.1"
    assert client("127.0.0.1", forwarded="for=198.51.100.9", x_forwarded_for="198.51.100.9") == "198.51.100.9"


def test_the_scheme_is_that_of_the_nearest_proxy() -> None:
    """Nothing but http and https is a scheme."""
    assert origin("10.0.0.1", {"x-forwarded-proto": "http, https"}, TRUSTED).scheme == "https"
    assert origin("10.0.0.1", {"forwarded": "for=1.1.1.1;proto=https"}, TRUSTED).scheme == "https"
    assert origin("10.0.0.1", {"x-forwarded-proto": "gopher"}, TRUSTED).scheme == ""


def test_networks_are_addresses_and_cidr() -> None:
    """A network with host bits set is a slip of the pen, and said so."""
    assert len(TRUSTED) == 3
    assert networks("") == ()
    for wrong in ("10.0.0.1/8", "everybody", "10.0.0.0/99"):
        with pytest.raises(SetupError, match="STENTOR_TRUSTED_PROXIES"):
            networks(wrong)


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=20), st.sampled_from(["10.0.0.1", "", "unix:"]))
def test_any_text_has_an_answer(usual: str, standard: str, scheme: str, peer: str) -> None:
    """Header fields never raise."""
    found = origin(peer, {"x-forwarded-for": usual, "forwarded": standard, "x-forwarded-proto": scheme}, TRUSTED)
    assert found.scheme in ("", "http", "https")
