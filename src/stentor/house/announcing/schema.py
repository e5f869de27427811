"""What the REST API says about posts that announce a space."""

from __future__ import annotations

from typing import Literal

import msgspec

MomentWord = Literal["first", "planned", "doors", "live", "ended", "replay", "cancelled"]


class AnnouncementView(msgspec.Struct, frozen=True):
    """A post about a space."""

    moment: MomentWord
    """``first`` is that which was made first."""
    post: str
    """Its id."""


class AnnouncingView(msgspec.Struct, frozen=True):
    """How a space is announced, and what was posted."""

    on: bool
    words: str
    again: list[str]
    posts: list[AnnouncementView]
    """Without those that were deleted."""
