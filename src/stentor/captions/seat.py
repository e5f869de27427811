"""The captions of one space: from the seats' sound to utterances, and from words to cues that everybody can read.

The transcript in the object store is written every few seconds while there is something new. It is there for good;
the log of cues on the bus is for those who listen now.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from stentor.audio import pcm
from stentor.audio.utterance import Utterance, Utterances
from stentor.base import grid, log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.base.units import SeatId
from stentor.bus.calm import Calm
from stentor.bus.connection import Bus
from stentor.bus.cues import CueLog
from stentor.bus.lease import Lease
from stentor.bus.status import SpaceStatus
from stentor.captions.backlog import UtteranceBacklog
from stentor.captions.engine import Transcription
from stentor.spaces import delay
from stentor.spaces.model import Space
from stentor.store.objects import Objects
from stentor.wire import cue as wire_cue
from stentor.wire import speech as wire_speech
from stentor.wire.cue import LINGER_S, Collection, Cue, Transcript
from stentor.wire.horizon import Horizon

POLL_S: Final = 0.25
CALM_POLL_S: Final = 4.0
"""The same while the space waits and nothing is to be heard."""
SILENT_S: Final = 1.5
"""A seat of which nothing came for so long has stopped in the middle of a word: what is open ends there."""
WRITE_EVERY_S: Final = 10.0
RETRY_S: Final = 2.0
MOST_UNSENT: Final = 500
"""Cues that wait for a bus that is away; the oldest are in the transcript all the same."""


class Who(NamedTuple):
    """Whose utterance waits in the backlog."""

    space: str
    seat: str


class SeatSound:
    """One seat's sound on its way into utterances."""

    def __init__(self) -> None:
        self.utterances = Utterances(wire_speech.TICK_SAMPLES)
        self.heard_at = 0.0


