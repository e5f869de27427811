"""The broadcast delay: what is chosen, what is dumped, and what the audience knows when."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base import grid
from stentor.base.errors import BadInput, Conflict
from stentor.spaces import commands as c
from stentor.spaces.delay import NEWS_CHUNKS, DumpSound, SetDelay, as_heard, changes_ms, decide, dumped
from stentor.spaces.model import Space, State
from tests.support.spaces import NOW, do, space_in

DELAY_S = 10
CHUNKS = 32


def at(chunk: float) -> float:
    """The wall clock in the middle of a chunk; the doors open one second after NOW."""
    return NOW + 1 + (chunk + 0.5) * grid.CHUNK_S


def delayed(seconds: int = DELAY_S) -> Space:
    """Doors open at NOW + 1, live at NOW + 2: in chunk 3."""
    return space_in(State.LIVE, SetDelay(seconds))


@pytest.mark.parametrize("seconds", [-1, 1, 4, 41])
def test_none_or_five_to_forty_seconds(seconds: int) -> None:
    """What is too short to react in, or longer than a programme keeps, is refused."""
    with pytest.raises(BadInput, match="5 to 40"):
        do(space_in(State.SCHEDULED), SetDelay(seconds))


def test_it_is_chosen_before_the_doors() -> None:
    """Afterwards it stays as it is: the talk on air neither jumps nor stops."""
    assert do(space_in(State.SCHEDULED), SetDelay(40), SetDelay(0), SetDelay(5)).delay_s == 5
    with pytest.raises(Conflict, match="doors are open"):
        do(space_in(State.DOORS_OPEN), SetDelay(10))


def test_the_talk_begins_and_ends_later_on_the_same_grid() -> None:
    """Ten seconds are 32 chunks, rounded up; without a delay nothing moves."""
    now, then = delayed(0), delayed()
    assert (then.delay, then.delay_ms) == (CHUNKS, 10_240)
    assert now.live_chunk is not None
    assert then.live_chunk == now.live_chunk + CHUNKS == then.seam
    now, then = (do(space, c.End(), now=at(100)) for space in (now, then))
    assert (now.last_chunk, then.last_chunk) == (100, 100 + CHUNKS)


def test_who_ends_before_it_is_live_waits_for_nothing() -> None:
    """There is no sound of the stage to be heard out."""
    assert do(space_in(State.DOORS_OPEN, SetDelay(DELAY_S)), c.End(), now=at(100)).last_chunk == 100


def test_all_that_waits_is_dumped() -> None:
    """From the first chunk that no programme can have made, to the word that is being said."""
    space = do(delayed(), DumpSound(who="host"), now=at(100))
    [dump] = space.dumps
    assert (dump.first, dump.end) == (100 + NEWS_CHUNKS, 101 + CHUNKS)
    assert not dumped(space, 0, dump.first)
    assert dumped(space, dump.end - 1, dump.end)
    assert not dumped(space, dump.end, 10_000)


def test_the_last_seconds_are_dumped() -> None:
    """The newest; what was said before is heard."""
    [dump] = do(delayed(), DumpSound(seconds=3.2), now=at(100)).dumps
    assert (dump.first, dump.end) == (101 + CHUNKS - 10, 101 + CHUNKS)


def test_pressed_again_only_what_is_new_goes() -> None:
    """No second is counted twice; in the same moment nothing happens."""
    once = do(delayed(), DumpSound(), now=at(100))
    assert decide(once, DumpSound(), round(1000 * at(100))) == []
    first, second = do(once, DumpSound(), now=at(110)).dumps
    assert (second.first, second.end) == (first.end, first.end + 10)


def test_the_key_works_from_the_first_moment() -> None:
    """A host who presses as it goes live gets no refusal to read."""
    space = space_in(State.DOORS_OPEN, SetDelay(DELAY_S))
    space = do(space, c.GoLive(), DumpSound(), now=at(50))
    assert [(dump.first, dump.end) for dump in space.dumps] == [(51 + CHUNKS, 52 + CHUNKS)]


def test_nothing_is_dumped_that_cannot_be() -> None:
    """Without a delay, before the talk, and when all of it was heard."""
    with pytest.raises(Conflict) as refused:
        do(delayed(0), DumpSound(), now=at(100))
    assert refused.value.error_code == "no-delay"
    ended = do(delayed(), c.End(), now=at(100))
    assert do(ended, DumpSound(), now=at(110)).dumps[0].end == 101 + CHUNKS, "what waits after the end"
    for space, chunk in ((space_in(State.DOORS_OPEN, SetDelay(DELAY_S)), 5), (ended, 100 + CHUNKS)):
        with pytest.raises(Conflict) as refused:
            do(space, DumpSound(), now=at(chunk))
        assert refused.value.error_code == "nothing-waits"
    for seconds in (0, -1, 40.1):
        with pytest.raises(BadInput, match="up to 40 seconds"):
            do(delayed(), DumpSound(seconds=seconds), now=at(100))


def test_the_audience_learns_when_it_hears() -> None:
    """Live, pins and the end come with the sound; the grid's times are there before."""
    space = do(delayed(), c.PinNote("a", "Look"), now=at(50))
    space = do(space, c.End(), now=at(100))
    live_ms, ended_ms, later_ms = space.live_ms or 0, space.ended_ms or 0, space.delay_ms
    pinned_ms = space.pins[0].at_ms
    told = [
        (each.state, len(each.pins), each.pinned_ms)
        for each in (
            as_heard(space, live_ms + later_ms - 1),
            as_heard(space, pinned_ms + later_ms - 1),
            as_heard(space, pinned_ms + later_ms),
            as_heard(space, ended_ms + later_ms - 1),
            as_heard(space, ended_ms + later_ms),
        )
    ]
    assert told == [
        (State.DOORS_OPEN, 0, 0),
        (State.LIVE, 0, 0),
        (State.LIVE, 1, pinned_ms),
        (State.LIVE, 1, pinned_ms),
        (State.ENDED, 1, pinned_ms),
    ]
    assert as_heard(space, live_ms).last_chunk == space.last_chunk
    times, now_ms = [], live_ms
    while (next_ms := changes_ms(space, now_ms)) is not None:
        times.append(now_ms := next_ms)
    assert times == [live_ms + later_ms, pinned_ms + later_ms, ended_ms + later_ms]


def test_a_lost_stage_is_told_by_the_sound() -> None:
    """What is heard then was said before it was lost."""
    lost = space_in(State.INTERRUPTED, SetDelay(DELAY_S))
    assert as_heard(lost, (lost.live_ms or 0) + lost.delay_ms).state is State.LIVE


def test_without_a_delay_it_is_the_same_space() -> None:
    """Not even a copy is made."""
    for state in State:
        space = space_in(state)
        assert as_heard(space, 0) is space
        assert changes_ms(space, 0) is None


def test_older_documents_have_no_delay() -> None:
    """A space that an older house wrote is heard at once."""
    told = msgspec.json.decode(b'{"id": "talk", "title": "A talk"}', type=Space)
    assert (told.delay, told.dumps) == (0, [])
