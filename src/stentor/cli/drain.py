"""``stentor drain``: processes hand over their work and end, one after the other, while a talk is on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import click

from stentor.base.config import Settings
from stentor.base.errors import NotFound, Overloaded, StentorError
from stentor.bus import drain as bus_drain
from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from stentor.cli import options
from stentor.cli.house import House, Unreachable
from stentor.cli.role import ROLES

GONE_S: Final = 15.0
"""Beyond STENTOR_DRAIN_S: heartbeats are believed for three seconds, downloads have one more."""
BACK_S: Final = 60.0
"""So long may a process take to be there again before the next one goes."""
LOOK_S: Final = 0.3
HEARD_S: Final = 1.2
"""A house that has just begun has heard of everybody after so long: they tell of themselves once a second."""

Process = Mapping[str, Any]


@click.command()
@click.argument("role", type=click.Choice(ROLES))
@click.option("--instance", help="Only the process of this name, as `stentor preflight` and /processes tell it.")
@options.data
def drain(role: str, instance: str | None, data: str | None) -> None:
    """Let the processes of ROLE hand over their work and end, one after the other.

    What keeps them alive (`stentor up`, systemd, Kubernetes) starts each again; the next one goes when it is back.
    """
    settings = options.settings(data=data)
    with House(settings) as house:

        def processes() -> list[Process]:
            return [each for each in house.get("/processes")["processes"] if each["role"] == role]

        going = [each for each in _all(processes) if instance in (None, each["instance"])]
        if not going:
            raise NotFound(f"No process {instance or role} tells of itself on the bus now.")
        for number, process in enumerate(going, 1):
            _drain(settings, role, process, processes, last=number == len(going))


def _all(processes: Callable[[], list[Process]]) -> list[Process]:
    """All processes of the role, also where the house that is asked has just begun."""
    before = processes()
    time.sleep(HEARD_S)
    found = processes()
    return found if len(found) >= len(before) else before


def _drain(
    settings: Settings, role: str, process: Process, processes: Callable[[], list[Process]], *, last: bool
) -> None:
    """One process, until it has gone; and unless it is the last one until it is back."""
    name = str(process["instance"])
    click.echo(f"{name} hands over its work …")
    asyncio.run(_ask(settings, role, name))

    def there() -> list[Process]:
        return [each for each in processes() if each["instance"] == name]

    def gone() -> bool:
        try:
            return process["pid"] not in [each["pid"] for each in there()]
        except Unreachable:
            return role == "house"

    if not _within(settings.drain_s + GONE_S, gone):
        raise StentorError(f"{name} has not ended; look at its log. SIGKILL ends it whatever it does.")
    if last:
        click.echo(f"{name} has ended.")
    elif _within(BACK_S, lambda: bool(there())):
        click.echo(f"{name} is back.")
    else:
        raise StentorError(f"{name} has ended and is not back after {BACK_S:.0f} s; the others go on as they were.")


async def _ask(settings: Settings, role: str, name: str) -> None:
    async with join(settings, OPERATOR, name="drain") as bus:
        await bus_drain.ask(bus, role, name)


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether it comes true in time; a house that is away meanwhile (it may be the one that goes) is waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(Overloaded, Unreachable):
            if condition():
                return True
        time.sleep(LOOK_S)
    return False
