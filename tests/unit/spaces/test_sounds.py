"""What hosts play onto the stage."""

from __future__ import annotations

import pytest

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.spaces import commands as c
from stentor.spaces import rules, sounds
from stentor.spaces.model import Playing, Sound, State
from stentor.spaces.sounds import LONGEST_MS, MOST_SOUNDS
from tests.support.spaces import NOW, do, space_in, with_guests

LIVE = do(with_guests(State.LIVE), c.AddSound("bell", " Bell ", 4000), now=NOW)
AT = NOW + 60
AT_MS = round(AT * 1000)


def test_a_sound_plays_for_as_long_as_it_is() -> None:
    """Nobody has to say that it is over; it may be turned and stopped as long as it plays."""
    assert LIVE.sounds == [Sound("bell", "Bell", 4000)]
    space = do(LIVE, c.PlaySound("bell", 80), now=AT)
    assert sounds.playing(space, AT_MS + 3999) == Playing("bell", AT_MS, 80)
    assert sounds.playing(space, AT_MS + 4000) is None
    turned = do(space, c.TurnSound(20), now=AT + 1)
    assert turned.playing == Playing("bell", AT_MS, 20)
    assert do(turned, c.StopSound(), now=AT + 2).playing is None
    assert rules.decide(space, c.StopSound(), AT + 5) == []
    with pytest.raises(Conflict, match="No sound"):
        rules.decide(space, c.TurnSound(20), AT + 5)


def test_the_next_sound_takes_the_place_of_the_last() -> None:
    """Also the same sound again: it begins anew."""
    space = do(do(LIVE, c.PlaySound("bell"), now=AT), c.PlaySound("bell"), now=AT + 2)
    assert space.playing == Playing("bell", AT_MS + 2000, 100)
    assert rules.decide(space, c.PlaySound("bell"), AT + 2.4) == [], "a button that was pressed twice"


def test_a_sound_that_is_taken_off_the_board_ends() -> None:
    """And what is not there cannot be played."""
    space = do(do(LIVE, c.PlaySound("bell"), now=AT), c.DropSound("bell"), now=AT + 1)
    assert (space.sounds, space.playing) == ([], None)
    with pytest.raises(NotFound):
        rules.decide(space, c.PlaySound("bell"), AT + 2)


def test_a_board_has_room_for_three_minutes_and_a_dozen() -> None:
    """Beyond either nothing is taken; the same sound twice is one."""
    long = LIVE
    for name in "ab":
        long = do(long, c.AddSound(name, name, LONGEST_MS), now=AT)
    assert sounds.room(long) == LONGEST_MS - 4000
    with pytest.raises(BadInput):
        rules.decide(long, c.AddSound("c", "c", LONGEST_MS), AT)
    many = LIVE
    for number in range(MOST_SOUNDS - 1):
        many = do(many, c.AddSound(f"s{number}", "Short", 100), now=AT)
    with pytest.raises(Conflict, match="at most 12"):
        rules.decide(many, c.AddSound("one-more", "Short", 100), AT)
    assert rules.decide(many, c.AddSound("bell", "Bell", 4000), AT) == []


def test_sounds_wait_for_the_doors_and_end_with_the_space() -> None:
    """Before the doors open they can be made ready; nothing of them is left when it is over."""
    early = do(space_in(State.SCHEDULED), c.AddSound("bell", "Bell", 4000), now=AT)
    with pytest.raises(Conflict, match="doors-open"):
        rules.decide(early, c.PlaySound("bell"), AT)
    over = do(do(LIVE, c.PlaySound("bell"), now=AT), c.End(), now=AT + 1)
    assert (over.sounds, over.playing) == ([], None)


@pytest.mark.parametrize("volume", [-1, 101])
def test_the_volume_has_bounds(volume: int) -> None:
    """A sound is never louder than it was stored."""
    with pytest.raises(BadInput, match="volume"):
        rules.decide(LIVE, c.PlaySound("bell", volume), AT)
