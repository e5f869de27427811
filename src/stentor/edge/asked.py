"""``asked.json``: polls, and questions of the audience, as everybody sees them; and where votes go."""

from __future__ import annotations

import msgspec

from stentor.crowd import rungs
from stentor.spaces import ballots
from stentor.spaces.ballot_events import Poll
from stentor.spaces.comments import Chat, ChatState, asks
from stentor.spaces.model import Commenting, Space

SHUT_RETRY_S = (20.0, 40.0)
CACHE = "public, max-age=2"
NAME = "asked.json"


def asking(space: Space, rung: int, *, base: str, house: str) -> dict[str, object] | None:
    """For ``door.json``: where polls and questions are read, votes go, and one asks; None when there are none."""
    there = space.ballots.polls or space.ballots.questions
    open_now = space.on_air and space.comments is not Commenting.OFF and rungs.rung(rung).comments_s is not None
    if not (there or open_now):
        return None
    return {
        "read": f"{base}/{NAME}",
        "vote": f"{base}/vote/" if space.on_air else None,
        "write": f"{house}/comments/{space.id}" if house and open_now else None,
        "changed": space.ballots.changed_ms,
        "now": ballots.open_poll(space) is not None or ballots.answering(space) is not None,
    }


def document(space: Space, chat: Chat, rung: int, now_ms: int) -> bytes:
    """``asked.json``, version 1. What hosts take is told when it is heard."""
    pace = rungs.rung(rung).comments_s
    opens = space.on_air and asks(chat.state) is ChatState.OPEN and pace is not None
    heard_ms = now_ms - space.delay_ms
    return msgspec.json.encode(
        {
            "v": 1,
            "space": space.id,
            "open": opens,
            "guests": chat.guests,
            "retry_s": pace if pace is not None and space.on_air else SHUT_RETRY_S,
            "polls": [_poll(poll, chat) for poll in reversed(space.ballots.polls)],
            "questions": chat.questions if opens else [],
            "taken": [each for each in space.ballots.questions if each.from_ms <= heard_ms],
        }
    )


def _poll(poll: Poll, chat: Chat) -> dict[str, object]:
    counts = poll.counts if poll.closed_ms is not None else chat.polls.get(poll.id) if poll.live else None
    return {
        "id": poll.id,
        "question": poll.question,
        "answers": poll.answers,
        "opened_ms": poll.opened_ms,
        "closed_ms": poll.closed_ms,
        "counts": counts,
    }
