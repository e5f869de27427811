"""Polls, and questions from the audience that are answered: what is kept, and what happens (``spaces.ballots``)."""

from __future__ import annotations

import msgspec

from stentor.spaces.event_base import EventBase


class Poll(msgspec.Struct, frozen=True):
    """What the audience is asked. ``counts`` has a number an answer, once it is closed."""

    id: str
    question: str
    answers: tuple[str, ...]
    live: bool
    """Whether everybody sees the numbers while it is open."""
    opened_ms: int
    closed_ms: int | None = None
    counts: tuple[int, ...] = ()


class AnsweredQuestion(msgspec.Struct, frozen=True):
    """A question of the audience that hosts answer, or have answered; of a guest ``id`` is below 0."""

    id: int
    text: str
    votes: int
    """How many wanted it answered when it was taken."""
    from_ms: int
    to_ms: int | None = None


class Ballots(msgspec.Struct, frozen=True):
    """Of one space, in the order in which they came."""

    polls: tuple[Poll, ...] = ()
    questions: tuple[AnsweredQuestion, ...] = ()
    changed_ms: int = 0
    """When any of them changed last."""


class PollOpened(EventBase, frozen=True):
    poll: str
    question: str
    answers: tuple[str, ...]
    live: bool


class PollClosed(EventBase, frozen=True):
    """``counts`` has one number an answer: devices, each with the answer that it gave last."""

    poll: str
    counts: tuple[int, ...]


class QuestionTaken(EventBase, frozen=True):
    """Hosts answer it now; who asked is not in the record."""

    question: int
    text: str
    votes: int


class QuestionAnswered(EventBase, frozen=True):
    question: int


BallotEvent = PollOpened | PollClosed | QuestionTaken | QuestionAnswered
