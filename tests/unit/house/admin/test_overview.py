"""What administrators are told of the whole site: troubles, processes, the disk, the days of an audience."""

from __future__ import annotations

from stentor.base import vitals
from stentor.base.texts import LANGUAGES, Catalogue
from stentor.bus.status import BEATING, Status
from stentor.cli.role import ROLES
from stentor.house.admin.history import HEIGHT, DayAudience, bars, peak
from stentor.house.admin.overview import processes, room
from stentor.house.admin.troubles import Trouble, TroubleRecord, troubles
from stentor.house.admin.words import Figures
from stentor.spaces.lights import Color

CATALOGUE = Catalogue("stentor.house")


def heard(role: str, index: int = 0, **numbers: float) -> Status:
    return Status(role=role, instance=f"{role}-{index}-box", at_ms=0, pid=1, numbers=numbers)


ALL = [heard("house"), heard("stage"), heard("programme"), heard("archive"), heard("edge")]


def test_what_is_missing_comes_first() -> None:
    """A part that is not there is worse than one that was started again, and each is named once."""
    again = heard("programme", **{vitals.STARTED: 3, vitals.AGE: 60})
    found = troubles([heard("stage"), again, heard("archive")], bus=True)
    assert [(each.kind, each.role, each.said) for each in found] == [
        ("missing", "edge", ""),
        ("restarted", "programme", "2"),
    ]
    assert troubles(ALL, bus=True) == []


def test_a_full_disk_is_said_in_two_steps() -> None:
    """Less than a day is worth a look, less than two hours is red."""
    assert [each.kind for each in troubles([*ALL, heard("archive", 1, disk_hours_left=9)], bus=True)] == ["disk_low"]
    found = troubles([*ALL, heard("archive", 1, disk_hours_left=1)], bus=True)
    assert [(each.kind, each.color) for each in found] == [("disk_ends", Color.RED)]


def test_without_the_bus_nothing_else_is_known() -> None:
    """No part is heard then, so none is said to be missing."""
    assert [each.kind for each in troubles([], bus=False)] == ["bus"]


def test_a_restart_of_yesterday_is_not_worth_a_word() -> None:
    assert troubles([*ALL, heard("edge", 1, **{vitals.STARTED: 2, vitals.AGE: 90_000})], bus=True) == []


def test_what_is_over_is_kept_with_its_time() -> None:
    """Once, from when it began to when it was gone, the newest first; also when a process's words change meanwhile."""
    now = 100.0
    record = TroubleRecord(lambda: now)
    record.note([Trouble("problem", Color.YELLOW, "stage", "stage-0", "a")])
    now = 110.0
    record.note([Trouble("problem", Color.YELLOW, "stage", "stage-0", "b"), Trouble("missing", Color.RED, "edge")])
    now = 120.0
    record.note([])
    assert [(each.trouble.kind, each.since_ms, each.until_ms) for each in record.past] == [
        ("missing", 110_000, 120_000),
        ("problem", 100_000, 120_000),
    ]
    now += 8 * 86_400
    record.note([])
    assert record.past == []


def test_everything_can_be_said() -> None:
    """Each trouble has a sentence and what to do, each role a name, in each language."""
    for language in LANGUAGES:
        keys = set(CATALOGUE.texts[language])
        kinds = ("bus", "missing", "problem", "restarted", "disk_low", "disk_ends")
        assert {f"trouble.{kind}{end}" for kind in kinds for end in ("", "_do")} <= keys
        assert {f"part.{role}" for role in BEATING} <= keys


def test_processes_stand_in_the_order_of_a_voice() -> None:
    """By number beside those of their role; who counts no starts has no restarts."""
    rows = processes([heard("house"), heard("edge", 1, **{vitals.STARTED: 4}), heard("edge"), heard("stage")])
    assert [(row.role, row.number, row.machine, row.restarts) for row in rows] == [
        ("stage", "1", "box", None),
        ("edge", "1", "box", None),
        ("edge", "2", "box", 3),
        ("house", "1", "box", None),
    ]


def test_the_fullest_disk_counts() -> None:
    found = room([heard("house", disk_hours_left=50, disk_free_bytes=5e9), heard("archive", disk_hours_left=9)])
    assert found is not None
    assert found.hours == 9
    assert room(ALL) is None


def test_a_day_with_one_listener_is_seen() -> None:
    """The highest bar is as high as the picture, the lowest not nothing, an empty day has none."""
    days = [DayAudience("2026-11-28", 5000, 9.0, 1), DayAudience("2026-11-29", 1, 0.1, 1), DayAudience("x", 0, 0.0, 0)]
    assert [bar.height for bar in bars(days)] == [HEIGHT, 2, 0]
    assert peak(days) == days[0]
    assert peak(days[2:]) is None


def test_numbers_are_written_as_people_read_them() -> None:
    def in_words(language: str) -> list[str]:
        figures = Figures(language, lambda key, **values: CATALOGUE.text(language, key, **values))
        spans = [figures.span(hours * 3600) for hours in (0.7, 14.9, 228)]
        return [figures.count(1234), figures.decimal(1.5), figures.size(41e9), figures.day("2026-11-29"), *spans]

    assert in_words("en") == ["1,234", "1.5", "41 GB", "Sun 29", "42 min", "14 hours", "9 days"]
    assert in_words("de") == ["1.234", "1,5", "41 GB", "So 29.", "42 Min.", "14 Stunden", "9 Tage"]


def test_every_process_has_a_name() -> None:
    """Whatever runs is listed by it, and a page without a text is none."""
    names = Catalogue("stentor.house").texts
    assert all(f"part.{role}" in names[language] for role in ROLES for language in LANGUAGES)
