"""What people bring along from elsewhere: each file, its lines and what became of them, and which posts came in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, text

from stentor.store.metadata import metadata

imports = Table(
    "imports",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("actor", BigInteger, ForeignKey("actors.number", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False, comment="social.imports.ImportKind"),
    Column("name", String(200), nullable=False, comment="of the file"),
    Column("state", String(8), nullable=False, comment="store.imports.ImportState"),
    Column("key", String(80), nullable=False, comment="of an archive in the object store; empty for a list"),
    Column("made_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("trouble", String(64), nullable=False, server_default=text("''")),
    Column("left_out", Text, nullable=False, server_default=text("''"), comment="a JSON object of numbers"),
    Index("ix_imports_actor", "actor", "id"),
    Index("ix_imports_state", "state", "id"),
)

import_rows = Table(
    "import_rows",
    metadata,
    Column("move", BigInteger, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False, comment="JSON, of social.imports.ImportLine or of a post in an archive"),
    Column("result", String(32), nullable=False, server_default=text("''"), comment="empty until it was tried"),
    Index("ix_import_rows_result", "move", "result", "number"),
)

imported_posts = Table(
    "imported_posts",
    metadata,
    Column("actor", BigInteger, ForeignKey("actors.number", ondelete="CASCADE"), primary_key=True),
    Column("uri", String(500), primary_key=True, comment="where it was"),
    Column("post", BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), nullable=False),
    Index("ix_imported_posts_post", "post"),
)
"""So that nothing comes in twice, whichever file it is in."""
