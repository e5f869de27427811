"""A post as it was when somebody reported it: what moderators decide by, whatever becomes of the post."""

from __future__ import annotations

from typing import Final

import msgspec

from stentor.social import pictures
from stentor.social.model import Audience

MOST: Final = 10
"""Posts of one report about a person."""
FOLDER: Final = "reported"


class ReportedVersion(msgspec.Struct, frozen=True):
    """What it said before; ``at_ms`` is when that was written."""

    text: str
    warning: str
    at_ms: int


class ReportedPicture(msgspec.Struct, frozen=True):
    """``key`` names its file in :func:`folder`."""

    key: str
    alt: str


class ReportedPost(msgspec.Struct, frozen=True, kw_only=True):
    """Times are ms since 1970."""

    id: int
    audience: Audience
    text: str
    warning: str = ""
    language: str = ""
    created_ms: int
    edited_ms: int | None = None
    reply_to: int | None = None
    quote_of: int | None = None
    space: str | None = None
    versions: tuple[ReportedVersion, ...] = ()
    """The oldest first; without what it says above."""
    pictures: tuple[ReportedPicture, ...] = ()
    answers: tuple[str, ...] = ()
    """Of its poll."""

    @property
    def says(self) -> str:
        """All words of it, as moderators read them in a list."""
        parts = (self.warning, self.text, *self.answers, *(each.alt for each in self.pictures))
        return "\n".join(each for each in parts if each)


def folder(account: str) -> str:
    """Where the pictures of an account's reported posts are kept."""
    return f"{FOLDER}/{account}/"


def picture(account: str, key: str) -> str:
    """The object of one of them."""
    return f"{folder(account)}{pictures.name(key)}"
