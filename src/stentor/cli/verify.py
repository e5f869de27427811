"""``stentor verify``: whether a recording is what was recorded, here or at an address."""

from __future__ import annotations

import asyncio
import datetime
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from stentor.base.errors import BadInput, NotFound, Overloaded
from stentor.base.units import counted
from stentor.base.units import space_id as checked
from stentor.cli import online, options, saved, verified_cut
from stentor.evidence.quote import Quote
from stentor.spaces.model import Removal
from stentor.store import proof
from stentor.store.objects import Objects

MOST_SAID = 20


@click.command()
@options.space
@click.option("--key", help="The public key of the installation, in one line; else that in the folder or at the site.")
@click.option("--witnessed", metavar="HASH", help="Of an address: a hash that you wrote down while it was on.")
@click.option("--rendition", default="aac-64", show_default=True, help="Of an address: which sound is fetched.")
@click.option("--no-audio", is_flag=True, help="Of an address: do not fetch the sound.")
@options.data
def verify(
    space_id: str, key: str | None, witnessed: str | None, rendition: str, no_audio: bool, data: str | None
) -> None:
    """Check that nobody has changed a recording: its hash chain, every object, and what its listener cut left out.

    SPACE may be a folder that `stentor report --save` made: signature, files, and whether its rows give its verdict.
    Or the address of a space (https://…/s/friday) or of a site: its key, signed report, and every segment of the sound.
    """
    if space_id.startswith(("http://", "https://")):
        _verify_address(space_id, online.CheckOptions(key, witnessed, not no_audio, rendition))
        return
    if Path(space_id).is_file():
        _say_quote(saved.prove_quote_file(Path(space_id), key), sound=False)
        return
    if Path(space_id).is_dir():
        _verify_folder(Path(space_id), key)
        return
    settings = options.settings(data=data)
    objects = Objects.open(settings.recordings_address)
    found = asyncio.run(proof.prove(objects, checked(space_id)))
    for removal in found.removed:
        click.echo(f"removed on request: {_part(removal)}, {_day(removal.at_ms)}, by {removal.who}: {removal.reason}")
    for problem in found.wrong[:MOST_SAID]:
        click.echo(problem, err=True)
    if found.wrong:
        click.echo(
            f"{space_id}: {counted(len(found.wrong), 'fault')} in {counted(found.entries, 'segment')}.", err=True
        )
        sys.exit(1)
    rest = "; the rest is" if found.removed else ": all is"
    click.echo(f"{space_id}: {counted(found.entries, 'segment')}{rest} as it was recorded. Last hash {found.last_hash}")
    if not any(removal.whole for removal in found.removed):
        verified_cut.say(settings, objects, checked(space_id), key)


def _verify_address(address: str, asked: online.CheckOptions) -> None:
    with online.site(address) as found:
        if not found.space:
            _verify_site(found, asked)
            return
        _say(found.space, online.verify(found, asked, _steps))


def _verify_site(found: online.RemoteSite, asked: online.CheckOptions) -> None:
    """The newest spaces of a site, without their sound."""
    wrong = 0
    for address in online.spaces(found):
        with online.site(address) as one:
            try:
                seen = online.verify(one, asked._replace(audio=False, witnessed=None))
            except NotFound:
                click.echo(f"{address}: there is no report.")
                continue
            except (BadInput, Overloaded) as error:
                click.echo(f"{address}: {error.detail}", err=True)
                wrong += 1
                continue
        wrong += bool(seen.wrong)
        click.echo(f"{address}: " + (seen.wrong[0] if seen.wrong else f"signed, {seen.good[0].partition(': ')[2]}"))
    click.echo("The sound was not fetched: verify the address of a space for that.")
    if wrong:
        sys.exit(1)


def _say(address: str, seen: online.Seen) -> None:
    for line in online.lines(seen.good, "right:"):
        click.echo(line)
    for line in online.lines(seen.open, "not checked:"):
        click.echo(line)
    for line in online.lines(seen.wrong[:MOST_SAID], "WRONG:"):
        click.echo(line, err=True)
    if seen.wrong:
        click.echo(f"{address}: {counted(len(seen.wrong), 'fault')}.", err=True)
        sys.exit(1)


def _steps(most: int) -> Iterator[int]:
    with click.progressbar(range(most), label="fetching the sound", file=sys.stderr) as bar:
        yield from bar


def _verify_quote(folder: Path, key: str | None) -> None:
    found, whose, sound = saved.prove_quote(folder, key)
    _say_quote(found, sound=sound)
    if not key:
        click.echo(f"Signed with {whose}: is that the key that the installation shows? Give it with --key.")


def _say_quote(found: Quote, *, sound: bool) -> None:
    click.echo(f"“{found.text}”")
    click.echo(f"{found.name or 'somebody'}, {saved.moment(found)}, in {found.title} ({found.space}).")
    click.echo("As it was signed" + (", and so is the sound." if sound else "; its sound is not beside it."))
    if not found.corrected:
        click.echo("A machine recognised the words, and nobody put them right: listen before you print them.")


def _verify_folder(folder: Path, key: str | None) -> None:
    if saved.is_quote(folder):
        _verify_quote(folder, key)
        return
    found = saved.prove(folder, key)
    for problem in found.wrong[:MOST_SAID]:
        click.echo(problem, err=True)
    if found.wrong:
        click.echo(f"{folder}: {counted(len(found.wrong), 'fault')}.", err=True)
        sys.exit(1)
    click.echo(f"{folder}: {counted(found.files, 'file')} as they were signed ({found.said}).")
    if not key:
        click.echo(f"Signed with {found.key}: is that the key that the installation shows? Give it with --key.")


def _part(removal: Removal) -> str:
    if removal.whole:
        return "all of it"
    end = "the end" if removal.to_ms is None else f"{removal.to_ms / 1000:.2f} s"
    return f"{removal.from_ms / 1000:.2f} s to {end}"


def _day(at_ms: int) -> str:
    return datetime.datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
