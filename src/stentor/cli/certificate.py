"""``stentor certificate``: what a rehearsal has shown, signed."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from stentor.base import certificates
from stentor.base.config import Settings
from stentor.base.errors import NotFound
from stentor.cli import options, tables
from stentor.rehearsal import certificate as readiness
from stentor.rehearsal.certificate import ReadinessCertificate

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def certificate() -> None:
    """Show and check readiness certificates, which rehearsals leave behind."""


@certificate.command()
@click.argument("file", required=False, type=FILE)
@options.data
@options.as_json
def show(file: Path | None, data: str | None, as_json: bool) -> None:
    """Show the certificate in FILE, or the newest of the data folder."""
    settings = options.settings(data=data)
    file = _file(settings, file)
    signed = readiness.read(file.read_bytes())
    if as_json:
        click.echo(file.read_bytes())
        return
    tables.console().print(draw(signed.certificate))
    click.echo(f"\n{file}", err=True)


@certificate.command()
@click.argument("file", required=False, type=FILE)
@click.option("--key", metavar="KEY", help="The public key that it must be signed with; else this installation's.")
@options.data
def verify(file: Path | None, key: str | None, data: str | None) -> None:
    """Check that nobody has changed the certificate in FILE, and whose it is. Exit code 1 when it is not good."""
    settings = options.settings(data=data)
    file = _file(settings, file)
    signed = readiness.read(file.read_bytes())
    wanted = key or certificates.own_key(settings)
    at = tables.local(signed.certificate.at_ms)
    if wanted != signed.key:
        click.echo(f"Unchanged since {at}, but signed with another key: {signed.key}")
        click.get_current_context().exit(1)
    click.echo(f"Good: signed on {at} with {signed.key}. It holds for the configuration that it names, and no other.")


def draw(found: ReadinessCertificate) -> Table:
    """The certificate as a table for people."""
    table = tables.plain()

    def row(name: str, value: str, style: str = "") -> None:
        table.add_row(Text(name, style="bold"), Text(value, style=style))

    row("readiness", f"{found.where}, {tables.local(found.at_ms)}")
    driven = found.driven
    row("driven", f"{driven['listeners']:,} listeners, {driven['arrive']} within {driven['within_s']:g} s")
    row("carried", f"{found.listeners:,} at once at the agreed quality, {found.joins_per_s:,.0f} joins a second")
    for limit in found.limits[:3]:
        row("in use", f"{limit.used:.0%} of: {limit.resource}")
    if found.headroom is not None:
        row("head-room", f"{found.headroom:.0%}")
    if guess := found.extrapolation:
        sight = "" if guess.in_sight else "; no limit in sight"
        row("reaches to", f"{guess.listeners:,} ± {guess.error:.0%} by {guess.resource}{sight}")
        if guess.checked:
            row(
                "such claims",
                f"were {guess.checked.lowest:+.0%} to {guess.checked.highest:+.0%} off: {guess.checked.why}",
            )
        row("method", guess.method)
    if places := readiness.places(found):
        row("an edge takes", f"{places:,} listeners from the next start, while the configuration stays")
    processes = ", ".join(f"{count} {role}" for role, count in found.configuration.processes.items())
    row("holds for", f"Stentor {found.configuration.version}, {processes}; {found.configuration_hash[:16]}")
    row("not tested", ", ".join(found.not_tested))
    for complaint in found.complaints:
        row("✗", complaint, "red")
    return table


def _file(settings: Settings, file: Path | None) -> Path:
    files = certificates.kept(settings.folder)
    found = file or (files[-1] if files else None)
    if found is None:
        raise NotFound("There is no certificate yet: `stentor rehearse SPACE` makes one.")
    return found
