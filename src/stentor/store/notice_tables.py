"""The tables of notifications, of what people do not want to see, and of words. Ids of notifications are autoincrement:
some clients read one as a JSON number."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from stentor.store.metadata import metadata

_COUNTED = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts a column of this type only, which has 64 bits there."""


def _actor(name: str, *, key: bool = False) -> Column[int]:
    where = ForeignKey("actors.number", ondelete="CASCADE")
    return Column(name, BigInteger, where, primary_key=key, nullable=False)


notifications = Table(
    "notifications",
    metadata,
    Column("id", _COUNTED, primary_key=True, autoincrement=True),
    _actor("account"),
    _actor("by"),
    Column("kind", String(16), nullable=False),
    Column("post", BigInteger, ForeignKey("posts.id", ondelete="CASCADE")),
    Column("grp", String(64), nullable=False),
    Column("box", Integer, nullable=False, comment="social.notices.NoticeBox"),
    Column("at_ms", BigInteger, nullable=False),
    Column("space", String(48), comment="of a reminder"),
    Column("news", String(16), comment="spaces.reminders.News"),
    Index("ix_notifications_group", "account", "grp", "id"),
    Index("ix_notifications_account", "account", "box", "id"),
    Index("ix_notifications_by", "by", "account"),
    Index("ix_notifications_post", "post"),
    Index("ix_notifications_old", "box", "at_ms"),
    sqlite_autoincrement=True,
)

notification_groups = Table(
    "notification_groups",
    metadata,
    _actor("account", key=True),
    Column("grp", String(64), primary_key=True),
    Column("box", Integer, nullable=False),
    Column("kind", String(16), nullable=False, comment="of the newest"),
    Column("n", Integer, nullable=False),
    Column("last", BigInteger, nullable=False, comment="the newest notification's id"),
    Index("ix_notification_groups_last", "account", "box", "last"),
)
"""Of no post: a stranger's line has many, and stays when one of them goes."""

notification_rules = Table(
    "notification_rules",
    metadata,
    _actor("account", key=True),
    *(Column(name, Integer, nullable=False) for name in ("not_followed", "not_following", "new", "private", "limited")),
)

let_through = Table(
    "let_through",
    metadata,
    _actor("account", key=True),
    _actor("target", key=True),
    Index("ix_let_through_target", "target"),
)
"""Strangers whose notifications somebody wants with all others."""

muted_threads = Table(
    "muted_threads",
    metadata,
    _actor("account", key=True),
    Column("root", BigInteger, primary_key=True, autoincrement=False, comment="stays when that post goes"),
)

domain_blocks = Table(
    "domain_blocks",
    metadata,
    _actor("account", key=True),
    Column("domain", String(255), primary_key=True),
)

word_filters = Table(
    "word_filters",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    _actor("account"),
    Column("title", String(80), nullable=False),
    Column("contexts", String(80), nullable=False, comment="word_filters.FilterContext, with spaces between them"),
    Column("action", String(8), nullable=False),
    Column("until_ms", BigInteger),
    Column("words", Text, nullable=False, comment="a JSON array of social.word_filters.FilterWord"),
    Index("ix_word_filters_account", "account", "id"),
)
