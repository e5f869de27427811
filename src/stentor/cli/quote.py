"""``stentor quote``: a sentence of a transcript with its sound, signed."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import click
import msgspec

from stentor.base import config
from stentor.base.config import Settings
from stentor.base.detached import Detached
from stentor.base.errors import BadInput, NotFound, SetupError
from stentor.base.units import space_id as checked
from stentor.cli import options, saved
from stentor.spaces import board
from stentor.spaces.model import Space
from stentor.store import quotes
from stentor.store.objects import Objects
from stentor.store.quotes import MadeQuote

_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,6}(?:\.\d{1,3})?)")


@click.command()
@options.space
@click.option("--at", required=True, metavar="TIME", help="Of the recording: 754, 12:34 or 1:02:03.")
@click.option("--save", metavar="FOLDER", help="Write quote, sound and signatures there.")
@options.as_json
@options.data
def quote(space_id: str, at: str, save: str | None, as_json: bool, data: str | None) -> None:
    """Print the sentence that is said at TIME, with who said it, when, and where to hear it; signed.

    `stentor verify FOLDER` accepts what was saved, also when the recording is long deleted.
    """
    settings = options.settings(data=data)
    at_ms = milliseconds(at)
    if settings.keys:
        raise SetupError("Only the machine with the installation's secret can sign: run this there.")
    if save is not None:
        saved.check_new(Path(save))
    made = asyncio.run(_make(settings, checked(space_id), at_ms))
    if save is not None:
        saved.write_quote(Path(save), made, Detached(config.signing_key(settings)))
    if as_json:
        click.echo(msgspec.json.encode(made.signed).decode())
        return
    found = saved.read_quote(made.signed.quote.encode())
    click.echo(f"“{found.text}”")
    click.echo(
        f"{found.name or 'somebody'}, {saved.moment(found)}{'' if found.corrected else ', as a machine heard it'}"
    )
    click.echo(found.page)
    if save is not None:
        click.echo(f"{save}: check it with: stentor verify {save}")


def milliseconds(text: str) -> int:
    """Of ``754``, ``12:34`` or ``1:02:03``; raises :class:`BadInput`."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"{text} is no time of a recording: give seconds, 12:34 or 1:02:03.")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return round(1000 * (3600 * hours + 60 * minutes + seconds))


async def _make(settings: Settings, space: str, at_ms: int) -> MadeQuote:
    objects = Objects.open(settings.recordings_address)
    try:
        found = msgspec.json.decode(await objects.get(board.key(space)), type=Space)
    except (NotFound, msgspec.DecodeError):
        raise NotFound(f"There is no space {space} that is over.", code="space-not-found") from None
    signer = Detached(config.signing_key(settings))
    return await quotes.make(objects, found, at_ms, signer, settings.audience_address)
