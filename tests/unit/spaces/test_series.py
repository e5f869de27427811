"""A series keeps its time on the wall over both changes of the clocks; what a time means that is none, or two."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput
from stentor.spaces import series
from stentor.spaces.series import Repeats, SeriesRule

BERLIN = "Europe/Berlin"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def moments(rule: SeriesRule, after: str, most: int, **more: str) -> list[str]:
    found = islice(series.slots(rule, at(after), **more), most)
    return [datetime.fromtimestamp(slot.at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M") for slot in found]


def dates(rule: SeriesRule, after: str, most: int) -> list[str]:
    return [slot.date for slot in islice(series.slots(rule, at(after)), most)]


def test_summer_time_begins_on_28_march_2027() -> None:
    """Eight in the evening stays eight: an hour earlier in UTC from that Sunday on."""
    rule = SeriesRule("2027-03-07T20:00", BERLIN)
    assert moments(rule, "2027-03-10T00:00", 4) == [
        "2027-03-14T19:00", "2027-03-21T19:00", "2027-03-28T18:00", "2027-04-04T18:00"
    ]  # fmt: skip


def test_summer_time_ends_on_25_october_2026() -> None:
    rule = SeriesRule("2026-10-11T20:00", BERLIN)
    assert moments(rule, "2026-10-01T00:00", 4) == [
        "2026-10-11T18:00", "2026-10-18T18:00", "2026-10-25T19:00", "2026-11-01T19:00"
    ]  # fmt: skip


def test_a_time_that_is_left_out_and_one_that_comes_twice() -> None:
    """RFC 5545, 3.3.5: the offset from before the gap; the first of two."""
    gone = SeriesRule("2027-03-21T02:30", BERLIN)
    assert moments(gone, "2027-03-20T00:00", 3) == ["2027-03-21T01:30", "2027-03-28T01:30", "2027-04-04T00:30"]
    there = datetime.fromtimestamp(at("2027-03-28T01:30") / 1000, ZoneInfo(BERLIN))
    assert there.strftime("%H:%M") == "03:30"
    twice = SeriesRule("2026-10-18T02:30", BERLIN)
    assert moments(twice, "2026-10-17T00:00", 3) == ["2026-10-18T00:30", "2026-10-25T00:30", "2026-11-01T01:30"]


def test_a_zone_ahead_of_utc_keeps_its_own_weekday() -> None:
    """What is Monday morning in Auckland is Sunday in UTC; a library that counts in UTC moves it by a day."""
    rule = SeriesRule("2026-09-21T07:30", "Pacific/Auckland", weekdays=(0,))
    assert dates(rule, "2026-09-20T00:00", 3) == ["2026-09-21", "2026-09-28", "2026-10-05"]
    assert moments(rule, "2026-09-20T00:00", 2) == ["2026-09-20T19:30", "2026-09-27T18:30"]


def test_rules_of_weeks_and_months() -> None:
    twice = SeriesRule("2027-01-05T18:00", BERLIN, weekdays=(1, 3), every=2)
    assert dates(twice, "2027-01-01T00:00", 4) == ["2027-01-05", "2027-01-07", "2027-01-19", "2027-01-21"]
    last = SeriesRule("2027-01-29T18:00", BERLIN, Repeats.MONTHLY, week=-1)
    assert dates(last, "2027-01-01T00:00", 3) == ["2027-01-29", "2027-02-26", "2027-03-26"]
    number = SeriesRule("2027-01-31T18:00", BERLIN, Repeats.MONTHLY)
    assert dates(number, "2027-01-01T00:00", 3) == ["2027-01-31", "2027-03-31", "2027-05-31"]
    ends = SeriesRule("2027-01-05T18:00", BERLIN, until="2027-01-19")
    assert dates(ends, "2027-01-01T00:00", 9) == ["2027-01-05", "2027-01-12", "2027-01-19"]


def test_a_rule_follows_another_without_a_date_twice() -> None:
    """From the third Monday on it is Tuesdays."""
    mondays = SeriesRule("2027-02-01T20:00", BERLIN)
    tuesdays = SeriesRule("2027-02-16T21:00", BERLIN)
    found = series.following([("", mondays), ("2027-02-15", tuesdays)], at("2027-01-01T00:00"), 4)
    assert [(number, slot.date) for number, slot in found] == [
        (0, "2027-02-01"), (0, "2027-02-08"), (1, "2027-02-16"), (1, "2027-02-23")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (SeriesRule("2027-02-01 20:00", BERLIN), "starts"),
        (SeriesRule("2027-02-30T20:00", BERLIN), "starts"),
        (SeriesRule("2027-02-01T20:00", "../etc/passwd"), "zone"),
        (SeriesRule("2027-02-01T20:00", "Europe/Nowhere"), "zone"),
        (SeriesRule("2027-02-01T20:00", "Europe"), "zone"),
        (SeriesRule("2027-02-01T20:00", BERLIN, every=0), "every"),
        (SeriesRule("2027-02-01T20:00", BERLIN, weekdays=(7,)), "weekdays"),
        (SeriesRule("2027-02-01T20:00", BERLIN, weekdays=(1,)), "starts"),
        (SeriesRule("2027-02-01T20:00", BERLIN, Repeats.MONTHLY, week=2), "starts"),
        (SeriesRule("2027-02-01T20:00", BERLIN, week=1), "week"),
        (SeriesRule("2027-02-01T20:00", BERLIN, until="2027-01-01"), "until"),
        (SeriesRule("2027-02-01T20:00", BERLIN, until="20270601"), "until"),
    ],
)
def test_what_is_no_rule_is_refused(rule: SeriesRule, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        series.checked(rule)
    assert refused.value.fields["field"] == field


@given(
    st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2030-01-01")),
    st.sampled_from([BERLIN, "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(1, 12),
)
def test_the_time_on_the_wall_is_the_same_every_week(first: datetime, zone: str, every: int) -> None:
    """But where the clocks leave it out."""
    rule = series.checked(SeriesRule(first.strftime("%Y-%m-%dT%H:%M"), zone, every=every))
    for slot in islice(series.slots(rule, 0), 60):
        there = datetime.fromtimestamp(slot.at_ms / 1000, ZoneInfo(zone)).replace(tzinfo=None)
        wanted = datetime.fromisoformat(f"{slot.date}T{first:%H:%M}")
        assert there == wanted or 0 < (there - wanted).total_seconds() <= 3600
