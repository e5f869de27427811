"""What `stentor verify` says of a listener cut."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

import click

from stentor.archive import cut_proof
from stentor.archive.cut_proof import CutProof
from stentor.base import config
from stentor.base.config import Settings
from stentor.base.detached import Detached, check
from stentor.base.errors import BadInput, NotFound
from stentor.base.units import SpaceId, counted
from stentor.store import editions
from stentor.store.objects import Objects

MOST_SAID: Final = 20


def say(settings: Settings, objects: Objects, space: SpaceId, key: str | None) -> None:
    """The list, every second of the sound, and the signature; ends the command where something is wrong."""
    found = asyncio.run(cut_proof.prove(objects, space))
    if found is None:
        click.echo("There is no listener cut of it.")
        return
    wrong = found.wrong + asyncio.run(_signed(settings, objects, found, key))
    for problem in wrong[:MOST_SAID]:
        click.echo(problem, err=True)
    if wrong:
        sys.exit(1)
    edits = found.edits
    click.echo(
        f"Listener cut: {edits.cut_ms / 1000:.2f} s of {edits.length_ms / 1000:.2f} s. Each second of it is the "
        f"recording's, and the {counted(len(edits.left_out), 'part')} left out are what the signed list says."
    )


async def _signed(settings: Settings, objects: Objects, found: CutProof, key: str | None) -> list[str]:
    """What is wrong with the signature of an edit list."""
    own = key or (Detached(config.signing_key(settings)).public if not settings.keys else "")
    if not own:
        return ["Give the installation's public key with --key: there is no secret here to derive it from."]
    try:
        signature = await objects.get(f"{editions.edits_key(found.edits.space, found.edits.removals)}.minisig")
        check(own, signature, found.text)
    except NotFound:
        return ["The edit list of the listener cut is not signed yet: a house does it within seconds."]
    except BadInput as error:
        return [f"The edit list of the listener cut: {error.detail}"]
    return []
