"""Run by Alembic; the connection, inside the transaction that everything belongs to, comes from ``store.schema``."""

from __future__ import annotations

from alembic import context

from stentor.store import (  # noqa: F401 (their tables are in the metadata, too)
    announcement_tables,
    happening_tables,
    import_tables,
    newsletter_tables,
    notice_tables,
    oauth_tables,
    outbox_tables,
    outgoing_tables,
    push_tables,
    reminder_tables,
    reported_tables,
    social_tables,
)
from stentor.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite too: ``store.database`` begins its transactions itself
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
