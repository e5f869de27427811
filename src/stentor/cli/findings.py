"""What ``stentor doctor`` and ``stentor preflight`` find, and how they tell it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import click
import msgspec
from rich.text import Text

from stentor.base.disk import Disk
from stentor.cli import tables
from stentor.spaces import forecast


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at: what was found, and what to do (empty when all is well)."""

    what: str
    verdict: Verdict
    found: str
    advice: str = ""


def of_disk(disk: Disk, enough_h: float, bad_h: float, bus_hours: float) -> Finding:
    """How long a disk lasts: for more than ``enough_h`` hours of one space is well, for less than ``bad_h`` bad."""
    hours = forecast.hours_left(disk, 1, bus_hours)
    lasts = "never full" if math.isinf(hours) else f"about {hours:,.0f} hours of one space"
    if hours < 2:
        lasts = f"about {hours * 60:.0f} minutes of one space"
    files = "" if disk.free_files is None else f" and {disk.free_files:,} files"
    found = f"{', '.join(disk.keeps)}: {disk.free_bytes / 1e9:.1f} GB{files} free: {lasts}"
    if hours > enough_h:
        return Finding("disk space", Verdict.OK, found)
    advice = "Make room, let old recordings go (STENTOR_KEEP_RECORDINGS), or record to an object store."
    return Finding("disk space", Verdict.BAD if hours < bad_h else Verdict.WARNING, found, advice)


def tell(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Prints them, and ends the command with exit code 1 when one is bad."""
    if as_json:
        click.echo(msgspec.json.encode(findings))
    else:
        _draw(findings)
    if any(finding.verdict is Verdict.BAD for finding in findings):
        click.get_current_context().exit(1)


def _draw(findings: Sequence[Finding]) -> None:
    marks = {Verdict.OK: ("✓", "green"), Verdict.WARNING: ("!", "yellow"), Verdict.BAD: ("✗", "red")}
    table = tables.plain(3)
    for finding in findings:
        mark, color = marks[finding.verdict]
        said = Text(finding.found) + Text(f"\n{finding.advice}" if finding.advice else "", style="dim")
        table.add_row(Text(mark, style=color), Text(finding.what, style="bold"), said)
    tables.console().print(table)
