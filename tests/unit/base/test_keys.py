"""Each role's own keys."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from stentor.base import config, keys
from stentor.base.config import Settings
from stentor.base.errors import NotSignedIn, SetupError
from stentor.base.signing import Signer, verified
from stentor.base.units import SeatId, SpaceId
from stentor.crowd import door
from stentor.spaces import tokens
from stentor.spaces.model import Role

SECRET = b"a secret of the whole installation"


def test_a_file_for_each_role(tmp_path: Path) -> None:
    """Every role gets one file with all it needs, which only its owner can read."""
    settings = Settings(data=str(tmp_path))
    folder = tmp_path / "keys"
    keys.write(settings, folder)
    assert {file.name for file in folder.iterdir()} == {*keys.ROLES, keys.BUS_FILE}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    for role in keys.ROLES:
        assert keys.own(settings, role).bus_password
    assert keys.own(settings, "house").admin_token == config.admin_token(settings)


@pytest.mark.parametrize("role", sorted(set(keys.ROLES) - {"house"}))
def test_no_other_role_makes_a_hosts_link(role: str) -> None:
    """No bytes of another role's file verify an invitation or sign a claim, in whatever way they may be read."""
    link = tokens.sign(tokens.Invitation(SpaceId("talk"), SeatId("eve"), "Eve", Role.HOST, 2**52), SECRET)
    bus = keys.BusSecret(b"b" * 32)
    held = keys.derived(role, SECRET, admin_token="the admin's", bus=bus)
    house = keys.derived("house", SECRET, admin_token="the admin's", bus=bus)
    values = [value if isinstance(value, bytes) else str(value).encode() for value in msgspec.structs.astuple(held)]
    for value in values:
        with pytest.raises(NotSignedIn):
            tokens.verify(link, value, now=0.0)
        if len(value) == 32:
            assert not verified(Signer(house.claims).public, Signer(value).sign(b"a claim"), b"a claim")
    assert not {SECRET, house.claims, house.bus_password.encode(), b"the admin's"} & set(values)
    assert tokens.verify(link, house.invitations, now=0.0).role is Role.HOST  # the house reads links of any age


def test_nobody_knows_anothers_password() -> None:
    """Passwords for the bus do not follow from what any role holds, and differ by role and generation."""
    bus = keys.BusSecret(b"b" * 32, 2)
    users = bus.users()
    assert len({password for _, password in users.values()}) == len(users) == 2 * len(keys.ROLES)
    for role in keys.ROLES:
        held = keys.derived(role, SECRET, bus=bus)
        assert users[held.bus_user] == (role, held.bus_password)
        assert bus.secret not in msgspec.structs.astuple(held)
        assert keys.BusSecret(SECRET, 2).password(role, 2) != held.bus_password


def test_exchanged(tmp_path: Path) -> None:
    """After an exchange the bus takes the new passwords and those of one generation before; nothing else changes."""
    settings = Settings(data=str(tmp_path))
    first = keys.write(settings, tmp_path / "keys")
    before = {role: keys.own(settings, role) for role in keys.ROLES}
    assert keys.write(settings, tmp_path / "keys") == first  # making them again changes nothing
    assert {role: keys.own(settings, role) for role in keys.ROLES} == before
    keys.write(settings, tmp_path / "keys", exchange=True)
    second = keys.bus_secret(tmp_path / "keys")
    assert second is not None
    for role in keys.ROLES:
        now = keys.own(settings, role)
        assert now.bus_password != before[role].bus_password
        for each in (now, before[role]):
            assert second.users()[each.bus_user] == (role, each.bus_password)
        assert msgspec.structs.replace(now, bus_generation=1, bus_password=before[role].bus_password) == before[role]
    keys.write(settings, tmp_path / "keys", exchange=True)
    third = keys.bus_secret(tmp_path / "keys")
    assert third is not None
    assert before["edge"].bus_user not in third.users()


def test_passwords_of_elsewhere_stay(tmp_path: Path) -> None:
    """A machine that has the files but not what they were made of makes no others: its bus would take none of them."""
    settings = Settings(data=str(tmp_path / "first"))
    keys.write(settings, tmp_path / "keys")
    (tmp_path / "keys" / keys.BUS_FILE).unlink()
    (tmp_path / "keys" / "edge").unlink()
    before = (tmp_path / "keys" / "house").read_bytes()
    elsewhere = Settings(data=str(tmp_path / "second"), nats_url="tls://bus:4222")
    with pytest.raises(SetupError, match="copy it from where they were made"):
        keys.write(elsewhere, tmp_path / "keys")
    assert (tmp_path / "keys" / "house").read_bytes() == before
    keys.write(settings, tmp_path / "keys")  # an embedded bus takes whatever is there
    assert (tmp_path / "keys" / "house").read_bytes() != before


def test_the_roles_file_alone(tmp_path: Path) -> None:
    """A machine that has only one role's file runs that role, makes no secret, and no other role."""
    keys.write(Settings(data=str(tmp_path / "operator")), tmp_path / "all")
    (tmp_path / "edge").mkdir()
    file = (tmp_path / "all" / "edge").rename(tmp_path / "edge" / "mine")
    here = Settings(data=str(tmp_path / "edge"), keys=str(file))
    held = keys.own(here, "edge")
    assert door.check(held.doors, "talk", "no ticket", now=0.0) is None
    assert not (tmp_path / "edge" / "secret").exists()
    with pytest.raises(SetupError, match="of the role edge, not of house"):
        keys.own(here, "house")
    with pytest.raises(SetupError, match="stentor keys"):
        keys.own(Settings(data=str(tmp_path / "edge"), keys=str(tmp_path / "edge")), "stage")


@pytest.mark.parametrize("data", [b"", b"{}", b"\x00" * 32, b'{"role":"stage"}', b'{"role":"stage","claims_public":1}'])
def test_not_a_key_file(data: bytes) -> None:
    """A file that lacks something is refused with what to do about it."""
    with pytest.raises(SetupError, match="stentor keys"):
        keys.read(data, "stage")


def test_cannot_be_read(tmp_path: Path) -> None:
    """A folder where the file should be, or a file where the folder should be, is said in a sentence."""
    (tmp_path / "keys" / "edge").mkdir(parents=True)
    with pytest.raises(SetupError, match="Cannot read the key file"):
        keys.own(Settings(data=str(tmp_path)), "edge")
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="Cannot write the keys"):
        keys.write(Settings(data=str(tmp_path)), tmp_path / "file")
    (tmp_path / "keys" / keys.BUS_FILE).write_bytes(b"?")
    with pytest.raises(SetupError, match="does not parse"):
        keys.bus_secret(tmp_path / "keys")


def test_from_the_secret(tmp_path: Path) -> None:
    """A role without a key file has its keys of the secret, as machines of older versions do; the bus is open then."""
    settings = Settings(data=str(tmp_path))
    held = keys.own(settings, "edge")
    keys.write(settings, tmp_path / "keys")
    assert held.bus_password == ""
    written = keys.own(settings, "edge")
    assert held == msgspec.structs.replace(written, bus_generation=0, bus_password="")


def test_no_key_is_printed() -> None:
    """What is logged or raised of keys names the role only."""
    assert repr(keys.derived("house", SECRET, admin_token="the admin's")) == "Keys('house')"
