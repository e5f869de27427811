"""Times in words, with the zone beside them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stentor.base.times import day, moment, written, zone_of

AT_MS = round(datetime(2026, 12, 4, 19, 0, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "", "Friday 4 December 2026, 19:00 (UTC)"),
        ("en", "Europe/Berlin", "Friday 4 December 2026, 20:00 (Berlin time)"),
        ("en", "America/Argentina/Buenos_Aires", "Friday 4 December 2026, 16:00 (Buenos Aires time)"),
        ("de", "Europe/Berlin", "Freitag, 4. Dezember 2026, 20:00 Uhr (Ortszeit Berlin)"),
        ("de", "Asia/Tokyo", "Samstag, 5. Dezember 2026, 04:00 Uhr (Ortszeit Tokyo)"),
        ("fr", "Etc/GMT-2", "Friday 4 December 2026, 21:00 (GMT-2)"),
        ("en", "Nowhere/Land", "Friday 4 December 2026, 19:00 (UTC)"),
    ],
)
def test_a_time_says_whose_clocks_it_means(language: str, zone: str, said: str) -> None:
    """In the language of the reader, by the clocks of their zone; a zone that there is not is none."""
    assert written(AT_MS, language, zone) == said
    without_day = said.split(" ", 1)[1]
    assert moment(AT_MS, language, zone) == without_day
    assert moment(None, language, zone) == ""


@pytest.mark.parametrize(
    "name", ["", "..", "/etc/passwd", "Europe/../Europe/Berlin", "Europe", "x" * 300, "Europe/Ber\0"]
)
def test_what_is_no_zone_is_none(name: str) -> None:
    """Nothing that a browser tells leads to another file."""
    assert zone_of(name) is None


def test_a_day_is_written_out() -> None:
    """Also of a document that names no more than its month."""
    assert [day("2026-11-28", "en"), day("2026-11-28", "de")] == ["28 November 2026", "28. November 2026"]
    assert [day("2017-01", "en"), day("2017-01", "de")] == ["January 2017", "Januar 2017"]
