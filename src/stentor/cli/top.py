"""``stentor top``: the whole installation in a terminal, drawn anew in place."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import click
import httpx
import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from stentor.base import config, tls
from stentor.base.config import Settings
from stentor.base.errors import BadInput, Malformed, NotFound, Overloaded
from stentor.cli import options
from stentor.cli.terminal_keys import TerminalKeys
from stentor.cli.top_sight import EdgeNow, InstallationNow, ProcessNow, SpaceNow, read

TIMEOUT_S: Final = 5.0
MOST_BYTES: Final = 32 << 20
"""A thousand edges have 10 MB."""
LEAST_S, MOST_S = 1.0, 60.0
STYLES: Final = {"green": "green", "yellow": "yellow", "red": "bold red", "off": "dim"}
SIGNS: Final = {"green": "●", "yellow": "◐", "red": "✖", "off": "○"}
"""For whoever sees no colours."""
WIDTH: Final = 80
"""Where no terminal says how wide it is."""


@click.command()
@click.option("--url", metavar="ADDRESS", help="The site, or one of its edges; else that of this machine.")
@click.option(
    "--token-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The token for /metrics."
)
@click.option("--every", default=2.0, show_default=True, type=click.FloatRange(LEAST_S, MOST_S), help="Seconds.")
@click.option("--once", is_flag=True, help="Print it once and end; exit code 1 when a light is red.")
@options.as_json
@options.data
def top(url: str | None, token_file: Path | None, every: float, once: bool, as_json: bool, data: str | None) -> None:
    """Watch everything: what is on, listeners, door, ladder and lights, edges, processes, and what goes wrong.

    It asks one edge for /metrics, like Prometheus: it needs no house. q or Ctrl-C ends it.
    """
    settings = options.settings(data=data)
    token = token_file.read_text("ascii", "replace").strip() if token_file else config.metrics_token(settings)
    address = (url or _own(settings)).rstrip("/") + "/metrics"
    verify = True if url else tls.trusting(settings)
    with httpx.Client(timeout=TIMEOUT_S, trust_env=False, verify=verify) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        if once or as_json:
            _print_once(fetched(client, address), as_json=as_json)
            return
        _watch(client, address, every)


def _own(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{settings.scheme}://{host}:{settings.audience_port}"


def fetched(client: httpx.Client, address: str) -> InstallationNow:
    """As it is now. Raises :class:`BadInput`, :class:`NotFound` (the token is another's) or :class:`Overloaded`."""
    try:
        with client.stream("GET", address) as reply:
            data = bytearray()
            for piece in reply.iter_bytes():
                data += piece
                if len(data) > MOST_BYTES:
                    raise BadInput(f"{address} is larger than {MOST_BYTES >> 20} MB.")
    except httpx.HTTPError as error:
        detail = (
            f"No edge answers at {address} ({error or type(error).__name__}). Is `stentor up` running? Else give --url."
        )
        raise Overloaded(detail, retry_after_s=5) from error
    if reply.status_code == 404:
        raise NotFound(f"{address} shows nothing to this token: give --token-file, or --data.")
    if reply.status_code != 200:
        raise Overloaded(f"{address} answers with status {reply.status_code}.", retry_after_s=5)
    try:
        return read(data.decode("utf-8", "replace"))
    except Malformed as error:
        raise BadInput(f"{address}: {error.detail}") from error


def _print_once(found: InstallationNow, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        console = Console(highlight=False)
        width = console.width if console.is_terminal else max(WIDTH, console.width)
        Console(highlight=False, width=width).print(draw(found, None, 0.0, width=width, height=10_000))
    if any("red" in space.lights.values() for space in found.spaces):
        sys.exit(1)


def _watch(client: httpx.Client, address: str, every_s: float) -> None:
    """Until Ctrl-C or q; while nobody answers, what was seen last stays, with a sentence."""
    console = Console(highlight=False)
    found = fetched(client, address)
    seen_s, errors = time.monotonic(), dict[str, float]()
    with TerminalKeys() as keys, Live(console=console, screen=True, auto_refresh=False) as live:
        rate = 0.0
        live.update(draw(found, errors, rate, width=console.width, height=console.height), refresh=True)
        while not keys.quits(every_s):
            try:
                newer = fetched(client, address)
            except (BadInput, NotFound, Overloaded) as error:
                live.update(Group(Text(error.detail, style="bold red"), _head(found, rate)), refresh=True)
                continue
            now_s = time.monotonic()
            rate = max(0.0, newer.arrivals - found.arrivals) / max(0.1, now_s - seen_s)
            errors, found, seen_s = newer.errors(found), newer, now_s
            live.update(draw(found, errors, rate, width=console.width, height=console.height), refresh=True)


def draw(
    found: InstallationNow, errors: dict[str, float] | None, rate: float, *, width: int, height: int
) -> RenderableType:
    """The screen: at most ``height`` lines of ``width`` columns. ``errors`` is what has come since the last one."""
    room = height - 9  # the head, an empty line, three headings, three times "and more", the last line
    processes = sorted(found.processes, key=lambda one: (not one.problem, one.role == "edge", -one.cpu))
    most_spaces = max(2, min(len(found.spaces), room // 3))
    most_edges = max(2, min(len(found.edges), (room - most_spaces) // 2))
    most_processes = max(2, room - most_spaces - most_edges)
    parts: list[RenderableType] = [
        _head(found, rate),
        Text(),
        _table(
            ("SPACE", "STATE", "LISTEN", "WAIT", "DOOR", "LEVEL", "LIGHTS", "REC"),
            [_space(one) for one in found.spaces[:most_spaces]],
            len(found.spaces) - most_spaces,
        ),
        _table(
            ("EDGE", "LISTEN", "LEFT", "OUT", "CPU", "LINE", "LATE", "MISSED"),
            [_edge(one) for one in found.edges[:most_edges]],
            len(found.edges) - most_edges,
        ),
        _table(
            ("PROCESS", "CPU", "MEMORY", "UP", "RESTARTS", ""),
            [_process(one) for one in processes[:most_processes]],
            len(processes) - most_processes,
        ),
        _errors(found, errors),
    ]
    return Group(*parts)


def _head(found: InstallationNow, rate: float) -> Text:
    listeners = sum(space.listeners for space in found.spaces)
    waiting = sum(space.waiting for space in found.spaces)
    out = sum(edge.sent_bps for edge in found.edges)
    disk = "" if found.disk_hours is None else f"   disk full in {found.disk_hours:,.0f} h"
    house = "" if any(one.role == "house" for one in found.processes) else "   NO HOUSE IS HEARD"
    text = Text.assemble(
        (f"{listeners:,} listen", "bold"), f"   {waiting:,} wait   {rate:,.1f} come/s   {_bits(out)} out{disk}"
    )
    text.append(house, "bold red")
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _table(headings: tuple[str, ...], rows: list[tuple[Text | str, ...]], more: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), collapse_padding=True, header_style="dim")
    for at, heading in enumerate(headings):
        left = at == 0 or heading in ("STATE", "LIGHTS", "")
        table.add_column(
            heading,
            justify="left" if left else "right",
            no_wrap=True,
            overflow="ellipsis",
            max_width=22 if at == 0 else 26,
        )
    for row in rows:
        table.add_row(*row)
    if more > 0:
        table.add_row(Text(f"and {more:,} more", style="dim"), *[""] * (len(headings) - 1))
    if not rows:
        table.add_row(Text("none", style="dim"), *[""] * (len(headings) - 1))
    return table


def _space(one: SpaceNow) -> tuple[Text | str, ...]:
    lights = Text()
    for name, color in one.lights.items():
        lights.append(f"{SIGNS[color]}{name[:1].upper()} ", STYLES[color])
    narrow = "" if one.door >= 1 else "bold yellow"
    return (
        one.space,
        one.state.replace("_", " "),
        f"{one.listeners:,}",
        f"{one.waiting:,}",
        Text(f"{one.door:.0%}", style=narrow),
        Text(str(one.rung), style="yellow" if one.rung else ""),
        lights,
        f"{one.lag_s:.0f} s",
    )


def _edge(one: EdgeNow) -> tuple[Text | str, ...]:
    return (
        one.edge,
        f"{one.listeners:,}",
        Text(f"{one.places_left:,}", style="" if one.places_left else "bold red"),
        _bits(one.sent_bps),
        _share(one.cpu),
        _share(one.line),
        f"{1000 * one.lag_s:.0f} ms",
        _share(one.slow, 0.02, 0.05),
    )


def _process(one: ProcessNow) -> tuple[Text | str, ...]:
    return (
        one.process,
        f"{one.cpu:.2f}",
        f"{one.memory_bytes / 1e6:,.0f} MB",
        _age(one.age_s),
        Text(str(one.restarts), style="yellow" if one.restarts else ""),
        Text("says that something is wrong" if one.problem else "", style="bold red"),
    )


def _errors(found: InstallationNow, errors: dict[str, float] | None) -> Text:
    """What came since the last look; without one what has come since the processes began."""
    told = found.counters if errors is None else errors
    since = "since they began" if errors is None else "just now"
    if not told:
        text = Text(f"nothing wrong {since}", style="dim")
    else:
        text = Text(f"{since}: " + ", ".join(f"{value:,.0f} {name}" for name, value in told.items()), style="yellow")
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _share(value: float, high: float = 0.7, full: float = 0.85) -> Text:
    return Text(f"{value:.0%}", style="bold red" if value >= full else "yellow" if value >= high else "")


def _bits(bps: float) -> str:
    for size, unit in ((1e9, "Gbit/s"), (1e6, "Mbit/s")):
        if bps >= size:
            return f"{bps / size:.1f} {unit}"
    return f"{bps / 1e3:.0f} kbit/s"


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
