"""What ``stentor doctor`` and ``stentor preflight`` find, and how they tell it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

BYTES_PER_HOUR = 110_000_000
"""One hour of a space on disk: three renditions (120 kbit/s) of the recording, and the same again on the bus."""


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
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        mark, color = marks[finding.verdict]
        said = Text(finding.found) + Text(f"\n{finding.advice}" if finding.advice else "", style="dim")
        table.add_row(Text(mark, style=color), Text(finding.what, style="bold"), said)
    Console().print(table)
