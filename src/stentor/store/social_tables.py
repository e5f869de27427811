"""The tables of posts, of who follows whom, and of what people keep for themselves.

Everything points to ``actors.number``: a row for everybody who can post. It goes with its account, and all of theirs
with it. Counts have a table of their own, so that a like does not write a text again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, text

from stentor.store.metadata import metadata

SHOWN = text("visibility < 3")
"""What stands in timelines: what only those who are mentioned may read does not."""


def _number(name: str = "id", **options: Any) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False, **options)


def _actor(name: str, **options: Any) -> Column[int]:
    return Column(name, BigInteger, ForeignKey("actors.number", ondelete="CASCADE"), **options)


def _post(name: str, **options: Any) -> Column[int]:
    return Column(name, BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), **options)


actors = Table(
    "actors",
    metadata,
    _number("number"),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE")),
    Column("domain", String(255), nullable=False, server_default=text("''"), comment="empty for here"),
    Column("handle", String(255), nullable=False, comment="of those elsewhere; here the account's counts"),
    Column("name", String(255), nullable=False),
    Column("state", String(16), nullable=False, server_default=text("''")),
    Column("approves", Integer, nullable=False, server_default="0", comment="1 for who is asked by new followers"),
    Column("findable", Integer, nullable=False, server_default="0", comment="1 for who wants it"),
    Index("ix_actors_account", "account", unique=True),
    Index("ix_actors_handle", "handle", "domain"),
    Index("ix_actors_domain", "domain"),  # of those elsewhere only: its migration says so
)

posts = Table(
    "posts",
    metadata,
    _number(),
    _actor("author", nullable=False),
    Column("visibility", Integer, nullable=False, comment="social.model.Audience"),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("warning", Text, nullable=False),
    Column("language", String(40), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("edited_ms", BigInteger),
    Column("reply_to", BigInteger, comment="stays when that post goes"),
    Column("reply_author", BigInteger),
    Column("root", BigInteger),
    _post("boost_of"),
    Column("boost_author", BigInteger),
    Column("quote_of", BigInteger, comment="stays when that post goes"),
    Column("quote_state", String(8)),
    Column("space", String(48)),
    Column("uri", String(500), comment="of those elsewhere"),
    Column("label", Text, nullable=False, server_default=text("''"), comment="of moderators; before the warning"),
    Column("taken_from", Integer, comment="the audience of before it was withheld"),
    Column("taken_ms", BigInteger, comment="since when moderators have taken it down"),
    Index("ix_posts_author", "author", "id"),  # of SHOWN only: its migration says so (here it loads drivers)
    Index("ix_posts_boost", "boost_of", "id"),
    Index("ix_posts_boosted", "author", "boost_of", unique=True),
    Index("ix_posts_root", "root", "id"),
    Index("ix_posts_quote", "quote_of", "id"),
    Index("ix_posts_uri", "uri", unique=True),
    Index("ix_posts_taken_ms", "taken_ms"),  # of those that have it only: its migration says so
)

post_versions = Table(
    "post_versions",
    metadata,
    _post("post", primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("warning", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""What a post said before it was changed."""

post_keys = Table(
    "post_keys",
    metadata,
    _actor("actor", primary_key=True),
    Column("key", String(64), primary_key=True, comment="SHA-256 of what the sender calls the request"),
    Column("post", BigInteger, nullable=False, comment="stays when that post goes"),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_post_keys_at_ms", "actor", "at_ms"),
)
"""Under which key a post was sent, for a day."""

mentions = Table(
    "mentions",
    metadata,
    _post("post", primary_key=True),
    _actor("actor", primary_key=True),
    Index("ix_mentions_actor", "actor", "post"),
)

post_tags = Table(
    "post_tags",
    metadata,
    Column("tag", String(100), primary_key=True),
    _post("post", primary_key=True),
    Index("ix_post_tags_post", "post"),
)

likes = Table(
    "likes", metadata, _post("post", primary_key=True), _actor("actor", primary_key=True),
    Column("at_ms", BigInteger, nullable=False, server_default="0"), Index("ix_likes_actor", "actor", "post"),
)  # fmt: skip
bookmarks = Table(
    "bookmarks", metadata, _actor("actor", primary_key=True), _post("post", primary_key=True),
    Column("at_ms", BigInteger, nullable=False), Index("ix_bookmarks_post", "post"),
)  # fmt: skip
pins = Table(
    "pins", metadata, _actor("actor", primary_key=True), _post("post", primary_key=True),
    Column("at_ms", BigInteger, nullable=False), Index("ix_pins_post", "post"),
)  # fmt: skip

