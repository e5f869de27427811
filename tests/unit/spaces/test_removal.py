"""What is removed of a space, and what of it is shown."""

from __future__ import annotations

import pytest

from stentor.base.errors import BadInput, Conflict
from stentor.spaces import board, rights
from stentor.spaces import commands as c
from stentor.spaces.model import Removal, Space, State, Trim
from stentor.spaces.rights import Actor, Rank
from stentor.spaces.rules import decide
from tests.support.spaces import HOST, NOW, do, space_in, with_guests

REPLAY = space_in(State.REPLAY)
"""Its doors were open for two seconds: seven chunks."""
LATER = NOW + 100
DAYS_LATER = NOW + 3 * 86_400


def removed(space: Space, from_ms: int = 0, to_ms: int | None = None) -> Space:
    return do(space, c.RemoveRecording(from_ms, to_ms, "host", "They asked for it"), now=LATER)


def test_a_part_goes_and_who_and_why_stay() -> None:
    """The record has which part, when, whose wish it was, and the reason."""
    there = removed(REPLAY, 500, 1000)
    assert there.removals == [Removal(500, 1000, round(LATER * 1000), "host", "They asked for it")]
    assert there.recorded


@pytest.mark.parametrize("to_ms", [None, 2240, 99_999])
def test_the_end_is_the_end_however_it_is_named(to_ms: int | None) -> None:
    """A part up to the end, or beyond it, is all that is left of the recording."""
    assert removed(REPLAY, 500, to_ms).removals[0].to_ms is None
    assert not removed(REPLAY, 0, to_ms).recorded


def test_what_is_gone_is_not_removed_again() -> None:
    """A part of what was removed changes nothing; a part that reaches beyond it does."""
    there = removed(REPLAY, 500, 1000)
    assert decide(there, c.RemoveRecording(600, 1000, "host", "Again"), LATER) == []
    assert len(removed(there, 600, 1001).removals) == 2


@pytest.mark.parametrize(("from_ms", "to_ms"), [(-1, 5), (5, 5), (9, 5), (2240, None)])
def test_a_part_is_within_the_recording(from_ms: int, to_ms: int | None) -> None:
    """A part has a beginning before its end, and lies in the recording."""
    with pytest.raises(BadInput, match=r"2\.24 s"):
        removed(REPLAY, from_ms, to_ms)


@pytest.mark.parametrize("state", [state for state in State if state not in (State.REPLAY, State.CANCELLED)])
def test_nothing_is_removed_that_somebody_still_writes(state: State) -> None:
    """A space that is not over, and a recording that is being finished, stay."""
    for wish in (c.RemoveRecording(0, None, "host", "Why"), c.RemoveSpace("host", "Why")):
        with pytest.raises(Conflict):
            decide(space_in(state), wish, LATER)


def test_a_recording_that_is_never_finished_can_be_removed() -> None:
    """After two days nobody waits for the archive any more."""
    assert decide(space_in(State.ENDED), c.RemoveSpace("host", "Why"), DAYS_LATER)


def test_a_removed_space_has_no_title_and_no_notes() -> None:
    """Its record keeps id, times, who and why; the board tells nobody's name."""
    there = do(with_guests(State.REPLAY), c.RemoveSpace("host", "Why"), now=LATER)
    assert (there.title, there.pins, there.listed, there.recorded) == ("", [], False, False)
    shown = board.public(there)
    assert (shown.seats, shown.removed) == ({}, Removal(0, None, round(LATER * 1000), "", "Why"))
    with pytest.raises(Conflict, match="nothing of it is left"):
        removed(there)


def test_the_board_does_not_say_whose_wish_it_was() -> None:
    """Edges learn which part, and why."""
    assert board.public(removed(REPLAY)).removals[0].who == ""


def test_a_space_without_sound_has_no_recording() -> None:
    """A cancelled space can be removed; there is no recording of it."""
    cancelled = space_in(State.CANCELLED)
    with pytest.raises(Conflict, match="Nothing"):
        removed(cancelled)
    assert do(cancelled, c.RemoveSpace("host", "Why"), now=LATER).removed


def test_a_reason_is_needed() -> None:
    """Without a word nobody later knows why."""
    with pytest.raises(BadInput, match="reason"):
        decide(REPLAY, c.RemoveRecording(0, None, "host", " "), LATER)


def test_trimming_changes_only_what_is_shown() -> None:
    """A trim can be changed and taken back; nothing is removed by it."""
    there = do(REPLAY, c.TrimReplay(500, 1000), now=LATER)
    assert (there.trim, there.removals) == (Trim(500, 1000), [])
    assert do(there, c.TrimReplay(), now=LATER).trim is None


def test_a_space_can_leave_the_lists_and_come_back() -> None:
    """Also while it is live: its address opens it all the same."""
    there = do(with_guests(State.LIVE), c.SetListed(False), now=LATER)
    assert not there.listed
    assert do(there, c.SetListed(True), now=LATER).listed


def test_the_record_names_nobody() -> None:
    """Whose wish it was: an account's id, a seat's, or what they are; never a name."""
    space = with_guests(State.REPLAY)
    assert rights.whose(Actor(account="a7"), space) == "a7"
    assert rights.whose(rights.seated(HOST), space) == HOST
    assert rights.whose(rights.ADMIN, space) == Rank.ADMIN.value
