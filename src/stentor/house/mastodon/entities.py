"""What apps are told, in the shapes of Mastodon's client API (docs.joinmastodon.org/entities).

Ids are digits in text. Apps are strict: an address that may not be null is never null or empty, a time is
``2026-11-30T12:00:00.000Z`` to the sign, and a word that they do not know breaks a whole page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

StatusVisibility = Literal["public", "unlisted", "private", "direct"]


class AccountSource(msgspec.Struct, frozen=True):
    """What somebody has written of themselves, as they wrote it."""

    note: str
    privacy: StatusVisibility = "public"
    sensitive: bool = False
    language: str | None = None
    fields: list[Any] = []
    follow_requests_count: int = 0


class RoleEntity(msgspec.Struct, frozen=True):
    """What somebody may do on the site. ``permissions`` is a number in text: none of theirs is used here."""

    id: str
    name: str
    permissions: str = "0"
    color: str = ""
    highlighted: bool = False


class AccountEntity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody here or elsewhere."""

    id: str
    username: str
    acct: str
    """With the server of somebody elsewhere."""
    display_name: str
    locked: bool
    bot: bool = False
    discoverable: bool | None = None
    indexable: bool = False
    group: bool = False
    created_at: str
    note: str
    url: str
    uri: str
    avatar: str
    avatar_static: str
    header: str
    header_static: str
    followers_count: int
    following_count: int
    statuses_count: int
    last_status_at: str | None
    """A day."""
    hide_collections: bool = False
    noindex: bool = False
    emojis: list[Any] = []
    roles: list[RoleEntity] = []
    fields: list[Any] = []


class CredentialAccount(AccountEntity, frozen=True, kw_only=True):
    """Oneself."""

    source: AccountSource
    role: RoleEntity


class MutedAccount(AccountEntity, frozen=True, kw_only=True):
    mute_expires_at: str | None


class RelationshipEntity(msgspec.Struct, frozen=True, kw_only=True):
    """How one stands to somebody."""

    id: str
    following: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str] | None = None
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: str | None = None
    requested: bool
    requested_by: bool
    domain_blocking: bool
    endorsed: bool = False
    note: str = ""


class MediaAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A picture. ``meta`` has its sizes in pixels."""

    id: str
    type: Literal["image", "unknown"] = "image"
    url: str | None
    preview_url: str | None
    remote_url: str | None = None
    text_url: str | None = None
    meta: dict[str, Any]
    description: str | None
    blurhash: str | None


class StatusMention(msgspec.Struct, frozen=True):
    id: str
    username: str
    acct: str
    url: str


class StatusTag(msgspec.Struct, frozen=True):
    name: str
    url: str


class PollOption(msgspec.Struct, frozen=True):
    title: str
    votes_count: int | None
    """None while one may not see it yet."""


class PollEntity(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    expires_at: str | None
    expired: bool
    multiple: bool
    votes_count: int
    voters_count: int
    voted: bool | None = None
    own_votes: list[int] | None = None
    options: list[PollOption]
    emojis: list[Any] = []


class PreviewCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a post is about: here a space."""

    url: str
    title: str
    description: str
    type: Literal["link"] = "link"
    language: str | None = None
    authors: list[Any] = []
    author_name: str = ""
    author_url: str = ""
    provider_name: str = ""
    provider_url: str = ""
    html: str = ""
    width: int = 0
    height: int = 0
    image: str | None = None
    image_description: str = ""
    embed_url: str = ""
    blurhash: str | None = None
    published_at: str | None = None


class AppEntity(msgspec.Struct, frozen=True):
    """The app that something was written with."""

    name: str
    website: str | None = None


class FilterEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A word filter."""

    id: str
    title: str
    context: list[str]
    expires_at: str | None
    filter_action: Literal["warn", "hide"]
    keywords: list[FilterKeyword] = []
    statuses: list[Any] = []


class FilterKeyword(msgspec.Struct, frozen=True):
    id: str
    keyword: str
    whole_word: bool


class FilterResult(msgspec.Struct, frozen=True):
    """A filter that a post meets, and by which words."""

    filter: FilterEntity
    keyword_matches: list[str] | None
    status_matches: list[str] | None = None


class StatusEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A post, or one that somebody carries on (``reblog``)."""

    id: str
    created_at: str
    in_reply_to_id: str | None
    in_reply_to_account_id: str | None
    sensitive: bool
    spoiler_text: str
    visibility: StatusVisibility
    language: str | None
    uri: str
    url: str | None
    replies_count: int
    reblogs_count: int
    favourites_count: int
    quotes_count: int
    edited_at: str | None
    content: str
    reblog: StatusEntity | None
    application: AppEntity | None = None
    account: AccountEntity
    media_attachments: list[MediaAttachment]
    mentions: list[StatusMention]
    tags: list[StatusTag]
    emojis: list[Any] = []
    card: PreviewCard | None
    poll: PollEntity | None
    quote: QuoteEntity | None = None
    favourited: bool | None = None
    reblogged: bool | None = None
    muted: bool | None = None
    bookmarked: bool | None = None
    pinned: bool | None = None
    filtered: list[FilterResult] | None = None
    text: str | None = None
    """As it was written: only for who has just deleted it."""


class QuoteEntity(msgspec.Struct, frozen=True):
    """A quoted post, once its author has agreed."""

    state: Literal["pending", "accepted", "rejected", "revoked", "deleted", "unauthorized"]
    quoted_status: StatusEntity | None


class StatusSource(msgspec.Struct, frozen=True):
    id: str
    text: str
    spoiler_text: str


class StatusEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What a post said at some time."""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: str
    account: AccountEntity
    poll: dict[str, Any] | None = None
    media_attachments: list[MediaAttachment] = []
    emojis: list[Any] = []


class StatusContext(msgspec.Struct, frozen=True):
    ancestors: list[StatusEntity]
    descendants: list[StatusEntity]


class TagEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A tag. How often it was used is not counted."""

    id: str
    name: str
    url: str
    history: list[Any] = []
    following: bool | None = None


class AppToldEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An app that has just registered."""

    id: str
    name: str
    website: str | None
    scopes: list[str]
    redirect_uris: list[str]
    redirect_uri: str
    client_id: str | None = None
    client_secret: str | None = None
    client_secret_expires_at: int | None = None
    vapid_key: str = ""


_TIME: Final = "%Y-%m-%dT%H:%M:%S"


def stamp(ms: int) -> str:
    """A time as apps read it: three digits of a second, and ``Z``."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC).strftime(_TIME)}.{ms % 1000:03d}Z"


def maybe(ms: int | None) -> str | None:
    return None if ms is None else stamp(ms)


def day(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%d")


def time_ms(text: str) -> int:
    """A time of an app, in ms; raises ValueError for what is none."""
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
