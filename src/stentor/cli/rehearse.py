"""``stentor rehearse``: a crowd that comes before the real one does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from stentor.cli import options
from stentor.cli.house import House
from stentor.rehearsal.arrival import CURVES
from stentor.rehearsal.rehearse import Rehearsed
from stentor.rehearsal.rehearse import rehearse as send
from stentor.rehearsal.report import Spread


@click.command()
@click.argument("space", metavar="SPACE")
@click.option("--listeners", type=click.IntRange(min=1), default=1000, show_default=True, help="How many come.")
@click.option(
    "--arrive", type=click.Choice(list(CURVES)), default="flash", show_default=True, help="The shape of their coming."
)
@click.option(
    "--within", type=click.FloatRange(min=1), default=20.0, show_default=True, help="Seconds in which all come."
)
@click.option("--for", "seconds", type=click.FloatRange(min=5), default=60.0, show_default=True, help="Seconds in all.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed, the same crowd.")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="Keep the report, as JSON.")
@options.data
@options.as_json
def rehearse(
    space: str,
    listeners: int,
    arrive: str,
    within: float,
    seconds: float,
    seed: int,
    save: Path | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Send a crowd of listeners to SPACE (its name, or the address of a listener's page) and see how they fare.

    They come to the public address as people do: page, door, stream. Exit code 1 when somebody fared ill.
    """
    settings = options.settings(data=data, log_level="ERROR")
    page = space
    if not space.startswith("http"):
        with House(settings) as house:
            page = str(house.get(f"/spaces/{space}")["audience"]["page"])
    columns = TextColumn("{task.description}"), TimeElapsedColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        shown = progress.add_task("The crowd gathers …")

        def on_progress(report: Rehearsed, playing: int) -> None:
            text = f"{report.come:,} have come, {playing:,} play, {report.refused:,} refused, {report.cut:,} cut off"
            progress.update(shown, description=text)

        report = asyncio.run(
            send(
                page,
                listeners=listeners,
                curve=arrive,
                within_s=within,
                for_s=seconds,
                seed=seed,
                on_progress=on_progress,
            )
        )
    if save is not None:
        save.write_bytes(report.json())
    click.echo(report.json()) if as_json else Console().print(draw(report))
    if report.complaints:
        click.get_current_context().exit(1)


def draw(report: Rehearsed) -> Table:
    """The report as a table for people."""
    table = Table(box=None, show_header=False, pad_edge=False)

    def row(name: str, value: str, style: str = "") -> None:
        table.add_row(Text(name, style="bold"), Text(value, style=style))

    row("where", f"{report.address}/s/{report.space}")
    row("crowd", f"{report.listeners:,} listeners, {report.curve} within {report.within_s:g} s, seed {report.seed}")
    row("carried", f"{report.heard:,} of {report.come:,} who came; {report.most_at_once:,} at once")
    row("first sound", f"{_spread(report.first_sound_ms)} after they meant to come")
    row("pauses", f"{_spread(report.pause_ms)}; players hold 3200 ms")
    row("refused, cut off", f"{report.refused:,}, {report.cut:,}")
    if report.again_ms:
        row("back after a cut", _spread(report.again_ms))
    row("rate", f"{report.received_bytes * 8 / report.for_s / 1e6:,.1f} Mbit/s on the whole")
    row("not tested", ", ".join(report.not_tested))
    for complaint in report.complaints:
        row("✗", complaint, "red")
    if not report.complaints:
        row("✓", "Everybody was carried at the agreed quality.", "green")
    return table


def _spread(spread: Spread | None) -> str:
    return f"{spread.median:.0f} ms (95 %: {spread.p95:.0f}, most: {spread.most:.0f})" if spread else "not known"
