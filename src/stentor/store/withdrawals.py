"""What was removed of spaces, in the object store: the list that is stronger than every copy, and its carrying out.

The order of the steps makes a crash harmless, and every step may be done again. First the list is written: from then on
nobody serves what it names. Then what is left of segments is stored beside them and named in the list. What must go is
deleted last. Manifests stay: they hold numbers, lengths and hashes, and no sound.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterable
from typing import Final

import msgspec

from stentor.audio.excise import excise
from stentor.base import grid, log
from stentor.base.errors import Malformed, NotFound
from stentor.base.rendition import BY_NAME
from stentor.spaces import about, sounds, withdrawal
from stentor.spaces.withdrawal import Piece, Withdrawal
from stentor.store import editions
from stentor.store.objects import Objects
from stentor.wire import cue, manifest
from stentor.wire.manifest import StoredObject

AT_ONCE: Final = 16
_SEGMENT = re.compile(r"([a-z0-9-]+)/(\d+)(\.[0-9a-f]{16})?\.m4s")


async def read(objects: Objects, space: str) -> Withdrawal | None:
    """What was removed of a space; None for nothing. Raises :class:`Overloaded`, and :class:`Malformed`."""
    try:
        return withdrawal.decode(await objects.get(withdrawal.key(space)))
    except NotFound:
        return None


async def each(objects: Objects) -> AsyncIterator[Withdrawal]:
    """All that was removed; what is damaged is said and left out."""
    for key, _ in await objects.list(withdrawal.FOLDER):
        try:
            yield withdrawal.decode(await objects.get(key))
        except Malformed as error:
            log.get("store").error("withdrawal-damaged", key=key, detail=error.detail)
        except NotFound:
            continue


async def withdraw(objects: Objects, wanted: Withdrawal) -> Withdrawal:
    """Puts on the list what ``wanted`` has and it has not; returns what it says then."""
    there = await read(objects, wanted.space) or Withdrawal(wanted.space)
    found = withdrawal.joined(there, wanted)
    if found is not there:
        await objects.put(withdrawal.key(found.space), withdrawal.encode(found))
    return found


async def erase(objects: Objects, found: Withdrawal) -> Withdrawal:
    """Deletes what the list names; returns it with what is left of segments. To be done again after a crash."""
    folder = f"recordings/{found.space}/"
    keys = {key for key, _ in await objects.list(folder)}
    if found.whole:
        await objects.delete(editions.order_key(found.space))
        await _delete(objects, [key for key in keys if not key.startswith(manifest.folder(found.space))])
        if found.gone:
            await _delete(objects, [key for key, _ in await objects.list(sounds.key(found.space, ""))])
            await _delete(objects, [key for key, _ in await objects.list(about.cover_folder(found.space))])
            own = re.compile(rf"hold/{re.escape(found.space)}-[0-9a-f]{{12}}")
            await _delete(objects, [key for key, _ in await objects.list("hold") if own.fullmatch(key)])
        return found
    touched = _touched(found, folder, keys)
    pieces = dict(found.pieces)
    for number in touched:
        piece = await _piece(objects, found, number, keys)
        if piece is None:
            pieces.pop(number, None)
        else:
            pieces[number] = piece
    if pieces != found.pieces:
        found = msgspec.structs.replace(found, version=found.version + 1, pieces=pieces)
        await objects.put(withdrawal.key(found.space), withdrawal.encode(found))
    needed = {stored.key for piece in pieces.values() for stored in piece.renditions.values()}
    await _erase_words(objects, found)
    gone = [key for key in keys if key not in needed and _number(folder, key) in touched]
    derived = [manifest.outline_key(found.space), *editions.outdated(found.space, len(found.removals), keys)]
    await _delete(objects, [*gone, *derived])
    return found


def _touched(found: Withdrawal, folder: str, keys: Iterable[str]) -> set[int]:
    """The numbers of the segments of which something must go."""
    numbers = {number for key in keys if (number := _number(folder, key)) is not None}
    return {number for number in numbers if found.chunks(*_chunks(number))}


def _chunks(number: int) -> tuple[int, int]:
    first = grid.first_chunk_of_segment(number)
    return first, first + grid.CHUNKS_PER_SEGMENT


def _number(folder: str, key: str) -> int | None:
    """Of the segment that an object belongs to."""
    match = _SEGMENT.fullmatch(key.removeprefix(folder))
    return int(match[2]) if match else None


async def _piece(objects: Objects, found: Withdrawal, number: int, keys: set[str]) -> Piece | None:
    """What is to be left of a segment; stored before anything is deleted. None for nothing."""
    chunks = found.chunks(*_chunks(number))
    if len(chunks) == grid.CHUNKS_PER_SEGMENT:
        return None
    before = found.pieces.get(number)
    if before is not None and found.piece(number) and all(each.key in keys for each in before.renditions.values()):
        return before
    left: dict[str, StoredObject] = {}
    for name, rendition in BY_NAME.items():
        older = before.renditions[name].key if before is not None and name in before.renditions else ""
        source = older if older in keys else manifest.segment_key(found.space, name, number)
        try:
            data = excise(await objects.get(source), rendition, chunks)
        except (NotFound, Malformed) as error:  # silence stands there
            log.get("store").warning("segment-not-kept", key=source, detail=error.detail)
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        key = manifest.piece_key(found.space, name, number, sha256)
        await objects.put(key, data)
        left[name] = StoredObject(key, len(data), sha256)
    return Piece(len(found.removals), left) if left else None


async def _erase_words(objects: Objects, found: Withdrawal) -> None:
    """Takes what was said there out of the transcript."""
    key = cue.object_key(found.space)
    try:
        transcript = cue.decode_transcript(await objects.get(key))
    except NotFound:
        return
    except Malformed:
        await objects.delete(key)  # nobody can read it, and nobody knows what is in it
        return
    left = withdrawal.words(transcript.cues, found)
    if len(left) != len(transcript.cues):
        await objects.put(key, cue.encode_transcript(msgspec.structs.replace(transcript, cues=left)))


async def _delete(objects: Objects, keys: Iterable[str]) -> None:
    waiting = list(keys)
    while waiting:
        some, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        await asyncio.gather(*(objects.delete(key) for key in some))
