"""The window: the last two minutes of a space's chunks, each packaged once for every form that listeners ask for.

Pure: ``now`` comes in. Chunks are *committed* in the order of their numbers, one after the other without a hole. What
has not come in time is replaced by the hold loop's chunk, and that is final for this edge: what one listener has
heard, all have heard. While the space only waits its chunks are the loop's: the window makes them itself, at their
time, and the programme says now and then that it is so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

import msgspec

from stentor.base import grid
from stentor.base.rendition import Source
from stentor.crowd.rungs import RUNGS
from stentor.spaces.pulse import gist, restamped
from stentor.wire import aac
from stentor.wire.chunk import Chunk
from stentor.wire.horizon import ahead

Frames = Mapping[str, list[bytes]]
"""Rendition name → the raw frames of one chunk."""
Fill = Callable[[int], Frames]
"""The frames of the hold loop for a chunk number (``audio.hold``)."""
Rest = Callable[[int], Frames | None]
"""The same while the space only waits; None for a chunk that must come from the bus."""

KEEP_SEGMENTS = 32
"""Whole segments kept: 122.88 s. A playlist shows 8; RFC 8216bis wants a file fetchable long after it has left it."""
KEEP_CHUNKS = KEEP_SEGMENTS * grid.CHUNKS_PER_SEGMENT
PATIENCE_S = 2.5
"""How long after its end on the clock a chunk may come: under the 3.2 s that listeners have in their buffers."""
REST_S = 0.4
"""How long after its end on the clock a chunk of a space that waits is committed: the word that the talk begins in it
has 0.7 to 1 s to come here."""
CONFIRMED_CHUNKS = 36
"""So long (11.5 s) the programme's word is good: it comes every 3.84 s. What nobody vouches for is filler."""
SET_BACK_S = 5.0
"""A chunk of a space that waits that is so far ahead means that the clock was set back: it goes on at its own pace."""
NEAR_CHUNKS = 10
"""A window this close to the clock has caught up: one that is all filler runs 2.5 s (8 chunks) behind it."""
LONGEST_STEP_S = 1.0
"""Of the clock between two looks, ten of which are made a second: what is more was the clock being set."""
RICH, FRUGAL = "aac-64", "aac-32"
"""On a frugal rung the second is heard in the place of the first."""
SEAM_CHUNKS = 10
"""A seam without a click is looked for so long: 3.2 s, and 99 of 100 chunks begin with one."""


class WindowChunk:
    """A committed chunk and its packaged forms."""

    __slots__ = ("filler", "frames", "number", "packed", "pulse", "source")

    def __init__(self, number: int, source: Source, pulse: bytes, frames: Frames, *, filler: bool) -> None:
        self.number = number
        self.source = source
        self.pulse = pulse
        """What goes out with the sound: empty in chunks that have nothing new to tell."""
        self.frames = frames
        self.filler = filler
        """Put there by this edge because the chunk had not come."""
        self.packed: dict[str, bytes] = {}
        """Form name → bytes; filled by :class:`stentor.edge.forms.Form`."""


