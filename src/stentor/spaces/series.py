"""Dates of a series: a rule on a wall clock somewhere, and the moments that follow from it. Pure.

The dates come from ``dateutil``'s rules, by local dates alone; each date and its time of day then become a moment by
the time zone's own table. So 20:00 in Berlin stays 20:00 in Berlin in summer and winter, whoever asks from where.

A time that does not exist, since the clocks are set forward over it, means the moment it would be with the offset from
before: 2:30 is then 3:30. A time that comes twice means the first one. Both are RFC 5545's rules (3.3.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec
from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday

from stentor.base.errors import BadInput
from stentor.base.times import zone_of

LONGEST_STEP = 12
"""Weeks or months from one date to the next: with more of them it is no series."""
MOST_SKIPPED = 200
MOST_CHAPTERS = 60
"""How often the rule of one series may change; each is a kilobyte of its document."""
FARTHEST_YEARS = 5
"""How far away a series may begin: further away is a slip of the keyboard."""
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
_LOOKED_AT = 2000
"""Dates that are looked at for one answer: 38 years of weeks."""


class Repeats(StrEnum):
    """How the dates follow each other."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    """On the day of the month that the first date has, or in one week of it; a month without that day is left out."""


class SeriesRule(msgspec.Struct, frozen=True):
    """When a series takes place; times are those of the clocks in ``zone``."""

    starts: str
    """The first date and its time, ``2027-03-07T20:00``."""
    zone: str
    """A name of the IANA time zone database, ``Europe/Berlin``."""
    repeats: Repeats = Repeats.WEEKLY
    every: int = 1
    """So many weeks or months from one to the next."""
    weekdays: tuple[int, ...] = ()
    """Weekly: the days, 0 for Monday; the first date's own when there are none."""
    week: int = 0
    """Monthly: in which week the first date's weekday is meant, 1 to 4, or -1 for the last; 0 goes by the day's
    number."""
    until: str = ""
    """The last date, ``2027-06-27``; empty for no end."""

    @property
    def first(self) -> datetime:
        """The first date and time, on the wall."""
        return datetime.fromisoformat(self.starts)


class SeriesSlot(msgspec.Struct, frozen=True):
    """A date of a series, by which it is known whatever becomes of it, and its moment (ms, UTC)."""

    date: str
    at_ms: int


def checked(rule: SeriesRule) -> SeriesRule:
    """The rule, with its days in order; raises :class:`BadInput` with the field's name."""
    first = _local(rule.starts)
    known_zone(rule.zone)
    if not 1 <= rule.every <= LONGEST_STEP:
        raise BadInput(f"A series goes on every 1 to {LONGEST_STEP} weeks or months.", field="every")
    if any(not 0 <= day <= 6 for day in rule.weekdays):
        raise BadInput("Weekdays are 0 for Monday to 6 for Sunday.", field="weekdays")
    if rule.repeats is Repeats.MONTHLY and rule.weekdays:
        raise BadInput("A monthly series goes by its first date; leave the weekdays out.", field="weekdays")
    if rule.week not in (-1, 0, 1, 2, 3, 4) or (rule.week and rule.repeats is Repeats.WEEKLY):
        raise BadInput("The week of a monthly series is 1 to 4, -1 for the last, or 0.", field="week")
    days = tuple(sorted(set(rule.weekdays)))
    if days and first.weekday() not in days:
        raise BadInput("The first date is on none of the weekdays; choose another date or day.", field="starts")
    if rule.week and not _in_week(first.date(), rule.week):
        raise BadInput("The first date does not lie in that week of its month.", field="starts")
    if rule.until and day(rule.until, field="until") < first.date():
        raise BadInput("The last date lies before the first one.", field="until")
    return msgspec.structs.replace(rule, weekdays=days)


def known_zone(name: str) -> ZoneInfo:
    """The time zone of a name; raises :class:`BadInput`."""
    if (found := zone_of(name)) is None:
        raise BadInput("There is no such time zone; give a name such as Europe/Berlin.", field="zone")
    return found


