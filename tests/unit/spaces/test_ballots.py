"""Polls and questions of the audience: what may be asked, answered and counted."""

from __future__ import annotations

import pytest

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.spaces.ballots import (
    MOST_POLLS,
    MOST_TAKEN,
    ClosePoll,
    FinishQuestion,
    OpenPoll,
    TakeQuestion,
    answering,
    choices,
    of_answers,
    open_poll,
)
from stentor.spaces.model import Space, State
from tests.support.spaces import do, space_in

ASK = OpenPoll("a", "Which?", ("Left", "Right"))
LIVE = space_in(State.LIVE)


def test_a_poll_is_opened_and_closed_once() -> None:
    """Its numbers stand in the record; pressed twice nothing happens."""
    asked = do(LIVE, ASK, ASK)
    assert open_poll(asked) == asked.ballots.polls[0]
    closed = do(asked, ClosePoll("a", (3, 4)), ClosePoll("a", (9, 9)))
    [poll] = closed.ballots.polls
    assert (poll.counts, poll.closed_ms is None, open_poll(closed)) == ((3, 4), False, None)


def test_one_number_an_answer() -> None:
    """Whatever is counted: none is missing, none is too many."""
    for counts in ((), (1,), (1, 2, 3)):
        assert len(do(LIVE, ASK, ClosePoll("a", counts)).ballots.polls[0].counts) == 2


@pytest.mark.parametrize("answers", [(), ("One",), tuple("ABCDEFG"), ("Same", "Same"), ("A", ""), ("A", "B\nC")])
def test_two_to_six_answers(answers: tuple[str, ...]) -> None:
    """Each of one line, and no two alike."""
    with pytest.raises(BadInput):
        do(LIVE, OpenPoll("a", "Which?", answers))


def test_one_poll_at_a_time() -> None:
    """And so many in all; none after the end."""
    with pytest.raises(Conflict) as refused:
        do(LIVE, ASK, OpenPoll("b", "And?", ("Yes", "No")))
    assert refused.value.error_code == "poll-open"
    many: Space = LIVE
    for number in range(MOST_POLLS):
        many = do(many, OpenPoll(f"{number}", "Which?", ("A", "B")), ClosePoll(f"{number}"))
    with pytest.raises(Conflict, match="polls already"):
        do(many, ASK)
    with pytest.raises(NotFound):
        do(LIVE, ClosePoll("a"))
    with pytest.raises(Conflict):
        do(space_in(State.ENDED), ASK)


def test_the_next_question_ends_the_one_before() -> None:
    """One is answered at a time, and what was is kept with its times and votes."""
    space = do(LIVE, TakeQuestion(7, "Why?", 12), TakeQuestion(7, "Why?", 13), TakeQuestion(-2, "How?"))
    first, second = space.ballots.questions
    assert (first.id, first.votes, first.to_ms, answering(space)) == (7, 12, second.from_ms, second)
    done = do(space, FinishQuestion(-2), FinishQuestion(-2), FinishQuestion(7))
    assert answering(done) is None
    for number in range(MOST_TAKEN - 2):
        done = do(done, TakeQuestion(100 + number, "Why?"))
    with pytest.raises(Conflict, match="questions were taken"):
        do(done, TakeQuestion(999, "Why?"))


def test_what_takes_votes() -> None:
    """The open poll by its answers, and questions that wait; nothing else."""
    asked = do(LIVE, ASK)
    waiting = frozenset({3, -4})
    assert [choices(asked, ballot, waiting) for ballot in ("pa", "q3", "q-4", "q5", "pb", "")] == [2, 1, 1, *[None] * 3]
    assert choices(do(asked, ClosePoll("a")), "pa", waiting) is None
    assert of_answers(asked.ballots.polls[0], {0: 9, 2: 5}) == (0, 5)
