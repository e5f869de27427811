"""Whether a listener cut is what its edit list says: made of the recording, and nothing left out but what it names.

Both are decoded. Each second of the cut is compared with the second of the recording that the list names; each stretch
that is left out must be what its reason says: no word of the stage in an outage, nothing loud in a silence.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from stentor.archive.edition import RecordedSound, measure, removed_ranges
from stentor.audio import cut, edition
from stentor.audio.encoder import AAC_DELAY_SAMPLES
from stentor.audio.loudness import gated_lufs, lufs, mean_square
from stentor.audio.media import StreamDecoder
from stentor.audio.pcm import Samples
from stentor.base import grid
from stentor.base.errors import Malformed, NotFound
from stentor.base.rendition import Source
from stentor.base.units import SpaceId
from stentor.spaces import withdrawal
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import editions, proof, withdrawals
from stentor.store.editions import EditionState
from stentor.store.objects import Objects
from stentor.wire import edits as wire
from stentor.wire.edits import TICK_MS, CutOut, CutReason, EditList
from stentor.wire.manifest import Entry
from stentor.wire.mp4 import AAC_CONFIG

LEAST_MATCH: Final = 0.8
"""Correlation of a second with its original; what was encoded once more has 0.98, another second 0.3."""
QUIET_RMS: Final = 0.003
"""-50 dBFS: nobody hears a difference between two silences, and noise is not what a codec keeps."""
TOLERANCE_LU: Final = 1.0
TOLERANCE_TICKS: Final = 3


class CutProof(NamedTuple):
    """``wrong`` is empty when all is as it should be; ``compared_s`` is how much sound was compared."""

    edits: EditList
    text: bytes
    compared_s: float
    wrong: list[str]


async def prove(objects: Objects, space: str) -> CutProof | None:
    """Of the cut of a recording; None without one. Raises :class:`Malformed`, :class:`Overloaded`."""
    found = await withdrawals.read(objects, space) or Withdrawal(SpaceId(space))
    try:
        text = await objects.get(editions.edits_key(space, len(found.removals)))
    except NotFound:
        return None
    edits = wire.decode(text)
    entries = [entry async for entry in proof.entries_of(objects, space)]
    left = withdrawal.left(entries, found) if found.removals else entries
    sound = RecordedSound(objects, left)
    last = entries[-1]
    wrong = []
    if edits.last_hash != last.hash:
        wrong.append("The edit list is of another recording: its last hash is not that of the manifest.")
    if edits.length_ms != wire.length_ms(last.first_chunk + last.chunks):
        wrong.append("The edit list is of a recording of another length.")
    if not wrong:
        energies = await measure(objects, space, entries, left, found, _silent, keep=False)
        removed = removed_ranges(entries, found)
        wrong += _unexplained(edits, entries, energies, removed)
    compared = 0
    async for samples, complaint in _compared(objects, edits, sound):
        compared += samples
        wrong += [complaint] if complaint else []
    return CutProof(edits, text, compared / grid.SAMPLE_RATE_HZ, wrong)


async def _silent(_state: EditionState, _done: float) -> None:
    """Nobody waits for news of it."""


def _unexplained(
    edits: EditList, entries: Sequence[Entry], energies: cut.Energies, removed: Sequence[tuple[int, int]]
) -> Iterator[str]:
    """What is left out for a reason that is none."""
    on_stage = np.zeros(energies.size, dtype=bool)
    for run in (run for entry in entries for run in entry.runs if run.source is Source.STAGE):
        on_stage[run.first * grid.TICKS_PER_CHUNK : run.last * grid.TICKS_PER_CHUNK] = True
    gone = np.zeros(energies.size, dtype=bool)
    for first, last in removed:
        gone[first * grid.TICKS_PER_CHUNK : last * grid.TICKS_PER_CHUNK] = True
    talk = gated_lufs(energies[on_stage])
    highest = mean_square(max(talk - cut.QUIET_LU, cut.LEAST_QUIET_LUFS) + TOLERANCE_LU)
    for each in edits.left_out:
        first, last = each.from_ms // TICK_MS, each.to_ms // TICK_MS
        if not _explained(each, edits, on_stage[first:last], energies[first:last], gone[first:last], highest):
            loudest = lufs(float(energies[first:last].max(initial=0.0)))
            yield f"{_span(each)} is left out as {each.why.value}, and it is not ({loudest:.0f} LUFS)."


def _explained(
    each: CutOut,
    edits: EditList,
    on_stage: np.ndarray[tuple[int], np.dtype[np.bool_]],
    energies: cut.Energies,
    gone: np.ndarray[tuple[int], np.dtype[np.bool_]],
    highest: float,
) -> bool:
    match each.why:
        case CutReason.SILENCE:
            return float(energies.max(initial=0.0)) <= highest
        case CutReason.REMOVED:
            return bool(gone.all())
        case CutReason.TRIMMED:
            start, end = edits.trim_ms or (0, None)
            return each.to_ms <= start or (end is not None and each.from_ms >= end - TICK_MS)
    return int(on_stage.sum()) <= TOLERANCE_TICKS


async def _compared(objects: Objects, edits: EditList, sound: RecordedSound) -> AsyncIterator[tuple[int, str]]:
    """Second by second how many samples were compared, and what is wrong with them."""
    decoder = StreamDecoder(edition.RENDITION.codec.value, AAC_CONFIG)
    waiting: list[Samples] = []
    skip, at = AAC_DELAY_SAMPLES, 0
    gain = 10 ** ((edits.loudness.gain_db if edits.loudness else 0.0) / 20)
    for number, said in enumerate(edits.pieces):
        key = editions.piece_key(edits.space, edits.removals, edits.mark, number)
        try:
            piece = edition.decode(await objects.get(key))
        except (NotFound, Malformed):
            yield 0, f"Piece {number} of the cut is missing or damaged."
            return
        if hashlib.sha256(piece.frames).hexdigest() != said.sha256:
            yield 0, f"Piece {number} of the cut is not what the edit list says."
        waiting += [decoder.decode(frame) for frame in edition.frames_of(piece)]
        whole = np.concatenate(waiting)[skip:]
        skip = 0
        rest = edits.cut_ms * grid.SAMPLE_RATE_HZ // 1000 - at
        size = whole.size if number + 1 < len(edits.pieces) else min(whole.size, rest)
        size -= size % grid.TICK_SAMPLES
        heard, waiting = whole[:size], [whole[size:]]
        for wanted in edition.spans(edits.kept, at // grid.TICK_SAMPLES, (at + size) // grid.TICK_SAMPLES):
            original = await sound.read(wanted.first, wanted.last) * np.float32(gain)
            start = wanted.at * grid.TICK_SAMPLES
            yield original.size, _difference(heard[start : start + original.size], original, wanted.first)
        at += size
    if at != edits.cut_ms * grid.SAMPLE_RATE_HZ // 1000:
        yield (
            0,
            f"The sound of the cut has {at / grid.SAMPLE_RATE_HZ:.2f} s, the edit list {edits.cut_ms / 1000:.2f} s.",
        )


def _difference(heard: Samples, original: Samples, first: int) -> str:
    """The first second that is not that of the recording."""
    for start in range(0, original.size, grid.SAMPLE_RATE_HZ):
        here, there = heard[start : start + grid.SAMPLE_RATE_HZ], original[start : start + grid.SAMPLE_RATE_HZ]
        if here.size < grid.SAMPLE_RATE_HZ // 4 or max(_rms(here), _rms(there)) < QUIET_RMS:
            continue
        match = float(np.dot(here, there)) / (here.size * max(_rms(here) * _rms(there), 1e-12))
        if match < LEAST_MATCH:
            at_s = first * grid.TICK_S + start / grid.SAMPLE_RATE_HZ
            return f"The cut has another sound where the recording's {at_s:.2f} s should be (likeness {match:.2f})."
    return ""


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0


def _span(each: CutOut) -> str:
    return f"{each.from_ms / 1000:.2f} s to {each.to_ms / 1000:.2f} s"