def day(text: str, *, field: str) -> date:
    """A date as ``2027-03-07``; raises :class:`BadInput`."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise BadInput("A date is written as 2027-03-07.", field=field) from error
    if found.isoformat() != text:
        raise BadInput("A date is written as 2027-03-07.", field=field)
    return found


def moment_ms(local: datetime, zone: str) -> int:
    """The moment (ms, UTC) at which the clocks of ``zone`` show ``local``; see the top for those that show it never or
    twice."""
    there = local.replace(tzinfo=ZoneInfo(zone), fold=0)
    return int(there.astimezone(UTC).timestamp()) * 1000


def at_date(rule: SeriesRule, date_: str) -> datetime:
    """A date with the rule's time of day, on the wall."""
    return datetime.combine(date.fromisoformat(date_), rule.first.time())


def slots(rule: SeriesRule, after_ms: int, *, before: str = "", since: str = "") -> Iterator[SeriesSlot]:
    """The dates whose moment is after ``after_ms``, the soonest first; none before the date ``since``, and none from
    the date ``before`` on."""
    zone, first = ZoneInfo(rule.zone), rule.first
    near = datetime.fromtimestamp(after_ms / 1000, zone).replace(tzinfo=None) - timedelta(days=2)
    begin = max(near, datetime.fromisoformat(since) if since else near)
    last = _last(rule, before)
    for found in islice(_rrule(rule, first).xafter(begin, inc=True), _LOOKED_AT):
        if last is not None and found.date() > last:
            return
        at_ms = moment_ms(found, rule.zone)
        if at_ms > after_ms:
            yield SeriesSlot(found.date().isoformat(), at_ms)


def _last(rule: SeriesRule, before: str) -> date | None:
    ends = [date.fromisoformat(rule.until)] if rule.until else []
    if before:
        ends.append(date.fromisoformat(before) - timedelta(days=1))
    return min(ends, default=None)


def _rrule(rule: SeriesRule, first: datetime) -> rrule:
    if rule.repeats is Repeats.WEEKLY:
        return rrule(WEEKLY, dtstart=first, interval=rule.every, byweekday=rule.weekdays or None)
    if rule.week:
        return rrule(MONTHLY, dtstart=first, interval=rule.every, byweekday=weekday(first.weekday())(rule.week))
    return rrule(MONTHLY, dtstart=first, interval=rule.every, bymonthday=first.day)


def _in_week(found: date, week: int) -> bool:
    if week == -1:
        return (found + timedelta(days=7)).month != found.month
    return (found.day - 1) // 7 + 1 == week


def _local(text: str) -> datetime:
    wrong = BadInput("A date and its time are written as 2027-03-07T20:00.", field="starts")
    if not _LOCAL.fullmatch(text):
        raise wrong
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise wrong from error


def require_near(rule: SeriesRule, now: float) -> None:
    """Raises :class:`BadInput` when a series would begin far away, or lie far back."""
    away_s = moment_ms(rule.first, rule.zone) / 1000 - now
    if abs(away_s) > FARTHEST_YEARS * 366 * 86_400:
        raise BadInput("The first date is more than five years away; choose one nearer.", field="starts")


def following(chapters: Sequence[tuple[str, SeriesRule]], after_ms: int, most: int) -> list[tuple[int, SeriesSlot]]:
    """The next dates of rules that follow each other, with the number of their rule.

    Each rule comes with the date from which it holds, in order; the one before ends there.
    """
    found: list[tuple[int, SeriesSlot]] = []
    for number, (since, rule) in enumerate(chapters):
        before = chapters[number + 1][0] if number + 1 < len(chapters) else ""
        found += [(number, slot) for slot in islice(slots(rule, after_ms, before=before, since=since), most)]
    return sorted(found, key=lambda each: each[1].at_ms)[:most]
