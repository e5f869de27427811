"""Reports, the cases they make, and what was decided about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision: str | None = "0026"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("thing", sa.String(500), nullable=False, comment="its id, as the kind says"),
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("account", sa.String(32), nullable=False, comment="whom it is about; empty for a guest"),
        sa.Column("guest", sa.String(32), nullable=False, comment="digest of the device and the space"),
        sa.Column("name", sa.String(80), nullable=False, comment="of a guest; empty when it was erased"),
        sa.Column("text", sa.Text, nullable=False, comment="what stood there; empty when it was erased"),
        sa.Column("written_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("opened_ms", sa.BigInteger, nullable=False),
        sa.Column("newest_ms", sa.BigInteger, nullable=False),
        sa.Column("known", sa.Integer, nullable=False, comment="reports of people with an account"),
        sa.PrimaryKeyConstraint("number", name="pk_cases"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cases_state", "cases", ["state", "number"])
    op.create_index("ix_cases_thing", "cases", ["thing"])
    op.create_index("ix_cases_account", "cases", ["account"])
    op.create_table(
        "reports",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("case_number", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("account", sa.String(32), nullable=False, comment="of whoever reports; empty for nobody we know"),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("name", sa.String(80), nullable=False, comment="of whoever reports, if they said it"),
        sa.Column("mail", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_reports"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_reports_case_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reports_case_number", "reports", ["case_number"])
    op.create_index("ix_reports_account", "reports", ["account"])
    _decisions()


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("case_number", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("by_account", sa.String(32), nullable=False, comment="empty for the admin token"),
        sa.Column("account", sa.String(32), nullable=False, comment="whom it is about; empty for a guest"),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("until_ms", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("basis", sa.String(8), nullable=False),
        sa.Column("lifted_ms", sa.BigInteger),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("answered_ms", sa.BigInteger),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("replied_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("number", name="pk_decisions"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_decisions_case_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decisions_case_number", "decisions", ["case_number"])
    op.create_index("ix_decisions_account", "decisions", ["account"])
