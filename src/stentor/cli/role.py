"""``stentor role``: one role alone, for clusters and for the supervisor."""

from __future__ import annotations

import asyncio
import importlib
import signal

import click
import msgspec
import uvloop

from stentor.base.config import Settings
from stentor.bus import server
from stentor.cli import options

ROLES = ("archive", "edge", "house", "programme", "stage")


@click.command()
@click.argument("name", type=click.Choice(ROLES))
@click.option("--instance", default="", help="A name that is this process's own, the same after a restart.")
@options.data
def role(name: str, instance: str, data: str | None) -> None:
    """Run one role in this process (for clusters)."""
    settings = options.settings(data=data)
    if not settings.nats_url:
        settings = msgspec.structs.replace(settings, nats_url=server.address(settings))
    uvloop.run(_until_told(name, instance or f"{name}-0", settings))


async def _until_told(name: str, instance: str, settings: Settings) -> None:
    """Runs the role until SIGTERM or SIGINT; only this role's modules are loaded."""
    run = importlib.import_module(f"stentor.{name}.role").run
    task = asyncio.create_task(run(settings, instance=instance), name=instance)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
