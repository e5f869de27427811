"""What the processes of `stentor up` are told: what they read, and no password that is not theirs."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from stentor.base import config, disk
from stentor.base.config import Settings
from stentor.environment import EVERY, READS, command_environment, role_environment, system

SOURCE = Path(__file__).parents[2] / "src" / "stentor"
FIELDS = {field.name for field in msgspec.structs.fields(Settings)}
_READ = re.compile(r"settings\.([a-z_]+)")
SHARED = {
    "archive": {"database_url"},
    "edge": {"database_url", "metrics_token_file", "tls_cert", "tls_key"},
    "house": {"tls_cert", "tls_key"} | {f"keep_{name}" for name in ("comments", "events", "recordings", "sounds")},
}
"""What a role reads by way of others: its disks, the token of /metrics, TLS, how long things are kept."""
SECRETS = {
    "STENTOR_DATABASE_URL": "postgresql://site:hunter2@db.example/site",
    "STENTOR_ICE_SERVERS": "turn:me:hunter3@turn.example:3478",
    "STENTOR_RECORDINGS_URL": "s3://talks/here",
    "STENTOR_ADMIN_TOKEN": "hunter4",
    "AWS_SECRET_ACCESS_KEY": "hunter5",
    "PGPASSWORD": "hunter6",
    "SMTP_PASSWORD": "hunter7",
}
OWN = SECRETS | {"PATH": "/bin", "HOME": "/root", "TZ": "UTC", "LC_ALL": "C.UTF-8", "SSL_CERT_FILE": "/ca.pem"}
THEIRS = {
    "archive": {"hunter5"},
    "captions": {"hunter5"},
    "courier": {"hunter2", "hunter6"},
    "edge": {"hunter5"},
    "house": {"hunter2", "hunter3", "hunter5", "hunter6"},
    "https": set(),
    "programme": {"hunter5"},
    "stage": {"hunter3", "hunter5"},
}


def fields_of(name: str) -> set[str]:
    """The settings behind what is read: a property reads others."""
    if name in FIELDS:
        return {name}
    found = vars(Settings).get(name)
    if not isinstance(found, property):
        return set()
    source = (SOURCE / "base" / "config.py").read_text("utf-8")
    body = source.partition(f"def {name}(self)")[2].partition("\n    @property")[0].partition("\n    def ")[0]
    return set().union(*(fields_of(each) for each in re.findall(r"self\.([a-z_]+)", body)))


def read_in(folder: str) -> set[str]:
    names = {name for file in (SOURCE / folder).rglob("*.py") for name in _READ.findall(file.read_text("utf-8"))}
    return set().union(*map(fields_of, names))


@pytest.mark.parametrize("role", READS)
def test_a_role_is_told_what_it_reads_and_nothing_else(role: str) -> None:
    """By the text of its folder: a setting that it begins to read is missed here, not at run time."""
    assert {*READS[role], *EVERY} == read_in(role) | SHARED.get(role, set()) | set(EVERY)


@pytest.mark.parametrize("role", READS)
def test_a_role_gets_no_password_that_is_not_its_own(role: str) -> None:
    """Only the house has the database's, only who speaks with TURN servers theirs; nobody has the admin's."""
    told = role_environment(role, config.load(OWN), OWN)
    assert set(re.findall(r"hunter\d", str(told))) == THEIRS[role]
    assert told.items() >= {name: OWN[name] for name in ("PATH", "HOME", "TZ", "LC_ALL", "SSL_CERT_FILE")}.items()


@pytest.mark.parametrize("role", READS)
def test_without_an_object_store_nobody_gets_its_password(role: str) -> None:
    """AWS_… stays where recordings are in a folder; the house alone keeps removals in a store of their own."""
    assert "hunter5" not in str(role_environment(role, Settings(data="here"), OWN))
    apart = Settings(data="here", removals_url="s3://elsewhere")
    assert ("hunter5" in str(role_environment(role, apart, OWN))) is (role == "house")


def test_the_bus_gets_no_password() -> None:
    """nats-server reads a file, and of the environment what any program may need."""
    assert "hunter" not in str(system(OWN))
    assert system({"GOMAXPROCS": "1"})["GOMAXPROCS"] == "1"


@pytest.mark.parametrize("address", ["", "sqlite:////srv/stentor.db", "postgresql://site:hunter2@db.example/site"])
def test_who_looks_at_the_disks_still_knows_where_the_database_is(address: str) -> None:
    """In the data folder, in a file elsewhere, or on no disk of this machine."""
    settings = Settings(data="/srv/site", database_url=address, nats_url="nats://127.0.0.1:4222")
    told = config.load(role_environment("edge", settings, {}))
    assert disk.places(told) == disk.places(settings)


def test_a_command_of_the_operator_is_told_all() -> None:
    """The demo's speakers go to the house that the operator names."""
    told = command_environment(Settings(port=1234), OWN)
    assert (told["STENTOR_PORT"], told["STENTOR_ADMIN_TOKEN"]) == ("1234", "hunter4")
