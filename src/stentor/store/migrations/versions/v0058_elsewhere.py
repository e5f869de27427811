"""What the site thinks of other servers, pictures from there, and what finds people and posts that go after a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision: str | None = "0057"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "domain_policies",
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False, comment="fediverse.policies.ServerSeverity"),
        sa.Column("no_media", sa.Integer(), nullable=False),
        sa.Column("no_reports", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("blocked_ms", sa.BigInteger(), comment="since when nothing comes from there"),
        sa.Column("by", sa.String(length=32), nullable=False, comment="an account's id, or empty for the admin token"),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_policies")),
    )
    _pictures()
    icon = sa.Column("icon", sa.String(500), nullable=False, server_default="", comment="where their picture is")
    op.add_column("remote_actors", icon)
    op.add_column(
        "remote_actors", sa.Column("picture", sa.String(32), comment="names the files of ours; null without one")
    )
    elsewhere = sa.text("domain <> ''")
    op.create_index("ix_actors_domain", "actors", ["domain"], sqlite_where=elsewhere, postgresql_where=elsewhere)


def _pictures() -> None:
    op.create_table(
        "distant_pictures",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("post", sa.BigInteger(), comment="null for the person's own"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.Column(
            "link", sa.Text(), nullable=False, comment="what stands in the post's HTML until the picture is there"
        ),
        sa.Column("state", sa.String(length=8), nullable=False, comment="store.distant_pictures.PictureState"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False, comment="since when it is in that state"),
        sa.Column("body", sa.LargeBinary(), comment="as it was fetched, until it was made anew"),
        sa.Column("media", sa.BigInteger(), comment="the picture that was made of it"),
        sa.ForeignKeyConstraint(
            ["actor"], ["actors.number"], name=op.f("fk_distant_pictures_actor"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_distant_pictures_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distant_pictures")),
    )
    op.create_index("ix_distant_pictures_post", "distant_pictures", ["post", "position"])
    op.create_index("ix_distant_pictures_actor", "distant_pictures", ["actor"])
    op.create_index("ix_distant_pictures_state", "distant_pictures", ["state", "at_ms"])
