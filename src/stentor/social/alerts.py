"""Of which notifications an app wants push messages; pure. Words are those of Mastodon's client API."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from stentor.social.notices import NoticeKind

JOB: Final = "alert"
"""The kind of the courier's job that sends one; the house's that hands it over has the same name."""
LATE_MS: Final = 30 * 60_000
"""What happened longer ago is not pushed any more: the app shows it when it is opened."""


SEALED: Final = "alert"
"""What an address is sealed as."""


class AppTarget(msgspec.Struct, frozen=True):
    """Where an app is told: the address of its service, its public key and secret, and the token that it knows the
    person by."""

    endpoint: str
    public: bytes
    auth: bytes
    token: str


class AlertPolicy(StrEnum):
    """Whose notifications are pushed."""

    ALL = "all"
    FOLLOWED = "followed"
    """Of people whom the reader follows."""
    FOLLOWER = "follower"
    """Of people who follow the reader."""
    NONE = "none"


TYPES: Final[dict[NoticeKind, str]] = {
    NoticeKind.FOLLOW: "follow",
    NoticeKind.REQUEST: "follow_request",
    NoticeKind.MENTION: "mention",
    NoticeKind.REPLY: "mention",
    NoticeKind.QUOTE: "quote",
    NoticeKind.BOOST: "reblog",
    NoticeKind.LIKE: "favourite",
    NoticeKind.POST: "status",
}
"""What apps call them: an answer is a mention there. News of a space and decisions of moderators they do not know."""
ALERTS: Final = ("mention", "quote", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update",
                 "quoted_update", "admin.sign_up", "admin.report")  # fmt: skip
"""What an app may ask for; of those that are no notification here nothing comes."""


def wanted(kind: NoticeKind, alerts: frozenset[str], policy: AlertPolicy, *, follows: bool, followed: bool) -> bool:
    """Whether a message is sent. ``follows``: the reader follows who has done it; ``followed``: they the reader."""
    if TYPES.get(kind) not in alerts:
        return False
    match policy:
        case AlertPolicy.ALL:
            return True
        case AlertPolicy.FOLLOWED:
            return follows
        case AlertPolicy.FOLLOWER:
            return followed
        case AlertPolicy.NONE:
            return False
