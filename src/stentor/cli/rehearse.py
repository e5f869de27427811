"""``stentor rehearse``: a crowd that comes before the real one does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from stentor.base import config
from stentor.base.config import Settings
from stentor.base.errors import StentorError
from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from stentor.cli import options, tables
from stentor.cli.house import House
from stentor.cli.rehearsal import draw
from stentor.rehearsal.arrival import CURVES
from stentor.rehearsal.cast import Cast
from stentor.rehearsal.certificate import certify, keep
from stentor.rehearsal.configuration import current
from stentor.rehearsal.machines import rehearse_from
from stentor.rehearsal.order import CrowdMix, Format, Storm
from stentor.rehearsal.page import page
from stentor.rehearsal.plan import PAGE_MIX, RehearsalPlan
from stentor.rehearsal.rehearse import rehearse as send
from stentor.rehearsal.rehearsed import Rehearsed
from stentor.rehearsal.watch import EdgeWatch

Progressed = Callable[[Rehearsed, int], None]
NAMES = {
    "aac": Format.AAC,
    "opus": Format.OPUS,
    "mp4": Format.MP4,
    "ll-hls": Format.LOW_LATENCY,
    "hls": Format.HLS,
}


class _Ways(click.ParamType[dict[Format, float]]):
    name = "weights"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[Format, float]:
        if isinstance(value, dict):
            return value
        try:
            pairs = [part.split("=") for part in str(value).split(",")]
            return {NAMES[name.strip()]: float(weight) for name, weight in pairs}
        except (KeyError, ValueError):
            self.fail(f"{value!r} is not like ll-hls=4,aac=3; there are {', '.join(NAMES)}.", param, ctx)


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
@click.option(
    "--ways", type=_Ways(), default=dict(PAGE_MIX.ways), help="Weights of the ways to listen: ll-hls=4,aac=3."
)
@click.option(
    "--slow", type=click.FloatRange(0, 1), default=PAGE_MIX.slow, show_default=True, help="Share of slow lines."
)
@click.option("--slow-rate", type=click.FloatRange(min=1), default=40.0, show_default=True, help="Theirs, in kbit/s.")
@click.option(
    "--shared", type=click.FloatRange(0, 1), default=PAGE_MIX.shared, show_default=True,
    help="Share of devices behind one address (on this machine only).",
)  # fmt: skip
@click.option(
    "--storm-at", type=click.FloatRange(min=1), metavar="SECONDS", help="Break streams then, as a dying edge does."
)
@click.option("--storm", type=click.FloatRange(0, 1), default=0.25, show_default=True, help="What share of them.")
@click.option(
    "--speakers", type=click.IntRange(min=0), default=0, show_default=True, help="Recorded voices on the stage."
)
@click.option(
    "--processes", type=click.IntRange(min=0), default=0, help="At least so many; each drives 15,000 listeners."
)
@click.option(
    "--machines", type=click.IntRange(min=0), default=0, help="From so many load generators on the bus (stentor crowd)."
)
@click.option("--straight", is_flag=True, help="Ask for the sound at once, without page and door.")
@click.option("--stay", is_flag=True, help="Nobody leaves before the end.")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="Keep the report, as JSON.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Keep the report, as a page with plots.")
@options.data
@options.as_json
def rehearse(space: str, data: str | None, as_json: bool, save: Path | None, html: Path | None, **given: Any) -> None:
    """Send a crowd of listeners to SPACE (its name, or the address of a listener's page) and see how they fare.

    They come to the public address as people do: page, door, stream or playlist. Exit code 1 when somebody fared ill.
    """
    settings = options.settings(data=data, log_level="ERROR")
    report, kept = asyncio.run(_rehearse(settings, space, given))
    if save is not None:
        save.write_bytes(report.json())
    if html is not None:
        html.write_text(page(report), "utf-8")
    click.echo(report.json()) if as_json else tables.console().print(draw(report))
    if kept is not None:
        click.echo(f"Certificate: {kept}  (stentor certificate show)", err=True)
    if report.complaints:
        click.get_current_context().exit(1)


async def _rehearse(settings: Settings, space: str, given: dict[str, Any]) -> tuple[Rehearsed, Path | None]:
    """The crowd; with a space of this house its speakers, a look at the edges and the certificate's file too."""
    mix = CrowdMix(
        given["ways"], given["slow"], given["slow_rate"] * 1000, given["shared"], given["straight"], given["stay"]
    )
    storm = Storm(given["storm_at"], given["storm"]) if given["storm_at"] else None
    machines, processes = given["machines"], given["processes"]
    if machines and processes:
        raise click.UsageError("--processes is of this machine; with --machines each generator starts what it needs.")

    async def drive(page_address: str, on_progress: Progressed) -> Rehearsed:
        plan = RehearsalPlan(
            page=page_address, listeners=given["listeners"], curve=given["arrive"], within_s=given["within"],
            for_s=given["seconds"], seed=given["seed"], mix=mix, storm=storm,
        )  # fmt: skip
        if not machines:
            return await send(plan, processes=processes, on_progress=on_progress)
        async with join(settings, OPERATOR, name="rehearsal") as bus:
            secret = config.signing_key(settings)
            return await rehearse_from(bus, machines, plan, secret=secret, on_progress=on_progress)

    if space.startswith("http"):
        if given["speakers"]:
            raise click.UsageError("Speakers need a space of this house: give its name instead of an address.")
        return await _shown(space, drive), None
    with House(settings) as house:
        view = house.get(f"/spaces/{space}")
        tokens = [_token(house, space, index) for index in range(given["speakers"])]
        ice = [server.strip() for server in settings.ice_servers.split(",") if server.strip()]
        async with Cast(f"{house.url}/whip/{space}", tokens, ice_servers=ice) as cast:
            page_address = str(view["audience"]["page"])
            report = await _shown(page_address, drive, house)
        report = msgspec.structs.replace(report, speakers=len(tokens), speakers_connected=cast.connected)
        now = current(settings, house.get("/processes")["processes"], page_address)
    if not report.heard:
        return report, None  # it would stand for one that has shown something
    return report, keep(settings.folder, certify(report, now), config.signing_key(settings))


def _token(house: House, space: str, index: int) -> str:
    return str(house.post(f"/spaces/{space}/invitations", {"name": f"Voice {index + 1}"})["token"])


async def _shown(
    address: str, drive: Callable[[str, Progressed], Awaitable[Rehearsed]], house: House | None = None
) -> Rehearsed:
    """Sends the crowd, with a line in the terminal of how it goes."""
    columns = TextColumn("{task.description}"), TimeElapsedColumn()
    console = Console(stderr=True)
    async with AsyncExitStack() as stack:
        progress = stack.enter_context(
            Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        )
        task = progress.add_task("The crowd gathers …")
        watch: EdgeWatch | None = None
        looking: asyncio.Task[None] | None = None

        def on_progress(report: Rehearsed, playing: int) -> None:
            nonlocal watch, looking
            if house is not None and watch is None:
                watch = EdgeWatch(lambda: house.get("/processes")["processes"], began=report.began_ms / 1000)
                looking = asyncio.create_task(watch.run(), name="look at the edges")
            waiting = f", {report.waited:,} had to wait" if report.waited else ""
            failed = f"{report.refused:,} refused, {report.cut:,} cut off"
            progress.update(task, description=f"{report.come:,} have come, {playing:,} play{waiting}, {failed}")

        report = await drive(address, on_progress)
        if looking is not None:
            looking.cancel()
            with suppress(asyncio.CancelledError, StentorError):
                await looking
    return msgspec.structs.replace(report, edges=watch.looks if watch else [])
