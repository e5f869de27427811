"""``stentor transcribe``: the words of a recording that was made without captions."""

from __future__ import annotations

import asyncio
import time

import click

from stentor.archive.stored import RecordingStore
from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.errors import Conflict, NotFound, Removed
from stentor.captions import recorded
from stentor.captions.whisper import Whisper
from stentor.cli import options
from stentor.spaces import names, withdrawal
from stentor.spaces.model import State
from stentor.spaces.names import Names
from stentor.store import withdrawals
from stentor.store.objects import Objects
from stentor.store.spaces import Store
from stentor.wire import cue as wire
from stentor.wire.cue import Cue, Transcript


@click.command()
@options.space
@click.option("--language", help="What people speak, such as de.  [default: the space's]")
@click.option("--again", is_flag=True, help="Write a transcript that is there anew.")
@options.data
def transcribe(space_id: str, language: str | None, again: bool, data: str | None) -> None:
    """Write the transcript of a recording that was made without captions."""
    asyncio.run(_transcribe(options.settings(data=data), space_id, language, again=again))


async def _transcribe(settings: Settings, space_id: str, language: str | None, *, again: bool) -> None:
    store = await Store.open(settings.database_address)
    try:
        space = await store.load(space_id)
    finally:
        await store.close()
    if space.state is not State.REPLAY:
        raise Conflict("Only a complete recording can be transcribed; this space has none yet.")
    objects = Objects.open(settings.recordings_address)
    if not again and await objects.size(wire.object_key(space_id)) is not None:
        raise Conflict("This recording has a transcript; --again writes it anew.")
    entries = (await RecordingStore(objects, space_id).load()).entries
    removed = await withdrawals.read(objects, space_id)
    if removed is not None:
        entries = withdrawal.left(entries, removed)
    if removed is not None and removed.whole:
        raise Removed("This recording was removed on request.")
    if not entries:
        raise NotFound("There is no recording of this space.")
    try:
        known = names.decode(await objects.get(names.key(space_id)))
    except NotFound:
        known = Names()  # it has them inside
    engine = await asyncio.to_thread(Whisper, settings.captions_model)
    found: list[Cue] = []
    with click.progressbar(length=len(entries), label="Writing down") as bar:
        async for _, cues in recorded.cues(
            space.id,
            entries,
            objects.get,
            engine,
            known=known,
            language=language or space.language,
            made_ms=unix_ms(time.time()),
        ):
            found += cues
            bar.update(1)
    transcript = Transcript(1, space.doors_open_ms or 0, engine.name, found)
    await objects.put(wire.object_key(space_id), wire.encode_transcript(transcript))
    click.echo(f"{len(found)} lines: {settings.audience_address}/s/{space_id}/transcript.txt")
