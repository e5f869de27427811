"""``stentor restore``: a backup into an empty data folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from stentor.cli import options
from stentor.store import backup


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.data
def restore(file: Path, data: str | None) -> None:
    """Put the backup in FILE into an empty data folder; then start with stentor up."""
    settings = options.settings(data=data)
    found = asyncio.run(backup.restore(settings, file))
    click.echo(f"{settings.folder}: {len(found.members)} files, all as they were. Start it: stentor up")
