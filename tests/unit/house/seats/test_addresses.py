"""Who was shut out and asks again from the same address."""

from __future__ import annotations

import pytest

from stentor.base.units import SeatId, SpaceId
from stentor.house.seats import addresses
from stentor.house.seats.addresses import AskingAddresses
from stentor.spaces.model import Space

SPACE = Space(SpaceId("friday"), "Friday", banned={"ask-1": "Ben"})


def test_a_ban_is_known_again_at_its_address_and_nowhere_else() -> None:
    """In that space alone; of an IPv6 address the first half counts, as everywhere."""
    kept = AskingAddresses()
    kept.keep(SPACE.id, SeatId("ask-1"), "2a00:1450:4001:81c::200e")
    kept.keep(SPACE.id, SeatId("ask-2"), "8.8.8.8")
    assert kept.near(SPACE, "2a00:1450:4001:81c::1")
    assert not kept.near(SPACE, "2a00:1450:4001:81d::1")
    assert not kept.near(SPACE, "8.8.8.8"), "who was not shut out"
    assert not kept.near(Space(SpaceId("sunday"), "Sunday", banned=SPACE.banned), "2a00:1450:4001:81c::1")
    assert b"2a00" not in repr(vars(kept)).encode()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "fe80::1%eth0", "", "unix"])
def test_an_address_that_is_a_proxys_shuts_nobody_out(address: str) -> None:
    kept = AskingAddresses()
    kept.keep(SPACE.id, SeatId("ask-1"), address)
    assert not kept.near(SPACE, address)


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "MOST_KEPT", 1)
    kept = AskingAddresses()
    kept.keep(SPACE.id, SeatId("ask-1"), "8.8.8.8")
    kept.keep(SPACE.id, SeatId("ask-2"), "8.8.4.4")
    assert not kept.near(SPACE, "8.8.8.8")
