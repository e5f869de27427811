"""A rehearsal's report as one page: figures, plots and the verdict; nothing is loaded and no script runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup

from stentor.base.html import Templates
from stentor.base.plot import STYLE, plot
from stentor.client.report import Spread
from stentor.rehearsal.rehearsed import PAUSE_MS, EdgeLook, Rehearsed, Second

TEMPLATES: Final = Templates("stentor.rehearsal")
CSS: Final = Markup("""
:root { color-scheme: light dark; --ink: #1d2630; --paper: #fff; --faint: #d5dbe1; --good: #15803d; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #dfe6ee; --paper: #14191f; --faint: #39434e; --good: #6fd694;
  --bad: #ff9a8d; } }
body { margin: 2rem auto; max-width: 46rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 600; width: 14rem; }
th, td { padding: .3rem .5rem .3rem 0; border-bottom: 1px solid var(--faint); vertical-align: top; }
.good { color: var(--good); } .bad { color: var(--bad); } .verdict { font-weight: 600; }
@media (max-width: 30rem) { th, td { display: block; border: 0; } td { border-bottom: 1px solid var(--faint); } }
""")


def page(report: Rehearsed) -> str:
    """The whole HTML document."""
    began = datetime.fromtimestamp(report.began_ms / 1000, UTC)
    values = {"began": began, "rows": _rows(report), "plots": _plots(report), "style": CSS + STYLE}
    return TEMPLATES.render("report", "en", report=report, **values)


def _rows(report: Rehearsed) -> Iterator[tuple[str, str]]:
    yield "Where", f"{report.address}/s/{report.space}"
    yield "Crowd", f"{report.listeners:,} listeners, {report.curve} within {report.within_s:g} s, seed {report.seed}"
    yield "Carried", f"{report.heard:,} of {report.come:,} who came; {report.most_at_once:,} at once"
    yield "Ways", ", ".join(f"{count:,} {way}" for way, count in report.ways.items() if count) or "none"
    yield "Joins", f"{report.joins_per_s:,.0f} a second in the busiest five seconds"
    yield "First sound", _spread(report.first_sound_ms, report.first_sound_p99_ms)
    yield "Longest pause", f"{_spread(report.pause_ms, report.pause_p99_ms)}; agreed: {PAUSE_MS:.0f} ms"
    yield "Ran dry", f"{report.stalled:,} players; {report.slow_stalled:,} of {report.slow:,} on slow lines besides"
    yield "Refused, cut off", f"{report.refused:,}, {report.cut:,}"
    yield "Told to wait", f"{report.waited:,}, of whom {report.left_waiting:,} did not get in"
    if report.storm is not None:
        yield "Storm", f"{report.stormed:,} streams broken at {report.storm.at_s:g} s; back: {_spread(report.again_ms)}"
    if report.speakers:
        yield "Speakers", f"{report.speakers_connected} of {report.speakers} on the stage"
    for machine in report.machines:
        yield "Load generator", machine.line
    yield "Rehearsal's own delay", f"{_spread(report.late_ms)} with {_processes(report.processes)}"


def _plots(report: Rehearsed) -> Iterator[tuple[str, Markup]]:
    seconds = report.seconds
    xs = [float(second.at_s) for second in seconds]

    def over_time(title: str, unit: str = "", **lines: Sequence[float | None]) -> tuple[str, Markup]:
        series = {name.replace("_", " "): line for name, line in lines.items()}
        return title, plot(title, xs, series, x_name="seconds", unit=unit)

    yield over_time("Arrivals in each second", came=[second.came for second in seconds])
    yield over_time(
        "Listeners", playing=[second.playing for second in seconds], waiting=[second.waiting for second in seconds]
    )
    yield over_time("First sound", "ms", median=_first(seconds, 0), p95=_first(seconds, 1), p99=_first(seconds, 2))
    yield over_time(
        "Trouble in each second",
        refused=[second.refused for second in seconds],
        cut_off=[second.cut for second in seconds],
        ran_dry=[second.stalls for second in seconds],
    )
    yield over_time("Sound and all else that came", "bit/s", all=[second.bps for second in seconds])
    if report.edges:
        yield from _of_edges(report.edges)


def _of_edges(looks: Sequence[EdgeLook]) -> Iterator[tuple[str, Markup]]:
    xs = [max(0.0, look.at_s) for look in looks]
    title = "Processors in use"
    lines: dict[str, Sequence[float | None]] = {
        "all edges": [look.cpu for look in looks], "busiest edge": [look.busiest for look in looks],
        "share of machine": [look.machine for look in looks],
    }  # fmt: skip
    yield title, plot(title, xs, lines, x_name="seconds")
    title = "How late the edges were for their own timers"
    yield title, plot(title, xs, {"latest": [look.lag_ms for look in looks]}, x_name="seconds", unit="ms")


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def _first(seconds: Sequence[Second], index: int) -> list[float | None]:
    return [second.first_ms[index] if second.first_ms else None for second in seconds]


def _spread(spread: Spread | None, p99_ms: float | None = None) -> str:
    if spread is None:
        return "not known"
    p99 = f"99 %: {p99_ms:.0f}, " if p99_ms is not None else ""
    return f"{spread.median:.0f} ms in the middle (95 %: {spread.p95:.0f}, {p99}most: {spread.most:.0f})"
