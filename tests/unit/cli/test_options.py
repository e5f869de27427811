"""Commands beside a running Stentor find it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from stentor.base import domain, started
from stentor.base.config import Settings
from stentor.cli import options, stentor


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings from where these tests run."""
    for name in started.KEPT:
        monkeypatch.delenv(f"STENTOR_{name.upper()}", raising=False)


def begin(folder: Path, **given: object) -> Settings:
    """What ``stentor up`` does with its options."""
    settings = options.settings(remembering=False, data=str(folder), **given)
    started.remember(settings)
    return settings


def test_choices_are_what_is_typed() -> None:
    """Words as the documents and the API have them, not the names that they have in the code."""
    chosen = [
        (command.name, choice)
        for command in commands(stentor)
        for parameter in command.params
        if isinstance(parameter.type, click.Choice)
        for choice in parameter.type.choices
    ]
    assert len(chosen) > 50
    assert not [(name, choice) for name, choice in chosen if type(choice) is not str]


def commands(group: click.Command) -> Iterator[click.Command]:
    """A command and all below it."""
    yield group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            yield from commands(group.get_command(context, name) or group)


def test_commands_know_the_ports_of_the_last_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until a start without them; what a command is told itself wins."""
    begin(tmp_path, port=9000, audience_port=9001)
    found = options.settings(data=str(tmp_path))
    assert (found.port, found.audience_port) == (9000, 9001)
    monkeypatch.setenv("STENTOR_PORT", "7000")
    found = options.settings(data=str(tmp_path), audience_port=7001)
    assert (found.port, found.audience_port) == (7000, 7001)
    monkeypatch.delenv("STENTOR_PORT")
    begin(tmp_path)
    assert options.settings(data=str(tmp_path)).port == 8080
    assert options.settings(data=str(tmp_path / "other")).port == 8080


def test_commands_know_the_domain_of_the_last_start(tmp_path: Path) -> None:
    """With all that follows from it, the certificate too."""
    settings = begin(tmp_path, domain="gespräch.example")
    found = options.settings(data=str(tmp_path))
    assert found == settings
    assert found.domain == "xn--gesprch-9wa.example"
    assert domain.managed(found)
    begin(tmp_path)
    assert not options.settings(data=str(tmp_path)).domain


def test_what_is_no_memory_is_none(tmp_path: Path) -> None:
    """A file that somebody has spoiled says nothing."""
    (tmp_path / started.FILE).write_bytes(b"\xff{")
    assert options.settings(data=str(tmp_path)).port == 8080
