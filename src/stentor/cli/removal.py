"""``stentor space delete`` and its like: delete what was heard, or choose what of it is shown."""

from __future__ import annotations

import re
from typing import Any

import click
import msgspec

from stentor.base.errors import BadInput
from stentor.cli import options
from stentor.cli.house import House
from stentor.spaces.model import State

_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")
_reason = click.option("--reason", required=True, help="Why; it stays in the record of the space.")
_yes = click.option("--yes", is_flag=True, help="Do not ask whether you mean it.")
_from = click.option("--from", "start", metavar="TIME", default="0", help="Where it begins, such as 754 or 12:34.")
_to = click.option("--to", "end", metavar="TIME", help="Where it ends; the end of the recording when left out.")


@click.command()
@options.space
@_reason
@_yes
@options.data
@options.as_json
def delete(space_id: str, reason: str, yes: bool, data: str | None, as_json: bool) -> None:
    """Delete a space for good, with its recording and all that people wrote in it; one to come is called off first."""
    with House(options.settings(data=data)) as house:
        found = house.get(f"/spaces/{space_id}")
        _ask(yes, f"Delete {space_id} ({found['title']}) with its recording, transcript and comments, for good?")
        if found["state"] == State.SCHEDULED:
            house.post(f"/spaces/{space_id}/cancel")
        _told(house.post(f"/spaces/{space_id}/remove", {"reason": reason}), as_json)


@click.command("remove-recording")
@options.space
@_from
@_to
@_reason
@_yes
@options.data
@options.as_json
def remove_recording(
    space_id: str, start: str, end: str | None, reason: str, yes: bool, data: str | None, as_json: bool
) -> None:
    """Delete a recording for good, or the part of it from one TIME to another; silence stands in its place."""
    part = "the whole recording" if (start, end) == ("0", None) else f"{start} to {end or 'the end'} of the recording"
    body = {**_span(start, end), "reason": reason}
    with House(options.settings(data=data)) as house:
        _ask(yes, f"Delete {part} of {space_id}, with clips, words and levels of it, for good?")
        _told(house.post(f"/spaces/{space_id}/removals", body), as_json)


@click.command()
@options.space
@_from
@_to
@options.data
@options.as_json
def trim(space_id: str, start: str, end: str | None, data: str | None, as_json: bool) -> None:
    """Show only a part of a recording; nothing is deleted, and without TIMEs all of it is shown again."""
    with House(options.settings(data=data)) as house:
        _told(house.put(f"/spaces/{space_id}/trim", _span(start, end)), as_json)


@click.command()
@options.space
@options.data
@options.as_json
def unlist(space_id: str, data: str | None, as_json: bool) -> None:
    """Take a space out of the lists; its address opens it all the same."""
    with House(options.settings(data=data)) as house:
        _told(house.put(f"/spaces/{space_id}/listed", {"listed": False}), as_json)


@click.command()
@options.space
@options.data
@options.as_json
def relist(space_id: str, data: str | None, as_json: bool) -> None:
    """Put a space into the lists again."""
    with House(options.settings(data=data)) as house:
        _told(house.put(f"/spaces/{space_id}/listed", {"listed": True}), as_json)


COMMANDS = (delete, remove_recording, trim, unlist, relist)


def _ask(yes: bool, question: str) -> None:
    if not yes:
        click.confirm(question, abort=True)


def _span(start: str, end: str | None) -> dict[str, int | None]:
    return {"from_ms": _ms(start), "to_ms": None if end is None else _ms(end)}


def _ms(text: str) -> int:
    """Of ``754``, ``12:34`` or ``1:02:03.5``."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise BadInput(f"{text!r} is no place in a recording; write seconds, 12:34 or 1:02:03.")
    hours, minutes, seconds = found.groups("0")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def _told(space: dict[str, Any], as_json: bool) -> None:
    """What is so now."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(space), indent=2))
        return
    if space["removed"]:
        click.echo(f"{space['id']}: the space is deleted. Nobody gets it any more; what is stored goes within minutes.")
        return
    for removal in space["removals"]:
        end = "the end" if removal["to_ms"] is None else _place(removal["to_ms"])
        click.echo(f"{space['id']}: removed from {_place(removal['from_ms'])} to {end}: {removal['reason']}")
    if space["trim"]:
        end = "the end" if space["trim"]["to_ms"] is None else _place(space["trim"]["to_ms"])
        click.echo(f"{space['id']}: shown from {_place(space['trim']['from_ms'])} to {end}")
    click.echo(f"{space['id']}: {'stands' if space['listed'] else 'does not stand'} in lists")


def _place(ms: int) -> str:
    minutes, seconds = divmod(ms / 1000, 60)
    return f"{int(minutes)}:{seconds:05.2f}"
