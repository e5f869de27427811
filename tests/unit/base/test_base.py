"""Errors, ids, texts, clock, log."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from pathlib import Path

import pytest

from stentor.base import clock, errors, log, texts, units


def tree(kind: type[errors.StentorError]) -> list[type[errors.StentorError]]:
    return [kind] + [below for child in kind.__subclasses__() for below in tree(child)]


def test_every_error_has_its_own_code_a_status_and_a_title() -> None:
    """Codes are stable and tell the errors apart."""
    kinds = [kind for kind in tree(errors.StentorError) if kind.__module__.startswith("stentor.")]
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert all(400 <= kind.status < 600 and kind.title for kind in kinds)


def test_a_problem_says_what_to_do_and_carries_its_fields() -> None:
    """RFC 9457: type, title, status, detail, and our code and fields."""
    error = errors.Conflict("The stage is full.", code="stage-full", seats=13)
    assert errors.problem(error) == {
        "type": "/problems/stage-full", "title": "Not possible in this state", "status": 409,
        "detail": "The stage is full.", "code": "stage-full", "seats": 13,
    }  # fmt: skip
    assert errors.problem(errors.NotSupported("No Opus.", status=422))["status"] == 422
    assert errors.Overloaded("Busy.", retry_after_s=2).retry_after_s == 2


@pytest.mark.parametrize("text", ["a", "talk", "the-talk-2", "9", "a" * 48])
def test_space_ids_are_safe_words(text: str) -> None:
    """What may stand in a path, a subject and a file name."""
    assert units.space_id(text) == text


@pytest.mark.parametrize("text", ["", "A", "a.b", "a/b", "-a", "a-", "a" * 49, "ä", "a b", "a\n", "..", "*", ">"])
def test_other_space_ids_are_refused(text: str) -> None:
    """Nothing that means something to the bus or a file system gets through."""
    with pytest.raises(errors.BadInput):
        units.space_id(text)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("fr,de;q=0.3,en;q=0.8", "en"),
        ("de;q=x,en;q=0.1", "en"),
        ("fr", "en"),
    ],
)
def test_the_best_liked_language_is_taken(header: str, language: str) -> None:
    """RFC 9110, 12.5.4; English when nothing fits."""
    assert texts.negotiate(header) == language


def test_a_catalogue_falls_back_to_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that one language lacks is shown in English; values are filled in."""
    folder = tmp_path / "somewhere" / "texts"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "en.json").write_text(json.dumps({"hi": "Hello {name}", "only": "English"}))
    (folder / "de.json").write_text(json.dumps({"hi": "Hallo {name}"}))
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue = texts.Catalogue("somewhere")
    assert catalogue.text("de", "hi", name="Ada") == "Hallo Ada"
    assert catalogue.text("de", "only") == "English"
    with pytest.raises(KeyError):
        catalogue.text("en", "none")


def test_the_clock_is_the_wall_clock_in_seconds() -> None:
    """And milliseconds are whole."""
    assert abs(clock.wall() - time.time()) < 5
    assert clock.unix_ms(1.0006) == 1001


@pytest.mark.usefixtures("logging_as_it_was")
def test_a_line_that_cannot_be_written_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error may be closed, or a pipe whose reader has gone."""
    reading, writing = os.pipe()
    with io.TextIOWrapper(os.fdopen(writing, "wb", buffering=0), write_through=True) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        log.configure()
        log.get("edge").error("somebody-reads")
        assert b"somebody-reads" in os.read(reading, 1000)
        os.close(reading)
        log.get("edge").error("nobody-reads")
    log.get("edge").error("closed")


@pytest.mark.usefixtures("logging_as_it_was")
def test_log_lines_are_json_with_a_stable_name(capsys: pytest.CaptureFixture[str]) -> None:
    """One line an event: the name, the role, typed fields."""
    log.configure(json_lines=True)
    log.get("edge").info("listener-joined", listeners=3)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["role"], line["listeners"], line["level"]) == ("listener-joined", "edge", 3, "info")
    log.configure(level="ERROR")
    log.get("edge").info("quiet")
    assert capsys.readouterr().err == ""
