"""What is to be done for the dates of a show: which are made, which move, which are cancelled, which are left alone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from stentor.base.units import SpaceId
from stentor.spaces import blueprint, shows
from stentor.spaces import commands as c
from stentor.spaces.blueprint import Blueprint, Planned
from stentor.spaces.model import Asking, Space, State
from stentor.spaces.series import SeriesRule
from stentor.spaces.shows import Occurrence, Show, ShowChapter

BERLIN = "Europe/Berlin"
MADE = Blueprint(title="Talk")


def at_ms(date: str, clock: str = "20:00") -> int:
    return int(datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=ZoneInfo(BERLIN)).timestamp()) * 1000


NOW_MS = at_ms("2027-03-10")
SHOW = Show("talk", "Talk", "ada", "", [ShowChapter("", SeriesRule("2027-03-01T20:00", BERLIN), MADE)])
TUESDAYS = ShowChapter("2027-03-20", SeriesRule("2027-03-23T21:00", BERLIN), MADE)


def date(day: str, state: State = State.SCHEDULED, at: int | None = None) -> tuple[Occurrence, Space]:
    planned = Planned(at_ms(day), MADE)
    scheduled_ms = planned.at_ms if at is None else at
    space = Space(id=SpaceId(f"talk-{day}"), title="Talk", state=state, scheduled_ms=scheduled_ms, show="talk")
    return Occurrence(day, space.id, planned), space


DATES = [date(day) for day in ("2027-03-15", "2027-03-22", "2027-03-29", "2027-04-05")]


def laid(todo: shows.ShowPlan) -> list[tuple[str, str]]:
    return [(before.date, goal.date) for before, goal in todo.lay]


def test_four_dates_are_made_ahead() -> None:
    todo = shows.plan(SHOW, [], NOW_MS)
    assert [goal.date for goal in todo.make] == ["2027-03-15", "2027-03-22", "2027-03-29", "2027-04-05"]
    assert [goal.planned.at_ms for goal in todo.make][2] - at_ms("2027-03-22") == (7 * 24 - 1) * 3_600_000
    assert shows.plan(SHOW, DATES, NOW_MS).make == []
    assert shows.next_look_ms(SHOW, NOW_MS) == at_ms("2027-03-15") + 1000


def test_when_one_has_begun_the_next_one_is_made() -> None:
    """Also where its host is late: it is not touched any more."""
    todo = shows.plan(SHOW, DATES, at_ms("2027-03-15") + 1000)
    assert ([goal.date for goal in todo.make], todo.cancel) == (["2027-04-12"], [])
    assert laid(todo) == [(day, day) for day in ("2027-03-22", "2027-03-29", "2027-04-05")]


def test_dates_move_with_their_spaces() -> None:
    """From Mondays to Tuesdays: nobody who has one in a calendar gets a second one."""
    todo = shows.plan(msgspec.structs.replace(SHOW, chapters=[*SHOW.chapters, TUESDAYS]), DATES, NOW_MS)
    assert laid(todo) == [
        ("2027-03-15", "2027-03-15"), ("2027-03-22", "2027-03-23"), ("2027-03-29", "2027-03-30"),
        ("2027-04-05", "2027-04-06"),
    ]  # fmt: skip
    assert (todo.make, todo.cancel) == ([], [])


def test_one_that_was_moved_by_hand_moves_no_other() -> None:
    """A peer's users found the whole series on the weekday of the one date that they had moved."""
    moved = date("2027-03-22", at=at_ms("2027-04-01"))
    todo = shows.plan(SHOW, [DATES[0], moved, *DATES[2:]], at_ms("2027-03-25"))
    assert ("2027-03-22", "2027-03-22") in laid(todo)
    goal = next(goal for before, goal in todo.lay if before.date == "2027-03-22")
    assert blueprint.changes(moved[1], moved[0].planned, goal.planned, NOW_MS / 1000) == []


def test_what_is_off_stays_off() -> None:
    """Cancelled by hand, or left out by the show; no other date takes its place."""
    by_hand = date("2027-03-15", State.CANCELLED)
    show = msgspec.structs.replace(SHOW, skips=("2027-03-29",))
    todo = shows.plan(show, [by_hand, *DATES[1:]], NOW_MS)
    assert [each.date for each in todo.cancel] == ["2027-03-29"]
    assert [goal.date for goal in todo.make] == ["2027-04-12"]


def test_a_shorter_series_cancels_what_is_left() -> None:
    ends = msgspec.structs.replace(SHOW.chapters[0].rule, until="2027-03-24")
    todo = shows.plan(msgspec.structs.replace(SHOW, chapters=[ShowChapter("", ends, MADE)]), DATES, NOW_MS)
    assert [each.date for each in todo.cancel] == ["2027-03-29", "2027-04-05"]
    ended = shows.plan(msgspec.structs.replace(SHOW, ended_ms=NOW_MS), DATES, NOW_MS)
    assert (len(ended.cancel), ended.make, ended.lay) == (4, [], [])


def test_what_somebody_has_changed_stays() -> None:
    """A new title, a new time and a new rule for requests come; one's own title, and one's own time, stay."""
    occurrence, space = DATES[0]
    wanted = Planned(at_ms("2027-03-16"), msgspec.structs.replace(MADE, title="Tea", asking=Asking.SIGNED_IN))
    todo = blueprint.changes(space, occurrence.planned, wanted, NOW_MS / 1000)
    assert todo == [c.Reschedule(at_ms("2027-03-16")), c.Rename("Tea"), c.SetAsking(Asking.SIGNED_IN)]
    edited = msgspec.structs.replace(space, title="With Ada", scheduled_ms=at_ms("2027-03-17"))
    assert blueprint.changes(edited, occurrence.planned, wanted, NOW_MS / 1000) == [c.SetAsking(Asking.SIGNED_IN)]
    begun = msgspec.structs.replace(space, state=State.DOORS_OPEN)
    assert blueprint.changes(begun, occurrence.planned, wanted, NOW_MS / 1000) == []


def test_addresses() -> None:
    """The same for a date, however often it is asked; not to be guessed where it is private."""
    assert shows.space_id(SHOW, "2027-03-15", private=False) == "talk-2027-03-15"
    long = msgspec.structs.replace(SHOW, id="a" * 36 + "-", seed="s")
    assert shows.space_id(long, "2027-03-15", private=False) == f"{'a' * 36}-2027-03-15"
    secret = shows.space_id(long, "2027-03-15", private=True)
    assert secret == shows.space_id(long, "2027-03-15", private=True)
    assert secret != shows.space_id(msgspec.structs.replace(long, seed="t"), "2027-03-15", private=True)
