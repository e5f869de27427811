"""Comments: what people who are signed in write beside a space, for everybody to read.

They are no part of the :class:`Space` that travels on the board: they come often, and neither stage, programme nor
archive looks at them. The house keeps them; their newest, the :class:`Chat`, is one document for all edges.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from stentor.base import words
from stentor.base.errors import BadInput, Conflict, NotAllowed, Overloaded
from stentor.base.words import Word
from stentor.spaces import checks
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.model import Commenting, Space

NEWEST = 50
"""Comments of a chat: 5 kB with usual ones, 60 kB with the longest; readers ask for them every few seconds."""
LONGEST_SLOW_S = 3600
AGAIN = 0.8
"""Closed because of many listeners, comments open again below this share of the limit: not at every head."""


class ChatState(StrEnum):
    """Whether comments can be written now."""

    OPEN = "open"
    OFF = "off"
    """The hosts have turned them off, or the space is not on air."""
    CROWDED = "crowded"
    """So many listen that nobody could follow them."""


class Comment(msgspec.Struct, frozen=True):
    """One comment, as everybody sees it. ``id`` rises; ``role`` is that of the writer's seat then, or empty.

    Of a guest ``handle`` is empty and ``id`` below 0; ``at_ms`` is when it was approved.
    """

    id: int
    name: str
    handle: str
    role: str
    text: str
    at_ms: int


class Question(msgspec.Struct, frozen=True):
    """A question to the stage, as everybody sees it; ``id`` and ``handle`` as of a comment."""

    id: int
    name: str
    handle: str
    text: str
    at_ms: int
    votes: int = 0


class Chat(msgspec.Struct, frozen=True):
    """The newest comments of a space, the oldest of them first; none while they are not open."""

    space: str
    version: int = 0
    """Rises with every change."""
    state: ChatState = ChatState.OFF
    comments: list[Comment] = []
    guests: bool = False
    """Whether people without an account may write too; an edge of before does not look at it."""
    questions: list[Question] = []
    """Those that wait for an answer, the most wanted first; also while the comments are crowded."""
    polls: dict[str, tuple[int, ...]] = {}
    """By open poll, what its answers have so far."""


class Writer(msgspec.Struct, frozen=True):
    """Who wants to write, and what is known of them in this space."""

    name: str
    leads: bool = False
    """A host, a co-host, or whoever moderates the site: slow mode and word lists are not for them."""
    silenced: bool = False
    """Shut out of the comments here."""
    last_ms: int | None = None
    """When they wrote last."""
    account: str = ""
    """Empty for a guest."""


def state(space: Space, listeners: int, limit: int, before: ChatState) -> ChatState:
    """Whether comments are open; ``limit`` is the audience up to which they are when no host says otherwise."""
    if space.comments is Commenting.OFF or not space.on_air:
        return ChatState.OFF
    if space.comments is Commenting.ON:
        return ChatState.OPEN
    most = limit * AGAIN if before is ChatState.CROWDED else limit
    return ChatState.CROWDED if listeners > most or limit <= 0 else ChatState.OPEN


def asks(now: ChatState) -> ChatState:
    """Whether questions may be asked, where comments stand so: a crowd cannot follow lines, but it can vote."""
    return ChatState.OPEN if now is ChatState.CROWDED else now


def admit(space: Space, now: ChatState, writer: Writer, text: str, *, forbidden: frozenset[Word], at_ms: int) -> str:
    """The comment as it is kept: trimmed, in NFC.

    Raises :class:`BadInput` for the text (``comment-word`` for a word of a list), :class:`Conflict`
    (``comments-closed``), :class:`NotAllowed` (``silenced``), :class:`Overloaded` (429, ``comment-too-soon``).
    """
    if now is not ChatState.OPEN:
        raise Conflict(_CLOSED[now], code="comments-closed", state=now.value)
    names = {name.casefold() for name in space.banned.values()}
    shut_out = space.shuts_out(writer.account) or writer.name.casefold() in names
    if (writer.silenced or shut_out) and not writer.leads:
        raise NotAllowed("The hosts have shut you out of the comments of this space.", code="silenced")
    line = checks.comment(text)
    if writer.leads:
        return line
    if words.found_in(line, forbidden | words.parse(space.comment_words)):
        raise BadInput(
            "A word in it is not wanted here, so it was not sent. Say it in other words.",
            code="comment-word",
            field="text",
        )
    wait_s = 0.0 if writer.last_ms is None else (writer.last_ms - at_ms) / 1000 + space.slow_s
    if space.slow_s and wait_s > 0:
        raise Overloaded(
            f"Slow mode: one comment every {space.slow_s} s. Wait a little.",
            retry_after_s=min(wait_s, space.slow_s),
            status=429,
            code="comment-too-soon",
        )
    return line


_CLOSED = {
    ChatState.OFF: "Comments are off in this space now.",
    ChatState.CROWDED: "So many people listen that comments are closed: nobody could follow them.",
}


def decide(space: Space, command: c.SetComments, at_ms: int) -> list[e.Event]:
    """The events of the command, as ``rules.decide``; raises :class:`BadInput`."""
    slow_s = space.slow_s if command.slow_s is None else command.slow_s
    if not 0 <= slow_s <= LONGEST_SLOW_S:
        raise BadInput(f"Slow mode takes 0 to {LONGEST_SLOW_S} seconds.", field="comment_slow_s")
    wanted = msgspec.structs.replace(
        space,
        comments=command.switch or space.comments,
        slow_s=slow_s,
        comment_words=space.comment_words if command.words is None else words.checked(command.words),
    )
    if wanted == space:
        return []
    return [e.CommentsChanged(at_ms=at_ms, switch=wanted.comments, slow_s=wanted.slow_s, words=wanted.comment_words)]
