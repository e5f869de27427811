"""``stentor plan``: what a crowd of a given size needs, before it comes."""

from __future__ import annotations

import click
import msgspec
from rich.table import Table
from rich.text import Text

from stentor.base.units import counted
from stentor.cli import options, tables
from stentor.crowd import capacity, pace
from stentor.crowd.capacity import Plan


@click.command()
@click.option("--listeners", type=click.IntRange(min=1), help="How many listen at the same time.")
@click.option("--reminders", type=click.IntRange(min=1), help="How many wait to be told: of them --rate come.")
@click.option(
    "--rate",
    type=click.FloatRange(0, 1, min_open=True),
    default=pace.RESPONSE,
    show_default=True,
    help="The share of those told that comes; `stentor preflight` says what your site measured.",
)
@click.option(
    "--bitrate", type=click.FloatRange(8, 512), default=64, show_default=True, help="Of the sound, in kbit/s."
)
@click.option(
    "--arrive",
    type=click.FloatRange(min=1),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="In how many seconds all of them come.",
)
@options.as_json
def plan(
    listeners: int | None, reminders: int | None, rate: float, bitrate: float, arrive: float, as_json: bool
) -> None:
    """Say what a crowd needs: bits, requests, joins, edge processes, a CDN or not."""
    if listeners is None and reminders is None:
        raise click.UsageError("Say how many listen: --listeners, or --reminders for how many wait to be told.")
    listeners = max(listeners or 1, round((reminders or 0) * rate))
    found = capacity.plan(listeners, bitrate_bps=round(bitrate * 1000), arrive_s=arrive)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    console = tables.console()
    console.print(_loads(found))
    console.print(_summary(found))


def _loads(found: Plan) -> Table:
    table = Table(box=None, pad_edge=False)
    left = ("way", "driver")
    for name in ("way", "each", "all", "requests/s", "2 hours", "processes", "driver"):
        table.add_column(name, justify="left" if name in left else "right", overflow="fold")
    for load in found.loads:
        table.add_row(
            load.way.value,
            f"{load.listener_bps / 1000:.0f} kbit/s",
            _bps(load.egress_bps),
            f"{load.requests_per_s:,.0f}",
            f"{load.traffic_bytes / 1e12:,.1f} TB",
            f"{load.own_processes:,}",
            load.driver,
        )
    return table


def _summary(found: Plan) -> Table:
    table = tables.plain()
    page = next(load for load in found.loads if load.way is capacity.Transport.LOW_LATENCY)

    def row(name: str, value: str) -> None:
        table.add_row(Text(name, style="bold"), value)

    row("", "")
    row(
        "joins",
        f"{found.joins_per_s:,.0f} a second, {found.peak_joins_per_s:,.0f} at the peak, "
        f"which takes {_bps(found.join_bps)} for pages, players and first seconds",
    )
    row(
        "door",
        f"{found.waiting_requests_per_s:,.0f} requests/s, {_bps(found.waiting_bps)}, while all wait for the doors; "
        + ("the CDN answers all of them" if found.cdn else "a cache may answer all of them"),
    )
    if found.cdn:
        row(
            "cdn",
            f"needed: reserve {_bps(page.egress_bps)} and {page.requests_per_s:,.0f} requests/s; "
            f"{page.traffic_bytes / 1e12:,.0f} TB in two hours, "
            f"about ${found.cdn_usd:,.0f} at ${capacity.USD_PER_GB}/GB",
        )
        row(
            "origin",
            f"{found.origin_requests_per_s:,.0f} requests/s from {capacity.POINTS} places that collapse requests; "
            f"{found.leaked_requests_per_s:,.0f} if {capacity.LEAK:.1%} leak through, then {_bps(found.origin_bps)}",
        )
        row("run", f"{found.edge_processes:,} edge processes behind the CDN, on {_servers(found)}")
        row("players", "let listeners play HLS only: a CDN cannot collapse streams without end")
    else:
        row("cdn", "not needed")
        memory = f"{found.edge_memory_bytes / 1e9:.1f} GB of memory for connections"
        row("run", f"{found.edge_processes:,} edge processes on {_servers(found)}; {memory}")
        row("network", f"10 Gbit/s ports, {capacity.PORT_BUSY:.0%} full: {page.own_ports:,}")
    row("early", "open the doors as early as you can: nobody who is inside joins when the talk begins")
    row("measured", "on two shared cores: rehearse on yours")
    return table


def _servers(found: Plan) -> str:
    return f"{counted(found.edge_servers, 'server')} of {capacity.SERVER_PROCESSORS} processors and 10 Gbit/s"


def _bps(value: float) -> str:
    return f"{value / 1e9:,.1f} Gbit/s" if value >= 1e9 else f"{value / 1e6:,.0f} Mbit/s"
