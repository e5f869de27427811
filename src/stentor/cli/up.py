"""``stentor up``: everything on one machine, as a service."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from stentor import app
from stentor.base.config import Settings
from stentor.cli import options


@click.command()
@options.data
@click.option("--port", type=int, help="Port of the house: hosts, speakers, API.  [default: 8080]")
@click.option("--audience-port", type=int, help="Port of the edges: listeners.  [default: 8081]")
@click.option("--edges", type=int, help="Edge processes.  [default: one per processor]")
@click.option("--host", help="Address to listen on.  [default: 0.0.0.0]")
@click.option("--tls-cert", metavar="FILE", help="Certificate chain (PEM): house and edges speak https.")
@click.option("--tls-key", metavar="FILE", help="Its key (PEM).")
def up(**given: Any) -> None:
    """Run Stentor on this machine until Ctrl-C."""
    asyncio.run(options.until_told(_serve(options.settings(**given))))


async def _serve(settings: Settings) -> None:
    async with app.running(settings, on_step=lambda step: click.echo(f"stentor: {step} …", err=True)):
        click.echo(f"House (hosts, speakers, API):  {settings.house_address}/")
        click.echo(f"Audience:                      {settings.audience_address}/s/SPACE")
        click.echo(f"Admin token:                   {settings.folder / 'admin-token'}")
        await asyncio.Event().wait()
