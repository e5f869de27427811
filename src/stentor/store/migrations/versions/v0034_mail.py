"""By which server mail is sent, and the addresses that people gave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision: str | None = "0033"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "mail_settings",
        sa.Column("id", sa.Integer, nullable=False, comment="there is one row"),
        sa.Column("body", sa.Text, nullable=False, comment="people.mail.MailWishes as JSON"),
        sa.Column("password", sa.Text, comment="sealed; null without one"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_settings"),
    )
    op.create_table(
        "mail_addresses",
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("confirmed_ms", sa.BigInteger),
        sa.Column("reports", sa.Boolean, nullable=False, comment="whether they want to hear of new ones"),
        sa.Column("language", sa.String(2), nullable=False, comment="in which they are written to"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_mail_addresses_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", name="pk_mail_addresses"),
    )
    op.add_column("reports", sa.Column("language", sa.String(2), nullable=False, server_default=sa.text("'en'")))
    op.create_index("ix_mail_addresses_address", "mail_addresses", ["address"])
