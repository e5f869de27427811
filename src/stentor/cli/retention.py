"""``stentor retention``: how long things are kept, how much room they take, and what would go now."""

from __future__ import annotations

import datetime
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from stentor.cli import options
from stentor.cli.house import House

SETTINGS = {
    "recording": "STENTOR_KEEP_RECORDINGS",
    "comments": "STENTOR_KEEP_COMMENTS",
    "sounds": "STENTOR_KEEP_SOUNDS",
    "events": "STENTOR_KEEP_EVENTS",
}
_console = Console(soft_wrap=True, highlight=False)


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
    table = Table(box=None, show_header=False, pad_edge=False)
    for part, name in SETTINGS.items():
        days = found["site"][part]
        table.add_row(part, f"{days} days after the end" if days else "for ever", name)
    most = f" of {_size(room['most_bytes'])}" if room["most_bytes"] else ", without a limit"
    table.add_row("recordings have", f"{_size(room['used_bytes'])}{most}", "STENTOR_QUOTA_GB")
    _console.print(table)
    _console.print(f"\n{len(found['due'])}{' and more' if found['more'] else ''} due now; each goes at the next walk.")
    if dry_run and found["due"]:
        _console.print(_listed(found["due"]))


def _listed(due: list[dict[str, Any]]) -> Table:
    table = Table("space", "title", "what", "since", "how much", box=None, pad_edge=False)
    for each in due:
        since = datetime.datetime.fromtimestamp(each["since_ms"] / 1000).astimezone().strftime("%Y-%m-%d")
        size = f", {_size(each['size_bytes'])}" if each["size_bytes"] else ""
        table.add_row(each["space"], each["title"], each["part"], since, f"{each['count']:,}{size}")
    return table


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB"
