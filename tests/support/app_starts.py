"""What five apps for Mastodon ask when they start, and what they must find in the answers.

Of Tusky, Ice Cubes, Elk and Phanpy by their sources; Ivory is closed: what its first pages show, and what it asked two
other servers (takahe#473, enable-mastodon-apps#127). A field stands here that one of their readers cannot do without,
with the type and the words that it knows: Ice Cubes throws a whole page away for one word of another, Tusky for one
field.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

NODEINFO: Final = "/.well-known/nodeinfo"
OAUTH: Final = "/.well-known/oauth-authorization-server"
STARTS: Final = {
    "Tusky": ("/v1/accounts/verify_credentials", "/v2/instance", "/v1/timelines/home", "/v1/custom_emojis",
              "/v1/announcements", "/v1/preferences", "/v1/followed_tags", "/v1/notifications",
              "/v1/notifications/requests", "/v2/notifications/policy", "/v2/filters", "/v1/markers", "/v1/lists",
              "/v1/follow_requests", "/v1/push/subscription"),
    "Ice Cubes": ("/v1/accounts/verify_credentials", "/v2/instance", "/v1/timelines/home", "/v1/custom_emojis",
                  "/v1/preferences", "/v1/follow_requests", "/v1/trends/statuses", "/v1/trends/tags",
                  "/v1/trends/links", "/v1/suggestions", "/v1/accounts/{me}/featured_tags", "/v2/notifications",
                  "/v2/notifications/policy", "/v1/notifications/requests", "/v2/filters", "/v1/markers", "/v1/lists",
                  "/v1/followed_tags", "/v1/push/subscription"),
    "Elk": ("/v1/accounts/verify_credentials", "/v2/instance", "/v1/instance", "/v1/timelines/home",
            "/v1/custom_emojis", "/v1/preferences", "/v1/accounts/{me}/statuses", "/v1/announcements",
            "/v1/notifications", "/v2/filters", "/v1/markers", "/v1/lists", "/v1/followed_tags",
            "/v1/push/subscription", NODEINFO),
    "Phanpy": (OAUTH, NODEINFO, "/v1/accounts/verify_credentials", "/v2/instance", "/v1/timelines/home",
               "/v1/preferences", "/v1/followed_tags", "/v1/announcements", "/v1/follow_requests", "/v1/custom_emojis",
               "/v1/accounts/relationships?id[]={friend}", "/v1/instance/peers", "/v1/mutes", "/v1/blocks",
               "/v1/domain_blocks", "/v1/notifications", "/v2/notifications", "/v2/notifications/policy",
               "/v1/notifications/requests", "/v2/filters", "/v1/markers", "/v1/lists", "/v1/push/subscription"),
    "Ivory": ("/v1/accounts/verify_credentials", "/v2/instance", "/v1/instance", "/v1/timelines/home",
              "/v1/custom_emojis", "/v1/favourites", "/v1/featured_tags", "/v1/endorsements", "/v1/trends",
              "/v1/directory", "/v1/notifications", "/v2/filters", "/v1/markers", "/v1/lists",
              "/v1/push/subscription", "/v1/preferences", "/v1/accounts/{me}", "/v1/accounts/{me}/followers",
              "/v1/accounts/{me}/statuses?limit=5&pinned=1", "/v1/accounts/{me}/statuses?exclude_reblogs=1&limit=40",
              "/v1/notifications?limit=80&types[]=mention", "/v1/instance/languages"),
}  # fmt: skip
Url = Annotated[str, Meta(pattern="^https?://.")]
Id = Annotated[str, Meta(pattern="^[0-9]+$")]
Time = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]


class AccountRead(Struct):
    id: Id
    username: str
    acct: str
    display_name: str
    locked: bool
    bot: bool
    created_at: Time
    note: str
    url: Url
    avatar: Url
    avatar_static: Url
    header: Url
    header_static: Url
    followers_count: int
    following_count: int
    statuses_count: int
    emojis: list[Any]
    fields: list[Any]


class SourceRead(Struct):
    note: str
    privacy: Literal["public", "unlisted", "private", "direct"]
    sensitive: bool
    fields: list[Any]
    follow_requests_count: int


class OwnRead(AccountRead):
    source: SourceRead


class MediaRead(Struct):
    id: Id
    type: Literal["image", "gifv", "video", "audio", "unknown"]
    url: Url
    preview_url: Url
    description: str | None
    blurhash: str | None
    meta: dict[str, Any]


class OptionRead(Struct):
    title: str
    votes_count: int | None


class PollRead(Struct):
    id: Id
    expires_at: Time
    expired: bool
    multiple: bool
    votes_count: int
    options: list[OptionRead]
    emojis: list[Any]
    voted: bool
    own_votes: list[int]


class MentionRead(Struct):
    id: Id
    username: str
    acct: str
    url: Url


class TagRead(Struct):
    name: str
    url: Url


class StatusRead(Struct):
    id: Id
    uri: Url
    created_at: Time
    account: AccountRead
    content: str
    visibility: Literal["public", "unlisted", "private", "direct"]
    sensitive: bool
    spoiler_text: str
    media_attachments: list[MediaRead]
    mentions: list[MentionRead]
    tags: list[TagRead]
    emojis: list[Any]
    replies_count: int
    reblogs_count: int
    favourites_count: int
    url: Url
    in_reply_to_id: Id | None
    reblog: StatusRead | None
    poll: PollRead | None
    card: dict[str, Any] | None
    language: str | None
    edited_at: Time | None
    favourited: bool
    reblogged: bool
    muted: bool
    bookmarked: bool
    filtered: list[Any]


Kind = Literal["mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update"]


class NotificationRead(Struct):
    id: Id
    type: Kind
    created_at: Time
    group_key: str
    account: AccountRead
    status: StatusRead | None = None


class GroupRead(Struct):
    group_key: str
    notifications_count: int
    type: Kind
    most_recent_notification_id: int
    page_min_id: Id
    page_max_id: Id
    latest_page_notification_at: Time
    sample_account_ids: Annotated[list[Id], Meta(min_length=1)]
    status_id: Id | None


class GroupsRead(Struct):
    accounts: Annotated[list[AccountRead], Meta(min_length=1)]
    statuses: Annotated[list[StatusRead], Meta(min_length=1)]
    notification_groups: Annotated[list[GroupRead], Meta(min_length=1)]


class RequestRead(Struct):
    id: Id
    created_at: Time
    updated_at: Time
    notifications_count: Annotated[str, Meta(pattern="^[0-9]+$")]
    account: AccountRead
    last_status: StatusRead


Handling = Literal["accept", "filter", "drop"]


class SummaryRead(Struct):
    pending_requests_count: int
    pending_notifications_count: int


class PolicyRead(Struct):
    for_not_following: Handling
    for_not_followers: Handling
    for_new_accounts: Handling
    for_private_mentions: Handling
    for_limited_accounts: Handling
    summary: SummaryRead


class WordRead(Struct):
    id: Id
    keyword: str
    whole_word: bool


class FilterRead(Struct):
    id: Id
    title: str
    context: list[Literal["home", "notifications", "public", "thread", "account"]]
    expires_at: Time | None
    filter_action: Literal["warn", "hide", "blur"]
    keywords: Annotated[list[WordRead], Meta(min_length=1)]
    statuses: list[Any]


class MarkerRead(Struct):
    last_read_id: Id
    version: int
    updated_at: Time


class ListRead(Struct):
    id: Id
    title: str
    replies_policy: Literal["followed", "list", "none"]
    exclusive: bool


class PushRead(Struct):
    id: int | str
    endpoint: Url
    alerts: dict[str, bool]
    policy: Literal["all", "followed", "follower", "none"]
    server_key: Annotated[str, Meta(min_length=80)]


class RelationRead(Struct):
    id: Id
    following: bool
    showing_reblogs: bool
    notifying: bool
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    requested: bool
    domain_blocking: bool
    endorsed: bool
    note: str


class UrlsRead(Struct):
    streaming: Annotated[str, Meta(pattern="^wss?://.")]


class PostsLimits(Struct):
    max_characters: int
    max_media_attachments: int
    characters_reserved_per_url: int


class MediaLimits(Struct):
    supported_mime_types: list[str]
    image_size_limit: int
    image_matrix_limit: int
    video_size_limit: int


class PollLimits(Struct):
    max_options: int
    max_characters_per_option: int
    min_expiration: int
    max_expiration: int


class AccountLimits(Struct):
    max_featured_tags: int


class LimitsRead(Struct):
    accounts: AccountLimits
    statuses: PostsLimits
    media_attachments: MediaLimits
    polls: PollLimits


class AllLimitsRead(LimitsRead):
    urls: UrlsRead
    vapid: dict[str, str]
    translation: dict[str, bool]


class ThumbnailRead(Struct):
    url: Url


class RegistrationsRead(Struct):
    enabled: bool
    approval_required: bool


class ContactRead(Struct):
    email: str


Version = Annotated[str, Meta(pattern=r"^4\.[3-9]\.\d+ \(compatible; Stentor ")]


class InstanceRead(Struct):
    domain: str
    title: str
    version: Version
    description: str
    thumbnail: ThumbnailRead
    languages: list[str]
    configuration: AllLimitsRead
    registrations: RegistrationsRead
    contact: ContactRead
    rules: list[Any]
    api_versions: dict[str, int]


class OldUrlsRead(Struct):
    streaming_api: Annotated[str, Meta(pattern="^wss?://.")]


class OldInstanceRead(Struct):
    uri: str
    title: str
    version: Version
    short_description: str
    email: str
    urls: OldUrlsRead
    stats: dict[str, int]
    thumbnail: Url
    languages: list[str]
    registrations: bool
    configuration: LimitsRead


class ServerRead(Struct):
    """RFC 8414; Phanpy makes a proof (PKCE) when it finds ``S256``."""

    issuer: Url
    authorization_endpoint: Url
    token_endpoint: Url
    revocation_endpoint: Url
    scopes_supported: list[str]
    code_challenge_methods_supported: list[Literal["S256"]]


class NodeInfoLink(Struct):
    rel: str
    href: Url


class SoftwareRead(Struct):
    name: Annotated[str, Meta(pattern="^[a-z0-9-]+$")]
    version: str


class NodeInfoRead(Struct, rename="camel"):
    """What its schema demands, in both versions."""

    version: Literal["2.0", "2.1"]
    software: SoftwareRead
    protocols: list[str]
    services: dict[Literal["inbound", "outbound"], list[str]]
    usage: dict[str, Any]
    metadata: dict[str, Any]
    open_registrations: bool


EMPTY: Final = (
    "/v1/custom_emojis", "/v1/announcements", "/v1/followed_tags", "/v1/trends", "/v1/trends/statuses",
    "/v1/trends/tags", "/v1/trends/links", "/v1/suggestions", "/v1/accounts/{me}/featured_tags", "/v1/instance/peers",
    "/v1/featured_tags", "/v1/endorsements", "/v1/directory", "/v1/instance/languages",
)  # fmt: skip
"""There is none of these here: a list without anything, for some apps take a 404 for a broken site."""
UNLIKE: Final = ("/v1/push/subscription", "/v1/instance")
"""Where an id is a number, or ``uri`` a name, as at Mastodon."""
SHAPES: Final[dict[str, Any]] = {
    **dict.fromkeys(EMPTY, list[Any]),
    "/v1/accounts/verify_credentials": OwnRead,
    "/v2/instance": InstanceRead,
    "/v1/instance": OldInstanceRead,
    "/v1/preferences": dict[str, Any],
    "/v1/accounts/relationships?id[]={friend}": list[RelationRead],
    **dict.fromkeys(("/v1/timelines/home", "/v1/accounts/{me}/statuses", "/v1/favourites"), list[StatusRead]),
    "/v1/accounts/{me}/statuses?limit=5&pinned=1": list[StatusRead],
    "/v1/accounts/{me}/statuses?exclude_reblogs=1&limit=40": list[StatusRead],
    "/v1/accounts/{me}": AccountRead,
    "/v1/accounts/{me}/followers": list[AccountRead],
    **dict.fromkeys(("/v1/follow_requests", "/v1/mutes", "/v1/blocks"), list[AccountRead]),
    "/v1/domain_blocks": list[str],
    **dict.fromkeys(("/v1/notifications", "/v1/notifications?limit=80&types[]=mention"), list[NotificationRead]),
    "/v2/notifications": GroupsRead,
    "/v2/notifications/policy": PolicyRead,
    "/v1/notifications/requests": list[RequestRead],
    "/v2/filters": list[FilterRead],
    "/v1/markers": dict[Literal["home", "notifications"], MarkerRead],
    "/v1/lists": list[ListRead],
    "/v1/push/subscription": PushRead,
    OAUTH: ServerRead,
    NODEINFO: dict[Literal["links"], list[NodeInfoLink]],
}
