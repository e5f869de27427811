"""Options that several commands share."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any

import click

from stentor.base import config, domain, log, started
from stentor.base.config import Settings
from stentor.cli import completion

data = click.option("--data", metavar="FOLDER", help="The data folder; also STENTOR_DATA.  [default: stentor-data]")
space = click.argument("space_id", metavar="SPACE", shell_complete=completion.spaces)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def settings(*, remembering: bool = True, **overrides: Any) -> Settings:
    """The settings from the environment and the command line; sets up logging too.

    ``remembering`` is for commands beside a running Stentor: they know how it was started.
    """
    overrides = {name: value for name, value in overrides.items() if value is not None}
    named = {name for name, value in os.environ.items() if value and name.startswith(config.PREFIX)}
    given = {name.removeprefix(config.PREFIX).lower() for name in named} | overrides.keys()
    if remembering:
        known = started.remembered(config.load(os.environ, **overrides))
        overrides |= {name: value for name, value in known.items() if name not in given}
    found = domain.complete(config.load(os.environ, **overrides), given | overrides.keys())
    log.configure(json_lines=found.log_json, level=found.log_level)
    return found


async def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Runs ``work`` until it ends, or until SIGTERM or Ctrl-C cancel it: then it cleans up and all is well."""
    task = asyncio.create_task(work, name="work")
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
