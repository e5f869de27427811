"""Which addresses the courier may reach: those of the internet, and networks that the operator names.

Names, redirects and odd ways to write an address do not matter, since the address is looked at that a socket is really
made for (:func:`guarded`). Python's ``is_global`` calls some addresses global that lead elsewhere; those stand here.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from stentor.base.errors import SetupError
from stentor.wire.forwarded import Networks

_LEAD_ELSEWHERE: Final = tuple(
    ip_network(each)
    for each in (
        "2002::/16",  # 6to4
        "2001::/32",  # Teredo
        "192.0.0.0/24",  # for protocols (RFC 6890)
        "192.88.99.0/24",  # 6to4's relays
        "100.64.0.0/10",  # carrier-grade NAT
    )
)
_UNICAST: Final = ip_network("2000::/3")
"""All of IPv6 that is given out; outside of it are NAT64, IPv4 in IPv6, and what never was."""

AddressInfo = tuple[Any, ...]
"""As ``socket.getaddrinfo`` gives it: family, type, protocol, name, address."""


class AddressRefused(OSError):
    """The address is none of the internet's, nor of a network that the operator named."""

    def __init__(self, address: str) -> None:
        super().__init__(errno.EACCES, f"{address} is not on the internet")


def networks(text: str) -> Networks:
    """Addresses and networks (CIDR), comma separated. Raises :class:`SetupError` for what is neither."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SetupError(
            f"STENTOR_COURIER_NETWORKS is {text!r}; it needs addresses or networks such as 10.0.0.0/8 ({error})."
        ) from error


def reachable(address: str, allowed: Networks) -> bool:
    """Whether the courier may connect to an address. IPv4 that is written as IPv6 counts as IPv4."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found in network for network in allowed):
        return True
    if isinstance(found, IPv6Address) and found not in _UNICAST:
        return False
    return found.is_global and not found.is_multicast and not any(found in each for each in _LEAD_ELSEWHERE)


def guarded(allowed: Networks, refused: Callable[[str], None]) -> Callable[[AddressInfo], socket.socket]:
    """A maker of sockets which raises :class:`AddressRefused`, and tells ``refused``, instead of making one."""

    def make(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, where = info
        address = str(where[0])
        if not reachable(address, allowed):
            refused(address)
            raise AddressRefused(address)
        return socket.socket(family, kind, protocol)

    return make
