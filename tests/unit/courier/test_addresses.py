"""Which addresses the courier may reach."""

from __future__ import annotations

import socket

import pytest

from stentor.base.errors import SetupError
from stentor.courier.addresses import AddressRefused, guarded, networks, reachable

OUTSIDE = ["93.184.216.34", "2606:4700:4700::1111", "::ffff:93.184.216.34"]
NOT_OUTSIDE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.127.255.254", "192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.5", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "fe80::1",
    "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "::127.0.0.1", "", "example.org", "1.2.3", "0x7f000001",
]  # fmt: skip


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_internet_may_be_reached(address: str) -> None:
    assert reachable(address, ())


@pytest.mark.parametrize("address", NOT_OUTSIDE)
def test_nothing_else_may(address: str) -> None:
    """Our own machine and network, other people's inner networks, and addresses that lead there in disguise."""
    assert not reachable(address, ())


def test_the_operator_may_allow_a_network() -> None:
    """However it is written; what lies beside it stays refused."""
    allowed = networks("10.1.0.0/16, ::1")
    assert reachable("10.1.2.3", allowed)
    assert reachable("::ffff:10.1.2.3", allowed)
    assert reachable("::1", allowed)
    assert not reachable("10.2.0.1", allowed)
    assert not reachable("127.0.0.1", allowed)


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(SetupError, match="STENTOR_COURIER_NETWORKS"):
        networks("10.1.0.0/40")


def test_no_socket_is_made_for_a_refused_address() -> None:
    """And whoever asked is told which it was."""
    told: list[str] = []
    make = guarded((), told.append)
    with pytest.raises(AddressRefused):
        make((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))
    assert told == ["127.0.0.1"]
    with make((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))) as made:
        assert made.type == socket.SOCK_STREAM
