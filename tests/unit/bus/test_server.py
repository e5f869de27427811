"""Which nats-server is started."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.bus import server

PACKED = Path(sys.executable).with_name("nats-server")


def script(path: Path, says: str) -> str:
    """A program that answers every question with this."""
    path.write_text(f"#!/bin/sh\necho '{says}'\n", "ascii")
    path.chmod(0o755)
    return str(path)


def test_the_packed_server_is_taken_when_none_is_named() -> None:
    """The wheel's program stands beside Python's."""
    assert server.program() == str(PACKED)


def test_a_server_of_ones_own_is_taken(tmp_path: Path) -> None:
    """``STENTOR_NATS_SERVER`` wins, once it has told a version; here it is the packed one by another name."""
    own = tmp_path / "my-nats"
    own.symlink_to(PACKED)
    assert server.command(Settings(data=str(tmp_path / "data"), nats_server=str(own)))[0] == str(own)


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("nats-server: v2.9.10", r"too old \(nats-server: v2\.9\.10\)"),
        ("nats-server: v2.13.99", "too old"),
        ("GNU bash, version 5.2", "is no nats-server"),
    ],
)
def test_a_server_that_does_not_fit_is_refused(tmp_path: Path, says: str, reason: str) -> None:
    """Debian 12's, and something else: one sentence before anything is started."""
    with pytest.raises(SetupError, match=reason):
        server.program(script(tmp_path / "nats-server", says))


def test_without_the_wheel_the_one_on_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for its version as well."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere" / "python"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = script(tmp_path / "nats-server", "nats-server: v2.14.1")
    assert server.program() == found
    script(tmp_path / "nats-server", "nats-server: v2.9.10")
    with pytest.raises(SetupError, match="too old"):
        server.program()


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Nothing else is started in its place."""
    with pytest.raises(SetupError, match=r"STENTOR_NATS_SERVER names .*nowhere"):
        server.program(str(tmp_path / "nowhere"))
