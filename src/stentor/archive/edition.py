"""Makes the listener cut of a recording: measures it, says what stays, and writes it piece by piece.

Every step is kept when it is done, under a key that follows from what it was made of. So whoever begins again after a
crash does the rest only, and two who make the same thing write the same bytes. At no time is more of a recording in
memory than a minute of it, its manifest, and four bytes for each tick.
"""

from __future__ import annotations

import hashlib
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
import numpy as np

from stentor.audio import cut, edition
from stentor.audio.excise import silent_segment
from stentor.audio.loudness import SILENT_LUFS, gated_lufs, tick_energies
from stentor.audio.pcm import Samples
from stentor.audio.weighting import KWeighting
from stentor.base import grid
from stentor.base.errors import Conflict, NotFound, Overloaded, Removed
from stentor.base.units import SpaceId
from stentor.spaces import forecast, withdrawal
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import editions, proof, withdrawals
from stentor.store.editions import CutOrder, EditionState, Measured
from stentor.store.objects import Objects
from stentor.wire import edits as wire
from stentor.wire.edits import TICK_MS, CutOut, EditList, Kept, Loudness, PieceProof
from stentor.wire.manifest import PAGE_ENTRIES, Entry

RECIPE: Final = 1
"""Rises when the same recording would give other bytes."""
KEPT_SEGMENTS: Final = 3
"""Decoded: what a join needs twice. 0.7 MB each."""
RESERVE_BYTES: Final = round(forecast.ENDS_H * 3600 * forecast.SPACE_BYTES_S)
"""So much stays free on the disk: what a live talk of two hours writes."""
FULL_S: Final = 600.0
CLOSE_LU: Final = 0.3
"""So near to the target is near enough: half a unit is what broadcasters allow."""
MOST_GAINS: Final = 5
"""How often a cut is made, louder each time, because the limiter took too much of it back; of a mix that was levelled
while it was live, once."""
MORE: Final = 1.5
"""Of what is lacking the limiter takes a part back again."""
Told = Callable[[EditionState, float], Awaitable[None]]


