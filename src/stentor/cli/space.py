"""``stentor space``: make a space and lead it through its life."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from typing import Any

import click
import msgspec

from stentor.base.clock import unix_ms, wall
from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.base.texts import UNSAID
from stentor.cli import announce, listeners, options, removal, tables
from stentor.cli.house import House
from stentor.crowd.door import CLASSES
from stentor.crowd.rungs import TOP
from stentor.spaces.model import OVER, TALKING
from stentor.spaces.switches import Switch


@click.group()
def space() -> None:
    """Make a space and lead it: create, invite, doors, live, end, edit, list, show, …, delete."""


def _common(command: Callable[..., None]) -> Callable[..., None]:
    return options.data(options.as_json(command))


@space.command()
@click.argument("title")
@click.option("--id", "space_id", help="What stands in its addresses; made from the title when left out.")
@click.option("--host-name", default="Host", show_default=True, help="Who hosts it.")
@click.option("--at", metavar="TIME", help="When it begins, such as 2026-12-31T20:00 (local time).")
@click.option("--language", metavar="TAG", help="Which language is spoken, such as en or de; asked for when left out.")
@click.option("--visibility", type=listeners.CHOICES, help="Who may hear it, and know of it; everybody when left out.")
@_common
def create(
    title: str,
    space_id: str | None,
    host_name: str,
    at: str | None,
    language: str | None,
    visibility: str | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Make a space, and the host's invitation."""
    body = {"title": title, "host_name": host_name, "id": space_id, "scheduled_ms": _milliseconds(at) if at else None}
    body |= {"visibility": visibility, "password": listeners.password_for(visibility)}
    with House(options.settings(data=data)) as house:
        asks = not language and sys.stdin.isatty()
        body["language"] = spoken(house.get("/admin").get("language", "")) if asks else language
        made = house.post("/spaces", {key: value for key, value in body.items() if value is not None})
    if as_json:
        _print_json(made)
        return
    link, page = made["invitation"]["link"], made["space"]["audience"]["page"]
    click.echo(f"The host comes in here (as good as a key: send it to nobody else):\n{link}\n")
    click.echo(f"Listeners come in here:\n{page}\n")
    doors = f"stentor space doors {made['space']['id']}"
    if made["space"]["language"] == UNSAID:
        click.echo(f"Nobody has said which language is spoken: stentor space edit {made['space']['id']} --language en")
    click.echo(f"Next: open the host's link, try the microphone there, and open the doors ({doors} does it too).")


def spoken(of_site: str) -> str:
    """Asks which language is spoken; the site's, if it has one, is proposed."""
    question = "Which language is spoken (a tag such as en or de)?"
    return str(click.prompt(question, default=of_site or None, prompt_suffix=" ", err=True)).strip()


@space.command("list")
@_common
def list_(data: str | None, as_json: bool) -> None:
    """List all spaces, the newest first."""
    with House(options.settings(data=data)) as house:
        found = house.get("/spaces")
    if as_json:
        _print_json(found)
        return
    if not found["spaces"]:
        click.echo("There is no space yet: stentor space create TITLE")
        return
    shown = [
        (row["id"], row["title"], tables.phase(row), _begins(row), str(row["listeners"])) for row in found["spaces"]
    ]
    tables.rows(("space", "title", "state", "begins, began", "listeners"), shown, wraps="title")


def _begins(row: dict[str, Any]) -> str:
    at_ms = row["live_ms"] or row["doors_open_ms"] or row["scheduled_ms"]
    return tables.local(at_ms) if at_ms else ""


def _lead(verb: str, text: str) -> None:
    """Adds the command that posts ``/spaces/{id}/{verb}``."""

    @space.command(verb, help=text)
    @options.space
    @_common
    def command(space_id: str, data: str | None, as_json: bool) -> None:
        with House(options.settings(data=data)) as house:
            now = house.post(f"/spaces/{space_id}/{verb}")
        _print_json(now) if as_json else _show(now)


_lead("doors", "Open the doors: hold music for those who come early.")
_lead("live", "Go live; opens the doors too.")
_lead("end", "End it for everybody.")
_lead("cancel", "Call it off, before its doors open.")


@space.command("close-doors")
@options.space
@_common
def close_doors(space_id: str, data: str | None, as_json: bool) -> None:
    """Close the doors again, as long as nobody has come."""
    with House(options.settings(data=data)) as house:
        now = house.delete(f"/spaces/{space_id}/doors")
    _print_json(now) if as_json else _show(now)


