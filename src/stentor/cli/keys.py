"""``stentor keys``: the key files of all roles, for machines that each run only some of them."""

from __future__ import annotations

from pathlib import Path

import click

from stentor.base import keys as base_keys
from stentor.cli import options


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--exchange", is_flag=True, help="Give every role a new password for the bus; the one before still holds."
)
@options.data
def keys(folder: Path, exchange: bool, data: str | None) -> None:
    """Write each role's key file into FOLDER (for clusters; `up` does it by itself).

    Give each machine only the files of the roles that it runs, and name them with STENTOR_KEYS.
    """
    bus = base_keys.write(options.settings(data=data), folder, exchange=exchange)
    click.echo(f"Key files of {', '.join(base_keys.ROLES)}: in {folder}, passwords of generation {bus.generation}.")
    click.echo(f"Keep {folder / base_keys.BUS_FILE} to yourself: the bus is configured from it, and no role needs it.")
