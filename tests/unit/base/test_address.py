"""Public addresses as browsers write them."""

from __future__ import annotations

import pytest

from stentor.base import config
from stentor.base.address import public
from stentor.base.errors import SetupError
from stentor.people.origin import origin_of


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://talk.example.org:443", "https://talk.example.org"),
        ("http://Talk.Example.org:80/", "http://talk.example.org"),
        ("HTTPS://talk.example.org:8443", "https://talk.example.org:8443"),
        ("https://m\u00fcnchen.example", "https://xn--mnchen-3ya.example"),
        ("https://M\u00dcNCHEN.example:443/", "https://xn--mnchen-3ya.example"),
        ("http://[2001:DB8::1]:80", "http://[2001:db8::1]"),
    ],
)
def test_an_origin_is_written_as_browsers_do(address: str, origin: str) -> None:
    """Lower case, no default port, IDNA: passkeys are compared with it letter by letter."""
    assert (public(address), origin_of(address)) == (origin, origin)


@pytest.mark.parametrize("name", ["public_url", "audience_url", "overflow_url"])
@pytest.mark.parametrize("rest", ["/stentor", "/?x=1", "/#top", ":x"])
def test_more_than_an_origin_is_refused_at_the_start(name: str, rest: str) -> None:
    """One sentence that names the setting."""
    with pytest.raises(SetupError, match=f"STENTOR_{name.upper()}"):
        config.load({}, **{name: f"https://example.org{rest}"})


@pytest.mark.parametrize("address", ["example.org", "ftp://example.org", "https://", "https://a@example.org"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """A scheme, a host, and nobody's name before it."""
    with pytest.raises(SetupError, match="STENTOR_PUBLIC_URL"):
        config.load({}, public_url=address)
