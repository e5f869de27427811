"""The PROXY protocol: the examples of its specification, every way to cut one, and garbage."""

from __future__ import annotations

import struct
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.wire import proxy
from stentor.wire.proxy import SIGNATURE, Header


def version_2(client: str, *, command: int = proxy.PROXY, tlv: bytes = b"") -> bytes:
    """A header as a proxy sends it for a TCP connection from ``client``."""
    source = ip_address(client).packed
    family = 0x11 if len(source) == 4 else 0x21
    body = source + source + struct.pack("!HH", 40_000, 443) + tlv
    return SIGNATURE + struct.pack("!BBH", command, family, len(body)) + body


KNOWN = [
    (b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n", "192.0.2.7"),
    (b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n", "2001:db8::7"),
    (b"PROXY UNKNOWN\r\n", ""),
    (b"PROXY UNKNOWN ffff::1 whatever 1 2\r\n", ""),
    (version_2("192.0.2.7"), "192.0.2.7"),
    (version_2("2001:db8::7", tlv=b"\x04\x00\x02xx"), "2001:db8::7"),
    (version_2("192.0.2.7", command=proxy.LOCAL), ""),
    (SIGNATURE + b"\x21\x00\x00\x00", ""),
    (SIGNATURE + b"\x21\x31\x00\x03abc", ""),
]


@pytest.mark.parametrize(("data", "address"), KNOWN)
def test_both_versions_name_the_client(data: bytes, address: str) -> None:
    """LOCAL, UNKNOWN and families without an IP address name nobody, and are passed on all the same."""
    assert proxy.parse(data + b"GET / HTTP/1.1\r\n") == Header(address, len(data))


@pytest.mark.parametrize(("data", "address"), KNOWN)
def test_a_header_may_come_in_pieces(data: bytes, address: str) -> None:
    """However it is cut: more is waited for until all of it is there."""
    assert [proxy.parse(data[:size]) for size in range(len(data))] == [None] * len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01",
        b"PROXX",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 99999 443\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n",
        b"PROXY TCP4 192.0.2.007 198.51.100.1 1 443\r\n",
        b"PROXY TCP9 a b 1 2\r\n",
        b"PROXY \r\n",
        b"PROXY " + b"x" * 101,
        SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_what_is_no_header_is_refused_at_once(data: bytes) -> None:
    """No port may be read as a header from a client that came past the proxy."""
    with pytest.raises(Malformed):
        proxy.parse(data)


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=80).map(lambda rest: SIGNATURE + rest)))
def test_nothing_else_is_ever_raised(data: bytes) -> None:
    """Bytes are a header, the beginning of one, or Malformed."""
    try:
        found = proxy.parse(data)
    except Malformed:
        return
    assert found is None or found.size <= len(data)


@given(st.text(max_size=90), st.booleans())
def test_lines_of_text_are_parsed_or_refused(text: str, ended: bool) -> None:
    """The same for version 1, whose fields are text."""
    with suppress(Malformed):
        proxy.parse(b"PROXY " + text.encode() + b"\r\n" * ended)


@given(st.ip_addresses(), st.binary(max_size=100))
def test_every_address_comes_back(address: object, rest: bytes) -> None:
    """Version 2, any IPv4 or IPv6 address, whatever follows."""
    data = version_2(str(address))
    assert proxy.parse(data + rest) == Header(str(ip_address(str(address))), len(data))