class SeatCaptions:
    """One space. :meth:`run` until the space is over and its transcript is kept; ``monotonic`` and ``clock`` in s."""

    def __init__(
        self,
        space: Space,
        cues: CueLog,
        objects: Objects,
        *,
        lease: Lease,
        calm: Calm,
        backlog: UtteranceBacklog[Who],
        engine: str,
        horizon: Horizon,
        clock: Clock,
        monotonic: Clock,
    ) -> None:
        self.space = space
        self.listening = False
        """The lease is ours and the seats are heard: the stage sends their sound."""
        self._closed = False
        self.delay_ms = 0
        """From the end of the newest utterance to its cue."""
        self.malformed = 0
        self._cues, self._objects, self._lease = cues, objects, lease
        self._calm = calm
        self._backlog, self._engine = backlog, engine
        self._horizon, self._clock, self._monotonic = horizon, clock, monotonic
        self._speakers: dict[str, SeatSound] = {}
        self._names: dict[str, str] = {}
        self._collection = Collection()
        self._unsent: deque[Cue] = deque(maxlen=MOST_UNSENT)
        self._held: list[Cue] = []
        """With a broadcast delay: cues of what the audience has not heard yet, and may never hear."""
        self._kept_changes = 0
        """Up to which of the collection's changes it is in the object store."""
        self.log = log.get("captions").bind(space=space.id)

    def update(self, space: Space) -> None:
        """The space as it stands on the board now."""
        self.space = space
        self._calm.set(space.waits)

    @property
    def _bus(self) -> Bus:
        return self._cues.bus

    @property
    def known(self) -> list[Cue]:
        """All cues so far."""
        return self._collection.all

    @property
    def unsent(self) -> int:
        """Cues that are not on the bus yet."""
        return len(self._unsent)

    @property
    def written(self) -> bool:
        """Whether there are cues, and all are in the object store."""
        return len(self._collection) > 0 and self._kept_changes == self._collection.changes

    @property
    def done(self) -> bool:
        """All that was recognised is on the bus and in the object store."""
        return not self._unsent and not self._held and self._kept_changes == self._collection.changes

    def close(self) -> None:
        """Hears no more: what is open ends here."""
        self._closed, self.listening = True, False
        for seat, speaker in self._speakers.items():
            self._enqueue(seat, speaker.utterances.close())

    def status(self) -> SpaceStatus:
        return SpaceStatus(source="captions", lag_ms=self.delay_ms)

    async def run(self) -> None:
        """Returns when the space is over and all that was recognised is kept."""
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self._lease.run(), name=f"lease captions {self.space.id}")
            while not self._over():
                if self._lease.held:
                    await self._perform()
                else:
                    await self._lease.until_kept(CALM_POLL_S if self._calm else POLL_S)
            renewing.cancel()

    def _over(self) -> bool:
        ended = self.space.ended_ms
        heard_s = None if ended is None else (ended + self.space.delay_ms) / 1000
        return not self.space.on_air and (heard_s is None or self._clock() > heard_s + LINGER_S)

    # --- sound in ---------------------------------------------------------------------------------------------------

    async def _perform(self) -> None:
        """Listens until the lease is another's or the space is over."""
        async with AsyncExitStack() as hearing:
            hearing.push_async_callback(await self._cues.follow_corrections(self.space.id, self._hear_correction))
            await self._resume()
            speech = wire_speech.subject(self.space.id, "*")
            hearing.push_async_callback(await self._bus.subscribe(speech, self.hear))
            self.listening = not self._closed
            self.log.info("captions-begin", known=len(self._collection))
            next_write = self._monotonic() + WRITE_EVERY_S
            term = self._lease.term
            try:
                while self._lease.term == term and not self._over():
                    await self._calm.sleep(POLL_S, CALM_POLL_S)
                    self._close_silent()
                    await self._send()
                    if self._monotonic() >= next_write or self._closed:
                        next_write = self._monotonic() + WRITE_EVERY_S
                        await self._write()
            finally:
                self.listening = False
        await self._finish(term)

    def hear(self, subject: str, payload: bytes) -> None:
        """A message on ``speech.<space>.<seat>``."""
        if self._closed:
            return
        try:
            speech = wire_speech.decode(payload)
        except Malformed:
            self.malformed += 1
            return
        if not self._horizon.admits(grid.chunk_start(speech.chunk, self.space.doors_open_s), self._clock()):
            return
        seat = subject.rpartition(".")[2]
        speaker = self._speakers.setdefault(seat, SeatSound())
        speaker.heard_at = self._monotonic()
        talking = [bool(speech.talking >> tick & 1) for tick in range(grid.TICKS_PER_CHUNK)]
        first = speech.chunk * grid.TICKS_PER_CHUNK
        self._enqueue(seat, speaker.utterances.put(first, talking, pcm.from_int16(speech.samples)))

    def _close_silent(self) -> None:
        for seat, speaker in list(self._speakers.items()):
            if self._monotonic() - speaker.heard_at > SILENT_S:
                self._enqueue(seat, speaker.utterances.close())

    def _enqueue(self, seat: str, utterances: list[Utterance]) -> None:
        for utterance in utterances:
            self._backlog.put(Who(self.space.id, seat), utterance, self._monotonic())

    # --- words out --------------------------------------------------------------------------------------------------

    def said(self, seat: str, utterance: Utterance, heard: Transcription) -> None:
        """The recogniser's answer becomes cues; they are sent with the next round."""
        start_ms, end_ms = (round(tick * grid.TICK_S * 1000) for tick in (utterance.start, utterance.end))
        now_ms = unix_ms(self._clock())
        origin_ms = self.space.doors_open_ms or 0
        self.delay_ms = max(0, now_ms - origin_ms - end_ms)
        later_ms = self.space.delay_ms
        self._held += [
            Cue(self.space.id, origin_ms, start, end, SeatId(seat), self._name(seat), text, heard.language, now_ms)
            for start, end, text in wire_cue.lines(heard.text, start_ms + later_ms, end_ms + later_ms)
        ]
        self._release()

    def _release(self) -> None:
        """Cues whose sound goes out; those of what was dumped are nobody's. Without a delay each goes at once."""
        going = grid.chunk_at(self._clock(), self.space.doors_open_s)
        held, self._held = self._held, []
        for cue in held:
            first, last = cue.start_ms // grid.CHUNK_MS, max(cue.start_ms, cue.end_ms - 1) // grid.CHUNK_MS
            if delay.dumped(self.space, first, last + 1):
                continue
            if self.space.delay and last > going:
                self._held.append(cue)
            elif self._collection.add(cue):
                self._unsent.append(cue)

    def _name(self, seat: str) -> str:
        """Also of a seat that was taken away while its last words were recognised."""
        known = self.space.seats.get(seat)
        if known is not None:
            self._names[seat] = known.name
        return self._names.get(seat, "")

    async def _send(self) -> None:
        if self._held:
            self._release()
        while self._unsent:
            try:
                await self._cues.publish(self._unsent[0])
            except Overloaded:
                return  # again with the next round
            self._unsent.popleft()

    def _hear_correction(self, cue: Cue) -> None:
        if (cue.space, cue.doors_open_ms) == (self.space.id, self.space.doors_open_ms):
            self._collection.add(cue)

    # --- kept -------------------------------------------------------------------------------------------------------

    async def _resume(self) -> None:
        """What an earlier process of this space has recognised, and what was corrected since it was kept."""
        origin_ms = self.space.doors_open_ms or 0
        while True:
            try:
                kept = await self._kept()
                said = await self._cues.read(self.space.id, doors_open_ms=origin_ms)
                self._collection = Collection([*kept, *said, *self._collection.all])
                self._kept_changes = self._collection.changes if self._collection.all == kept else -1
                return
            except Overloaded:
                await asyncio.sleep(RETRY_S)

    async def _kept(self) -> list[Cue]:
        try:
            found = wire_cue.decode_transcript(await self._objects.get(wire_cue.object_key(self.space.id)))
        except (NotFound, Malformed):
            return []
        return found.cues if found.doors_open_ms == self.space.doors_open_ms else []

    async def _write(self) -> bool:
        """Whether all is in the object store."""
        changes = self._collection.changes
        if not self.space.records:
            self._kept_changes = changes  # what is not recorded is not kept as text either
        if self._kept_changes != changes:
            transcript = Transcript(1, self.space.doors_open_ms or 0, self._engine, self._collection.all)
            try:
                await self._objects.put(wire_cue.object_key(self.space.id), wire_cue.encode_transcript(transcript))
                self._kept_changes = changes
            except Overloaded as error:
                self.log.warning("transcript-not-kept", reason=error.detail)
        return self._kept_changes == self._collection.changes

    async def _finish(self, term: int) -> None:
        """The last cues and the whole transcript, for as long as it takes while the space is ours."""
        while self._lease.term == term:
            await self._send()
            if await self._write() and self.done:
                return
            await asyncio.sleep(RETRY_S)
