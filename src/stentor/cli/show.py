"""``stentor show``: series of spaces with a page of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from stentor.base.errors import BadInput
from stentor.cli import options, tables
from stentor.cli.house import House

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Command = TypeVar("Command", bound=Callable[..., Any])


def _dates(function: Command) -> Command:
    """The options that say when a show takes place."""
    for option in reversed((
        click.option("--zone", metavar="ZONE", help="Whose clocks --starts means, such as Europe/Berlin."),
        click.option("--repeats", type=click.Choice(["weekly", "monthly"]), help="Weekly when left out."),
        click.option("--every", type=click.IntRange(1, 12), help="So many weeks or months from one to the next."),
        click.option("--on", "weekdays", type=click.Choice(WEEKDAYS), multiple=True,
                     help="Weekly: on this day; may be given more than once."),
        click.option("--week", type=click.IntRange(-1, 4), help="Monthly: in this week of the month; -1 is the last."),
        click.option("--until", metavar="DATE", help="The last date, 2027-06-27."),
    )):  # fmt: skip
        function = option(function)
    return function


@click.group()
def show() -> None:
    """Make and change shows: series of spaces with a page of their own; see docs/howto/series.md."""


@show.command("list")
@options.data
@options.as_json
def list_(data: str | None, as_json: bool) -> None:
    """List all shows, the newest first."""
    with House(options.settings(data=data)) as house:
        found = house.get("/shows")
    if as_json:
        _echo(found)
        return
    rows = [
        (each["id"], each["title"], "ended" if each["ended_ms"] else _time(each["next_ms"]), each["page"])
        for each in found["shows"]
    ]
    if not rows:
        click.echo("There is no show: stentor show create TITLE --starts TIME --zone ZONE")
        return
    tables.rows(("id", "title", "next", "page"), rows, wraps="title")


@show.command()
@click.argument("title")
@click.option("--starts", required=True, metavar="TIME", help="The first date and time, 2027-03-07T20:00.")
@_dates
@click.option("--id", "name", metavar="ID", help="What stands in its address; made from TITLE when left out.")
@click.option("--description", default="", help="What it is about.")
@click.option("--host", metavar="NAME", help="Who hosts it.")
@click.option("--language", metavar="CODE", help="In which language it is, such as en.")
@options.data
@options.as_json
def create(
    title: str, starts: str, name: str | None, description: str, host: str | None, language: str | None,
    data: str | None, as_json: bool, **when: Any,
) -> None:  # fmt: skip
    """Make a show called TITLE; its next four dates become spaces at once."""
    if not when["zone"]:
        raise BadInput("Say whose clocks --starts means: --zone Europe/Berlin, for instance.", field="zone")
    body = {"title": title, "description": description, "rule": _rule({"starts": starts}, when)}
    body |= {key: value for key, value in (("id", name), ("host_name", host), ("language", language)) if value}
    with House(options.settings(data=data)) as house:
        _tell(house.post("/shows", body), as_json)


@show.command()
@click.argument("show_id", metavar="SHOW")
@options.data
@options.as_json
def view(show_id: str, data: str | None, as_json: bool) -> None:
    """Say what is known of SHOW, with its dates."""
    with House(options.settings(data=data)) as house:
        _tell(house.get(f"/shows/{show_id}"), as_json)


@show.command()
@click.argument("show_id", metavar="SHOW")
@click.option("--since", metavar="DATE", help="From this date on; from the next one when left out.")
@click.option("--title", help="What it is called.")
@click.option("--description", help="What it is about.")
@click.option("--starts", metavar="TIME", help="Another first date and time, 2027-03-07T20:00.")
@_dates
@options.data
@options.as_json
def change(
    show_id: str, since: str | None, title: str | None, description: str | None, starts: str | None,
    data: str | None, as_json: bool, **when: Any,
) -> None:  # fmt: skip
    """Change SHOW from a date on; for one date alone, change its space."""
    said = {"since": since, "title": title, "description": description}
    body: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
    if starts is not None:
        when["starts"] = starts
    moved = any(value not in (None, ()) for value in when.values())
    if not moved and not body.keys() - {"since"}:
        raise BadInput("Say what to change: --title, --description, --starts, --zone, --repeats, --every or --until.")
    with House(options.settings(data=data)) as house:
        if moved:
            body["rule"] = _rule(house.get(f"/shows/{show_id}")["rule"], when)
        _tell(house.patch(f"/shows/{show_id}", body), as_json)


@show.command()
@click.argument("show_id", metavar="SHOW")
@click.argument("dates", nargs=-1, required=True, metavar="DATE...")
@click.option("--again", is_flag=True, help="They take place after all.")
@options.data
@options.as_json
def skip(show_id: str, dates: tuple[str, ...], again: bool, data: str | None, as_json: bool) -> None:
    """Leave out DATEs (2027-12-24): what is there is cancelled, and no space is made for them."""
    with House(options.settings(data=data)) as house:
        skips = set(house.get(f"/shows/{show_id}")["skips"])
        skips = skips - set(dates) if again else skips | set(dates)
        _tell(house.patch(f"/shows/{show_id}", {"skips": sorted(skips)}), as_json)


@show.command("co-host")
@click.argument("show_id", metavar="SHOW")
@click.argument("handle")
@click.option("--remove", is_flag=True, help="Take that away.")
@options.data
@options.as_json
def co_host(show_id: str, handle: str, remove: bool, data: str | None, as_json: bool) -> None:
    """Make the account HANDLE a co-owner of SHOW and of its dates."""
    address = f"/shows/{show_id}/co-hosts/{handle.removeprefix('@')}"
    with House(options.settings(data=data)) as house:
        _tell(house.delete(address) if remove else house.put(address, {}), as_json)


@show.command()
@click.argument("show_id", metavar="SHOW")
@click.option("--yes", is_flag=True, help="Do not ask whether you mean it.")
@options.data
@options.as_json
def end(show_id: str, yes: bool, data: str | None, as_json: bool) -> None:
    """End SHOW: no new dates, and the next ones are cancelled. Its page and its recordings stay."""
    if not yes:
        click.confirm(f"End {show_id} and cancel its next dates?", abort=True)
    with House(options.settings(data=data)) as house:
        _tell(house.delete(f"/shows/{show_id}"), as_json)


def _rule(before: dict[str, Any], when: dict[str, Any]) -> dict[str, Any]:
    """The rule as it was, with what was said anew."""
    said = {key: value for key, value in when.items() if value not in (None, ())}
    if "weekdays" in said:
        said["weekdays"] = [WEEKDAYS.index(each) for each in said["weekdays"]]
    return before | said


def _tell(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        _echo(found)
        return
    rule = found["rule"]
    days = ", ".join(WEEKDAYS[each] for each in rule["weekdays"])
    tables.pairs([
        ("show", found["id"]),
        ("title", found["title"]),
        ("page", found["page"]),
        ("since", f"{rule['starts'].replace('T', ' ')}, {rule['zone']}"),
        ("repeats", f"{rule['repeats']}, every {rule['every']}{f' ({days})' if days else ''}"),
        *([("until", rule["until"])] if rule["until"] else []),
        *([("left out", ", ".join(found["skips"]))] if found["skips"] else []),
        *([("co-hosts", ", ".join(found["co_hosts"]))] if found["co_hosts"] else []),
        *([("ended", tables.local(found["ended_ms"]))] if found["ended_ms"] else []),
    ])  # fmt: skip
    rows = [(each["date"], _time(each["scheduled_ms"]), each["space"], tables.phase(each)) for each in found["dates"]]
    if rows:
        click.echo()
        tables.rows(("date", "time here", "space", "state"), rows, wraps="space")


def _time(ms: int | None) -> str:
    return tables.local(ms) if ms is not None else "-"


def _echo(found: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
