"""``stentor prepare``: what all roles need, made once, before single roles are started."""

from __future__ import annotations

import asyncio

import click

from stentor import app
from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.cli import options


@click.command()
@options.data
def prepare(data: str | None) -> None:
    """Make tables, the log of chunks and the hold music, once for a cluster (`up` does it by itself)."""
    asyncio.run(_prepare(options.settings(data=data)))


async def _prepare(settings: Settings) -> None:
    """Raises :class:`SetupError` when the database, the bus or the object store cannot be used."""
    if not settings.nats_url:
        raise SetupError(
            "Set STENTOR_NATS_URL: without a bus of its own nothing has to be prepared, `stentor up` does it."
        )
    await app.check_store(settings)
    await app.prepare(settings, lambda step: click.echo(f"stentor: {step} …", err=True))
    click.echo("The database, the bus and the hold music are ready.")
