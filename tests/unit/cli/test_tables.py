"""What the command line shows: nothing is cut, in a narrow terminal and without one."""

from __future__ import annotations

import re
import time

import click
import pytest

from stentor.cli import tables

ID = "an-evening-about-the-very-long-history-o"
LINK = f"http://localhost:8081/s/{ID}/door.json"
TITLE = "An evening about [b]the[/b] very long history"


@pytest.fixture(params=[None, 200, 80, 50, 20])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int | None:
    """Of the terminal; None without one."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    if request.param is not None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param) if request.param else None


def test_an_id_is_whole_at_any_width(width: int | None, capsys: pytest.CaptureFixture[str]) -> None:
    """It stands in one line; only the title gives way, by wrapping, and no word of it is lost. Nothing else is wider
    than the terminal: where there is no room beside each other, what belongs together stands below each other."""
    tables.rows(("space", "title", "state"), [(ID, TITLE, "scheduled"), ("b", "B", "live")], wraps="title")
    said = capsys.readouterr().out
    beside = width not in (50, 20)
    assert (f"{ID}  An " in said) is beside
    assert re.search(rf"\b{ID}\b", said)
    if width and width >= 50:
        assert all(len(line) <= width for line in click.unstyle(said).splitlines())
    assert all(word in said for word in TITLE.split())
    assert "…" not in said
    if width is None:
        assert TITLE in said, "a program reads whole lines"


def test_an_address_can_be_copied(width: int | None, capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal wraps it; text wraps beside its name."""
    tables.pairs([("page", LINK), ("title", TITLE)])
    said = capsys.readouterr().out
    assert f"page   {LINK}\n" in said
    assert said.split() == ["page", LINK, "title", *TITLE.split()]
    if width == 50:
        assert max(map(len, said.splitlines()[1:])) <= width


def test_times_are_those_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the name of the zone, in winter and in summer."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert tables.local(1_796_000_000_000) == "2026-11-30 01:53 CET"
        assert tables.local(1_780_000_000_000) == "2026-05-28 22:26 CEST"
        assert tables.day(1_796_000_000_000) == "2026-11-30"
    finally:
        monkeypatch.undo()
        time.tzset()
