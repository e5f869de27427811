"""``stentor role``: one role alone, for clusters and for the supervisor."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import click
import msgspec
import uvloop

from stentor.base import collector, log, private
from stentor.base.drain import Drain
from stentor.bus import server
from stentor.cli import options

YIELDING = {"edge": 5}
"""Niceness by role: however busy the audience keeps the edges, stage, programme and house get the processor first."""
ROLES = ("archive", "captions", "courier", "edge", "house", "programme", "stage")
OF_ONE_MACHINE = ("https",)
"""Roles that `stentor up` alone starts: elsewhere a proxy ends TLS."""


@click.command()
@click.argument("name", type=click.Choice([*ROLES, *OF_ONE_MACHINE]))
@click.option("--instance", default="", help="A name that is this process's own, the same after a restart.")
@options.data
def role(name: str, instance: str, data: str | None) -> None:
    """Run one role in this process (for clusters).

    SIGTERM ends it in order: its work is handed over first, an edge takes STENTOR_DRAIN_S for that. A second SIGTERM,
    or Ctrl-C, ends it at once.
    """
    os.nice(YIELDING.get(name, 0))
    settings = options.settings(remembering=False, data=data)
    private.guard(settings, lambda path: log.get(name).warning("secret-file-tightened", file=str(path)))
    if not settings.nats_url:
        settings = msgspec.structs.replace(settings, nats_url=server.address(settings))
    run = importlib.import_module(f"stentor.{name}.role").run  # only this role's modules are loaded
    collector.begin()
    uvloop.run(until_told(lambda drain: run(settings, instance=instance or f"{name}-0", drain=drain)))


async def until_told(run: Callable[[Drain], Coroutine[Any, Any, None]]) -> None:
    """Runs a role until it ends, or signals end it."""
    drain = Drain()
    task = asyncio.create_task(run(drain), name="role")

    def told() -> None:
        if drain.begun or not drain.heeded:
            task.cancel()
        drain.begin()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, told)
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
