"""What the REST API gives about what was found; times are ms since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stentor.house.social.schema import AuthorView, PostView, SpaceCardView

KindWord = Literal["posts", "people", "tags", "spaces", "lines"]
QueryText = Annotated[str, Meta(max_length=200)]


class FoundLineView(msgspec.Struct, frozen=True):
    """What somebody said in a space, of which there is a recording."""

    space: SpaceCardView
    name: str
    """Who said it; empty where nobody knows."""
    text: str
    at_s: int
    """Seconds from the beginning of the recording as it is shown."""
    page: str
    """Below the address of the site: the replay at that moment."""


class SearchView(msgspec.Struct, frozen=True):
    """What was found of each kind that was asked for."""

    posts: list[PostView] = []
    people: list[AuthorView] = []
    tags: list[str] = []
    spaces: list[SpaceCardView] = []
    lines: list[FoundLineView] = []
    before: str | None = None
    """Of one kind, posts or lines: from where to go on. A page may be short and not the last."""


class Findable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether everybody here may find one's public posts by their words."""

    findable: bool
