"""Who asked, when proxies passed the request on: ``Forwarded`` (RFC 7239) and ``X-Forwarded-For``.

Anybody can send these fields. Each proxy adds whom it heard from at the end, so they are read from the end, and only
as far as those who wrote them are trusted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from stentor.base.errors import SetupError

Networks = Sequence[IPv4Network | IPv6Network]
MOST_HOPS = 16
"""Proxies in a row that are looked at; real chains have one to three."""
_PAIR = re.compile(r'\s*([A-Za-z]+)=(?:"([^"\\]*)"|([^\s";,]+))\s*')


class Origin(msgspec.Struct, frozen=True):
    """Where a request came from. ``scheme`` is empty when no trusted proxy said it."""

    address: str
    scheme: str = ""


def networks(text: str) -> Networks:
    """Addresses and networks (CIDR), comma separated. Raises :class:`SetupError` for what is neither."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SetupError(
            f"STENTOR_TRUSTED_PROXIES is {text!r}; it needs addresses or networks such as 10.0.0.0/8 ({error})."
        ) from error


def origin(peer: str, headers: Mapping[str, str], trusted: Networks) -> Origin:
    """Who sent the request that came from ``peer``; header names in lower case, repeated ones joined with a comma.

    Whatever does not parse ends the chain: the last address that a trusted proxy vouched for is the answer. When both
    fields are there and differ, one of them is the client's invention: then neither counts.
    """
    if not trusts(trusted, peer):
        return Origin(peer)
    chains = [
        chain
        for name, read in (("forwarded", _standard), ("x-forwarded-for", _usual))
        if (chain := read(headers.get(name, "")))
    ]
    found = {_walk(peer, chain, trusted) for chain in chains}
    scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
    if not scheme and "forwarded" in headers:
        scheme = _pairs(headers["forwarded"].rpartition(",")[2]).get("proto", "").lower()
    return Origin(found.pop() if len(found) == 1 else peer, scheme if scheme in ("http", "https") else "")


def client(peer: str, headers: Mapping[str, str], trusted: Networks) -> str:
    """The address that :func:`origin` finds; empty when a proxy is all that is known of who asks."""
    if "x-forwarded-for" not in headers and "forwarded" not in headers and trusts(trusted, peer):
        return ""
    address = origin(peer, headers, trusted).address
    return "" if trusts(trusted, address) else address


def _walk(peer: str, chain: list[str], trusted: Networks) -> str:
    """From the nearest to the farthest, as long as each is trusted."""
    client = peer
    for entry in reversed(chain[-MOST_HOPS:]):
        address = _address(entry)
        if not address:
            break
        client = address
        if not trusts(trusted, client):
            break
    return client


def _usual(value: str) -> list[str]:
    return [part.strip() for part in value.split(",")] if value else []


def _standard(value: str) -> list[str]:
    return [_pairs(part).get("for", "") for part in value.split(",")] if value else []


def _pairs(element: str) -> dict[str, str]:
    """One ``forwarded-element``: ``for=192.0.2.60;proto=http``. Empty when any pair of it does not parse."""
    matches = [_PAIR.fullmatch(pair) for pair in element.split(";")]
    return {m[1].lower(): m[2] if m[2] is not None else m[3] for m in matches if m} if all(matches) else {}


def _address(entry: str) -> str:
    """An IP address without port and brackets, written in one way; empty for names and garbage."""
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        found = ip_address(entry)
    except ValueError:
        return ""
    return str(found.ipv4_mapped or found) if isinstance(found, IPv6Address) else str(found)


def trusts(trusted: Networks, text: str) -> bool:
    """Whether the address is in one of the networks; what is no address never is."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return any(address.ipv4_mapped in network for network in trusted)
    return any(address in network for network in trusted)
