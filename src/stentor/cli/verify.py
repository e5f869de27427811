"""``stentor verify``: whether a recording is what was recorded."""

from __future__ import annotations

import asyncio
import datetime
import sys
from pathlib import Path

import click

from stentor.base.units import counted
from stentor.base.units import space_id as checked
from stentor.cli import options, saved
from stentor.spaces.model import Removal
from stentor.store import proof
from stentor.store.objects import Objects

MOST_SAID = 20


@click.command()
@options.space
@click.option("--key", help="The public key of the installation, in one line; else that in the folder.")
@options.data
def verify(space_id: str, key: str | None, data: str | None) -> None:
    """Check that nobody has changed a recording: its hash chain, and every stored object; what was removed is said.

    SPACE may be a folder that `stentor report --save` made: signature, files, and whether its rows give its verdict.
    """
    if Path(space_id).is_dir():
        _verify_folder(Path(space_id), key)
        return
    objects = Objects.open(options.settings(data=data).recordings_address)
    found = asyncio.run(proof.prove(objects, checked(space_id)))
    for removal in found.removed:
        click.echo(f"removed on request: {_part(removal)}, {_day(removal.at_ms)}, by {removal.who}: {removal.reason}")
    for problem in found.wrong[:MOST_SAID]:
        click.echo(problem, err=True)
    if found.wrong:
        click.echo(
            f"{space_id}: {counted(len(found.wrong), 'fault')} in {counted(found.entries, 'segment')}.", err=True
        )
        sys.exit(1)
    rest = "; the rest is" if found.removed else ": all is"
    click.echo(f"{space_id}: {counted(found.entries, 'segment')}{rest} as it was recorded. Last hash {found.last_hash}")


def _verify_folder(folder: Path, key: str | None) -> None:
    found = saved.prove(folder, key)
    for problem in found.wrong[:MOST_SAID]:
        click.echo(problem, err=True)
    if found.wrong:
        click.echo(f"{folder}: {counted(len(found.wrong), 'fault')}.", err=True)
        sys.exit(1)
    click.echo(f"{folder}: {counted(found.files, 'file')} as they were signed ({found.said}).")
    if not key:
        click.echo(f"Signed with {found.key}: is that the key that the installation shows? Give it with --key.")


def _part(removal: Removal) -> str:
    if removal.whole:
        return "all of it"
    end = "the end" if removal.to_ms is None else f"{removal.to_ms / 1000:.2f} s"
    return f"{removal.from_ms / 1000:.2f} s to {end}"


def _day(at_ms: int) -> str:
    return datetime.datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