counts = Table(
    "counts",
    metadata,
    _post("post", primary_key=True, autoincrement=False),
    *(Column(name, Integer, nullable=False, server_default="0") for name in ("replies", "boosts", "likes", "quotes")),
)

media = Table(
    "media",
    metadata,
    _number(),
    Column("actor", BigInteger, nullable=False, comment="stays when they go, until its files are deleted"),
    Column("post", BigInteger, comment="null while it is in none, and again when that went"),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("alt", Text, nullable=False),
    Column("blurhash", String(180), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("key", String(32), nullable=False, comment="names its files"),
    Column("focus", String(16), nullable=False, server_default=text("''"), comment="x and y, from -1 to 1"),
    Column("kept", BigInteger, comment="the draft or the scheduled post that it waits in"),
    Index("ix_media_post", "post", "position"),
    Index("ix_media_actor", "actor", "id"),
)

post_polls = Table(
    "post_polls",
    metadata,
    _post("post", primary_key=True, autoincrement=False),
    Column("answers", Text, nullable=False, comment="a JSON array"),
    Column("several", Integer, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Column("votes", Text, nullable=False, server_default=text("''"), comment="of a poll elsewhere, a JSON array"),
    Column("voters", Integer, nullable=False, server_default="0", comment="the same"),
)

poll_votes = Table(
    "poll_votes",
    metadata,
    _post("post", primary_key=True),
    _actor("actor", primary_key=True),
    Column("answer", Integer, primary_key=True, autoincrement=False),
    Index("ix_poll_votes_actor", "actor"),
)

drafts = Table(
    "drafts",
    metadata,
    _number(),
    _actor("actor", nullable=False),
    Column("body", Text, nullable=False, comment="a post to be made, as JSON"),
    Column("changed_ms", BigInteger, nullable=False),
    Index("ix_drafts_actor", "actor", "id"),
)

scheduled_posts = Table(
    "scheduled_posts",
    metadata,
    _number(),
    _actor("actor", nullable=False),
    Column("body", Text, nullable=False, comment="a post to be made, as JSON"),
    Column("at_ms", BigInteger, nullable=False),
    Column("trouble", String(64), nullable=False, server_default=text("''"), comment="why it could not be posted"),
    Index("ix_scheduled_posts_actor", "actor", "at_ms"),
    Index("ix_scheduled_posts_at_ms", "trouble", "at_ms"),
)

follows = Table(
    "follows",
    metadata,
    _actor("follower", primary_key=True),
    _actor("followee", primary_key=True),
    Column("boosts", Integer, nullable=False, server_default="1"),
    Column("notify", Integer, nullable=False, server_default="0"),
    Column("state", String(8), nullable=False, comment="asked or granted"),
    Column("at_ms", BigInteger, nullable=False),
    Column("uri", String(500), comment="of the activity, where it came from elsewhere"),
    Index("ix_follows_followee", "followee", "state", "follower"),
    Index("ix_follows_notify", "follower", "followee"),  # where notify = 1 only: its migration says so
)

blocks = Table(
    "blocks", metadata, _actor("account", primary_key=True), _actor("target", primary_key=True),
    Column("at_ms", BigInteger, nullable=False), Index("ix_blocks_target", "target", "account"),
)  # fmt: skip
mutes = Table(
    "mutes", metadata, _actor("account", primary_key=True), _actor("target", primary_key=True),
    Column("until_ms", BigInteger), Column("notifications", Integer, nullable=False, server_default="1"),
    Index("ix_mutes_target", "target"), Index("ix_mutes_until", "until_ms"),  # of those that end: its migration says so
)  # fmt: skip

lists = Table(
    "lists", metadata, _number(), _actor("actor", nullable=False), Column("name", String(80), nullable=False),
    Column("replies", String(8), nullable=False, server_default="followed", comment="follows.Replies"),
    Column("exclusive", Integer, nullable=False, server_default="0"), Index("ix_lists_actor", "actor", "id"),
)  # fmt: skip
list_members = Table(
    "list_members",
    metadata,
    Column("list", BigInteger, ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True),
    _actor("member", primary_key=True),
    Index("ix_list_members_member", "member"),
)

markers = Table(
    "markers",
    metadata,
    _actor("actor", primary_key=True),
    Column("timeline", String(40), primary_key=True),
    Column("post", BigInteger, nullable=False),
)