for _command in (*removal.COMMANDS, *listeners.COMMANDS, *announce.COMMANDS):
    space.add_command(_command)


@space.command()
@options.space
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
    click.echo(f"{made['name']} ({made['role']}), until {tables.local(made['expires_ms'])}:\n{made['link']}")
    click.echo(f"\nOBS and other WHIP senders: {made['whip']}\nBearer token: {made['token']}")
    click.echo(
        "\nEverybody hears what is said on the stage, and it is recorded. The page says so, OBS does not: tell them."
    )


@space.command()
@options.space
@click.argument("who", metavar="NAME")
@_common
def uninvite(space_id: str, who: str, data: str | None, as_json: bool) -> None:
    """Take the seat of NAME (or the seat with that id) away: its link opens nothing any more."""
    with House(options.settings(data=data)) as house:
        seat = _seat(house.get(f"/spaces/{space_id}")["seats"], who)
        now = house.delete(f"/spaces/{space_id}/seats/{seat['id']}")
    _print_json(now) if as_json else click.echo(f"{seat['name']} has no seat any more; the link opens nothing.")


def _seat(seats: list[dict[str, Any]], who: str) -> dict[str, Any]:
    """The one seat that is meant. Raises :class:`NotFound`, and :class:`Conflict` when there are several."""
    found = [seat for seat in seats if who == seat["id"]] or [seat for seat in seats if who == seat["name"]]
    if not found:
        raise NotFound(f"Nobody is called {who}; on the stage are: {', '.join(seat['name'] for seat in seats)}.")
    if len(found) > 1:
        raise Conflict(f"Several are called {who}; say which seat: {', '.join(seat['id'] for seat in found)}.")
    return found[0]


@space.command()
@options.space
@click.option("--title", help="What it is called.")
@click.option("--at", metavar="TIME", help="When it begins, such as 2026-12-31T20:00 (local time); no: without a time.")
@click.option("--description", help="What it is about; addresses of the web become links.")
@click.option("--language", metavar="TAG", help="Which language is spoken, such as en or de.")
@click.option("--listed/--unlisted", default=None, help="Whether it stands in lists.")
@_common
def edit(space_id: str, at: str | None, data: str | None, as_json: bool, **changes: str | bool | None) -> None:
    """Change a space, also while it is live; what is left out stays."""
    wish: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    if at is not None:
        wish["scheduled_ms"] = None if at == "no" else _milliseconds(at)
    if not wish:
        raise click.UsageError("Say what to change: --title, --at, --description, --language or --unlisted.")
    with House(options.settings(data=data)) as house:
        now = house.patch(f"/spaces/{space_id}", wish)
    _print_json(now) if as_json else _show(now)


@space.command()
@options.space
@click.option("--pass", "passes", multiple=True, type=click.Choice(sorted(CLASSES)), help="Who is let in all the same.")
@_common
def limit(space_id: str, passes: tuple[str, ...], data: str | None, as_json: bool) -> None:
    """Let nobody else in but those who are inside and whoever has a pass."""
    with House(options.settings(data=data)) as house:
        now = house.put(f"/spaces/{space_id}/door", {"limited": True, "passes": list(passes)})
    _print_json(now) if as_json else _show(now)


@space.command()
@options.space
@_common
def unlimit(space_id: str, data: str | None, as_json: bool) -> None:
    """Let in as many as there is room for."""
    with House(options.settings(data=data)) as house:
        now = house.put(f"/spaces/{space_id}/door", {"limited": False})
    _print_json(now) if as_json else _show(now)


@space.command()
@options.space
@click.option("--seconds", type=int, default=120, show_default=True, help="How far behind, 30 to 3600; 0: not at all.")
@_common
def overflow(space_id: str, seconds: int, data: str | None, as_json: bool) -> None:
    """Let those outside a full space follow some minutes behind."""
    with House(options.settings(data=data)) as house:
        now = house.patch(f"/spaces/{space_id}", {"overflow_s": seconds})
    _print_json(now) if as_json else _show(now)


