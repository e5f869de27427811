"""What is kept for how long."""

from __future__ import annotations

import typing

import pytest

from stentor.base.config import Settings
from stentor.base.errors import BadInput, Conflict, SetupError
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.model import OVER, Keep, Space, State
from stentor.spaces.retention import DAY_MS, GOES, DataCategory, due, of_site, require_shorter, shorter, until_ms, whose
from tests.support.spaces import ANNA, BEN, HOST, NOW, do, space_in, with_guests

SITE = Keep(recording=90, comments=30, events=30, sounds=7)


def days_after(space: Space, days: float) -> int:
    return space.when_ms + round(days * DAY_MS)


def gone(space: Space, *parts: DataCategory) -> Space:
    whole = c.RemoveRecording(0, None, "the site's rule", "kept for 90 days")
    return do(
        space,
        *(whole if part is DataCategory.RECORDING else c.NoteRemoval(part, 3, 7) for part in parts),
        now=NOW + 100,
    )


@pytest.mark.parametrize(
    ("text", "days"), [("", 0), ("for ever", 0), ("1d", 1), ("90d", 90), ("12w", 84), ("2y", 730), (" 90 D ", 90)]
)
def test_a_time_is_read(text: str, days: int) -> None:
    """Days, weeks or years; nothing is for ever, and so is the default of recordings."""
    assert of_site(Settings(keep_recordings=text)).recording == days
    assert of_site(Settings()) == Keep(sounds=30)


@pytest.mark.parametrize("text", ["soon", "90", "0d", "-1d", "1.5d", "101y", "12h"])
def test_what_is_no_time_stops_the_start(text: str) -> None:
    """With a sentence that names the setting."""
    with pytest.raises(SetupError, match="STENTOR_KEEP_COMMENTS"):
        of_site(Settings(keep_comments=text))


def test_the_shorter_time_holds() -> None:
    """A host's choice or the site's rule; nothing said by either is for ever."""
    own = Keep(recording=100, comments=7, sounds=1)
    assert shorter(SITE, own) == Keep(recording=90, comments=7, events=30, sounds=1)
    assert shorter(Keep(), own) == own


def test_a_host_cannot_keep_longer() -> None:
    """Than the site does; where it keeps things for ever any time will do."""
    with pytest.raises(BadInput, match="keeps recording for 90 days"):
        require_shorter(SITE, Keep(recording=91))
    require_shorter(SITE, Keep(recording=90, comments=1))
    require_shorter(Keep(), Keep(recording=10_000))


@pytest.mark.parametrize("state", State)
def test_nothing_is_due_before_the_end(state: State) -> None:
    """However long the space is there: time counts from its end."""
    space = with_guests(state)
    over = state in OVER
    assert bool(due(space, SITE, days_after(space, 10_000))) is over
    assert (until_ms(space, DataCategory.COMMENTS, SITE) is not None) is over


def test_each_part_has_its_time() -> None:
    """In the moment its days are over, and not before; people stay until the recording has gone."""
    space = with_guests(State.REPLAY)
    assert due(space, SITE, days_after(space, 7) - 1) == []
    assert due(space, SITE, days_after(space, 7)) == [DataCategory.SOUNDS]
    assert due(space, SITE, days_after(space, 30)) == [DataCategory.COMMENTS, DataCategory.SOUNDS, DataCategory.EVENTS]
    assert due(space, SITE, days_after(space, 90)) == [
        DataCategory.RECORDING,
        DataCategory.COMMENTS,
        DataCategory.SOUNDS,
        DataCategory.EVENTS,
    ]
    assert due(space, Keep(), days_after(space, 10_000)) == []


