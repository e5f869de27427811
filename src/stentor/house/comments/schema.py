"""What the REST API takes and gives about comments; times are ms since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import ONE_LINE, Time
from stentor.spaces.comments import ChatState, Comment


class NewComment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line for everybody."""

    text: Annotated[str, Meta(min_length=1, max_length=280, extra_json_schema=ONE_LINE)]


class CommentView(msgspec.Struct, frozen=True):
    """A comment as everybody sees it."""

    id: int
    """Rises."""
    name: str
    handle: str
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


class WrittenComment(msgspec.Struct, frozen=True):
    space: str
    text: str
    at_ms: Time
