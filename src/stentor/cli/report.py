"""``stentor report``: what happened in a space, to read, to print and to keep with its proofs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec

from stentor.base import config
from stentor.base.config import Settings
from stentor.base.detached import Detached
from stentor.base.errors import NotFound, Overloaded, SetupError
from stentor.base.texts import LANGUAGES
from stentor.base.units import space_id as checked
from stentor.bus.evidence import EvidenceLog
from stentor.bus.identity import join
from stentor.cli import options, saved
from stentor.evidence import report_page
from stentor.evidence.report import Report, kept_key
from stentor.evidence.row import line, only
from stentor.spaces import board
from stentor.spaces.model import Space
from stentor.store import editions, withdrawals
from stentor.store.objects import Objects
from stentor.wire import manifest


@click.command()
@options.space
@click.option("--json", "as_json", is_flag=True, help="All of it, for programs.")
@click.option("--html", "as_html", is_flag=True, help="One page that loads nothing, to print or to send.")
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@click.option("--save", metavar="FOLDER", help="Write everything there, signed.")
@options.data
def report(
    space_id: str, as_json: bool, as_html: bool, language: str, save: str | None, data: str | None
) -> None:  # fmt: skip
    """Print what happened in a space: start, audience, interruptions, what was full and why, what is not known.

    It is there a minute after the doors opened, grows while the space is on, and is complete minutes after its end.
    """
    settings = options.settings(data=data)
    space = checked(space_id)
    objects = Objects.open(settings.recordings_address)
    told, title = asyncio.run(_read(objects, space))
    found = msgspec.json.decode(told, type=Report)
    if save is not None:
        saved.check_new(Path(save))
        if settings.keys:
            raise SetupError("Only the machine with the installation's secret can sign: run this there.")
        signer = Detached(config.signing_key(settings))
        files = asyncio.run(_files(settings, objects, found, title, told, signer.public))
        saved.write(Path(save), files, found, title, signer)
        click.echo(f"{save}: what is in it, and how to check it, says {save}/README.txt.")
    elif as_json:
        click.echo(told.decode())
    elif as_html:
        click.echo(report_page.standalone(found, title, language))
    else:
        click.echo(report_page.text(found, title, language), nl=False)


async def _read(objects: Objects, space: str) -> tuple[bytes, str]:
    """The report and the title of the space. Raises :class:`NotFound`."""
    try:
        told = await objects.get(kept_key(space))
    except NotFound:
        raise NotFound(
            f"There is no report of a space {space}: there is one from a minute after its doors opened.",
            code="no-report",
        ) from None
    try:
        return told, msgspec.json.decode(await objects.get(board.key(space)), type=Space).title
    except (NotFound, msgspec.DecodeError):
        return told, space


async def _files(
    settings: Settings, objects: Objects, found: Report, title: str, told: bytes, key: str
) -> dict[str, bytes]:
    """All files but the signed one, by name."""
    files = {"report.json": told}
    for language in LANGUAGES:
        files[f"report.{language}.html"] = report_page.standalone(found, title, language, key).encode()
    if rows := await _rows(settings, found.space):
        files["rows.jsonl"] = rows
    else:
        click.echo("The rows are not in it: the bus is away, or has kept them for STENTOR_BUS_HOURS.", err=True)
    if (edits := await _edits(objects, found.space)) is not None:
        files[saved.EDITS] = edits
    number = 0
    while True:
        try:
            files[f"manifest-{number}.jsonl"] = await objects.get(manifest.page_key(found.space, number))
        except NotFound:
            return files
        number += 1


async def _edits(objects: Objects, space: str) -> bytes | None:
    """The edit list of the listener cut, once there is one."""
    removed = await withdrawals.read(objects, space)
    try:
        return await objects.get(editions.edits_key(space, len(removed.removals) if removed else 0))
    except NotFound:
        return None


async def _rows(settings: Settings, space: str) -> bytes:
    """Those that the bus has; none where it does not answer."""
    try:
        async with join(settings, "operator", name="report") as bus:
            kept = [one for row in await EvidenceLog(bus).read() if (one := only(row, space)) is not None]
    except (Overloaded, SetupError):
        return b""
    return b"".join(map(line, kept))
