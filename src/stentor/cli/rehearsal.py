"""How a rehearsal is shown in the terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from stentor.cli import tables
from stentor.client.report import Spread
from stentor.rehearsal.rehearsed import Rehearsed


def draw(report: Rehearsed) -> Table:
    """The report as a table for people."""
    table = tables.plain()

    def row(name: str, value: str, style: str = "") -> None:
        table.add_row(Text(name, style="bold"), Text(value, style=style))

    row("where", f"{report.address}/s/{report.space}")
    row("crowd", f"{report.listeners:,} listeners, {report.curve} within {report.within_s:g} s, seed {report.seed}")
    row("carried", f"{report.heard:,} of {report.come:,} who came; {report.most_at_once:,} at once")
    row("ways", ", ".join(f"{count:,} {way}" for way, count in report.ways.items() if count) or "none")
    row("first sound", f"{_spread(report.first_sound_ms)} after they meant to come")
    if report.waited:
        row("waited", f"{report.waited:,} were told to wait at the door, {report.left_waiting:,} did not get in")
    row("pauses", f"{_spread(report.pause_ms)}; players hold 3200 ms")
    row("ran dry", f"{report.stalled:,} players; {report.slow_stalled:,} of {report.slow:,} on slow lines besides")
    row("refused, cut off", f"{report.refused:,}, {report.cut:,}")
    if report.impatient or report.reloads:
        row("impatience", f"{report.impatient:,} went away without a sound, {report.reloads:,} loaded again")
    if report.again_ms:
        row("back after a cut", _spread(report.again_ms))
    row("rate", f"{report.received_bytes * 8 / report.for_s / 1e6:,.1f} Mbit/s on the whole")
    if report.edges:
        most = max(report.edges, key=lambda look: look.cpu)
        row(
            "edges", f"{most.cpu:.2f} processors at {most.listeners:,} listeners; the busiest {most.busiest:.0%} of one"
        )
    if report.speakers:
        row("speakers", f"{report.speakers_connected} of {report.speakers} on the stage")
    for machine in report.machines:
        row("load generator", machine.line, "red" if machine.lost else "")
    row("not tested", ", ".join(report.not_tested))
    for complaint in report.complaints:
        row("✗", complaint, "red")
    if not report.complaints:
        row("✓", "All who came and were let in were carried at the agreed quality.", "green")
    return table


def _spread(spread: Spread | None) -> str:
    return f"{spread.median:.0f} ms (95 %: {spread.p95:.0f}, most: {spread.most:.0f})" if spread else "not known"
