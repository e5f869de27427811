"""How the command line shows several things: nothing is cut, and what somebody may copy stays in one piece."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stentor.base.texts import Catalogue

PIPED: Final = 10_000
"""Columns where no terminal is: programs read whole lines."""
NARROWEST: Final = 20
"""So many characters stay for a value that is wrapped, however narrow the terminal is."""


def console() -> Console:
    """For standard output: as wide as the terminal; into a file or another program without wrapping."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=PIPED)


def plain(columns: int = 2) -> Table:
    """A table without lines and headings; a word that is wider than its column goes on in the next line."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(columns):
        table.add_column(overflow="fold")
    return table


def rows(headings: Sequence[str], values: Iterable[Sequence[str]], *, wraps: str) -> None:
    """Prints a table in which only the column ``wraps`` gives way: the others hold ids, which must not be cut.

    Where a terminal is too narrow for that, each row is a paragraph.
    """
    table = Table(box=None, pad_edge=False)
    found = [*values]
    for index, heading in enumerate(headings):
        gives_way = heading == wraps
        widest = max([len(heading), *(len(row[index]) for row in found)])
        table.add_column(heading, overflow="fold", min_width=min(widest, NARROWEST) if gives_way else widest)
    for row in found:
        table.add_row(*map(Text, row))
    shown = console()
    if Console(width=PIPED).measure(table).minimum <= shown.width:
        shown.print(table)
        return
    for row in found:
        pairs([(heading, value) for heading, value in zip(headings, row, strict=True) if value])
        click.echo()


def pairs(values: Iterable[tuple[str, str]]) -> None:
    """Prints names and values. Text wraps beside its name; an address is left to the terminal, and copied whole."""
    found = [*values]
    wide = max(len(name) for name, _ in found)
    shown = console()
    for name, value in found:
        head = f"{name:<{wide}}  "
        whole = "://" in value or not shown.is_terminal
        width = max(shown.width, len(head) + NARROWEST)
        click.echo(head + value if whole else _wrapped(head, value, width))


def phase(space: Mapping[str, Any]) -> str:
    """Where a space is, in the word that people read of it; of one from another release perhaps only its state."""
    found = str(space.get("phase", space["state"]))
    return Catalogue("stentor.spaces").texts["en"].get(f"phase.{found}.chip", found.replace("_", " "))


def local(ms: int) -> str:
    """A time as the clock on the reader's wall shows it, with the zone's name. ``ms`` since 1970 (UTC)."""
    return _local(ms).strftime("%Y-%m-%d %H:%M %Z")


def day(ms: int) -> str:
    """The reader's day on which that was."""
    return _local(ms).strftime("%Y-%m-%d")


def _local(ms: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(ms / 1000).astimezone()


def _wrapped(head: str, value: str, width: int) -> str:
    below = " " * len(head)
    fill = textwrap.TextWrapper(width, head, below, break_on_hyphens=False, break_long_words=False)
    return fill.fill(value)
