"""``stentor up``: everything on one machine, as a service."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import click
from rich.console import Console

from stentor import app, logfiles
from stentor.base import domain, folder, log
from stentor.base.clock import wall
from stentor.base.config import Settings
from stentor.base.errors import StentorError
from stentor.cli import options, reach
from stentor.cli.account import first_link
from stentor.cli.house import House

CERTIFICATE_S = 30.0
"""So long does the start wait for the first certificate before it says that it is still waiting."""


@click.command()
@options.data
@click.option("--port", type=int, help="Port of the house alone.  [default: 8080]")
@click.option("--audience-port", type=int, help="Port of the edges: the whole site.  [default: 8081]")
@click.option("--edges", type=int, help="Edge processes.  [default: one per processor]")
@click.option("--host", help="Address to listen on.  [default: 0.0.0.0]")
@click.option("--domain", help="The site's domain: gets and renews its certificate, for https://DOMAIN.")
@click.option("--http-port", type=int, help="With --domain: port that sends people to https.  [default: 80]")
@click.option("--tls-cert", metavar="FILE", help="Certificate chain (PEM): house and edges speak https.")
@click.option("--tls-key", metavar="FILE", help="Its key (PEM).")
@click.option("--verbose", is_flag=True, help="Show here too what the processes log in DATA/logs.")
def up(verbose: bool, **given: Any) -> None:
    """Run Stentor on this machine until Ctrl-C."""
    asyncio.run(options.until_told(_serve(options.settings(remembering=False, **given), verbose)))


async def _serve(settings: Settings, verbose: bool) -> None:
    folder.make(settings.folder)
    logs = settings.folder / "logs"
    log.configure(json_lines=settings.log_json, level=settings.log_level, file=logs / "up.log")
    own = log.get("up")
    status = Console(stderr=True).status("starting")  # silent where it is no terminal

    def step(doing: str) -> None:
        own.info("step", doing=doing)
        status.update(doing)

    showing = asyncio.create_task(logfiles.show(logs, _write), name="show logs") if verbose else None
    status.start()
    try:
        async with app.running(settings, on_step=step, logs=logs):
            link = await asyncio.to_thread(_first_link, settings)
            status.stop()
            if link:
                click.echo(f"Make the administrator's account (once, within an hour):  {link}")
            click.echo(f"Hosts and speakers:  {settings.house_address}/")
            click.echo(f"Audience:            {settings.audience_address}/s/SPACE")
            if said := await _https(settings):
                click.echo(said)
            await asyncio.Event().wait()
    finally:
        status.stop()
        if showing is not None:
            showing.cancel()
            await asyncio.wait([showing])


async def _https(settings: Settings) -> str:
    """What is to be known about https: who can speak without it, and what has become of the certificate."""
    if not settings.house_address.startswith("https:"):
        return f"Speaking works on this computer only. {reach.ONLY_HERE}"
    if not domain.managed(settings):
        return ""
    began = wall()
    with suppress(TimeoutError):
        async with asyncio.timeout(CERTIFICATE_S):
            while domain.certificate(settings).self_signed and domain.asked(settings).tried_s < began:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    found = reach.of_managed(settings, domain.certificate(settings))
    return f"Certificate:         {found.found}\n{found.advice}".rstrip()


def _first_link(settings: Settings) -> str | None:
    """The link, if one is wanted. A house too busy to make it stops no start: `stentor account link` asks again."""
    try:
        with House(settings) as house:
            return first_link(house)
    except StentorError as error:
        log.get("up").warning("no-link", detail=error.detail)
        return None


def _write(text: str) -> None:
    click.echo(text, nl=False, err=True)
