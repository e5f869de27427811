"""Quotes of recordings: a sentence from the transcript, its sound from the segments, as far as both are still shown."""

from __future__ import annotations

from typing import Final, NamedTuple

from stentor.base import grid
from stentor.base.detached import Detached
from stentor.base.errors import Conflict, NotFound, Removed
from stentor.base.rendition import RENDITIONS
from stentor.evidence import quote as quotes
from stentor.evidence.quote import SignedQuote
from stentor.spaces import withdrawal
from stentor.spaces.model import Space, State
from stentor.spaces.switches import Switch
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import proof, withdrawals
from stentor.store.objects import Objects
from stentor.wire import clip
from stentor.wire import cue as wire
from stentor.wire.clip import Cut
from stentor.wire.cue import Cue

RENDITION: Final = RENDITIONS[0]
_SEGMENT_MS: Final = grid.CHUNKS_PER_SEGMENT * grid.CHUNK_MS


class MadeQuote(NamedTuple):
    """The signed text, and the sound."""

    signed: SignedQuote
    audio: bytes
    start_s: float
    """Of the sound, from the beginning of what is shown."""
    end_s: float


async def make(objects: Objects, space: Space, at_ms: int, signer: Detached, address: str) -> MadeQuote:
    """What is said at ``at_ms``: ms from the beginning of the recording as it is shown. ``address`` is the audience's.

    Raises :class:`Conflict` while the recording is not complete, or where the hosts allow no clips, :class:`NotFound`
    where nothing is said, :class:`Removed` for what is deleted, :class:`Overloaded`.
    """
    if space.state is not State.REPLAY:
        raise Conflict("There are quotes once the recording is complete.", code="no-recording")
    if not space.allows(Switch.CLIPS):
        raise Conflict("The hosts have turned clips off, and quotes with them.", code="clips-off")
    found = withdrawal.joined(await withdrawals.read(objects, space.id) or Withdrawal(space.id), withdrawal.of(space))
    if found.gone is not None:
        raise Removed("This space was removed on request.")
    begin_ms = shown_from_ms(space)
    cues = quotes.sentence(_shown(await _words(objects, space, found), space, begin_ms), at_ms + begin_ms)
    start_ms, end_ms = quotes.sound(cues)
    if found.at(min(start_ms, at_ms + begin_ms), end_ms) is not None:
        raise Removed("A part of that was removed on request.")
    entries = [entry async for entry in proof.entries_of(objects, space.id) if RENDITION.name in entry.renditions]
    cut = Cut(start_ms / 1000, end_ms / 1000)
    used = clip.touched(withdrawal.left(entries, found), cut)
    if any(not entry.renditions[RENDITION.name].key for entry in used):
        raise Removed("What was removed on request is being taken out of the recording; try again later.")
    audio = clip.clip([await objects.get(entry.renditions[RENDITION.name].key) for entry in used], RENDITION, cut)
    page = f"{address}/s/{space.id}#t={max(0, start_ms - begin_ms) // 1000}"
    made = quotes.quote(cues, space.title, audio, {str(entry.number): entry.hash for entry in used}, page)
    shown = (start_ms - begin_ms) / 1000, (end_ms - begin_ms) / 1000
    return MadeQuote(quotes.sign(made, signer), audio, *shown)


def shown_from_ms(space: Space) -> int:
    """Where the replay of a space begins: ms from the opening of the doors."""
    return space.trim.from_ms // _SEGMENT_MS * _SEGMENT_MS if space.trim else 0


async def _words(objects: Objects, space: Space, found: Withdrawal) -> list[Cue]:
    """All that is left of the transcript."""
    try:
        kept = wire.decode_transcript(await objects.get(wire.object_key(space.id)))
    except NotFound:
        raise NotFound("There is no transcript of this recording.", code="no-captions") from None
    return withdrawal.words(kept.cues, found) if kept.doors_open_ms == space.doors_open_ms else []


def _shown(cues: list[Cue], space: Space, begin_ms: int) -> list[Cue]:
    """Of these what the replay shows."""
    end_ms = space.trim.to_ms if space.trim else None
    return [cue for cue in cues if cue.start_ms >= begin_ms and (end_ms is None or cue.end_ms <= end_ms)]
