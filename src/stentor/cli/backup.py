"""``stentor backup``: database, keys and recordings in one file, also while a talk is on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from stentor.base.clock import wall
from stentor.cli import options
from stentor.store import backup as backups


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Read it back to its end, and hold every file against its hash.")
@options.data
def backup(file: Path, check: bool, data: str | None) -> None:
    """Write database, keys and recordings to one FILE, also while a talk is on. Who has it is the administrator."""
    made = asyncio.run(backups.make(options.settings(data=data), file, wall))
    if check:
        backups.check(file)
    size = sum(member.size for member in made.members)
    click.echo(f"{file}: {len(made.members)} files, {size / 1e6:,.1f} MB.")