@space.command()
@options.space
@click.option("--seconds", type=int, default=10, show_default=True, help="5 to 40; 0: none.")
@_common
def delay(space_id: str, seconds: int, data: str | None, as_json: bool) -> None:
    """Let the audience hear the stage some seconds later; before the doors open."""
    with House(options.settings(data=data)) as house:
        now = house.put(f"/spaces/{space_id}/delay", {"seconds": seconds})
    _print_json(now) if as_json else _show(now)


@space.command()
@options.space
@click.option("--seconds", type=float, help="The last seconds; all that waits when left out.")
@_common
def dump(space_id: str, seconds: float | None, data: str | None, as_json: bool) -> None:
    """Throw away what the audience has not heard yet. Asks nothing."""
    with House(options.settings(data=data)) as house:
        now = house.post(f"/spaces/{space_id}/dump", {"seconds": seconds})
    _print_json(now) if as_json else _show(now)


@space.command()
@options.space
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
@options.space
@click.option("--for", "kind", type=click.Choice(sorted(CLASSES)), default="press", show_default=True, help="For whom.")
@_common
def give_pass(space_id: str, kind: str, data: str | None, as_json: bool) -> None:
    """Make a link to the listener's page that need not wait at the door."""
    with House(options.settings(data=data)) as house:
        made = house.post(f"/spaces/{space_id}/passes", {"kind": kind})
    _print_json(made) if as_json else click.echo(made["link"])


@space.command()
@options.space
@click.argument("name", metavar="WHAT", type=click.Choice([each.value for each in Switch]))
@click.argument("state", metavar="on|off", type=click.Choice(["on", "off"]))
@_common
def switch(space_id: str, name: str, state: str, data: str | None, as_json: bool) -> None:
    """Turn something on or off: clips."""
    with House(options.settings(data=data)) as house:
        now = house.patch(f"/spaces/{space_id}", {"switches": {name: state == "on"}})
    _print_json(now) if as_json else _show(now)


@space.command()
@options.space
@click.argument("number", metavar="RUNG", type=click.Choice([*map(str, range(TOP + 1)), "auto"]))
@_common
def rung(space_id: str, number: str, data: str | None, as_json: bool) -> None:
    """Keep the ladder on a rung, 0 to 4, or let it climb by itself: auto."""
    with House(options.settings(data=data)) as house:
        now = house.put(f"/spaces/{space_id}/rung", {"rung": None if number == "auto" else int(number)})
    _print_json(now) if as_json else _show(now)


@space.command()
@options.space
@_common
def show(space_id: str, data: str | None, as_json: bool) -> None:
    """Show a space: state, seats, lights, addresses."""
    with House(options.settings(data=data)) as house:
        found = house.get(f"/spaces/{space_id}")
    _print_json(found) if as_json else _show(found)


def _show(found: dict[str, Any]) -> None:
    lights = (f"{name} {light['color']} {light['reason']}".rstrip() for name, light in found["lights"].items())
    rows = [("space", found["id"]), ("title", found["title"]), ("state", tables.phase(found))]
    rows += [
        (key.replace("_", " "), tables.local(found[f"{key}_ms"]))
        for key in ("scheduled", "doors_open", "live", "ended")
        if found[f"{key}_ms"]
    ]
    rows += [("listeners", str(found["listeners"])), ("rung", _rung(found["ladder"])), ("door", _door(found["door"]))]
    rows.append(("lights", ", ".join(lights)))
    rows += [("seat", f"{seat['name']} ({', '.join(seat_words(found, seat))})") for seat in found["seats"]]
    rows += found["audience"].items()
    if found["recording"]:
        rows.append(("recording", found["recording"]))
    tables.pairs(rows)


def seat_words(found: dict[str, Any], seat: dict[str, Any]) -> tuple[str, ...]:
    """The role, and whether they are there, or before the talk who is ready; nobody is missed then, nor afterwards."""
    role, state = seat["role"].replace("_", "-"), seat["state"]
    if found["state"] in TALKING:
        return role, state
    if found["state"] in OVER or state == "away":
        return (role,)
    return role, state if state == "lost" else "ready" if seat.get("heard", True) else "connected, nothing heard yet"


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


def _milliseconds(text: str) -> int:
    try:
        found = round(datetime.datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except ValueError as error:
        raise BadInput(f"{text!r} is no time; write it like 2026-12-31T20:00.") from error
    if found < unix_ms(wall()):
        raise BadInput(f"{tables.local(found)} lies in the past.")
    return found
