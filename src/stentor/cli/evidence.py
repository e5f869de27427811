"""``stentor evidence``: the numbers of an audience, from the rows that edges keep."""

from __future__ import annotations

import datetime

import click
import msgspec
import uvloop

from stentor.base.config import Settings
from stentor.base.errors import NotFound
from stentor.bus.evidence import EvidenceLog
from stentor.bus.identity import join
from stentor.cli import options, tables
from stentor.evidence.counts import METHODS, Counts, Figure, count


@click.group()
def evidence() -> None:
    """What is known of an audience, and how."""


@evidence.command()
@click.argument("space")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@options.data
def counts(space: str, as_json: bool, data: str | None) -> None:
    """Print how many heard SPACE, waited and were refused: each number with its error and its method."""
    found = uvloop.run(_count(options.settings(data=data), space))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    figures = [(name, getattr(found, name)) for name in METHODS]
    tables.rows(
        ("NUMBER", "VALUE", "BETWEEN", "METHOD"),
        [(name, shown(one), f"{one.low:g} – {one.high:g}", one.method) for name, one in figures],
        wraps="METHOD",
    )
    click.echo(f"{found.rows} rows of {found.edges} edges, {when(found.since_ms)} to {when(found.until_ms)}.")


def shown(one: Figure) -> str:
    """The value; for a peak with its second."""
    least = "at least " if one.at_least else ""
    return f"{least}{one.value:g}" + (f" at {when(one.at_ms)}" if one.at_ms is not None else "")


def when(at_ms: int) -> str:
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M:%SZ")


async def _count(settings: Settings, space: str) -> Counts:
    async with join(settings, "operator", name="evidence") as bus:
        found = count(space, await EvidenceLog(bus).read())
    if found is None:
        raise NotFound(
            f"No row of the last {settings.bus_hours:g} hours tells of a space {space}: it was not on the air, or its "
            "edges are of an older version."
        )
    return found
