"""What becomes a notification, for whom, in which box, and with which others it stands together."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec

NEW_MS = 30 * 86_400_000
"""An account is new to those who do not know it for so long; most that are made to bother people are gone by then."""
BUCKET_MS = 12 * 3_600_000
"""What happens to one post within so long is one line."""
MOST_UNREAD = 100
"""Counted to here and no further: the number is a hint, and counting on costs."""
KEPT_MS = 180 * 86_400_000
STRANGERS_KEPT_MS = 30 * 86_400_000
"""What strangers did is kept for a month: what nobody has let through by then nobody misses."""
MOST_OF_STRANGER = 50
"""So much is kept of each stranger, the newest; else one person could fill the box."""


class NoticeKind(StrEnum):
    """What somebody has done."""

    FOLLOW = "follow"
    REQUEST = "request"
    """They ask to follow."""
    MENTION = "mention"
    REPLY = "reply"
    QUOTE = "quote"
    """They have quoted a post, or ask to."""
    BOOST = "boost"
    LIKE = "like"
    POST = "post"
    """They have posted, and the reader wants to be told of it."""
    REMINDER = "reminder"
    """News of a space, of which the reader wants to be told. It is from nobody."""
    DECISION = "decision"
    """Moderators have decided something about the reader, or replied to their answer. It is from nobody, too."""


class NoticeBox(IntEnum):
    """Where it is put. In the database as a number."""

    MAIN = 0
    STRANGERS = 1
    """Kept apart by person until the reader lets that person through, or wants to hear nothing of them."""


class Handling(IntEnum):
    """What happens with what some people do. In the database as a number."""

    ACCEPT = 0
    FILTER = 1
    """It is put into the strangers' box."""
    DROP = 2


class NoticeRules(msgspec.Struct, frozen=True, kw_only=True):
    """Whose notifications somebody wants apart, or not at all; of more than one rule the strictest counts."""

    not_followed: Handling = Handling.ACCEPT
    """Of people whom they do not follow."""
    not_following: Handling = Handling.ACCEPT
    """Of people who do not follow them."""
    new: Handling = Handling.ACCEPT
    """Of accounts that are new, if they do not follow them."""
    private: Handling = Handling.FILTER
    """Posts for those only whom they mention, of people whom they do not follow and have not asked."""
    limited: Handling = Handling.FILTER
    """Of accounts that those who keep order have limited, if they do not follow them."""


class NoticeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How who would be told stands to who has done something."""

    same: bool = False
    blocked: bool = False
    """Either has blocked the other, or where the other is from."""
    muted: bool = False
    """The reader has muted them, notifications too."""
    thread_muted: bool = False
    suspended: bool = False
    """Who has done it."""
    limited: bool = False
    readable: bool = True
    """Whether the reader may read the post it is about."""
    private: bool = False
    """That post is for those only whom it mentions."""
    follows: bool = False
    """The reader follows them."""
    followed: bool = False
    """They follow the reader."""
    let_through: bool = False
    """The reader has said so."""
    asked_back: bool = False
    """They answer a post in which the reader mentions them."""
    age_ms: int = NEW_MS
    """Of their account."""


def box(standing: NoticeStanding, rules: NoticeRules, kind: NoticeKind) -> NoticeBox | None:
    """Where a notification is put; None for nowhere.

    Whoever asks to follow always comes through, since else the question would never be answered."""
    if standing.same or standing.suspended or standing.blocked or standing.muted or standing.thread_muted:
        return None
    if not standing.readable:
        return None
    if kind is NoticeKind.REQUEST or standing.let_through or standing.asked_back:
        return NoticeBox.MAIN
    unknown = not standing.follows
    strictest = max(
        rule if applies else Handling.ACCEPT
        for rule, applies in (
            (rules.not_followed, unknown),
            (rules.not_following, not standing.followed),
            (rules.new, unknown and standing.age_ms < NEW_MS),
            (rules.private, unknown and standing.private),
            (rules.limited, unknown and standing.limited),
        )
    )
    if strictest is Handling.DROP:
        return None
    return NoticeBox.STRANGERS if strictest is Handling.FILTER else NoticeBox.MAIN


def group(kind: NoticeKind, where: NoticeBox, by: int, post: int | None, at_ms: int) -> str:
    """What stands in one line has one key: in the main box all likes of a post within half a day, and the followers
    of half a day; what somebody writes stands alone; in the strangers' box all that one person does."""
    if where is NoticeBox.STRANGERS:
        return f"by-{by}"
    if kind in (NoticeKind.LIKE, NoticeKind.BOOST, NoticeKind.FOLLOW):
        return f"{kind}-{post or 0}-{at_ms // BUCKET_MS}"
    return f"{kind}-{post or 0}-{by}"
