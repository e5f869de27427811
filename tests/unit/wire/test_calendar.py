"""iCalendar: escaping, folding, and what an event says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stentor.wire import calendar

letters = st.text(st.characters(exclude_categories=["Cs"]))


def unfolded(data: bytes) -> list[str]:
    """The lines as a reader gets them (3.1: a line break and a space are taken away)."""
    return data.replace(b"\r\n ", b"").decode().split("\r\n")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_folded_lines_are_short_and_whole(line: str) -> None:
    """No line has more than 75 octets, every line is UTF-8 by itself, and unfolding gives the text."""
    data = calendar.fold(line)
    assert all(len(part) <= 75 and part.decode() is not None for part in data.split(b"\r\n"))
    assert unfolded(data) == [line, ""]


@given(letters)
def test_no_text_can_end_its_line(text: str) -> None:
    """What a host writes stays one value: no line break, and every comma and semicolon has its backslash."""
    written = calendar.escape(text)
    assert "\n" not in written
    assert "\r" not in written
    assert written.replace("\\\\", "").replace("\\;", "").replace("\\,", "").count(";") == 0
    assert calendar.escape("a, b; c\\d\r\ne") == "a\\, b\\; c\\\\d\\ne"


def test_an_event() -> None:
    """Start in UTC, a length, an identity and a sequence by which a changed time replaces the old one."""
    tea = calendar.CalendarEvent(
        uid="tea@talks.example", title="Tea, talk", start_ms=1_900_000_000_000, made_ms=0, sequence=3,
        address="https://talks.example/s/tea",
    )  # fmt: skip
    data = calendar.single(tea)
    lines = unfolded(data)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    for line in ("UID:tea@talks.example", "DTSTART:20300317T174640Z", "DTSTAMP:19700101T000000Z", "DURATION:PT1H",
                 "SEQUENCE:3", "SUMMARY:Tea\\, talk", "URL:https://talks.example/s/tea"):  # fmt: skip
        assert line in lines
