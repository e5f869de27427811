"""What has just happened to posts, notifications and word filters, for those who listen; and its triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision: str | None = "0058"
branch_labels: str | None = None
depends_on: str | None = None

_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_POST = "'{kind}', {row}.id, {row}.author, {row}.visibility"
_FILTERS = "'filters', {row}.id, {row}.account, 0"
TRIGGERS: tuple[tuple[str, str, str, str, str], ...] = (
    # Name, event, table, when, and what is noted; {row} is the row as it is then, or was.
    ("post_made", "INSERT", "posts", "NEW.visibility < 4", _POST.format(kind="post", row="NEW")),
    ("post_shown", "UPDATE OF visibility", "posts", "NEW.visibility < OLD.visibility AND OLD.visibility = 4",
     _POST.format(kind="post", row="NEW")),
    ("post_changed", "UPDATE OF edited_ms", "posts",
     "NEW.visibility < 4 AND NEW.edited_ms > COALESCE(OLD.edited_ms, 0)", _POST.format(kind="edit", row="NEW")),
    ("post_hidden", "UPDATE OF visibility", "posts", "NEW.visibility > OLD.visibility",
     _POST.format(kind="gone", row="OLD")),
    ("post_gone", "DELETE", "posts", "OLD.visibility < 4", _POST.format(kind="gone", row="OLD")),
    ("notice_made", "INSERT", "notifications", "NEW.box = 0", "'notice', NEW.id, NEW.account, 0"),
    ("filter_made", "INSERT", "word_filters", "", _FILTERS.format(row="NEW")),
    ("filter_changed", "UPDATE", "word_filters", "", _FILTERS.format(row="NEW")),
    ("filter_gone", "DELETE", "word_filters", "", _FILTERS.format(row="OLD")),
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "happenings",
        sa.Column("id", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="of the post, notification or filter"),
        sa.Column("actor", sa.BigInteger(), nullable=False, comment="its author, or who is told"),
        sa.Column("audience", sa.Integer(), nullable=False, comment="of the post: social.model.Audience"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_happenings")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_happenings_at_ms", "happenings", ["at_ms"])
    _add_columns()
    _make_subscriptions()
    make = _postgresql if op.get_bind().dialect.name == "postgresql" else _sqlite
    for each in TRIGGERS:
        make(*each)


def _add_columns() -> None:
    """What apps say of lists and pictures; and all notifications of somebody by their number."""
    op.add_column(
        "lists",
        sa.Column("replies", sa.String(length=8), nullable=False, server_default="followed", comment="follows.Replies"),
    )
    op.add_column("lists", sa.Column("exclusive", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "media",
        sa.Column(
            "focus", sa.String(length=16), nullable=False, server_default=sa.text("''"), comment="x and y, from -1 to 1"
        ),
    )
    op.create_index("ix_notifications_account", "notifications", ["account", "box", "id"])


def _make_subscriptions() -> None:
    op.create_table(
        "push_subscriptions",
        sa.Column("number", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False, comment="where it leads"),
        sa.Column(
            "address", sa.Text(), nullable=False, comment="sealed (base.seal), with what the app shows itself by"
        ),
        sa.Column("alerts", sa.String(length=200), nullable=False, comment="with spaces between them"),
        sa.Column("policy", sa.String(length=8), nullable=False),
        sa.Column("standard", sa.Integer(), nullable=False, comment="1 for RFC 8291, 0 for its draft"),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [target], name=op.f(f"fk_push_subscriptions_{column}"), ondelete="CASCADE"
            )
            for column, target in (("token", "oauth_tokens.id"), ("actor", "actors.number"))
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_push_subscriptions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_push_subscriptions_token", "push_subscriptions", ["token"], unique=True)
    op.create_index("ix_push_subscriptions_actor", "push_subscriptions", ["actor"])


def _sqlite(name: str, event: str, table: str, when: str, noted: str) -> None:
    now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    condition = f"WHEN {when} " if when else ""
    op.execute(
        f"CREATE TRIGGER happened_{name} AFTER {event} ON {table} FOR EACH ROW {condition}BEGIN "
        f"INSERT INTO happenings (kind, number, actor, audience, at_ms) VALUES ({noted}, {now}); END"
    )


def _postgresql(name: str, event: str, table: str, when: str, noted: str) -> None:
    now = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    condition = f"WHEN ({when}) " if when else ""
    op.execute(
        f"CREATE FUNCTION happened_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"INSERT INTO happenings (kind, number, actor, audience, at_ms) VALUES ({noted}, {now}); RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER happened_{name} AFTER {event} ON {table} FOR EACH ROW {condition}"
        f"EXECUTE FUNCTION happened_{name}()"
    )
