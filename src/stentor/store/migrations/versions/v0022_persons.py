"""Events hold a number instead of a name: the names stand in one table and can be erased. Deletions of accounts.

Programs older than this could not read the new event.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision: str | None = "0021"
branch_labels: str | None = None
depends_on: str | None = None

PAGE = 1000
NAMES = {"SpaceCreated": "host_name", "SeatGiven": "name", "SeatBanned": "name"}


def upgrade() -> None:
    persons = op.create_table(
        "persons",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("space", sa.String(48), sa.ForeignKey("spaces.id"), nullable=False),
        sa.Column("seat", sa.String(48), nullable=False),
        sa.Column("account", sa.String(48), nullable=False, comment="whose the seat was; empty for a guest"),
        sa.Column("name", sa.String(80), nullable=False, comment="empty when it was erased"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_persons_space", "persons", ["space", "seat"])
    op.create_index("ix_persons_account", "persons", ["account"])
    op.create_table(
        "deletions",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of the token that shows how far it is"),
        sa.Column("asked_ms", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deletions_digest", "deletions", ["digest"])
    for table in ("requests", "backstage"):
        whose = sa.Column(
            "account", sa.String(48), nullable=False, server_default=sa.text("''"), comment="empty for a guest"
        )
        op.add_column(table, whose)
        op.create_index(f"ix_{table}_account", table, ["account"])
    _number(persons)


def _number(persons: sa.Table) -> None:
    """Takes the names out of the events there are, space after space, in the order in which they happened."""
    connection, space, version, numbering = op.get_bind(), "", 0, _Numbering()
    kinds = ", ".join(f"'{kind}'" for kind in (*NAMES, "SeatClaimed"))
    page = sa.text(
        f"SELECT space, version, kind, body FROM events WHERE kind IN ({kinds}) "
        "AND (space > :space OR (space = :space AND version > :version)) ORDER BY space, version LIMIT :most"
    )
    keep = sa.text("UPDATE events SET body = :body WHERE space = :space AND version = :version")
    claim = sa.text("UPDATE persons SET account = :account WHERE number = :number")
    while rows := connection.execute(page, {"space": space, "version": version, "most": PAGE}).all():
        numbering.begin()
        for row in rows:
            numbering.read(row.space, row.version, row.kind, json.loads(row.body))
        space, version = rows[-1].space, rows[-1].version
        for statement, values in ((persons.insert(), numbering.new), (keep, numbering.kept), (claim, numbering.claims)):
            if values:
                connection.execute(statement, values)
    if connection.dialect.name == "postgresql" and numbering.last:
        last = sa.text("SELECT setval(pg_get_serial_sequence('persons', 'number'), :last)")
        connection.execute(last, {"last": numbering.last})


class _Numbering:
    """What a page of events leads to: one statement each for many rows."""

    def __init__(self) -> None:
        self.last = 0
        self._space, self._numbers = "", dict[str, int]()
        self.begin()

    def begin(self) -> None:
        self.new: list[dict[str, Any]] = []
        self.kept: list[dict[str, Any]] = []
        self.claims: list[dict[str, Any]] = []

    def read(self, space: str, version: int, kind: str, body: dict[str, Any]) -> None:
        if space != self._space:
            self._space, self._numbers = space, {}
        seat = body.get("host_seat") or body["seat"]
        account = body.get("host_account") or body.get("account") or ""
        if kind == "SeatClaimed":
            self.claims.append({"account": account, "number": self._numbers.get(seat, 0)})
            return
        if kind != "SeatBanned" or seat not in self._numbers:
            self.last += 1
            self._numbers[seat] = self.last
            name = body[NAMES[kind]]
            self.new.append({"number": self.last, "space": space, "seat": seat, "account": account, "name": name})
        body[NAMES[kind]], body["person"] = "", self._numbers[seat]
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        self.kept.append({"body": text, "space": space, "version": version})
