"""What everybody may read of posts, as documents in the object store, and what the bus says of them.

A post is one document. Pages (somebody's posts, a tag, a thread, the newest) are lists of ids, and whoever wrote
something is a card of their own: so a new name changes one small document, however many posts they have. Edges join
them. What was deleted, or is not for everybody any more, leaves a document that says ``gone`` under the same key: it is
stronger than every copy of the text, since it stands in its place.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from stentor.social.model import Picture, PostPoll, PostTally

PAGE: Final = 20
"""Posts of a page; the first one of somebody, or of a tag, has up to twice as many, less one."""
LONGEST_THREAD: Final = 300
"""Posts of a thread that are shown."""
POST, THREAD, PROFILE, TAG, NEWEST, CARD, HANDLE = "post", "thread", "profile", "tag", "newest", "card", "handle"
TALLY: Final = "tally"
"""Counts of a post: they stand in its document."""
OLDER: Final = "older"
"""Pages of older posts, by their end (:func:`older_key`)."""
THE_NEWEST: Final = "here"
"""The one document of its kind."""


class PublicPost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A post that everybody may read. Who wrote it is a number: their card has the name."""

    id: int
    version: int
    gone: bool = False
    """It was deleted, or is not for everybody any more; then nothing else is said."""
    author: int = 0
    listed: bool = True
    """Whether it stands in public timelines."""
    html: str = ""
    text: str = ""
    """The beginning, for descriptions."""
    warning: str = ""
    language: str = ""
    created_ms: int = 0
    edited_ms: int | None = None
    reply_to: int | None = None
    reply_author: int | None = None
    root: int | None = None
    boost_of: int | None = None
    quote_of: int | None = None
    """Only where its author has agreed."""
    space: str | None = None
    remote: bool = False
    """Somebody elsewhere wrote it: it stands on their server, and on no page of ours."""
    uri: str = ""
    """Where it stands, where that is elsewhere."""
    answers: str = ""
    """The address of what it answers, where that is elsewhere."""
    quotes: str = ""
    """The address of what it quotes, where that is elsewhere, or its author has not agreed yet."""
    stamp: str = ""
    """The address of what says that it may."""
    named: tuple[tuple[str, str], ...] = ()
    """Addresses and names of those elsewhere whom it names."""
    media: tuple[Picture, ...] = ()
    poll: PostPoll | None = None
    tally: PostTally = PostTally()


class PostList(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Posts of a page, the newest first. ``more`` is whether there are older ones."""

    version: int
    ids: tuple[int, ...] = ()
    pinned: tuple[int, ...] = ()
    more: bool = False
    older: int = 0
    """The end of the page below this one (:func:`older_key`); 0 without one."""
    newer: int = 0
    """And of the one above it; 0 where that is the first page."""


class PersonState(msgspec.Struct, frozen=True, omit_defaults=True):
    """How somebody's account stands, as far as others see it."""

    suspended: bool = False
    hidden: bool = False
    """They want no public page."""
    limited: bool = False
    """They stand in no list of the site's."""
    gone: bool = False
    """Their account was deleted."""

    @property
    def shown(self) -> bool:
        return not (self.suspended or self.hidden or self.gone)


class PersonCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who has posted: what stands beside each of their posts."""

    number: int
    version: int
    account: str = ""
    handle: str = ""
    name: str = ""
    bio: str = ""
    state: PersonState = PersonState()
    approves: bool = False
    """They want to be asked by those who want to follow."""
    key: str = ""
    """With which others check what they sign (PEM); empty where the site is part of no fediverse."""
    aliases: tuple[str, ...] = ()
    """Addresses elsewhere that are theirs, too."""
    moved_to: str = ""
    """The address elsewhere of who they are now."""
    picture_ms: int | None = None
    """When their picture was set; None without one."""
    newsletter: bool = False
    """People get their talks by mail who ask for that."""

    @property
    def page(self) -> str:
        return f"/@{self.handle}"


class HandleOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose handle it is."""

    number: int
    version: int


class Changed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the bus says: the document under ``key`` is another one since ``version``."""

    key: str
    version: int
    gone: bool = False


Published = PublicPost | PostList | PersonCard | HandleOwner


def key(kind: str, name: str | int) -> str:
    """Of a document in the object store."""
    found = hashlib.sha256(str(name).encode()).hexdigest()[:40] if kind in (TAG, HANDLE) else name
    return f"public/{kind}/{found}.json"


def older_key(kind: str, name: str | int, end: int) -> str:
    """Of a page of older posts: ``end`` is the highest id that may stand on it."""
    return f"{key(kind, name).removesuffix('.json')}-{end}.json"


def subject(key: str) -> str:
    """The end of the subject under which the bus tells of a document."""
    return key.removeprefix("public/").removesuffix(".json").replace("/", ".")
