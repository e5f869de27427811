"""Posts, the people who write them and what belongs to them. Times are ms since 1970 (UTC), ids ``social.ids``."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec


class Audience(IntEnum):
    """Who may read a post. In the database as a number."""

    PUBLIC = 0
    """Everybody; it stands in public timelines."""
    UNLISTED = 1
    """Everybody who comes by; it stands in no public timeline."""
    FOLLOWERS = 2
    """Those who follow its author, and who is mentioned."""
    MENTIONED = 3
    """Who is mentioned."""
    WITHHELD = 4
    """Nobody but its author: moderators have taken it down, or look at it first."""


OPEN = (Audience.PUBLIC, Audience.UNLISTED)
"""What becomes a public file."""


class Consented(StrEnum):
    """What the author of a quoted post says to it."""

    ASKED = "asked"
    GRANTED = "granted"
    REVOKED = "revoked"


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can post, here or elsewhere (``domain``). ``account`` is None for those elsewhere."""

    number: int
    account: str | None
    handle: str
    name: str
    domain: str = ""
    picture_ms: int | None = None
    """When the account's picture was set; None without one."""
    face: str = ""
    """Names the files of the picture of somebody elsewhere (``social.pictures``); empty without one."""
    suspended: bool = False

    @property
    def address(self) -> str:
        """How people here write their handle: with the server of somebody elsewhere."""
        return f"{self.handle}@{self.domain}" if self.domain else self.handle


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture. ``key`` names its files (``social.pictures``); ``width`` and ``height`` are those of the large one."""

    id: int
    actor: int
    post: int | None = None
    position: int = 0
    alt: str = ""
    blurhash: str
    width: int
    height: int
    key: str
    focus: str = ""
    """What is to be seen when it is cut: ``x,y``, each from -1 to 1, y upwards; empty for its middle."""


class PostPoll(msgspec.Struct, frozen=True, kw_only=True):
    """A post's poll. ``votes`` are those of each answer, ``voters`` people."""

    answers: tuple[str, ...]
    ends_ms: int
    several: bool = False
    votes: tuple[int, ...] = ()
    voters: int = 0


class PostTally(msgspec.Struct, frozen=True):
    """How often a post was answered, boosted, liked, quoted."""

    replies: int = 0
    boosts: int = 0
    likes: int = 0
    quotes: int = 0


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A post; with ``boost_of`` it is nothing but a boost of that one."""

    id: int
    author: int
    visibility: Audience
    text: str = ""
    html: str = ""
    warning: str = ""
    language: str = ""
    created_ms: int
    edited_ms: int | None = None
    reply_to: int | None = None
    reply_author: int | None = None
    root: int | None = None
    """The first post of its thread; None for that one itself."""
    boost_of: int | None = None
    boost_author: int | None = None
    quote_of: int | None = None
    quote_state: Consented | None = None
    space: str | None = None
    label: str = ""
    """What moderators have put before it; empty mostly."""
    taken_from: Audience | None = None
    """Who might read it before it was withheld."""

    @property
    def before(self) -> str:
        """What readers see first: the moderators' words, or the author's."""
        return self.label or self.warning


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """How a reader stands to the author of a post, and what the post says of the reader."""

    own: bool = False
    follows: bool = False
    mentioned: bool = False
    blocked: bool = False
    """Either has blocked the other."""
