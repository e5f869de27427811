"""``stentor listen``: a listener that plays nothing and measures everything."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from stentor.base import log
from stentor.cli import options, tables
from stentor.client.listener import listen as measure
from stentor.client.report import ListenerReport, Spread


@click.command()
@click.argument("url")
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="How long.  [default: to the end, or Ctrl-C]",
)
@click.option(
    "--save", type=click.Path(dir_okay=False, path_type=Path), help="Keep what came; decoded when it ends in .wav."
)
@click.option("--rendition", default="", help="HLS: which one, such as aac-32.")
@click.option("--plain", is_flag=True, help="HLS: whole segments, no low latency.")
@options.as_json
def listen(url: str, seconds: float | None, save: Path | None, rendition: str, plain: bool, as_json: bool) -> None:
    """Listen to URL (a stream, a playlist, a recording or a listener's page) and measure it."""
    log.configure(level="ERROR")
    console = Console(stderr=True)
    with Live(console=console, refresh_per_second=4, transient=True, auto_refresh=console.is_terminal) as live:

        async def run() -> ListenerReport:
            task = asyncio.create_task(
                measure(
                    url,
                    seconds=seconds,
                    save=save,
                    rendition=rendition,
                    low_latency=not plain,
                    on_report=lambda report: live.update(draw(report)),
                    every_s=0.5,
                ),
                name="listen",
            )
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
            return await task

        try:
            report = asyncio.run(run())
        except asyncio.CancelledError:
            sys.exit(130)
    click.echo(report.json()) if as_json else tables.console().print(draw(report))


def draw(report: ListenerReport) -> Table:
    """The report as a table for people."""
    table = tables.plain()

    def row(name: str, value: str, style: str = "") -> None:
        table.add_row(Text(name, style="bold"), Text(value, style=style))

    row("what", f"{report.url} ({report.kind}{', ended' if report.ended else ''})")
    if report.title:
        row("space", f"{report.title}: {report.state}, {report.listeners} listening")
    row(
        "heard",
        f"{report.sound_s:.1f} s of sound in {report.seconds:.1f} s, {report.received_bytes:,} bytes, "
        f"{report.requests} requests",
    )
    if report.start_up_ms is not None:
        row("start", f"first byte after {report.first_byte_ms or 0:.0f} ms, playing after {report.start_up_ms:.0f} ms")
    row("arrival", f"{_spread(report.arrival_ms)} after its place on the grid")
    row("at the ear", f"{_spread(report.ear_ms)} with the player's buffer")
    if report.mouth_ms:
        row("mouth to ear", f"{_spread(report.mouth_ms)} with the stage's part too")
    row("buffer", f"{report.buffer_s:.1f} s")
    bad = "red" if report.stalls or report.discontinuities else ""
    row(
        "gaps",
        f"{len(report.stalls)} stalls ({report.stalled_s:.2f} s), {len(report.discontinuities)} discontinuities, "
        f"{report.silent_s:.1f} s silent, {report.reconnects} reconnects",
        bad,
    )
    loudness = f", {report.loudness_lufs:.1f} LUFS" if report.loudness_lufs is not None else ""
    row("level", f"{report.level_dbfs:.1f} dBFS{loudness}")
    if report.talking:
        row("talking", ", ".join(report.talking))
    for change in report.sources[-3:]:
        row("source", f"{change.source} from {change.at_s:.1f} s on (chunk {change.chunk})")
    for problem in report.problems[-3:]:
        row("problem", problem, "red")
    return table


def _spread(spread: Spread | None) -> str:
    return f"{spread.median:.0f} ms (95 %: {spread.p95:.0f}, most: {spread.most:.0f})" if spread else "not known"
