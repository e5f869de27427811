"""The cookie by which a device is known."""

from __future__ import annotations

import pytest

from stentor.house.who.devices import Device, Devices

DEVICES = Devices(b"k" * 32)


def test_a_device_is_known_to_one_account() -> None:
    """What was made is read again, with a name that no other has."""
    first, second = DEVICES.read(DEVICES.made("ada")), DEVICES.read(DEVICES.made("ada"))
    assert isinstance(first, Device)
    assert isinstance(second, Device)
    assert first.name != second.name
    assert first.knows("ada")
    assert not first.knows("eve")


@pytest.mark.parametrize("cookie", ["", ".", "..", "ada", "ada.name.", "é.b.c", "a" * 5000])
def test_what_is_none_of_ours(cookie: str) -> None:
    """Whatever a browser may send is a device that is not known."""
    assert DEVICES.read(cookie) is None


def test_a_changed_cookie_is_worth_nothing() -> None:
    """Another account, another name, another site's key: not known."""
    made = DEVICES.made("ada")
    assert DEVICES.read(made.replace("ada", "eve")) is None
    assert DEVICES.read(made[:-1] + ("0" if made[-1] != "0" else "1")) is None
    assert Devices(b"x" * 32).read(made) is None
