"""Notifications with their groups, whose stand apart, muted threads and blocked domains."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision: str | None = "0044"
branch_labels: str | None = None
depends_on: str | None = None
_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_notifications()
    op.create_table(
        "notification_groups",
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("grp", sa.String(length=64), nullable=False),
        sa.Column("box", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="of the newest"),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False, comment="the newest notification's id"),
        _goes_with("notification_groups", "account", "actors.number"),
        sa.PrimaryKeyConstraint("account", "grp", name=op.f("pk_notification_groups")),
    )
    op.create_index("ix_notification_groups_last", "notification_groups", ["account", "box", "last"])
    rules = ("not_followed", "not_following", "new", "private", "limited")
    op.create_table(
        "notification_rules",
        sa.Column("account", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in rules),
        _goes_with("notification_rules", "account", "actors.number"),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_notification_rules")),
    )
    op.create_table(
        "let_through",
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        _goes_with("let_through", "account", "actors.number"),
        _goes_with("let_through", "target", "actors.number"),
        sa.PrimaryKeyConstraint("account", "target", name=op.f("pk_let_through")),
    )
    op.create_index("ix_let_through_target", "let_through", ["target"])
    _make_silences()


def _make_notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("post", sa.BigInteger(), nullable=True),
        sa.Column("grp", sa.String(length=64), nullable=False),
        sa.Column("box", sa.Integer(), nullable=False, comment="social.notices.NoticeBox"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        *(_goes_with("notifications", name, "actors.number") for name in ("account", "by")),
        _goes_with("notifications", "post", "posts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notifications_group", "notifications", ["account", "grp", "id"])
    op.create_index("ix_notifications_by", "notifications", ["by", "account"])
    op.create_index("ix_notifications_post", "notifications", ["post"])
    op.create_index("ix_notifications_old", "notifications", ["box", "at_ms"])


def _make_silences() -> None:
    op.create_table(
        "muted_threads",
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.BigInteger(), autoincrement=False, nullable=False, comment="stays when that post goes"),
        _goes_with("muted_threads", "account", "actors.number"),
        sa.PrimaryKeyConstraint("account", "root", name=op.f("pk_muted_threads")),
    )
    op.create_table(
        "domain_blocks",
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        _goes_with("domain_blocks", "account", "actors.number"),
        sa.PrimaryKeyConstraint("account", "domain", name=op.f("pk_domain_blocks")),
    )
    # Of those only who want to be told of each post of theirs, and of mutes that end: they are few.
    few, end = sa.text("notify = 1"), sa.text("until_ms IS NOT NULL")
    columns = ["follower", "followee"]
    op.create_index("ix_follows_notify", "follows", columns, sqlite_where=few, postgresql_where=few)
    op.create_index("ix_mutes_until", "mutes", ["until_ms"], sqlite_where=end, postgresql_where=end)


def _goes_with(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")
