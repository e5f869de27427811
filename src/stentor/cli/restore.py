"""``stentor restore``: a backup into an empty data folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from stentor.base.errors import BadInput
from stentor.cli import options
from stentor.store import backup


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--removals",
    "places",
    multiple=True,
    metavar="URL",
    help="Where the lists are of what was removed since: the object store of before, or STENTOR_REMOVALS_URL.",
)
@options.data
def restore(file: Path, places: tuple[str, ...], data: str | None) -> None:
    """Put the backup in FILE into an empty data folder; then start with stentor up."""
    settings = options.settings(data=data)
    found = asyncio.run(backup.restore(settings, file, removals=[_address(place) for place in places]))
    click.echo(f"{settings.folder}: {found.files} files, all as they were. Start it: stentor up")
    if found.removed:
        click.echo(f"Removed here too, as after the backup was made: something of {_count(found.removed, 'space')}.")
    if found.forgotten:
        click.echo(f"Deleted here too, as after the backup was made: {_count(found.forgotten, 'account')}.")
    if not found.lists:
        click.echo("What was removed after the backup was made is not known here: see --removals.", err=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _address(place: str) -> str:
    """A folder may be named as it is; one that is not there is a mistake, and would be made."""
    if "://" in place:
        return place
    if not Path(place).is_dir():
        raise BadInput(f"There is no folder {place}.")
    return Path(place).resolve().as_uri()
