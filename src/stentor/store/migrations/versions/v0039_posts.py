"""Posts, who follows whom, and what people keep for themselves; a row for everybody who can post.

Accounts that are there already become such a row at once, by the time when they were made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision: str | None = "0038"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False, comment="stays when they go, until its files are deleted"),
        sa.Column("post", sa.BigInteger(), nullable=True, comment="null while it is in none, and again when that went"),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.Column("blurhash", sa.String(length=180), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False, comment="names its files"),
        sa.Column("kept", sa.BigInteger(), nullable=True, comment="the draft or the scheduled post that it waits in"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
    )
    op.create_index("ix_media_actor", "media", ["actor", "id"], unique=False)
    op.create_index("ix_media_post", "media", ["post", "position"], unique=False)
    op.create_table(
        "actors",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=32), nullable=True),
        sa.Column(
            "domain", sa.String(length=255), server_default=sa.text("''"), nullable=False, comment="empty for here"
        ),
        sa.Column(
            "handle", sa.String(length=255), nullable=False, comment="of those elsewhere; here the account's counts"
        ),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_actors_account"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_actors")),
    )
    op.create_index("ix_actors_account", "actors", ["account"], unique=True)
    op.create_index("ix_actors_handle", "actors", ["handle", "domain"], unique=False)
    op.create_table(
        "blocks",
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["actors.number"], name=op.f("fk_blocks_account"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["target"], ["actors.number"], name=op.f("fk_blocks_target"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "target", name=op.f("pk_blocks")),
    )
    op.create_index("ix_blocks_target", "blocks", ["target", "account"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="a post to be made, as JSON"),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_drafts_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    op.create_index("ix_drafts_actor", "drafts", ["actor", "id"], unique=False)
    op.create_table(
        "follows",
        sa.Column("follower", sa.BigInteger(), nullable=False),
        sa.Column("followee", sa.BigInteger(), nullable=False),
        sa.Column("boosts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("notify", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False, comment="asked or granted"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["followee"], ["actors.number"], name=op.f("fk_follows_followee"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["follower"], ["actors.number"], name=op.f("fk_follows_follower"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("follower", "followee", name=op.f("pk_follows")),
    )
    op.create_index("ix_follows_followee", "follows", ["followee", "state", "follower"], unique=False)
    op.create_table(
        "lists",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_lists_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lists")),
    )
    op.create_index("ix_lists_actor", "lists", ["actor", "id"], unique=False)
    op.create_table(
        "markers",
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("timeline", sa.String(length=40), nullable=False),
        sa.Column("post", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_markers_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("actor", "timeline", name=op.f("pk_markers")),
    )
    op.create_table(
        "mutes",
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.Column("notifications", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["account"], ["actors.number"], name=op.f("fk_mutes_account"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["target"], ["actors.number"], name=op.f("fk_mutes_target"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "target", name=op.f("pk_mutes")),
    )
    op.create_index("ix_mutes_target", "mutes", ["target"], unique=False)
    op.create_table(
        "posts",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("author", sa.BigInteger(), nullable=False),
        sa.Column("visibility", sa.Integer(), nullable=False, comment="social.model.Audience"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("warning", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("edited_ms", sa.BigInteger(), nullable=True),
        sa.Column("reply_to", sa.BigInteger(), nullable=True, comment="stays when that post goes"),
        sa.Column("reply_author", sa.BigInteger(), nullable=True),
        sa.Column("root", sa.BigInteger(), nullable=True),
        sa.Column("boost_of", sa.BigInteger(), nullable=True),
        sa.Column("boost_author", sa.BigInteger(), nullable=True),
        sa.Column("quote_of", sa.BigInteger(), nullable=True, comment="stays when that post goes"),
        sa.Column("quote_state", sa.String(length=8), nullable=True),
        sa.Column("space", sa.String(length=48), nullable=True),
        sa.Column("uri", sa.String(length=500), nullable=True, comment="of those elsewhere"),
        sa.ForeignKeyConstraint(["author"], ["actors.number"], name=op.f("fk_posts_author"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["boost_of"], ["posts.id"], name=op.f("fk_posts_boost_of"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
    )
    op.create_index(
        "ix_posts_author",
        "posts",
        ["author", "id"],
        unique=False,
        sqlite_where=sa.text("visibility < 3"),
        postgresql_where=sa.text("visibility < 3"),
    )
    op.create_index("ix_posts_boost", "posts", ["boost_of", "id"], unique=False)
    op.create_index("ix_posts_boosted", "posts", ["author", "boost_of"], unique=True)
    op.create_index("ix_posts_quote", "posts", ["quote_of", "id"], unique=False)
    op.create_index("ix_posts_root", "posts", ["root", "id"], unique=False)
    op.create_index("ix_posts_uri", "posts", ["uri"], unique=True)
    op.create_table(
        "scheduled_posts",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="a post to be made, as JSON"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "trouble",
            sa.String(length=64),
            server_default=sa.text("''"),
            nullable=False,
            comment="why it could not be posted",
        ),
        sa.ForeignKeyConstraint(
            ["actor"], ["actors.number"], name=op.f("fk_scheduled_posts_actor"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_posts")),
    )
    op.create_index("ix_scheduled_posts_actor", "scheduled_posts", ["actor", "at_ms"], unique=False)
    op.create_index("ix_scheduled_posts_at_ms", "scheduled_posts", ["trouble", "at_ms"], unique=False)
    op.create_table(
        "bookmarks",
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("post", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_bookmarks_actor"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_bookmarks_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("actor", "post", name=op.f("pk_bookmarks")),
    )
    op.create_index("ix_bookmarks_post", "bookmarks", ["post"], unique=False)
    op.create_table(
        "counts",
        sa.Column("post", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("replies", sa.Integer(), server_default="0", nullable=False),
        sa.Column("boosts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("likes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quotes", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_counts_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post", name=op.f("pk_counts")),
    )
    op.create_table(
        "likes",
        sa.Column("post", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_likes_actor"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_likes_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post", "actor", name=op.f("pk_likes")),
    )
    op.create_index("ix_likes_actor", "likes", ["actor", "post"], unique=False)
    op.create_table(
        "list_members",
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["list"], ["lists.id"], name=op.f("fk_list_members_list"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["member"], ["actors.number"], name=op.f("fk_list_members_member"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("list", "member", name=op.f("pk_list_members")),
    )
    op.create_index("ix_list_members_member", "list_members", ["member"], unique=False)
    op.create_table(
        "mentions",
        sa.Column("post", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_mentions_actor"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_mentions_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post", "actor", name=op.f("pk_mentions")),
    )
    op.create_index("ix_mentions_actor", "mentions", ["actor", "post"], unique=False)
    op.create_table(
        "pins",
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("post", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_pins_actor"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_pins_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("actor", "post", name=op.f("pk_pins")),
    )
    op.create_index("ix_pins_post", "pins", ["post"], unique=False)
    op.create_table(
        "poll_votes",
        sa.Column("post", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_poll_votes_actor"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_poll_votes_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post", "actor", "answer", name=op.f("pk_poll_votes")),
    )
    op.create_index("ix_poll_votes_actor", "poll_votes", ["actor"], unique=False)
    op.create_table(
        "post_polls",
        sa.Column("post", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("answers", sa.Text(), nullable=False, comment="a JSON array"),
        sa.Column("several", sa.Integer(), nullable=False),
        sa.Column("ends_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_post_polls_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post", name=op.f("pk_post_polls")),
    )
    op.create_table(
        "post_tags",
        sa.Column("tag", sa.String(length=100), nullable=False),
        sa.Column("post", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_post_tags_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tag", "post", name=op.f("pk_post_tags")),
    )
    op.create_index("ix_post_tags_post", "post_tags", ["post"], unique=False)
    op.create_table(
        "post_versions",
        sa.Column("post", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("warning", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_post_versions_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post", "number", name=op.f("pk_post_versions")),
    )
    _actors()


def _actors() -> None:
    """A row for every account, numbered by when it was made; each number is larger than the one before."""
    connection = op.get_bind()
    accounts = sa.table("accounts", sa.column("id"), sa.column("handle"), sa.column("name"), sa.column("created_ms"))
    actors = sa.table("actors", *(sa.column(name) for name in ("number", "account", "handle", "name")))
    last = 0
    for row in connection.execute(sa.select(accounts).order_by(accounts.c.created_ms, accounts.c.id)).all():
        last = max(last + 1, row.created_ms << 16)
        connection.execute(sa.insert(actors).values(number=last, account=row.id, handle=row.handle, name=row.name))
