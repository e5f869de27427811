"""``stentor space``: make a space and lead it through its life."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from stentor.base.errors import BadInput
from stentor.cli import options, removal
from stentor.cli.house import House
from stentor.crowd.door import CLASSES
from stentor.crowd.rungs import TOP
from stentor.spaces.switches import Switch

_console = Console(soft_wrap=True, highlight=False)


@click.group()
def space() -> None:
    """Make a space and lead it: create, list, doors, live, end, cancel, invite, limit, …, remove."""


def _common(command: Callable[..., None]) -> Callable[..., None]:
    return options.data(options.as_json(command))


@space.command()
@click.argument("title")
@click.option("--id", "space_id", help="What stands in its addresses; made from the title when left out.")
@click.option("--host-name", default="Host", show_default=True, help="Who hosts it.")
@click.option("--at", metavar="TIME", help="When it begins, such as 2026-12-31T20:00 (local time).")
@_common
def create(title: str, space_id: str | None, host_name: str, at: str | None, data: str | None, as_json: bool) -> None:
    """Make a space, and the host's invitation."""
    body = {"title": title, "host_name": host_name, "id": space_id, "scheduled_ms": _milliseconds(at) if at else None}
    with House(options.settings(data=data)) as house:
        made = house.post("/spaces", {key: value for key, value in body.items() if value is not None})
    if as_json:
        _print_json(made)
        return
    _show(made["space"])
    _console.print(f"\nThe host comes in here:\n{made['invitation']['link']}")


@space.command("list")
@_common
def list_(data: str | None, as_json: bool) -> None:
    """List all spaces, the newest first."""
    with House(options.settings(data=data)) as house:
        found = house.get("/spaces")
    if as_json:
        _print_json(found)
        return
    table = Table("space", "title", "state", "listeners", "listen", box=None, pad_edge=False)
    for row in found["spaces"]:
        table.add_row(row["id"], row["title"], row["state"], str(row["listeners"]), row["listen"])
    _console.print(table if found["spaces"] else "There is no space yet: stentor space create TITLE")


def _lead(verb: str, text: str) -> None:
    """Adds the command that posts ``/spaces/{id}/{verb}``."""

    @space.command(verb, help=text)
    @click.argument("space_id", metavar="SPACE")
    @_common
    def command(space_id: str, data: str | None, as_json: bool) -> None:
        with House(options.settings(data=data)) as house:
            now = house.post(f"/spaces/{space_id}/{verb}")
        _print_json(now) if as_json else _show(now)


_lead("doors", "Open the doors: hold music for those who come early.")
_lead("live", "Go live; opens the doors too.")
_lead("end", "End it for everybody.")
_lead("cancel", "Call it off, before its doors open.")
for _command in removal.COMMANDS:
    space.add_command(_command)


@space.command()
@click.argument("space_id", metavar="SPACE")
@click.option("--name", default="Speaker", show_default=True, help="Whose seat it is.")
@click.option("--role", type=click.Choice(["speaker", "co_host"]), default="speaker", show_default=True)
@_common
def invite(space_id: str, name: str, role: str, data: str | None, as_json: bool) -> None:
    """Invite somebody to the stage: prints the link with a signed token."""
    with House(options.settings(data=data)) as house:
        made = house.post(f"/spaces/{space_id}/invitations", {"name": name, "role": role})
    if as_json:
        _print_json(made)
        return
    _console.print(f"{made['name']} ({made['role']}), until {_time(made['expires_ms'])}:\n{made['link']}")
    _console.print(f"\nOBS and other WHIP senders: {made['whip']}\nBearer token: {made['token']}")


@space.command()
@click.argument("space_id", metavar="SPACE")
@click.option("--pass", "passes", multiple=True, type=click.Choice(sorted(CLASSES)), help="Who is let in all the same.")
@_common
def limit(space_id: str, passes: tuple[str, ...], data: str | None, as_json: bool) -> None:
    """Let nobody else in but those who are inside and whoever has a pass."""
    with House(options.settings(data=data)) as house:
        now = house.put(f"/spaces/{space_id}/door", {"limited": True, "passes": list(passes)})
    _print_json(now) if as_json else _show(now)


@space.command()
@click.argument("space_id", metavar="SPACE")
@_common
def unlimit(space_id: str, data: str | None, as_json: bool) -> None:
    """Let in as many as there is room for."""
    with House(options.settings(data=data)) as house:
        now = house.put(f"/spaces/{space_id}/door", {"limited": False})
    _print_json(now) if as_json else _show(now)


@space.command()
@click.argument("space_id", metavar="SPACE")
@click.option("--seconds", type=int, default=120, show_default=True, help="How far behind, 30 to 3600; 0: not at all.")
@_common
def overflow(space_id: str, seconds: int, data: str | None, as_json: bool) -> None:
    """Let those outside a full space follow some minutes behind."""
    with House(options.settings(data=data)) as house:
        now = house.patch(f"/spaces/{space_id}", {"overflow_s": seconds})
    _print_json(now) if as_json else _show(now)


