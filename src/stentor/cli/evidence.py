"""``stentor evidence``: the numbers of an audience, from the rows that edges keep."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import msgspec
import uvloop

from stentor.base.config import Settings
from stentor.base.errors import BadInput, Malformed, NotFound, Overloaded
from stentor.bus.attacks import AttackFile
from stentor.bus.evidence import EvidenceLog
from stentor.bus.identity import join
from stentor.cli import options, tables
from stentor.cli.import_logs import import_logs
from stentor.evidence.attack import KEPT_S, HostileSources, table, together
from stentor.evidence.counts import METHODS, Figure, count
from stentor.evidence.row import MOST_LINE_BYTES, EdgeSecond, line, only, read_line
from stentor.evidence.told import lines
from stentor.evidence.verdict import judge

SUFFIX = ".jsonl"

T = TypeVar("T")


@click.group()
def evidence() -> None:
    """What is known of an audience, and how."""


evidence.add_command(import_logs)


@evidence.command()
@click.argument("space")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@options.data
def counts(space: str, as_json: bool, data: str | None) -> None:
    """Print how many heard SPACE, waited and were refused: each number with its error and its method.

    SPACE may be a file that `stentor evidence rows` made, ROWS.jsonl: the numbers are the same then.
    """
    found = _told(space, data, count)
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


@evidence.command()
@click.argument("space")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@options.data
def verdict(space: str, as_json: bool, data: str | None) -> None:
    """Say what it was in SPACE: popularity, an attack, both, a fault of one's own, nothing, or that nobody knows.

    SPACE may be a file that `stentor evidence rows` made, ROWS.jsonl: the verdict is the same then.
    """
    found = _told(space, data, judge)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for each in lines(found):
        click.echo(each)
    if not space.endswith(SUFFIX) and (hostile := together(uvloop.run(_attack(options.settings(data=data))))):
        last = when(max(one.last_ms for one, _ in hostile) + round(1000 * KEPT_S))
        click.echo(
            f"The addresses of {len(hostile):,} sources that behaved as no audience does are kept until {last} at most"
            + (": stentor evidence attack." if found.accuses else " (stentor evidence --help).")
        )


@evidence.command()
@options.data
def attack(data: str | None) -> None:
    """Write the attack file (`> FILE.csv`): who was hostile in the last 72 hours, by address.

    For a provider or the police. There is one where STENTOR_ATTACK_FILE was on.
    """
    told = uvloop.run(_attack(options.settings(data=data)))
    if not told:
        raise NotFound("There is no attack file: nobody was hostile in 72 hours, or STENTOR_ATTACK_FILE was off then.")
    click.echo(table(told), nl=False)


async def _attack(settings: Settings) -> list[HostileSources]:
    async with join(settings, "operator", name="attack") as bus:
        try:
            return await AttackFile(bus).read()
        except Overloaded:
            return []  # a bus of an older version has none


def _told(space: str, data: str | None, told: Callable[[str, list[EdgeSecond]], T | None]) -> T:
    """What the rows of the space tell: those on the bus, or those of a file."""
    settings = options.settings(data=data)
    of, kept = _read_file(Path(space)) if space.endswith(SUFFIX) else (space, uvloop.run(_read(settings)))
    found = told(of, kept)
    if found is None:
        raise unknown(of, settings)
    return found


def shown(one: Figure) -> str:
    """The value; for a peak with its second."""
    least = "at least " if one.at_least else ""
    return f"{least}{one.value:g}" + (f" at {when(one.at_ms)}" if one.at_ms is not None else "")


def when(at_ms: int) -> str:
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M:%SZ")


@evidence.command()
@click.argument("space")
@options.data
def rows(space: str, data: str | None) -> None:
    """Write the rows that tell of SPACE, one a line (`> ROWS.jsonl`), to keep them or to count them elsewhere.

    They hold no address, and nothing of other spaces; what they say of an edge is of all that it did.
    """
    settings = options.settings(data=data)
    kept = [one for row in uvloop.run(_read(settings)) if (one := only(row, space)) is not None]
    if not kept:
        raise unknown(space, settings)
    for row in kept:
        click.echo(line(row), nl=False)


async def _read(settings: Settings) -> list[EdgeSecond]:
    async with join(settings, "operator", name="evidence") as bus:
        return await EvidenceLog(bus).read()


def _read_file(file: Path) -> tuple[str, list[EdgeSecond]]:
    """The space, and its rows. Raises :class:`BadInput` for what is no file of rows of one space."""
    kept: list[EdgeSecond] = []
    try:
        with file.open("rb") as lines:
            while each := lines.readline(MOST_LINE_BYTES + 1):
                kept.append(read_line(each))
    except OSError as error:
        raise BadInput(f"Cannot read {file}: {error.strerror}.") from error
    except Malformed as error:
        problem = f"Line {len(kept) + 1} of {file} is no row; make the file with: stentor evidence rows SPACE."
        raise BadInput(problem) from error
    spaces = {space for row in kept for space in row.spaces}
    if len(spaces) != 1:
        raise BadInput(f"{file} must have rows of one space; make it with: stentor evidence rows SPACE.")
    return spaces.pop(), kept


def unknown(space: str, settings: Settings) -> NotFound:
    return NotFound(
        f"No row of the last {settings.bus_hours:g} hours tells of a space {space}: it was not on the air, or its "
        "edges are of an older version."
    )
