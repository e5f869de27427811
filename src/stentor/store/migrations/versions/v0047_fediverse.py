"""The fediverse: people elsewhere, keys of those here, and what has come in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision: str | None = "0046"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "federation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "files",
            sa.String(length=255),
            nullable=False,
            comment="the origin that stands in every address that was given out",
        ),
        sa.Column("enabled", sa.Integer(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_federation")),
    )
    op.create_table(
        "remote_actors",
        sa.Column("actor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uri", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        *(
            sa.Column(name, sa.String(length=500), nullable=False)
            for name in ("inbox", "shared_inbox", "followers", "page", "key_id")
        ),
        sa.Column("key", sa.Text(), nullable=False, comment="PEM"),
        sa.Column("fetched_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_remote_actors_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("actor", name=op.f("pk_remote_actors")),
    )
    op.create_index("ix_remote_actors_uri", "remote_actors", ["uri"], unique=True)
    op.create_index("ix_remote_actors_key_id", "remote_actors", ["key_id"])
    op.create_table(
        "actor_keys",
        sa.Column("actor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public", sa.Text(), nullable=False, comment="PEM"),
        sa.Column("secret", sa.Text(), nullable=False, comment="sealed (base.seal)"),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_actor_keys_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("actor", name=op.f("pk_actor_keys")),
    )
    op.create_table(
        "received",
        sa.Column(
            "name", sa.String(length=64), nullable=False, comment="SHA-256 of the signature and of what it covers"
        ),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("done_ms", sa.BigInteger(), nullable=True),
        sa.Column("claim", sa.LargeBinary(), nullable=False, comment="JSON; empty when it is done"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the same"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_received")),
    )
    op.create_index("ix_received_at_ms", "received", ["at_ms"])
    op.create_index("ix_received_done_ms", "received", ["done_ms"])
    op.add_column("follows", sa.Column("uri", sa.String(500), comment="of the activity, where it came from elsewhere"))
