"""``stentor crowd``: this machine drives a share of the crowds of rehearsals."""

from __future__ import annotations

import click
import uvloop

from stentor.base import keys
from stentor.base.config import Settings
from stentor.bus.identity import join
from stentor.cli import options
from stentor.rehearsal.generator import Generator, own_name


@click.command()
@click.option("--allow", multiple=True, metavar="ADDRESS", help="Send listeners there too, if ordered (repeatable).")
@options.data
def crowd(data: str | None, allow: tuple[str, ...]) -> None:
    """Offer this machine on the bus to rehearsals (stentor rehearse --machines), until Ctrl-C.

    It needs STENTOR_NATS_URL, STENTOR_AUDIENCE_URL and the key file of the role crowd (STENTOR_KEYS).
    """
    settings = options.settings(data=data)
    uvloop.run(options.until_told(_offer(settings, allow)))


async def _offer(settings: Settings, allow: tuple[str, ...]) -> None:
    name = own_name()
    async with join(settings, "crowd", name=name) as bus:
        addresses = (settings.audience_address, *allow)
        await Generator(bus, name, public=keys.own(settings, "crowd").rehearsal_public, addresses=addresses).run()