class Window:
    """The committed chunks ``first … head`` of one space.

    ``start`` is where the programme is followed from; it is moved down to the start of a segment. Until the window has
    caught up with the clock for the first time it waits :data:`PATIENCE_S` from the last chunk in order, so that an
    edge that starts late fills itself from the bus and not with filler.
    """

    def __init__(
        self,
        *,
        doors_open_ms: int,
        start: int,
        now: float,
        fill: Fill,
        rest: Rest = lambda _: None,
        pulse: bytes = b"",
    ) -> None:
        self.doors_open_ms = doors_open_ms
        self.doors_open_s = doors_open_ms / 1000
        self.first = start - start % grid.CHUNKS_PER_SEGMENT
        self.head = self.first - 1
        """The newest committed chunk; ``first - 1`` when there is none."""
        self.last: int | None = None
        """The space's last chunk, once it is known to end."""
        self.fillers = 0
        self.late = 0
        self.early = 0
        self._fill = fill
        self._rest = rest
        self._kept: deque[WindowChunk] = deque()
        self._waiting: dict[int, Chunk] = {}
        self._fed = False
        """A chunk has come from the bus."""
        self._progress = now
        self._looked = now
        self._opened = grid.chunk_at(now, self.doors_open_s)
        self._confirmed = max(self._opened, self.first) + CONFIRMED_CHUNKS
        self._silence_s = 0.0
        """Since the last chunk that came, without what the clock was set by, and less the filler played since."""
        self.caught_up = self._near(now)
        """It has been near the clock once: from then on only the clock decides, and listeners may join."""
        self.rung = RUNGS[0]
        """What is given up now; from the next chunk on."""
        self.frugal = False
        """:data:`RICH` is heard as :data:`FRUGAL`: follows the rung at a seam that cannot be heard."""
        self._pulse = pulse
        self._gist = (b"", b"")
        """A pulse and what it says."""
        self._rested_at = -1
        """The newest chunk, if this edge made it for a space that waits."""
        self._told = b""
        """What the last pulse in the sound said."""
        self._seam_wait = 0
        self._tails: dict[str, bytes] = {}
        """The last frame of the newest chunk in :data:`RICH` and :data:`FRUGAL`, as they came."""

    @property
    def finished(self) -> bool:
        """The last chunk of the space is committed."""
        return self.last is not None and self.head >= self.last

    @property
    def pulse(self) -> bytes:
        """The newest pulse, JSON; empty before the first chunk."""
        return self._stamped()

    def end(self, last: int) -> None:
        """The space ends with chunk ``last``; one that is already committed cannot be taken back."""
        self.last = last

    def add(self, chunk: Chunk, now: float) -> bool:
        """Takes a chunk from the bus; True when it can still be heard. Call :meth:`advance` afterwards."""
        if chunk.hold and chunk.doors_open_ms == self.doors_open_ms:
            self._hear_rest(chunk, now)
        if chunk.doors_open_ms != self.doors_open_ms or chunk.number <= self.head:
            self.late += not self._has(chunk)
            return False
        if ahead(grid.chunk_start(chunk.number, self.doors_open_s), now):
            self.early += 1
            return False
        self._waiting[chunk.number] = chunk
        self._fed = True
        if chunk.number == self.head + 1:  # others may be announced long before their turn
            self._progress = now
        return True

    def _hear_rest(self, chunk: Chunk, now: float) -> None:
        """The programme says that the space waited in this chunk."""
        if ahead(grid.chunk_start(chunk.number, self.doors_open_s), now):
            return
        newest = chunk.number + CONFIRMED_CHUNKS
        if newest > self._confirmed:
            self._confirmed = newest
            if self._kept and chunk.number <= self.head and self._kept[-1].source is Source.HOLD:
                self._pulse = chunk.pulse

    def _has(self, chunk: Chunk) -> bool:
        """Whether it is the second copy of a chunk that listeners have heard: each comes announced and by the log."""
        same = chunk.doors_open_ms == self.doors_open_ms and chunk.number <= self.head
        return same and (chunk.number < self.first or not self.at(chunk.number).filler)

    def advance(self, now: float) -> int:
        """Commits every chunk whose turn it is, with filler for those overdue; returns how many."""
        self._silence_s += min(max(0.0, now - self._looked), LONGEST_STEP_S)
        self._looked = now
        count = 0
        while not self.finished:
            number = self.head + 1
            chunk = self._waiting.pop(number, None)
            if chunk is not None:
                self._silence_s = 0.0
                self._commit(self._real(chunk))
            elif frames := self._rested(number, now):
                self._played(number)
                self._rested_at = number
                self._commit(self._kept_of(number, Source.HOLD, frames, filler=False))
            elif now >= self.deadline() and self._believes(number):
                self._played(number)
                self._commit(self._filler(number))
            else:
                break
            count += 1
        if count:
            self.caught_up = self.caught_up or self._near(now)
            self._trim()
        return count

    def _played(self, number: int) -> None:
        """The chunk was not waited for."""
        if number > self._opened:
            self._silence_s -= grid.CHUNK_S

    def _rested(self, number: int, now: float) -> Frames | None:
        """The loop's chunk when its time has come and the space only waits; None otherwise."""
        early_s = grid.chunk_start(number + 1, self.doors_open_s) + REST_S - now
        is_set_back = early_s > SET_BACK_S and self._silence_s >= grid.CHUNK_S
        if number > self._confirmed or (early_s > 0 and not is_set_back) or not self._believes(number):
            return None
        return self._rest(number)

    def _believes(self, number: int) -> bool:
        """Whether the time of a missing chunk has come, by more than the word of the clock.

        A clock that is set an hour ahead for a moment must not fill the hour: filler is as long as the silence was.
        What is older than this window, or than a chunk that has come, is made up for at once.
        """
        return number <= self._opened or self._silence_s >= grid.CHUNK_S or any(n > number for n in self._waiting)

    def misplaced(self, now: float) -> bool:
        """Whether it was opened by a clock that was far ahead and has been set right: what comes is all behind it."""
        return not self._fed and ahead(grid.chunk_start(self.head + 1, self.doors_open_s), now)

    def deadline(self) -> float:
        """When (wall-clock seconds) the next chunk is given up and filler takes its place."""
        due = grid.chunk_start(self.head + 2, self.doors_open_s) + PATIENCE_S
        return due if self.caught_up else max(due, self._progress + PATIENCE_S)

    def at(self, number: int) -> WindowChunk:
        """The committed chunk ``number``; KeyError outside ``first … head``."""
        if not self.first <= number <= self.head:
            raise KeyError(number)
        return self._kept[number - self.first]

    def span(self, first: int, last: int) -> list[WindowChunk]:
        """The committed chunks ``first … last``; KeyError when one is not there."""
        return [self.at(number) for number in range(first, last + 1)]

    def _near(self, now: float) -> bool:
        return self.finished or self.head >= grid.chunk_at(now, self.doors_open_s) - NEAR_CHUNKS

    def _real(self, chunk: Chunk) -> WindowChunk:
        self._pulse, self._rested_at = chunk.pulse, -1
        frames = chunk.frames
        missing = self._fill(chunk.number).keys() - frames.keys()
        if missing:  # a programme with fewer renditions than this edge offers: those play the hold loop
            frames = {**self._fill(chunk.number), **frames}
        return self._kept_of(chunk.number, chunk.source, frames, filler=False)

    def _filler(self, number: int) -> WindowChunk:
        self.fillers += 1
        self._pulse, self._rested_at = quiet_pulse(self._pulse, number), -1
        return self._kept_of(number, Source.FILLER, self._fill(number), filler=True)

    def _kept_of(self, number: int, source: Source, frames: Frames, *, filler: bool) -> WindowChunk:
        """The chunk as this rung gives it out."""
        self._follow_rung()
        self._tails = {name: frames[name][-1] for name in (RICH, FRUGAL)}
        heard = {**frames, RICH: frames[FRUGAL]} if self.frugal else frames
        return WindowChunk(number, source, self._news(number), heard, filler=filler)

    def _follow_rung(self) -> None:
        """Goes over to the other rendition where that cannot be heard, or after :data:`SEAM_CHUNKS` anyway."""
        if self.frugal == self.rung.frugal:
            self._seam_wait = 0
            return
        fits = not self._tails or aac.may_follow(self._tails[RICH], self._tails[FRUGAL])
        if fits or self._seam_wait >= SEAM_CHUNKS:
            self.frugal = self.rung.frugal
        self._seam_wait += 1

    def _news(self, number: int) -> bytes:
        """The pulse if it is to go out with this chunk, else nothing."""
        if self._pulse is not self._gist[0]:
            self._gist = self._pulse, gist(self._pulse)
        said = self._gist[1]
        begins_part = number % grid.CHUNKS_PER_PART == 0
        is_new = said != self._told and (begins_part or self.rung.pulse_at_once)
        if not is_new and number % self.rung.pulse_chunks:
            return b""
        self._told = said
        return self._stamped()

    def _stamped(self) -> bytes:
        """The newest pulse; while the space waits it goes on, and only its number and time are others."""
        if self._rested_at < 0:
            return self._pulse
        return restamped(self._pulse, self._rested_at, self.doors_open_ms + (self._rested_at + 1) * grid.CHUNK_MS)

    def _commit(self, kept: WindowChunk) -> None:
        self._kept.append(kept)
        self.head = kept.number

    def _trim(self) -> None:
        while self.head - self.first + 1 >= KEEP_CHUNKS + grid.CHUNKS_PER_SEGMENT:
            for _ in range(grid.CHUNKS_PER_SEGMENT):
                self._kept.popleft()
            self.first += grid.CHUNKS_PER_SEGMENT
        for number in [number for number in self._waiting if number <= self.head]:
            del self._waiting[number]


def quiet_pulse(pulse: bytes, number: int) -> bytes:
    """The last pulse as it reads during filler: nobody talks, the source is the filler. Empty stays empty."""
    try:
        known = msgspec.json.decode(pulse, type=dict[str, msgspec.Raw])
        seats = msgspec.json.decode(known.get("seats", msgspec.Raw(b"[]")), type=list[dict[str, msgspec.Raw]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return b""
    for seat in seats:
        seat["talking"] = msgspec.Raw(b"false")
    quiet = {"chunk": number, "source": Source.FILLER, "seats": seats}
    return msgspec.json.encode({**known, **quiet})
