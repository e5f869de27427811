"""``stentor retention``: how long things are kept, how much room they take, and what would go now."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from stentor.base.units import counted
from stentor.cli import options, tables
from stentor.cli.house import House

SETTINGS = {
    "recording": "STENTOR_KEEP_RECORDINGS",
    "comments": "STENTOR_KEEP_COMMENTS",
    "sounds": "STENTOR_KEEP_SOUNDS",
    "events": "STENTOR_KEEP_EVENTS",
}


@click.command()
@click.option("--dry-run", is_flag=True, help="List what would go now; nothing is changed.")
@options.data
@options.as_json
def retention(dry_run: bool, data: str | None, as_json: bool) -> None:
    """Show how long things are kept, and how much room recordings take."""
    with House(options.settings(data=data)) as house:
        found = house.get("/retention")
        room = house.get("/storage")["site"]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"storage": room, **found}), indent=2))
        return
    table = tables.plain(3)
    for part, name in SETTINGS.items():
        days = found["site"][part]
        table.add_row(part, f"{counted(days, 'day')} after the end" if days else "for ever", name)
    most = f" of {_size(room['most_bytes'])}" if room["most_bytes"] else ", without a limit"
    table.add_row("recordings have", f"{_size(room['used_bytes'])}{most}", "STENTOR_QUOTA_GB")
    tables.console().print(table)
    click.echo(f"\n{len(found['due'])}{' and more' if found['more'] else ''} due now; each goes at the next walk.")
    if dry_run and found["due"]:
        _list(found["due"])


def _list(due: list[dict[str, Any]]) -> None:
    found = []
    for each in due:
        size = f", {_size(each['size_bytes'])}" if each["size_bytes"] else ""
        since = tables.day(each["since_ms"])
        found.append((each["space"], each["title"], each["part"], since, f"{each['count']:,}{size}"))
    tables.rows(("space", "title", "what", "since", "how much"), found, wraps="title")


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB"