@space.command()
@click.argument("space_id", metavar="SPACE")
@click.option("--recording", type=int, default=0, help="Days; 0: as long as the site keeps it.")
@click.option("--comments", type=int, default=0, help="Also what was written backstage.")
@click.option("--sounds", type=int, default=0, help="The hold music.")
@click.option("--events", type=int, default=0, help="What people did.")
@_common
def keep(space_id: str, data: str | None, as_json: bool, **days: int) -> None:
    """Choose how long things are kept after the end, never longer than the site keeps them."""
    with House(options.settings(data=data)) as house:
        now = house.put(f"/spaces/{space_id}/keep", days)
    _print_json(now) if as_json else _show(now)


@space.command("pass")
@click.argument("space_id", metavar="SPACE")
@click.option("--for", "kind", type=click.Choice(sorted(CLASSES)), default="press", show_default=True, help="For whom.")
@_common
def give_pass(space_id: str, kind: str, data: str | None, as_json: bool) -> None:
    """Make a link to the listener's page that need not wait at the door."""
    with House(options.settings(data=data)) as house:
        made = house.post(f"/spaces/{space_id}/passes", {"kind": kind})
    _print_json(made) if as_json else _console.print(made["link"])


@space.command()
@click.argument("space_id", metavar="SPACE")
@click.argument("name", metavar="WHAT", type=click.Choice([each.value for each in Switch]))
@click.argument("state", metavar="on|off", type=click.Choice(["on", "off"]))
@_common
def switch(space_id: str, name: str, state: str, data: str | None, as_json: bool) -> None:
    """Turn something on or off: clips."""
    with House(options.settings(data=data)) as house:
        now = house.patch(f"/spaces/{space_id}", {"switches": {name: state == "on"}})
    _print_json(now) if as_json else _show(now)


@space.command()
@click.argument("space_id", metavar="SPACE")
@click.argument("number", metavar="RUNG", type=click.Choice([*map(str, range(TOP + 1)), "auto"]))
@_common
def rung(space_id: str, number: str, data: str | None, as_json: bool) -> None:
    """Keep the ladder on a rung, 0 to 4, or let it climb by itself: auto."""
    with House(options.settings(data=data)) as house:
        now = house.put(f"/spaces/{space_id}/rung", {"rung": None if number == "auto" else int(number)})
    _print_json(now) if as_json else _show(now)


@space.command()
@click.argument("space_id", metavar="SPACE")
@_common
def show(space_id: str, data: str | None, as_json: bool) -> None:
    """Show a space: state, seats, lights, addresses."""
    with House(options.settings(data=data)) as house:
        found = house.get(f"/spaces/{space_id}")
    _print_json(found) if as_json else _show(found)


def _show(found: dict[str, Any]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("space", f"{found['id']}: {found['title']}")
    table.add_row("state", found["state"])
    for key in ("scheduled", "doors_open", "live", "ended"):
        if found[f"{key}_ms"]:
            table.add_row(key.replace("_", " "), _time(found[f"{key}_ms"]))
    table.add_row("listeners", str(found["listeners"]))
    lights = (f"{name} {light['color']} {light['reason']}".rstrip() for name, light in found["lights"].items())
    table.add_row("rung", _rung(found["ladder"]))
    table.add_row("door", _door(found["door"]))
    table.add_row("lights", ", ".join(lights))
    for seat in found["seats"]:
        table.add_row("seat", f"{seat['name']} ({seat['role']}, {seat['state']})")
    for kind, url in found["audience"].items():
        table.add_row(kind, url)
    if found["recording"]:
        table.add_row("recording", found["recording"])
    _console.print(table)


def _door(door: dict[str, Any]) -> str:
    """How wide it is, and who waits."""
    how = "limited" if door["limited"] else "open" if door["p"] >= 1 else f"narrow, p = {door['p']:.3f}"
    waiting = f", about {door['waiting']} wait" if door["waiting"] else ""
    behind = f"may follow {door['overflow_s']} s behind" if door["overflow_s"] else "do not follow behind"
    return f"{how}; {door['places']} places{waiting}; those outside {behind}"


def _rung(ladder: dict[str, Any]) -> str:
    if ladder["pinned"] is not None:
        return f"{ladder['pinned']} (chosen by hand)"
    why = f" ({ladder['cause']} {ladder['value']:g})" if ladder["value"] else ""
    return f"{ladder['rung']}{why}"


def _print_json(found: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))


def _time(ms: int) -> str:
    return datetime.datetime.fromtimestamp(ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def _milliseconds(text: str) -> int:
    try:
        return round(datetime.datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except ValueError as error:
        raise BadInput(f"{text!r} is no time; write it like 2026-12-31T20:00.") from error
