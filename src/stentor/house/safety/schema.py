"""What the REST API takes and gives about notifications, blocks and mutes; times are ms since 1970 (UTC).

Ids of notifications are digits in text and rise with time.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stentor.house.social.schema import AuthorView, PostView
from stentor.house.spaces.schema import ONE_LINE, Name, Time
from stentor.social.word_filters import LONGEST_WORD, MOST_WORDS, FilterContext

NoticeWord = Literal["follow", "request", "mention", "reply", "quote", "boost", "like", "post", "reminder", "decision"]
HandlingWord = Literal["accept", "filter", "drop"]


class NoticeSpace(msgspec.Struct, frozen=True):
    """The space that a reminder is about, as it is now."""

    id: str
    title: str
    news: Literal["changed", "soon", "late", "cancelled", "live", "replay"]
    scheduled_ms: Time | None


class NoticeView(msgspec.Struct, frozen=True):
    """One line: what some people have done with one post, or that they follow; or news of a space, from nobody."""

    key: str
    """Names it: the same line keeps it while more people are added to it."""
    id: str
    """Of its newest notification."""
    kind: NoticeWord
    count: int
    """How many people."""
    people: list[AuthorView]
    """The newest first; eight at most."""
    post: PostView | None
    """What was liked, boosted, or said."""
    at_ms: Time
    space: NoticeSpace | None = None
    """Of a ``reminder``."""


class NoticeList(msgspec.Struct, frozen=True):
    """Lines, the newest first."""

    notifications: list[NoticeView]
    before: str | None
    """What the next page is asked for with; None where there is none."""
    newest: str | None
    """Up to here one has read who has seen this page: for ``PUT /markers/notifications``. Also what was for nobody's
    eyes any more is counted by that."""


class Unread(msgspec.Struct, frozen=True):
    """What is new since the marker ``notifications``."""

    unread: int
    """Lines, 100 at most."""
    requests: int
    """Strangers who wait, 100 at most."""


class NoticePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose notifications come as they are, wait in the strangers' box, or are dropped. Of more than one rule the
    strictest counts. Who asks to follow always comes through, and who answers a post in which one mentions them."""

    not_followed: HandlingWord = "accept"
    """Of people whom one does not follow."""
    not_following: HandlingWord = "accept"
    """Of people who do not follow oneself."""
    new: HandlingWord = "accept"
    """Of accounts of the last 30 days, unless one follows them."""
    private: HandlingWord = "filter"
    """Posts that only those may read whom they mention, unless one follows their author or has asked them."""
    limited: HandlingWord = "filter"
    """Of accounts that moderators have limited, unless one follows them."""


class NoticeRequest(msgspec.Struct, frozen=True):
    """A stranger, and what they have done."""

    person: AuthorView
    count: int
    id: str
    """Of the newest notification."""
    newest: NoticeView


class NoticeRequests(msgspec.Struct, frozen=True):
    requests: list[NoticeRequest]
    before: str | None


class NewMute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    until_ms: Time | None = None
    """When it ends by itself; None for not at all."""
    notifications: bool = True
    """Whether what they do is not told either."""


class MutedView(msgspec.Struct, frozen=True):
    person: AuthorView
    until_ms: Time | None
    notifications: bool


class Mutes(msgspec.Struct, frozen=True):
    mutes: list[MutedView]
    before: str | None


class DomainBlocks(msgspec.Struct, frozen=True):
    domains: Annotated[list[str], Meta(max_length=1000)]


ContextWord = Literal["home", "notifications", "public", "thread", "account"]
CONTEXTS: dict[FilterContext, ContextWord] = {
    FilterContext.HOME: "home",
    FilterContext.NOTIFICATIONS: "notifications",
    FilterContext.PUBLIC: "public",
    FilterContext.THREAD: "thread",
    FilterContext.ACCOUNT: "account",
}


class FilterWordView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_WORD, extra_json_schema=ONE_LINE)]
    """Letters, small or large, are the same, and so are their forms; signs that nobody sees count for nothing."""
    whole: bool = True
    """Whether it is not found within other words."""


class NewFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words, and what becomes of posts with one of them: in their text, warning, poll and alt texts, and in what they
    boost or quote. One's own are never held back."""

    title: Name
    contexts: Annotated[list[ContextWord], Meta(min_length=1, max_length=5)]
    """Where it counts: ``home`` with lists, ``public`` for what people here say and tags."""
    words: Annotated[list[FilterWordView], Meta(min_length=1, max_length=MOST_WORDS)]
    action: Literal["warn", "hide"] = "warn"
    """``hide`` leaves posts out, ``warn`` says so with them (``filtered``)."""
    until_ms: Time | None = None
    """When it ends by itself; None for not at all."""


class FilterView(msgspec.Struct, frozen=True):
    id: str
    title: str
    contexts: list[ContextWord]
    action: Literal["warn", "hide"]
    until_ms: Time | None
    words: list[FilterWordView]


class Filters(msgspec.Struct, frozen=True):
    filters: list[FilterView]
