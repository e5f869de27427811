"""``stentor bus``: who may come to a NATS server of one's own and do what, as a part of its configuration."""

from __future__ import annotations

from pathlib import Path

import click

from stentor.base import keys
from stentor.base.errors import SetupError
from stentor.bus import authorization
from stentor.cli import options


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--regions", is_flag=True, help="For the servers of a cluster that has regions.")
@click.option("--hub", metavar="HOST:PORT", multiple=True, help="For a region's server: each server of the cluster.")
@click.option("--ca", metavar="PATH", help="With --hub: where that server has the certificate of the authority.")
@options.data
def bus(file: Path, regions: bool, hub: tuple[str, ...], ca: str | None, data: str | None) -> None:
    """Write into FILE who may come to a NATS server and do what (`up` does it by itself for its own).

    The server's configuration includes FILE, and reads it again on SIGHUP (`nats-server --signal reload`).
    """
    if bool(hub) != bool(ca):
        raise click.UsageError("--hub and --ca go together.")
    settings = options.settings(data=data)
    where = keys.folder(settings)
    try:
        secret = keys.bus_secret(where) if settings.keys else keys.make_bus_secret(where)
        if secret is None:
            raise SetupError(f"There is no {where / keys.BUS_FILE}. Make it with: stentor keys FOLDER.")
        users = secret.users()
        text = authorization.region(users, hub, ca) if ca else authorization.accounts(users, regions=regions)
        keys.put(file, text.encode())
    except OSError as error:
        raise SetupError(f"Cannot write {file} from the keys in {where}: {error.strerror}.") from error
    click.echo(f"{file}: accounts with the passwords of generation {secret.generation}.")
