"""The live view of a space in a terminal."""

from __future__ import annotations

import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from stentor.cli import tables
from stentor.client.report import ListenerReport

STYLES = {"green": "green", "yellow": "yellow", "red": "bold red", "off": "dim"}
FLOOR_DBFS = -60.0
BAR = 24


def draw(space: dict[str, Any], report: ListenerReport | None, step: str, *, ending: bool = False) -> RenderableType:
    """State, lights, seats, listeners, delay and addresses. ``space`` is the house's view of it."""
    how = "Ctrl-C ends it in order" if not ending else "ending"
    head = Text.assemble(
        (space["title"], "bold"), "  ", (tables.phase(space), "bold cyan"), f"  {_clock(space)}  {step}"
    )
    return Panel(
        Group(
            head,
            Text(),
            _lights(space),
            Text(),
            _seats(space),
            Text(),
            _audience(space, report),
            Text(),
            _addresses(space),
        ),
        title="stentor",
        subtitle=how,
    )


def line(space: dict[str, Any], report: ListenerReport | None) -> str:
    """The same in one line, for logs."""
    talking = ", ".join(seat["name"] for seat in space["seats"] if seat["talking"]) or "nobody"
    lights = " ".join(f"{name}:{light['color']}" for name, light in space["lights"].items())
    return (
        f"{space['state']} {_clock(space)} | talking: {talking} | listeners: {space['listeners']} | {lights} | "
        f"{_delay(report)}"
    )


def _clock(space: dict[str, Any]) -> str:
    origin = space["live_ms"] or space["doors_open_ms"]
    if not origin:
        return ""
    end = space["ended_ms"] or datetime.datetime.now(datetime.UTC).timestamp() * 1000
    return str(datetime.timedelta(seconds=max(0, int((end - origin) / 1000))))


def _lights(space: dict[str, Any]) -> Text:
    text = Text()
    for name, light in space["lights"].items():
        text.append("● ", STYLES[light["color"]])
        text.append(f"{name} {light['reason']}".rstrip() + "    ")
    return text


def _seats(space: dict[str, Any]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for seat in space["seats"]:
        on = seat["state"] == "connected"
        loud = max(0, min(BAR, round((seat["level_dbfs"] - FLOOR_DBFS) / -FLOOR_DBFS * BAR))) if on else 0
        table.add_row(
            Text("▶" if seat["talking"] else " ", style="green"),
            Text(seat["name"], style="bold" if seat["talking"] else ""),
            Text(seat["role"].replace("_", "-") + ("" if on else f", {seat['state']}"), style="dim"),
            Text("█" * loud, style="green") + Text("·" * (BAR - loud), style="dim"),
            Text(f"{seat['delay_ms']} ms, {seat['loss'] * 100:.0f} % lost" if on else "", style="dim"),
        )
    return table


def _audience(space: dict[str, Any], report: ListenerReport | None) -> Text:
    return Text(f"listeners {space['listeners']}    {_delay(report)}")


def _delay(report: ListenerReport | None) -> str:
    """From a word's arrival at the stage to the ear of a player that holds little, and how soon the word arrives."""
    if report is None or report.mouth_ms is None:
        return "mouth to ear: measuring"
    stalls = f", {len(report.stalls)} stalls" if report.stalls else ""
    return f"mouth to ear {report.mouth_ms.median / 1000:.2f} s (95 %: {report.mouth_ms.p95 / 1000:.2f} s){stalls}"


def addresses(space: dict[str, Any]) -> dict[str, str]:
    """How to listen: for each kind of player what to open or to type."""
    forms = {"browser": ("page", "{}"), "mpv, VLC": ("hls", "mpv {}"), "curl": ("aac", "curl -o talk.aac {}")}
    audience = space["audience"]
    return {what: form.format(audience[kind]) for what, (kind, form) in forms.items() if kind in audience}


def _addresses(space: dict[str, Any]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for what, typed in addresses(space).items():
        table.add_row(Text(what, style="dim"), Text(typed, overflow="fold"))
    return table
