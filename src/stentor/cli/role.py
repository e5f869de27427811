"""``stentor role``: one role alone, for clusters and for the supervisor."""

from __future__ import annotations

import importlib
import os

import click
import msgspec
import uvloop

from stentor.bus import server
from stentor.cli import options

YIELDING = {"edge": 5}
"""Niceness by role: however busy the audience keeps the edges, stage, programme and house get the processor first."""
ROLES = ("archive", "captions", "edge", "house", "programme", "stage")


@click.command()
@click.argument("name", type=click.Choice(ROLES))
@click.option("--instance", default="", help="A name that is this process's own, the same after a restart.")
@options.data
def role(name: str, instance: str, data: str | None) -> None:
    """Run one role in this process (for clusters)."""
    os.nice(YIELDING.get(name, 0))
    settings = options.settings(data=data)
    if not settings.nats_url:
        settings = msgspec.structs.replace(settings, nats_url=server.address(settings))
    run = importlib.import_module(f"stentor.{name}.role").run  # only this role's modules are loaded
    uvloop.run(options.until_told(run(settings, instance=instance or f"{name}-0")))
