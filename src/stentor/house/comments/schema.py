"""What the REST API takes and gives about comments; times are ms since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import ONE_LINE, Name, Time
from stentor.spaces.comments import ChatState, Comment
from stentor.spaces.guests import LONGEST_PASS, GuestStanding, GuestVerdict

Line = Annotated[str, Meta(min_length=1, max_length=280, extra_json_schema=ONE_LINE)]


class NewComment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line for everybody."""

    text: Line
    question: bool = False
    """It asks the stage something, and the audience votes on it."""


class CommentView(msgspec.Struct, frozen=True):
    """A comment as everybody sees it."""

    id: int
    """Rises. Of a guest it is below 0: their comment's number with a minus."""
    name: str
    handle: str
    """Empty for a guest."""
    role: str
    """Of the writer's seat when it was written; empty for the audience."""
    text: str
    at_ms: Time


class OwnComments(msgspec.Struct, frozen=True):
    """For whoever is signed in: whether they may write now, and their newest 50 comments here."""

    state: ChatState
    slow_s: int
    """Seconds between two comments of one person; 0 for no slow mode."""
    silenced: bool
    """Shut out of the comments of this space."""
    comments: list[CommentView]


class Person(msgspec.Struct, frozen=True):
    handle: str
    name: str


class Moderation(msgspec.Struct, frozen=True):
    """For those who keep order: the newest 200 comments, the oldest first, and who is shut out."""

    state: ChatState
    limit: int
    """The audience up to which comments are open by themselves."""
    words: list[str]
    """Which no comment may have; those of the site are not among them."""
    comments: list[CommentView]
    silenced: list[Person]


def comment(found: Comment) -> CommentView:
    return CommentView(found.id, found.name, found.handle, found.role, found.text, found.at_ms)


class NewGuestComment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of somebody without an account."""

    name: Name
    text: Line
    device: Annotated[str, Meta(max_length=LONGEST_PASS)] = ""
    """What an earlier answer said, so that the hosts know the same guest again."""
    question: bool = False
    """As of a comment."""


class GuestCommentView(msgspec.Struct, frozen=True):
    """What became of it."""

    held: bool
    """It waits until somebody who keeps order approves it; else everybody sees it."""
    name: str
    text: str
    device: str
    """To be sent with the next one. It names this browser and nobody."""


class HeldComment(msgspec.Struct, frozen=True):
    """A guest's comment that waits for an answer."""

    id: int
    guest: str
    """Whose it is; the same for all that one browser wrote in this space."""
    name: str
    text: str
    at_ms: Time


class GuestView(msgspec.Struct, frozen=True):
    """A guest whose comments are shown at once, or who is shut out."""

    guest: str
    name: str
    standing: GuestStanding


class GuestModeration(msgspec.Struct, frozen=True):
    """For those who keep order: what waits, the oldest first, and whom they have judged."""

    opens: bool
    """Whether the site lets guests write."""
    held: list[HeldComment]
    guests: list[GuestView]


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to a guest's comment."""

    verdict: GuestVerdict


class WrittenComment(msgspec.Struct, frozen=True):
    space: str
    text: str
    at_ms: Time
