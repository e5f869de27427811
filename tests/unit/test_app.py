"""How many places an edge is given (the operator's number, or what a certificate shows), and how roles are started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from stentor import app
from stentor.base import config
from stentor.base.config import Settings
from stentor.base.descriptors import descriptors
from stentor.base.errors import SetupError
from stentor.base.units import SeatId, SpaceId
from stentor.house import role as house
from stentor.rehearsal import certificate
from stentor.rehearsal.certificate import ReadinessCertificate, certify
from stentor.spaces import rules
from stentor.spaces.commands import CreateSpace
from stentor.store.spaces import Store
from tests.support.ports import free_ports
from tests.support.readiness import report

FRIDAY = CreateSpace(id=SpaceId("friday"), title="Friday", host_seat=SeatId("host"), host_name="eve")


def shown(settings: Settings) -> ReadinessCertificate:
    """A certificate of the configuration that ``settings`` lead to: 21,250 listeners are in reach."""
    return certify(report(), app.expected(settings))


def keep(settings: Settings, one: ReadinessCertificate) -> Path:
    return certificate.keep(settings.folder, one, config.signing_key(settings))


def test_an_edge_gets_what_was_shown(tmp_path: Path) -> None:
    """Only while the configuration is the same, and only where nobody has set another number."""
    settings = Settings(data=str(tmp_path), edges=2)
    told: list[str] = []
    assert app.measured(settings, told.append) == settings
    assert told == []
    keep(settings, shown(settings))
    assert app.measured(settings, told.append).edge_listeners == 10_625
    assert "each edge 10,625 places" in told[-1]
    assert app.measured(msgspec.structs.replace(settings, edge_listeners=9), told.append).edge_listeners == 9
    other = msgspec.structs.replace(settings, edges=3)
    assert app.measured(other, told.append) == other
    assert "processes edge: 2 → 3" in told[-1]
    assert "rehearse again" in told[-1]


def test_a_small_rehearsal_does_not_replace_a_large_one(tmp_path: Path) -> None:
    """The largest claim that holds counts, whichever was made last."""
    settings = Settings(data=str(tmp_path), edges=2)
    large = shown(settings)
    small = msgspec.structs.replace(large, at_ms=large.at_ms + 1, listeners=100, extrapolation=None)
    middle = msgspec.structs.replace(large.extrapolation, listeners=9_600)  # type: ignore[type-var]
    keep(settings, large)
    keep(settings, small)
    keep(settings, msgspec.structs.replace(large, at_ms=large.at_ms + 2, extrapolation=middle))
    assert app.measured(settings, lambda _: None).edge_listeners == 10_625


def test_a_certificate_does_not_stop_the_start(tmp_path: Path) -> None:
    """One that was changed is left aside, and one that reaches beyond the descriptors has nothing to say."""
    settings = Settings(data=str(tmp_path), edges=2)
    far = shown(settings)
    assert far.extrapolation is not None
    claim = msgspec.structs.replace(far.extrapolation, listeners=2 * descriptors() + 2)
    keep(settings, msgspec.structs.replace(far, extrapolation=claim, machines=claim))
    told: list[str] = []
    assert app.measured(settings, told.append) == settings
    assert told == []
    file = keep(settings, msgspec.structs.replace(far, at_ms=far.at_ms + 1))
    file.write_bytes(file.read_bytes().replace(b"9500", b"9900"))
    assert app.measured(settings, told.append) == settings
    assert "changed this certificate" in told[-1]


@pytest.mark.parametrize("settings", [Settings(tls_cert="c.pem"), Settings(max_seats=4), Settings(edges=5)])
def test_what_is_expected_follows_the_settings(settings: Settings) -> None:
    """Another number of processes, TLS, seats: each is another configuration."""
    assert app.expected(settings).hash != app.expected(Settings()).hash


@pytest.mark.parametrize("missing", ["secret", "admin-token"])
async def test_a_missing_secret_beside_a_database_in_use_stops_the_start(tmp_path: Path, missing: str) -> None:
    """A new key would make every invitation worthless without a word; the sentence says what to do instead."""
    port, audience_port = free_ports(2)
    settings = Settings(data=str(tmp_path), host="127.0.0.1", port=port, audience_port=audience_port)
    await app.check(settings)
    (tmp_path / missing).unlink()
    await app.check(settings)  # nobody has used it: a new one is made
    store = await Store.open(settings.database_address)
    await store.create(rules.decide(None, FRIDAY, 1_900_000_000.0))
    await store.close()
    await app.check(settings)
    (tmp_path / missing).unlink()
    with pytest.raises(SetupError, match=rf"{missing} is missing, and the database is not new\. Put it back"):
        await app.check(settings)
    with pytest.raises(SetupError, match=f"{missing} is missing"):
        await house.run(settings, instance="house-0")
    assert not (tmp_path / missing).exists()


def test_a_role_runs_nothing_of_the_folder_it_was_started_in(tmp_path: Path) -> None:
    """Where `stentor up` is called others may have left files with names of Python's modules, as in /tmp."""
    (tmp_path / "click.py").write_text("raise SystemExit(9)")
    worker = app.workers(Settings(data=str(tmp_path)), None)[0]
    done = subprocess.run(
        [*worker.command, "--help"], cwd=tmp_path, env=worker.environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
