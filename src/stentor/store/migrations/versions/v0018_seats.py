"""In which spaces an account has a seat, and which account made a space."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision: str | None = "0017"
branch_labels: str | None = None
depends_on: str | None = None

PAGE = 1000


def upgrade() -> None:
    op.add_column("spaces", sa.Column("creator", sa.String(48), nullable=False, server_default=sa.text("''")))
    op.create_index("ix_spaces_creator", "spaces", ["creator", "created_ms"])
    seats = op.create_table(
        "seats",
        sa.Column("account", sa.String(48), primary_key=True),
        sa.Column("space", sa.String(48), sa.ForeignKey("spaces.id"), primary_key=True),
    )
    op.create_index("ix_seats_space", "seats", ["space"])
    connection, last = op.get_bind(), ""
    page = sa.text("SELECT id, body FROM spaces WHERE id > :last ORDER BY id LIMIT :most")
    while rows := connection.execute(page, {"last": last, "most": PAGE}).all():
        last = rows[-1].id
        found = {(seat["account"], row.id) for row in rows for seat in _seats(row.body) if seat.get("account")}
        if found:
            connection.execute(
                seats.insert(), [{"account": account, "space": space} for account, space in sorted(found)]
            )


def _seats(body: str) -> list[dict[str, str]]:
    return list(json.loads(body).get("seats", {}).values())
