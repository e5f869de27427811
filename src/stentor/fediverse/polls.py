"""Polls of posts: a ``Question`` as it comes from elsewhere and as it goes out, and the votes in one.

A vote is a ``Note`` with the answer as its ``name`` and no content, to the author alone, in answer to the post. How a
poll stands its own server says, by ``Update``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stentor.fediverse.things import address, count, line, many, text, time_ms
from stentor.social.model import PostPoll

Thing = Mapping[str, Any]
LONGEST_ANSWER: Final = 200
MOST_ANSWERS: Final = 20
ENDLESS_MS: Final = 10 * 366 * 86_400_000
"""A poll without an end is open for so long: it has one here."""


def read(found: Thing, created_ms: int) -> PostPoll | None:
    """The poll of a ``Question`` from elsewhere; None where its answers are none that one could choose from."""
    several = isinstance(found.get("anyOf"), list)
    listed = [each for each in many(found.get("anyOf") if several else found.get("oneOf")) if isinstance(each, dict)]
    answers = tuple(line(each.get("name"), LONGEST_ANSWER) for each in listed)
    if not 2 <= len(answers) <= MOST_ANSWERS or not all(answers) or len(set(answers)) != len(answers):
        return None
    votes = tuple(_votes(each) for each in listed)
    voters = found.get("votersCount")
    ends = [time_ms(found.get(name)) for name in ("closed", "endTime")]
    return PostPoll(
        answers=answers,
        several=several,
        ends_ms=next((each for each in ends if each is not None), created_ms + ENDLESS_MS),
        votes=votes,
        voters=count(voters) if voters is not None else sum(votes),
    )


def question(poll: PostPoll) -> Thing:
    """What makes a note a question: its type, its answers with how often each was chosen, and its end."""
    votes = poll.votes or (0,) * len(poll.answers)
    answers = [
        {"type": "Note", "name": answer, "replies": {"type": "Collection", "totalItems": chosen}}
        for answer, chosen in zip(poll.answers, votes, strict=True)
    ]
    return {"type": "Question", "anyOf" if poll.several else "oneOf": answers, "votersCount": poll.voters}


def chosen(found: Thing) -> tuple[str, str]:
    """The post that a note votes on, and the answer; empty for a note that is no vote: one that says something."""
    name, post = line(found.get("name"), LONGEST_ANSWER), address(found.get("inReplyTo"))
    says = text(found.get("content")) or found.get("contentMap") or found.get("attachment")
    return (post, name) if name and post and not says else ("", "")


def _votes(answer: Thing) -> int:
    replies = answer.get("replies")
    return count(replies.get("totalItems")) if isinstance(replies, dict) else 0
