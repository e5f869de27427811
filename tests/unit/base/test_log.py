"""What lines of the log do not say."""

from __future__ import annotations

import json

import pytest

from stentor.base import log


@pytest.mark.usefixtures("logging_as_it_was")
def test_a_private_space_has_a_pseudonym_in_every_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id stands in none; it is the same in all processes, and others' ids stay."""
    monkeypatch.setattr(log, "_concealed", {})
    log.configure(json_lines=True)
    log.conceal("5f0c1ae27b9d4c31")
    log.get("edge").info("opened", space="5f0c1ae27b9d4c31")
    log.get("edge").info("opened", space="friday")
    log.get("edge").info("lease-taken", key="stage.5f0c1ae27b9d4c31", term=1)
    log.get("edge").info("nothing")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("space") for line in lines] == [log.pseudonym("5f0c1ae27b9d4c31"), "friday", None, None]
    assert lines[2]["key"] == f"stage.{log.pseudonym('5f0c1ae27b9d4c31')}"


def test_no_more_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_concealed", {})
    monkeypatch.setattr(log, "MOST_CONCEALED", 2)
    for space in ("a", "b", "c", "c"):
        log.conceal(space)
    assert list(log._concealed) == ["b", "c"]
