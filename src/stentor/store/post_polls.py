"""Votes in polls of posts, of people here and elsewhere, and how polls elsewhere stand."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, exists, insert, select, update

from stentor.base.errors import BadInput, Conflict, NotAllowed, NotFound
from stentor.social.model import OPEN, Audience, Post, PostPoll, Relation
from stentor.store import social_tables as tables
from stentor.store.federating import POLL_MS, OutwardDeed, federate, federate_once, is_remote
from stentor.store.reading import polls_of

_VOTES, _POLLS = tables.poll_votes, tables.post_polls
ENDED_MS = 5_000
"""So long after its end it is told how a poll has ended: the last votes are on their way until then."""


def add_poll(connection: Connection, post: Post, poll: PostPoll, *, now_ms: int) -> None:
    """The poll of a new post of somebody here; when it is over, others are told how it has ended."""
    row = {"answers": json.dumps(poll.answers), "several": int(poll.several), "ends_ms": poll.ends_ms}
    connection.execute(insert(_POLLS).values(post=post.id, **row))
    after_ms = poll.ends_ms - now_ms + ENDED_MS
    federate(connection, OutwardDeed.UPDATE, post.author, now_ms=now_ms, after_ms=after_ms, post=post.id, poll=1)


def cast_vote(
    connection: Connection, found: Post, relation: Relation, actor: int, answers: Sequence[int], *, now_ms: int
) -> None:
    """Votes once, where ``actor`` may read the post. Raises :class:`Conflict` (``poll-over``, ``voted-already``)."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(tables.actors.c.number).where(tables.actors.c.number == actor).with_for_update())
    poll = polls_of(connection, [found.id]).get(found.id)
    if poll is None:
        raise NotFound("This post has no poll.", code="poll-not-found")
    if relation.own:
        raise NotAllowed("One does not vote in one's own poll.", code="own-poll")
    if now_ms >= poll.ends_ms:
        raise Conflict("This poll is over.", code="poll-over")
    chosen = sorted(set(answers))
    if (len(chosen) > 1 and not poll.several) or chosen[-1] >= len(poll.answers):
        raise BadInput("Choose one of the answers that are there.", field="answers")
    if _voted(connection, found.id, actor):
        raise Conflict("You have voted already.", code="voted-already")
    connection.execute(insert(_VOTES), [{"post": found.id, "actor": actor, "answer": each} for each in chosen])
    if is_remote(connection, found.author):
        for each in chosen:
            federate(connection, OutwardDeed.VOTE, actor, now_ms=now_ms, of=found.id, answer=each)
    else:
        _stands_anew(connection, found, now_ms)


def take_vote(connection: Connection, found: Post, actor: int, answer: str, *, now_ms: int) -> bool:
    """A vote of somebody elsewhere, who may read the post. Where several answers may be chosen each of them comes by
    itself; else the first counts."""
    poll = polls_of(connection, [found.id]).get(found.id)
    if poll is None or answer not in poll.answers or now_ms >= poll.ends_ms or is_remote(connection, found.author):
        return False
    number = poll.answers.index(answer)
    given = _voted(connection, found.id, actor)
    if number in given or (given and not poll.several):
        return False
    connection.execute(insert(_VOTES).values(post=found.id, actor=actor, answer=number))
    _stands_anew(connection, found, now_ms)
    return True


def put_poll(connection: Connection, post: int, poll: PostPoll | None) -> bool:
    """How a poll elsewhere stands now, as its server says; False where that is as it was. Other answers than before
    are another poll: nobody has voted in it."""
    known = polls_of(connection, [post]).get(post)
    if known == poll or (known is None and poll is None):
        return False
    if known is not None and (poll is None or poll.answers != known.answers):
        connection.execute(delete(_VOTES).where(_VOTES.c.post == post))
        connection.execute(delete(_POLLS).where(_POLLS.c.post == post))
        known = None
    if poll is None:
        return True
    row = {
        "answers": json.dumps(poll.answers), "several": int(poll.several), "ends_ms": poll.ends_ms,
        "votes": json.dumps(poll.votes), "voters": poll.voters,
    }  # fmt: skip
    mine = _POLLS.c.post == post
    connection.execute(
        insert(_POLLS).values(post=post, **row) if known is None else update(_POLLS).where(mine).values(**row)
    )
    return True


def _stands_anew(connection: Connection, found: Post, now_ms: int) -> None:
    """Others are told how a poll of ours stands, not at each vote: once in a while."""
    if found.visibility in OPEN or found.visibility is Audience.FOLLOWERS:
        federate_once(
            connection, OutwardDeed.UPDATE, found.author, now_ms=now_ms, after_ms=POLL_MS, post=found.id, poll=1
        )


def _voted(connection: Connection, post: int, actor: int) -> Collection[int]:
    mine = (_VOTES.c.post == post) & (_VOTES.c.actor == actor)
    return set(connection.execute(select(_VOTES.c.answer).where(mine)).scalars())


def has_poll(connection: Connection, post: int) -> bool:
    """Whether there is one in a post."""
    return bool(connection.execute(select(exists().where(_POLLS.c.post == post))).scalar())
