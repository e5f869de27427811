"""What the REST API takes and gives about polls and questions; times are ms since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import ONE_LINE, Time
from stentor.spaces.ballot_events import AnsweredQuestion
from stentor.spaces.comments import Question

PollText = Annotated[str, Meta(min_length=1, max_length=200, extra_json_schema=ONE_LINE)]


class NewPoll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the audience is asked; each answer another one."""

    question: PollText
    answers: Annotated[list[PollText], Meta(min_length=2, max_length=6, extra_json_schema={"uniqueItems": True})]
    live: bool = True
    """Whether everybody sees the numbers while it is open; hosts always do."""


class PollView(msgspec.Struct, frozen=True):
    id: str
    question: str
    answers: list[str]
    live: bool
    opened_ms: Time
    closed_ms: Time | None
    counts: list[int]
    """One number an answer: devices, each with the answer that it gave last. An address has 64 devices at most."""


class BallotsView(msgspec.Struct, frozen=True):
    """For those on the stage who lead: what the audience asks and was asked."""

    polls: list[PollView]
    questions: list[Question]
    """Those that wait, the most wanted first; 50 at most."""
    taken: list[AnsweredQuestion]
