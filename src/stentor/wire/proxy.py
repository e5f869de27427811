"""The PROXY protocol, versions 1 and 2: a proxy's word, before anything else, about whose connection it passes on.

Source: "The PROXY protocol, versions 1 & 2" (haproxy.org, doc/proxy-protocol.txt), sections 2.1 and 2.2.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

import msgspec

from stentor.base.errors import Malformed

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
"""How version 2 begins."""
LONGEST_V1_BYTES = 107
"""Section 2.1: "a 108-byte buffer is always enough to store all the line and a trailing zero"."""
LONGEST_V2_BYTES = 2048
"""Addresses need 36; the rest is TLV fields such as certificates, of which none is read here."""
LOCAL, PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_V1 = {b"TCP4": IPv4Address, b"TCP6": IPv6Address}
_LEAST_V1_FIELDS = 6


class Header(msgspec.Struct, frozen=True):
    """What stood before the connection's own bytes."""

    address: str
    """The client's IP address; empty when the proxy speaks for itself (a health check) or does not know."""
    size: int
    """Bytes of the header: what comes behind them is the client's."""


def parse(data: bytes) -> Header | None:
    """The header that ``data`` begins with; None when more of it has to come.

    Raises :class:`Malformed` as soon as it can be none.
    """
    if data[:12] == SIGNATURE[: len(data)]:
        return _version_2(data) if len(data) >= 16 else None  # 16: the fixed part
    if data[:6] == b"PROXY "[: len(data)]:
        return _version_1(data)
    raise Malformed("The connection does not begin with the PROXY protocol.")


def _version_1(data: bytes) -> Header | None:
    line, ended, _ = data[:LONGEST_V1_BYTES].partition(b"\r\n")
    if not ended:
        if len(data) >= LONGEST_V1_BYTES:
            raise Malformed("A PROXY line that is too long.")
        return None
    size = len(line) + 2
    fields = line.split(b" ")
    # 2.1: for "UNKNOWN" the receiver "must ignore anything presented before the CRLF"
    if fields[1] == b"UNKNOWN":
        return Header("", size)
    kind = _V1.get(fields[1])
    if kind is None or len(fields) != _LEAST_V1_FIELDS or not all(_is_port(field) for field in fields[4:]):
        raise Malformed("A PROXY line that does not parse.")
    try:
        source, _ = (kind(field.decode("ascii")) for field in fields[2:4])
    except ValueError:
        raise Malformed("A PROXY line without addresses.") from None
    return Header(str(source), size)


def _is_port(field: bytes) -> bool:
    return field.isdigit() and len(field) <= 5 and int(field) <= 65535


def _version_2(data: bytes) -> Header | None:
    command, family, length = struct.unpack_from("!BBH", data, 12)
    if command not in (LOCAL, PROXY) or 16 + length > LONGEST_V2_BYTES:
        raise Malformed("A PROXY header of an unknown version, or too long.")
    if len(data) < 16 + length:
        return None
    addresses = {_TCP4: (4, 12), _TCP6: (16, 36)}.get(family)
    # 2.2: LOCAL and families that are not ours say nothing about the client; the connection is passed on all the same.
    if command == LOCAL or addresses is None:
        return Header("", 16 + length)
    source_bytes, needed = addresses
    if length < needed:
        raise Malformed("A PROXY header without addresses.")
    return Header(str(ip_address(data[16 : 16 + source_bytes])), 16 + length)