class RecordedSound:
    """The samples of a recording, by ticks; ``entries`` are those that are left of it."""

    def __init__(self, objects: Objects, entries: Sequence[Entry]) -> None:
        self._objects, self._entries = objects, entries
        self._starts = [entry.first_chunk for entry in entries]
        self._sound: OrderedDict[int, Samples] = OrderedDict()
        self._raw: tuple[int, bytes] = (-1, b"")

    async def read(self, first: int, last: int) -> Samples:
        """Ticks ``[first, last)``: shape ``((last - first) * 960,)``. Raises NotFound, Malformed, Overloaded."""
        found = np.zeros((last - first) * grid.TICK_SAMPLES, dtype=np.float32)
        number = bisect_right(self._starts, first // grid.TICKS_PER_CHUNK) - 1
        while number < len(self._entries) and self._starts[number] * grid.TICKS_PER_CHUNK < last:
            entry = self._entries[number]
            start = entry.first_chunk * grid.TICKS_PER_CHUNK
            begin, end = max(first, start), min(last, start + entry.chunks * grid.TICKS_PER_CHUNK)
            if not entry.hole:
                sound = await self._segment(number)
                there = sound[(begin - start) * grid.TICK_SAMPLES : (end - start) * grid.TICK_SAMPLES]
                found[(begin - first) * grid.TICK_SAMPLES : (end - first) * grid.TICK_SAMPLES] = there
            number += 1
        return found

    async def _segment(self, number: int) -> Samples:
        if number in self._sound:
            return self._sound[number]
        before = await self._data(number - 1) if number else b""
        data = await self._data(number)
        self._raw = number, data
        sound = edition.segment_samples(data, before, self._entries[number].chunks)
        self._sound[number] = sound
        if len(self._sound) > KEPT_SEGMENTS:
            self._sound.popitem(last=False)
        return sound

    async def _data(self, number: int) -> bytes:
        if self._raw[0] == number:
            return self._raw[1]
        entry = self._entries[number]
        if entry.hole:
            return b""
        stored = entry.renditions[edition.RENDITION.name]
        if not stored.key:
            return silent_segment(edition.RENDITION, entry.first_chunk, entry.chunks)
        return await self._objects.get(stored.key)


class Cutter:
    """One cut. ``told`` hears how far it is."""

    def __init__(
        self, objects: Objects, order: CutOrder, told: Told, *, free_bytes: Callable[[], int | None] = lambda: None
    ) -> None:
        """``free_bytes`` is how much room the store has; None: nobody knows."""
        self._objects, self._order, self._told, self._free_bytes = objects, order, told, free_bytes

    async def make(self, now_ms: Callable[[], int]) -> EditList:
        """Makes what is missing of it, and returns the list when all is there.

        Raises :class:`NotFound` without a recording, :class:`Removed`, :class:`Malformed` for damaged segments,
        :class:`Overloaded`, :class:`Conflict` when something was removed meanwhile: begin again.
        """
        began_s = time.process_time()
        found = await self._removed()
        entries = [entry async for entry in proof.entries_of(self._objects, self._order.space)]
        if not entries:
            raise NotFound("There is no recording of this space.", code="no-recording")
        left = withdrawal.left(entries, found) if found.removals else entries
        energies = await measure(self._objects, self._order.space, entries, left, found, self._told)
        spans = cut.spans(
            entries, energies, removed=removed_ranges(entries, found), trim=_trim(self._order, energies.size)
        )
        kept, left_out = wire.of_spans(spans)
        edits = self._list(entries, found, kept, left_out)
        there = await editions.made(self._objects, edits.space, edits.removals)
        if there is not None and _same(there, edits):
            return there
        self._require_room(edits)
        sound, before_lufs = RecordedSound(self._objects, left), cut.loudness(energies, spans)
        edits = await self._cut(edits, sound, before_lufs, began_s, now_ms)
        await self._require(found)
        key = editions.edits_key(edits.space, edits.removals)
        for ending in editions.SIGNATURES:  # they are of another list
            await self._objects.delete(f"{key}{ending}")
        await self._objects.put(key, wire.encode(edits))
        await self._tidy(edits)
        return edits

    def _list(self, entries: Sequence[Entry], found: Withdrawal, kept: list[Kept], left_out: list[CutOut]) -> EditList:
        trim = self._order.trim
        last = entries[-1]
        return EditList(
            space=self._order.space,
            doors_open_ms=self._order.doors_open_ms,
            last_hash=last.hash,
            removals=len(found.removals),
            trim_ms=(trim.from_ms, trim.to_ms) if trim else None,
            length_ms=wire.length_ms(last.first_chunk + last.chunks),
            cut_ms=sum(each.to_ms - each.from_ms for each in kept),
            pause_ms=cut.PAUSE_TICKS * TICK_MS,
            kept_pause_ms=cut.KEPT_PAUSE_TICKS * TICK_MS,
            kept=kept,
            left_out=left_out,
            rendition=edition.RENDITION.name,
        )

    async def _cut(
        self, edits: EditList, sound: RecordedSound, before_lufs: float, began_s: float, now_ms: Callable[[], int]
    ) -> EditList:
        """With its sound, as loud as it is to be."""
        gain_db = edition.gain_to(edition.TARGET_LUFS, before_lufs) if before_lufs > SILENT_LUFS else 0.0
        for _ in range(MOST_GAINS):
            mark = _mark(edits, gain_db)
            pieces, after_lufs, peak = await self._pieces(edits, sound, gain_db, mark)
            lacking = edition.TARGET_LUFS - after_lufs
            if after_lufs <= SILENT_LUFS or lacking < CLOSE_LU or gain_db >= edition.MOST_GAIN_DB:
                break
            gain_db = round(min(gain_db + MORE * lacking, edition.MOST_GAIN_DB), 1)
        return msgspec.structs.replace(
            edits,
            mark=mark,
            pieces=pieces,
            loudness=Loudness(round(before_lufs, 2), gain_db, round(after_lufs, 2), peak),
            made_ms=now_ms(),
            processor_s=round(time.process_time() - began_s, 2),
        )

    async def _pieces(
        self, edits: EditList, sound: RecordedSound, gain_db: float, mark: str
    ) -> tuple[list[PieceProof], float, float]:
        """Those that are there and those that were not; the loudness of all, and the largest peak (dBTP)."""
        count = edition.pieces_of(edits.cut_ms) if edits.kept else 0
        found: list[PieceProof] = []
        sizes, energies, peak = [], [], -96.0
        for number in range(count):
            await self._told(EditionState.CUTTING, number / count)
            piece = await self._piece(edits, sound, gain_db, mark, number)
            found.append(PieceProof(len(piece.sizes) // 2, len(piece.frames), hashlib.sha256(piece.frames).hexdigest()))
            sizes.append(piece.sizes)
            energies.append(edition.energies_of(piece.energies))
            peak = max(peak, piece.peak)
        await self._objects.put(editions.sizes_key(edits.space, edits.removals, mark), b"".join(sizes))
        return found, gated_lufs(np.concatenate(energies)) if energies else SILENT_LUFS, peak

    async def _piece(
        self, edits: EditList, sound: RecordedSound, gain_db: float, mark: str, number: int
    ) -> edition.CutPiece:
        key = editions.piece_key(edits.space, edits.removals, mark, number)
        try:
            return edition.decode(await self._objects.get(key))
        except NotFound:
            pass
        parts = edition.wanted(edits.kept, number)
        size = (edition.PIECE_TICKS + edition.RUN_UP_TICKS + 1) * grid.TICK_SAMPLES
        whole = np.zeros(size, dtype=np.float32)
        for part in parts:
            at = part.at * grid.TICK_SAMPLES
            whole[at : at + (part.last - part.first) * grid.TICK_SAMPLES] = await sound.read(part.first, part.last)
        made = edition.piece(whole, edits.kept, number, gain_db, edits.cut_ms)
        await self._require_same(edits.removals)
        await self._objects.put(key, edition.encode(made))
        return made

    def _require_room(self, edits: EditList) -> None:
        """What is live needs the disk more. Raises :class:`Overloaded`."""
        free, needed = self._free_bytes(), edits.cut_ms * edition.RENDITION.bitrate_bps // 8000
        if free is not None and free < needed + RESERVE_BYTES:
            detail = (
                f"There is too little room for a listener cut of {needed / 1e6:.0f} MB: {free / 1e6:.0f} MB are free."
            )
            raise Overloaded(detail, retry_after_s=FULL_S)

    async def _removed(self) -> Withdrawal:
        found = await withdrawals.read(self._objects, self._order.space) or Withdrawal(SpaceId(self._order.space))
        if found.whole:
            raise Removed("This recording was removed on request.", removed_ms=found.whole.at_ms)
        return found

    async def _require(self, found: Withdrawal) -> None:
        await self._require_same(len(found.removals))

    async def _require_same(self, removals: int) -> None:
        if len((await self._removed()).removals) != removals:
            raise Conflict("Something was removed of this recording while its cut was made; it is made again.")

    async def _tidy(self, edits: EditList) -> None:
        """Deletes the pieces of other cuts of the same recording."""
        folder = f"{editions.cut_folder(edits.space)}r{edits.removals}/"
        for key, _ in await self._objects.list(folder):
            if not key.startswith((f"{folder}{edits.mark}/", f"{folder}edits.json")):
                await self._objects.delete(key)


async def measure(
    objects: Objects,
    space: str,
    entries: Sequence[Entry],
    left: Sequence[Entry],
    found: Withdrawal,
    told: Told,
    *,
    keep: bool = True,
) -> cut.Energies:
    """The energy of every tick of a recording, page by page; what was measured before is not measured again.

    Without ``keep`` nothing is believed that was measured before, and nothing is written.
    """
    removals = len(found.removals)
    sound, whole = RecordedSound(objects, left), []
    for page in range(-(-len(entries) // PAGE_ENTRIES)):
        await told(EditionState.MEASURING, page * PAGE_ENTRIES / len(entries))
        some = entries[page * PAGE_ENTRIES : (page + 1) * PAGE_ENTRIES]
        known = await editions.measured(objects, space, removals, page, some[-1].hash) if keep else None
        if known is None:
            known = (await _measure(sound, some)).astype("<f4").tobytes()
            if keep:
                await editions.keep_measured(objects, space, removals, page, Measured(some[-1].hash, known))
        whole.append(edition.energies_of(known))
    return np.concatenate(whole)


async def _measure(sound: RecordedSound, entries: Sequence[Entry]) -> cut.Energies:
    first = entries[0].first_chunk * grid.TICKS_PER_CHUNK
    weighting, parts = KWeighting(), []
    warm_up = min(first, grid.TICKS_PER_CHUNK)
    weighting.filter((await sound.read(first - warm_up, first))[np.newaxis])
    for entry in entries:
        start = entry.first_chunk * grid.TICKS_PER_CHUNK
        ticks = entry.chunks * grid.TICKS_PER_CHUNK
        if entry.hole:
            parts.append(np.zeros(ticks, dtype=np.float32))
            continue
        parts.append(tick_energies(weighting.filter((await sound.read(start, start + ticks))[np.newaxis])[0]))
    return np.concatenate(parts)


def _mark(edits: EditList, gain_db: float) -> str:
    """Of the sound of a cut: it follows from what is kept, and how loud it is made."""
    told = [RECIPE, edits.last_hash, edits.removals, edits.rendition, gain_db, [list(each) for each in _bounds(edits)]]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]


def _bounds(edits: EditList) -> list[tuple[int, int]]:
    return [(each.from_ms, each.to_ms) for each in edits.kept]


def _same(there: EditList, edits: EditList) -> bool:
    """Whether a cut that is there is the one that is wanted."""
    wanted = there.last_hash, there.trim_ms, there.kept, there.left_out
    fits = wanted == (edits.last_hash, edits.trim_ms, edits.kept, edits.left_out)
    return fits and there.loudness is not None and there.mark == _mark(edits, there.loudness.gain_db)


def removed_ranges(entries: Sequence[Entry], found: Withdrawal) -> list[tuple[int, int]]:
    """The chunks that are removed of a recording, as ``[first, last)``."""
    last = entries[-1]
    return cut.removed_ranges(found.chunks(0, last.first_chunk + last.chunks)) if found.removals else []


def _trim(order: CutOrder, ticks: int) -> tuple[int, int] | None:
    if order.trim is None:
        return None
    end = ticks if order.trim.to_ms is None else min(ticks, order.trim.to_ms // TICK_MS)
    return min(order.trim.from_ms // TICK_MS, end), end
