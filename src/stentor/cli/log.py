"""``stentor log``: the story of one space, from its record."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Mapping
from typing import Any

import click
import msgspec

from stentor.base.errors import NotFound
from stentor.base.units import space_id as checked
from stentor.cli import options
from stentor.cli.house import House
from stentor.evidence.report import Report, kept_key
from stentor.evidence.story import MOST_LINES, StoryLine, story
from stentor.spaces import events
from stentor.spaces.events import Event
from stentor.spaces.visibility import PRIVATE
from stentor.store.objects import Objects


@click.command()
@options.space
@click.option("--all", "everything", is_flag=True, help="All lines, not only the twenty that matter most.")
@options.as_json
@options.data
def log(space_id: str, everything: bool, as_json: bool, data: str | None) -> None:
    """Tell the story of a space in about twenty lines: announced, live, who came, what was lost, door, verdict, end.

    It reads the record of events and the report, not log files. Times are UTC.
    """
    settings = options.settings(data=data)
    space = checked(space_id)
    with House(settings) as house:
        view = house.get(f"/spaces/{space}")
        told = house.get(f"/spaces/{space}/events")["events"]
    found = [decoded for each in told if (decoded := _event(each)) is not None]
    report = asyncio.run(_report(Objects.open(settings.recordings_address), space))
    lines = story(found, report, _names(view), most=10_000 if everything else MOST_LINES)
    if as_json:
        click.echo(msgspec.json.encode(lines).decode())
        return
    for line in shown(lines):
        click.echo(line)


def shown(lines: list[StoryLine]) -> list[str]:
    """With the day where it changes."""
    found, day = [], ""
    for line in lines:
        at = datetime.datetime.fromtimestamp(line.at_ms / 1000, datetime.UTC)
        if (today := at.strftime("%Y-%m-%d")) != day:
            day = today
            found.append(day)
        found.append(f"  {at:%H:%M:%S}  {line.text}")
    return found


def _event(told: Mapping[str, Any]) -> Event | None:
    """None for one of a newer version."""
    try:
        return events.decode(msgspec.json.encode({name: value for name, value in told.items() if name != "version"}))
    except msgspec.DecodeError:
        return None


def _names(view: Mapping[str, Any]) -> Callable[[str], str]:
    """People by name; in a private space by role and number, in the order in which they were given their seats."""
    seats = view.get("seats", [])
    if view.get("visibility") in {each.value for each in PRIVATE}:
        called = {seat["id"]: f"{seat['role'].replace('_', '-')} {at}" for at, seat in enumerate(seats, 1)}
        return lambda seat: called.get(seat, "somebody")
    names = {seat["id"]: str(seat["name"]) for seat in seats}
    return lambda seat: names.get(seat, "somebody")


async def _report(objects: Objects, space: str) -> Report | None:
    try:
        return msgspec.json.decode(await objects.get(kept_key(space)), type=Report)
    except (NotFound, msgspec.DecodeError):
        return None
