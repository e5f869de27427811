"""Which pieces of news of a space are one, for who is told of it."""

from __future__ import annotations

from stentor.base.units import SpaceId
from stentor.spaces.model import Space, State
from stentor.spaces.reminders import LATE_MS, News, NewsMark, Way, enough, made_ms, still_true
from stentor.wire.ways import REMINDERS

AT_MS = 1_900_000_000_000


def space(state: State = State.SCHEDULED) -> Space:
    return Space(id=SpaceId("talk"), title="Talk", created_ms=1, state=state, scheduled_ms=AT_MS)


def test_soon_and_open_doors_are_one_unless_it_was_late() -> None:
    """Nobody is called twice within minutes; who was told that it is late is told when it begins."""
    soon, live = NewsMark(News.SOON, AT_MS), NewsMark(News.LIVE)
    assert set(enough(soon, space(), AT_MS)) == {soon.text, live.text}
    assert set(enough(live, space(), AT_MS)) == {soon.text, live.text}
    assert enough(live, space(), AT_MS + LATE_MS + 1) == (live.text,)


def test_it_is_soon_until_it_has_begun() -> None:
    """For who asked before its time, of the time that still holds."""
    soon = NewsMark(News.SOON, AT_MS)
    assert made_ms(soon, 5) == AT_MS
    assert still_true(soon, space(), AT_MS, AT_MS - 60_000)
    assert still_true(soon, space(State.DOORS_OPEN), AT_MS, AT_MS - 60_000)
    assert not still_true(soon, space(State.LIVE), AT_MS, AT_MS - 60_000)
    assert not still_true(NewsMark(News.SOON, AT_MS - 1), space(), AT_MS, AT_MS - 60_000)


def test_links_say_every_way_of_reminders() -> None:
    assert sorted(Way) == sorted(REMINDERS)