def test_what_is_gone_is_not_due_again() -> None:
    """And who agreed to the recording is forgotten once it has gone too, or when nothing was recorded."""
    space = gone(with_guests(State.REPLAY), DataCategory.COMMENTS, DataCategory.SOUNDS, DataCategory.EVENTS)
    late_ms = days_after(space, 90)
    assert due(space, SITE, late_ms) == [DataCategory.RECORDING]
    assert due(gone(space, DataCategory.RECORDING), SITE, late_ms) == [DataCategory.PEOPLE]
    assert due(gone(space, DataCategory.RECORDING, DataCategory.PEOPLE), SITE, late_ms) == []
    assert DataCategory.PEOPLE in due(with_guests(State.CANCELLED), SITE, late_ms)


def test_a_recording_that_is_not_complete_waits() -> None:
    """Two days at most: then nobody writes it any more."""
    ended, a_day = with_guests(State.ENDED), Keep(recording=1)
    assert due(ended, a_day, days_after(ended, 2) - 1) == []
    assert due(ended, a_day, days_after(ended, 2)) == [DataCategory.RECORDING]
    assert due(with_guests(State.REPLAY), a_day, days_after(ended, 1) + 1000) == [DataCategory.RECORDING]


def test_the_record_says_what_went() -> None:
    """Which part, how much, after how long, by whose rule; once."""
    space = with_guests(State.REPLAY)
    after = gone(space, DataCategory.COMMENTS)
    assert after.let_go == {DataCategory.COMMENTS: round((NOW + 100) * 1000)}
    assert gone(after, DataCategory.COMMENTS) == after
    assert whose(space, DataCategory.COMMENTS, SITE) == "the site's rule"
    own = do(space, c.SetKeep(Keep(comments=31, events=29)))
    wishes = [whose(own, part, SITE) for part in (DataCategory.COMMENTS, DataCategory.PEOPLE)]
    assert wishes == ["the site's rule", "the host's choice"]
    assert whose(own, DataCategory.COMMENTS, Keep()) == "the host's choice"
    with pytest.raises(Conflict):
        gone(with_guests(State.LIVE), DataCategory.COMMENTS)


def test_hosts_stay_when_people_are_forgotten() -> None:
    """They answer for what is left; speakers, and who was shut out, are nowhere any more."""
    space = do(with_guests(State.LIVE), c.BanSeat(BEN), c.End(), now=NOW + 50)
    space = do(space, c.OpenReplay(), now=NOW + 60)
    assert gone(space, DataCategory.EVENTS).banned == {}
    assert set(gone(with_guests(State.REPLAY), DataCategory.PEOPLE).seats) == {HOST, ANNA}
    assert gone(space_in(State.CANCELLED, c.SetHold("talk-1")), DataCategory.SOUNDS).hold == "default"


def test_what_a_space_did_stays() -> None:
    """Every event that may go is one about people; the life of the space and its crowd are evidence."""
    kinds = set(typing.get_args(e.Event))
    going = {kind for part in GOES.values() for kind in part}
    assert going < kinds
    evidence = {
        e.SpaceCreated, e.DoorsOpened, e.WentLive, e.StageLost, e.StageReturned, e.HostMissed, e.SpaceEnded,
        e.SpaceCancelled, e.ReplayOpened, e.ClockSet, e.RungChanged, e.DoorMoved, e.LetGo, e.KeepChanged,
    }  # fmt: skip
    assert not going & evidence
    assert e.RecordingAgreed in GOES[DataCategory.PEOPLE]


@pytest.mark.parametrize("keep", [Keep(recording=-1), Keep(comments=36_501)])
def test_a_choice_has_bounds(keep: Keep) -> None:
    """A hundred years."""
    with pytest.raises(BadInput):
        do(with_guests(State.LIVE), c.SetKeep(keep))


def test_a_host_may_choose_at_any_time() -> None:
    """Also after the end; the same again changes nothing."""
    for state in State:
        space = do(with_guests(state), c.SetKeep(Keep(recording=7)), now=NOW + 100)
        assert until_ms(space, DataCategory.RECORDING, SITE) == (days_after(space, 7) if state in OVER else None)
        assert do(space, c.SetKeep(Keep(recording=7)), now=NOW + 200) == space
