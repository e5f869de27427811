"""Talk, cut at the pauses."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stentor.audio.utterance import (
    LEAD_TICKS,
    LEAST_TICKS,
    LONGEST_TICKS,
    PAUSE_TICKS,
    SEARCH_TICKS,
    Utterance,
    Utterances,
    joined,
)

TICK = 4
"""Samples of a tick in these tests."""


def block(first: int, talking: list[bool]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Each tick's samples are its number, so that it is seen which ticks came through."""
    return np.repeat(np.arange(first, first + len(talking), dtype=np.float32), TICK)


def put(utterances: Utterances, first: int, talking: list[bool]) -> list[Utterance]:
    return utterances.put(first, talking, block(first, talking))


def ticks(found: Utterance) -> list[int]:
    return [int(sample) for sample in found.samples[::TICK]]


def test_a_pause_ends_an_utterance() -> None:
    """It begins a little before the talking was noticed and ends behind the pause."""
    talk = [False] * 30 + [True] * 60 + [False] * PAUSE_TICKS
    assert put(Utterances(TICK), 0, talk[:-1]) == []
    [found] = put(Utterances(TICK), 0, talk)
    assert (found.start, found.end) == (30 - LEAD_TICKS, len(talk))
    assert ticks(found) == list(range(found.start, found.end))
    assert found.seconds == found.ticks * 0.02


def test_a_breath_does_not_end_it() -> None:
    """A shorter pause belongs to the sentence."""
    talk = [True] * 40 + [False] * (PAUSE_TICKS - 1) + [True] * 40 + [False] * PAUSE_TICKS
    [found] = put(Utterances(TICK), 0, talk)
    assert found.ticks == len(talk)


def test_a_knock_is_no_word() -> None:
    """What is hardly longer than the time for which talking holds on is not given to the recogniser."""
    assert put(Utterances(TICK), 0, [True] * (LEAST_TICKS - 1) + [False] * PAUSE_TICKS) == []
    assert put(Utterances(TICK), 0, [True] * LEAST_TICKS + [False] * PAUSE_TICKS)


def test_who_makes_no_pause_is_cut_at_the_quietest_place() -> None:
    """Within the last 2 s, and nothing is lost between the pieces."""
    utterances = Utterances(TICK)
    samples = np.ones((LONGEST_TICKS + 50, TICK), dtype=np.float32)
    quiet = LONGEST_TICKS - SEARCH_TICKS // 2
    samples[quiet - 1 : quiet + 2] = 0.01
    talking = [True] * len(samples)
    [first] = utterances.put(0, talking, samples.reshape(-1))
    [second] = utterances.close()
    assert first.end == quiet + 1
    assert (second.start, second.end) == (first.end, len(samples))


def test_a_hole_ends_it() -> None:
    """What comes after ticks that never came is another utterance; what comes twice is heard once."""
    utterances = Utterances(TICK)
    assert put(utterances, 0, [True] * 40) == []
    assert put(utterances, 20, [True] * 20) == []
    [before] = put(utterances, 100, [True] * 40)
    [after] = utterances.close()
    assert ticks(before) == list(range(40))
    assert ticks(after) == list(range(100, 140))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 300)), max_size=20))
def test_ticks_come_once_and_in_order(runs: list[tuple[bool, int]]) -> None:
    """No utterance is longer than it may be, and none overlaps the one before."""
    talking = [talks for talks, count in runs for _ in range(count)]
    utterances = Utterances(TICK)
    found = [each for at in range(0, len(talking), 16) for each in put(utterances, at, talking[at : at + 16])]
    found += utterances.close()
    heard = [tick for each in found for tick in ticks(each)]
    assert heard == sorted(set(heard))
    assert all(each.ticks <= LONGEST_TICKS for each in found)
    assert all(ticks(each)[0] == each.start for each in found)


def test_two_become_one_with_the_silence_between() -> None:
    """Joined, both stand where they stood."""
    first, second = Utterance(0, block(0, [True] * 3), TICK), Utterance(5, block(5, [True] * 2), TICK)
    assert ticks(joined(first, second)) == [0, 1, 2, 0, 0, 5, 6]
