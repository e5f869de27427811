"""What people may write about a space."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput
from stentor.base.units import made_id, seat_id
from stentor.spaces import checks

NOW = 1_800_000_000.0


@pytest.mark.parametrize("title", ["a", "x" * 200, "日本語 🎙️", "Ärger & <b>mehr</b>"])
def test_titles(title: str) -> None:
    """Any language and sign fits a title."""
    assert checks.title(f" {title}\n") == title


@pytest.mark.parametrize("title", ["", "   ", "x" * 201, "two\nlines", "bell\x07", "evil\u202etxt", "half\ud800"])
def test_bad_titles(title: str) -> None:
    """Nothing, too much, more than a line and what deceives is refused, with the field's name."""
    with pytest.raises(BadInput) as refusal:
        checks.title(title)
    assert refusal.value.fields == {"field": "title"}


@pytest.mark.parametrize("text", ["", "One line", "See https://example.org.\n\nThen <b>tea</b>", "x" * 1000])
def test_descriptions(text: str) -> None:
    """Several lines, any signs; or nothing."""
    assert checks.description(f"\n{text} \n") == text


@pytest.mark.parametrize("text", ["x" * 1001, "x\n" * 40 + "y", "a\tb", "evil\u202etxt", "a\n\u200b"])
def test_bad_descriptions(text: str) -> None:
    """Too much, and what deceives, is refused with the field's name."""
    with pytest.raises(BadInput) as refusal:
        checks.description(text)
    assert refusal.value.fields == {"field": "description"}


def test_names() -> None:
    """A name has up to 80 characters; the field is the caller's."""
    assert checks.name("n" * 80) == "n" * 80
    with pytest.raises(BadInput) as refusal:
        checks.name("n" * 81, field="host_name")
    assert refusal.value.fields == {"field": "host_name"}


def test_captions() -> None:
    """A line of captions is as long as a cue may be, and one line."""
    assert checks.caption(" Good evening. ") == "Good evening."
    assert checks.caption("x" * 400) == "x" * 400
    for wrong in ("x" * 401, " ", "one\ntwo"):
        with pytest.raises(BadInput) as refusal:
            checks.caption(wrong)
        assert refusal.value.fields == {"field": "text"}


@given(st.text(max_size=250))
def test_checked_text_stays(text: str) -> None:
    """What was accepted once is accepted again as it is, and can be written to a file."""
    try:
        line = checks.title(text)
    except BadInput:
        return
    assert checks.title(line) == line
    assert len(line.splitlines()) == 1
    line.encode()


@pytest.mark.parametrize("number", [0, -1, 51])
def test_seats(number: int) -> None:
    """A stage has 1 to 50 seats."""
    assert checks.seats(13) == 13
    with pytest.raises(BadInput):
        checks.seats(number)


def test_schedule() -> None:
    """From this minute to five years ahead, or no time at all."""
    assert checks.schedule(None, NOW) is None
    for away_s in (-60, 0, 86_400 * 365):
        assert checks.schedule(round((NOW + away_s) * 1000), NOW) == (NOW + away_s) * 1000
    for wrong in (round(NOW), round(NOW * 1000) - 120_001, round(NOW * 1_000_000)):
        with pytest.raises(BadInput) as refusal:
            checks.schedule(wrong, NOW)
        assert refusal.value.fields == {"field": "scheduled_ms"}


@pytest.mark.parametrize("key", ["", "a/b", "../x", "ä", "x" * 65])
def test_hold(key: str) -> None:
    """The name of hold music cannot leave its folder."""
    assert checks.hold("default") == "default"
    with pytest.raises(BadInput):
        checks.hold(key)


@pytest.mark.parametrize("tag", ["", "e", "en_US", "english language"])
def test_language(tag: str) -> None:
    """A language is a tag of RFC 5646."""
    assert [checks.language(good) for good in ("en", "pt-BR", "zh-Hant-TW")] == ["en", "pt-BR", "zh-Hant-TW"]
    with pytest.raises(BadInput):
        checks.language(tag)


@pytest.mark.parametrize("text", ["", "a b", "a/b", "ü", "x" * 49, "a\n"])
def test_seat_id(text: str) -> None:
    """A seat id is safe in paths and subjects."""
    assert seat_id("A-z_09") == "A-z_09"
    with pytest.raises(BadInput):
        seat_id(text)


@pytest.mark.parametrize("text", ["", "null,null", "a/b", "ü", "x" * 65, "a\n"])
def test_made_id(text: str) -> None:
    """Of a pin or a sound: what the house cannot have made is refused, also where it would be deleted."""
    assert made_id("A-z_09") == "A-z_09"
    with pytest.raises(BadInput):
        made_id(text)
