"""Polls, and questions of the audience with votes: the rules. Pure.

A vote is a device's answer on a *ballot*: a poll, or a question that it wants answered. A device is what the door takes
for one (``crowd.door``): an address has 64 at most, and the newest answer of a device counts. Votes are no events; the
record has what they came to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.spaces import checks
from stentor.spaces import commands as c
from stentor.spaces.ballot_events import (
    AnsweredQuestion,
    BallotEvent,
    Ballots,
    Poll,
    PollClosed,
    PollOpened,
    QuestionAnswered,
    QuestionTaken,
)
from stentor.spaces.model import Space
from stentor.spaces.refusals import refuse_if_over

FEWEST_ANSWERS: Final = 2
MOST_ANSWERS: Final = 6
MOST_POLLS: Final = 50
"""They stay on the board with the space; with the longest texts 40 kB."""
MOST_TAKEN: Final = 100
MOST_SHOWN: Final = 50
"""Questions that the audience sees, those with the most votes first."""
WITHDRAWN: Final = 0
"""The choice of a device that has taken its vote back."""
WANTED: Final = 1
"""The choice of a device that wants a question answered; of polls the first answer."""


class OpenPoll(c.Command, frozen=True):
    """Asks the audience. ``poll`` is its new id."""

    poll: str
    question: str
    answers: tuple[str, ...]
    live: bool = True


class ClosePoll(c.Command, frozen=True):
    """Takes no more answers; ``counts`` is what they came to."""

    poll: str
    counts: tuple[int, ...] = ()


class TakeQuestion(c.Command, frozen=True):
    """Answers a question now; the one before it is answered by that."""

    question: int
    text: str
    votes: int = 0


class FinishQuestion(c.Command, frozen=True):
    """The question has been answered."""

    question: int


class BallotCount(msgspec.Struct, frozen=True):
    """What a ballot has come to: by choice, how many devices."""

    ballot: str
    counts: dict[int, int]


BallotCommand = OpenPoll | ClosePoll | TakeQuestion | FinishQuestion


def decide(space: Space, command: BallotCommand, at_ms: int) -> list[BallotEvent]:
    """The events of a command, as ``rules.decide``; raises :class:`BadInput`, :class:`Conflict`, :class:`NotFound`."""
    match command:
        case OpenPoll():
            refuse_if_over(space)
            return _open(space, command, at_ms)
        case ClosePoll(poll=poll, counts=counts):
            found = poll_of(space, poll)
            if found.closed_ms is not None:
                return []
            whole = tuple(counts[: len(found.answers)]) + (0,) * (len(found.answers) - len(counts))
            return [PollClosed(at_ms=at_ms, poll=poll, counts=whole)]
        case TakeQuestion(question=question, text=text, votes=votes):
            refuse_if_over(space)
            now = answering(space)
            if now is not None and now.id == question:
                return []
            if len(space.ballots.questions) >= MOST_TAKEN:
                raise Conflict(f"{MOST_TAKEN} questions were taken already.", code="too-many-questions")
            before: list[BallotEvent] = [] if now is None else [QuestionAnswered(at_ms=at_ms, question=now.id)]
            return [*before, QuestionTaken(at_ms=at_ms, question=question, text=text, votes=votes)]
        case FinishQuestion(question=question):
            now = answering(space)
            return [QuestionAnswered(at_ms=at_ms, question=question)] if now and now.id == question else []


def _open(space: Space, command: OpenPoll, at_ms: int) -> list[BallotEvent]:
    if any(poll.id == command.poll for poll in space.ballots.polls):
        return []
    if open_poll(space) is not None:
        raise Conflict("A poll is open already; close it first.", code="poll-open")
    if len(space.ballots.polls) >= MOST_POLLS:
        raise Conflict(f"There were {MOST_POLLS} polls already.", code="too-many-polls")
    question = checks.poll_text(command.question, field="question")
    answers = tuple(checks.poll_text(each, field="answers") for each in command.answers)
    if not FEWEST_ANSWERS <= len(answers) <= MOST_ANSWERS or len(set(answers)) != len(answers):
        said = f"A poll has {FEWEST_ANSWERS} to {MOST_ANSWERS} answers, each another one."
        raise BadInput(said, field="answers")
    return [PollOpened(at_ms=at_ms, poll=command.poll, question=question, answers=answers, live=command.live)]


def apply(space: Space, event: BallotEvent) -> Space:
    """The space after the event, as ``rules.apply``."""
    replace, ballots = msgspec.structs.replace, space.ballots
    polls, questions = ballots.polls, ballots.questions
    match event:
        case PollOpened(poll=poll, question=text, answers=answers, live=live, at_ms=at_ms):
            polls = (*polls, Poll(poll, text, answers, live, at_ms))
        case PollClosed(poll=closed, counts=counts, at_ms=at_ms):
            polls = tuple(
                replace(each, closed_ms=at_ms, counts=counts) if each.id == closed else each for each in polls
            )
        case QuestionTaken(question=taken, text=text, votes=votes, at_ms=at_ms):
            questions = (*questions, AnsweredQuestion(taken, text, votes, at_ms))
        case QuestionAnswered(question=answered, at_ms=at_ms):
            questions = tuple(
                replace(each, to_ms=at_ms) if each.id == answered and each.to_ms is None else each for each in questions
            )
    return replace(space, ballots=Ballots(polls, questions, event.at_ms))


def poll_of(space: Space, poll: str) -> Poll:
    """The poll of that id; raises :class:`NotFound`."""
    found = next((each for each in space.ballots.polls if each.id == poll), None)
    if found is None:
        raise NotFound("There is no such poll in this space.", code="poll-not-found")
    return found


def open_poll(space: Space) -> Poll | None:
    """The poll that takes answers now."""
    return next((poll for poll in space.ballots.polls if poll.closed_ms is None), None)


def answering(space: Space) -> AnsweredQuestion | None:
    """The question that is answered now."""
    return next((each for each in reversed(space.ballots.questions) if each.to_ms is None), None)


def of_poll(poll: str) -> str:
    """The name of a poll's ballot."""
    return f"p{poll}"


def of_question(question: int) -> str:
    """The name of a question's ballot."""
    return f"q{question}"


def choices(space: Space, ballot: str, questions: frozenset[int]) -> int | None:
    """The highest choice on a ballot; None when it takes no votes. ``questions`` are those that wait for an answer."""
    poll = open_poll(space)
    if poll is not None and ballot == of_poll(poll.id):
        return len(poll.answers)
    return WANTED if ballot in {of_question(each) for each in questions} else None


def of_answers(poll: Poll, counts: Mapping[int, int]) -> tuple[int, ...]:
    """Votes by answer, in the order of the answers: the first is choice 1."""
    return tuple(counts.get(choice, 0) for choice in range(1, len(poll.answers) + 1))
