"""Makes the chunks of one space, one after the other, at the time of the grid.

Every programme process makes every chunk of every space on air, in the same way; ``publisher`` decides whose copy
goes out, and who only stands by makes several at once. A space that waits is the loop, which everybody has: one
message tells of the last twelve chunks, or sooner when there is something new to tell. From the seam on (``signal``)
the encoding, 3 ms a chunk on one core for three renditions, is off the loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Final, NamedTuple

import msgspec

from stentor.base import grid
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed
from stentor.base.rendition import Source
from stentor.bus.status import SeatStatus
from stentor.programme.signal import Signal
from stentor.programme.ticks import TickWindow
from stentor.spaces import delay, pulse
from stentor.spaces.model import Space
from stentor.store.loops import Music
from stentor.wire import tick as wire_tick
from stentor.wire.chunk import Chunk
from stentor.wire.tick import Tick

TICKS_WAIT_S: Final = 0.25
"""How long after its end on the clock a chunk waits for ticks that are missing: a bus that was killed is back after
0.12 s, and the stage sends the ticks of that time again. A chunk that has them all waits for nothing."""
BEHIND_CHUNKS: Final = 32
"""Who is further behind than 10 s (a machine that slept, a clock set forward) leaves the numbers out."""
STANDBY_CHUNKS: Final = 6
"""Who does not speak makes so many at once, which is cheaper, and in 20 ms when it comes to speak."""
SET_BACK_S: Final = 5.0
"""A wait longer than this means that the clock was set back. Numbers never go back: the programme then goes on at its
own pace, and the audience hears it without a pause."""


def quiet(seat: SeatStatus) -> SeatStatus:
    """The seat while nothing is heard of it."""
    return msgspec.structs.replace(seat, talking=False, level_dbfs=pulse.SILENCE_DBFS)


Told = tuple[int, int, Mapping[str, int], list[tuple[str, bool, bool]]]
"""What people care for in a pulse: the version of the space, listeners, reactions, who is on the stage and talks."""


class Heard(NamedTuple):
    """What a pulse tells of a space beside its state."""

    listeners: int
    seats: Sequence[SeatStatus]
    reactions: Mapping[str, int] = {}
    last_hash: str = ""
    """Of the recording."""


class _Taken(NamedTuple):
    """A chunk that is to be made, as all was when it was due: also one that is made later has the twin's bytes."""

    space: Space
    number: int
    ticks: Sequence[Tick | None]
    heard: Heard


class Producer:
    """One space. :meth:`hear` takes the stage's ticks, :meth:`run` makes chunks until the space is over."""

    def __init__(
        self,
        space: Space,
        music: Music,
        *,
        clock: Clock,
        pool: Executor,
        spare: Executor,
        heard: Callable[[], Heard],
        deliver: Callable[[Chunk], Awaitable[None]],
        spans: Callable[[], bool],
        speaks: Callable[[], bool] = lambda: True,
    ) -> None:
        self.space = space
        self.hold = music.name
        """What plays while the space waits."""
        now = clock()
        self.number: int = max(0, grid.chunk_at(now, space.doors_open_s))
        """The chunk that is made next."""
        self.skipped = 0
        self.malformed = 0
        self.set_back = False
        self.window = TickWindow(self.number, space.delay)
        self._seats: deque[tuple[int, Sequence[SeatStatus]]] = deque()
        """With a broadcast delay: who was on the stage, by the chunk in which that is told."""
        live = space.live_chunk
        self._signal = Signal(music.loop, joining=live is not None and self.number > live)
        self._clock, self._pool, self._heard, self._deliver = clock, pool, heard, deliver
        self._spare = spare
        """For what is done ahead: nothing that is due waits behind it."""
        self._preparing: Future[None] | None = None
        self._spans = spans
        """Whether all who read the log know messages that stand for several chunks."""
        self._speaks = speaks
        """Whether what is made goes out at once."""
        self._taken: list[_Taken] = []
        """What is to be made, with its ticks."""
        self._loop_then: Music | None = None
        """Plays once that is made."""
        self._making = asyncio.Lock()
        self._whole = asyncio.Event()
        """The chunk that is made next has all its ticks."""
        self._news = asyncio.Event()
        """The space has changed, or what is heard of it."""
        self._looks = True
        """Somebody is on the stage, or there may be something new to tell: looks once a part instead of a segment."""
        self._told: Told | None = None

    def update(self, space: Space) -> None:
        """The space as it stands on the board now."""
        self.space = space
        self.look()

    def look(self) -> None:
        """There is something new to tell."""
        self._looks = True
        self._news.set()

    def hear(self, _: str, payload: bytes) -> None:
        """A message on ``tick.<space>``."""
        try:
            ticks = wire_tick.decode(payload)
        except Malformed:
            self.malformed += 1
            return
        whole = [self.window.put(tick) for tick in ticks]
        if any(whole) and self.window.complete(self.number):
            self._whole.set()

    def change_loop(self, music: Music) -> None:
        """The host chose other music."""
        self.hold = music.name
        if self._taken or self._making.locked():
            self._loop_then = music
        else:
            self._signal.change_loop(music.loop)
        self.look()

    @property
    def vouches(self) -> int:
        """The newest chunk that is over and that the loop gives to everybody without a word from here; -1 for none."""
        over = grid.chunk_at(self._clock(), self.space.doors_open_s) - 1
        return over if self._rests(over) else -1

    async def run(self) -> None:
        """Makes chunks until the space's last one is made."""
        while not self._over():
            if self._rests(self.number):
                await self.catch_up()
                await self._rest()
                continue
            await self._until_due()
            if self._over():
                break
            self._keep_up()
            self._taken.append(self._take())
            self._whole.clear()
            self.number += 1
            if self.window.complete(self.number):
                self._whole.set()
            if self._speaks() or len(self._taken) >= STANDBY_CHUNKS:
                await self.catch_up()
        await self.catch_up()

    def _take(self) -> _Taken:
        """What the next chunk is made of; of a dump nothing is left here, so nothing of it can go further."""
        number, heard = self.number, self._told_then(self.number)
        ticks: Sequence[Tick | None] = self.window.take(number)
        if delay.dumped(self.space, number, number + 1):
            ticks, heard = [None] * grid.TICKS_PER_CHUNK, heard._replace(seats=[quiet(seat) for seat in heard.seats])
        return _Taken(self.space, number, ticks, heard)

    def _told_then(self, number: int) -> Heard:
        """What the pulse of chunk ``number`` tells: who talks, by the sound in it."""
        heard = self._heard()
        if not self.space.delay:
            return heard
        self._seats.append((number + self.space.delay, heard.seats))
        while len(self._seats) > 1 and self._seats[1][0] <= number:
            self._seats.popleft()
        return heard._replace(seats=self._seats[0][1])

    async def catch_up(self) -> None:
        """Makes what was left for later, in order."""
        async with self._making:
            while self._taken:
                taken, self._taken = self._taken, []
                made = await asyncio.get_running_loop().run_in_executor(self._pool, self._make_all, taken)
                for chunk in made:
                    await self._deliver(chunk)
            music, self._loop_then = self._loop_then, None
            if music is not None:
                self._signal.change_loop(music.loop)

    def _rests(self, number: int) -> bool:
        return self._spans() and self._signal.waits(number, live=self.space.live_chunk, last=self.space.last_chunk)

    async def _rest(self) -> None:
        """While the space only waits: tells once a segment, or at the end of a part when there is something new."""
        self._keep_up()
        first, hold = self.number, self.hold
        is_news = False
        while not (is_news or self._over()) and self._rests(self.number):
            self._news.clear()
            end = self._rest_end()
            if not await self._reached(end):
                continue
            for number in range(self.number, end):
                self._signal.pass_over(number, self.window.take(number))
            self.number = end
            heard = self._told_then(end - 1)
            seats = [(seat.id, seat.talking, seat.muted) for seat in heard.seats]
            self._prepare(bool(seats))
            told = (self.space.version, heard.listeners, heard.reactions, seats)
            self._looks = bool(seats)
            is_news = told != self._told or self.hold != hold or end % grid.CHUNKS_PER_SEGMENT == 0
        self._whole.clear()
        if self.window.complete(self.number):
            self._whole.set()
        if self.number > first:
            self._told = told
            await self._deliver(self._resting(first, self.number - 1, hold, heard))

    def _prepare(self, seated: bool) -> None:
        """With somebody on the stage the talk may begin at any time."""
        if self._preparing is not None and self._preparing.done():
            self._preparing.result()  # raises what went wrong
            self._preparing = None
        if not seated:
            self._signal.rest()
        elif self._preparing is None:
            self._preparing = self._spare.submit(self._signal.prepare, self.number)

    def _rest_end(self) -> int:
        """The chunk behind those that are passed over next: to the end of segment or part, or to the seam."""
        end: int = grid.first_chunk_of_segment(grid.segment_of(self.number) + 1)
        if self._looks:
            heard = max(self.number, grid.chunk_at(self._clock(), self.space.doors_open_s))
            end = min(end, (grid.part_of(heard) + 1) * grid.CHUNKS_PER_PART)
        return end if self.space.seam is None else min(end, self.space.seam)

    async def _reached(self, end: int) -> bool:
        """Waits until chunk ``end`` begins; False when the space has changed meanwhile."""
        wait = grid.chunk_start(end, self.space.doors_open_s) - self._clock()
        length = (end - self.number) * grid.CHUNK_S
        self.set_back = wait > length + SET_BACK_S
        try:
            async with asyncio.timeout(min(wait, length) if self.set_back else max(0.0, wait)):
                await self._news.wait()
        except TimeoutError:
            return True
        return False

    def _resting(self, first: int, last: int, hold: str, heard: Heard) -> Chunk:
        """One message for chunks that are the loop's own."""
        space, made_ms = self.space, unix_ms(self._clock())
        beat = self._pulse(space, last, made_ms, Source.HOLD, heard)
        origin_ms = space.doors_open_ms or 0
        return Chunk(space.id, last, origin_ms, Source.HOLD, made_ms, 0, beat, {}, last - first + 1, hold)

    def _over(self) -> bool:
        last = self.space.last_chunk
        return not self.space.on_air and (last is None or self.number > last)

    async def _until_due(self) -> None:
        """Returns when the chunk's ticks are all here, or its end on the clock has passed by long enough.

        With a broadcast delay they are here long before, and until its end they can be dumped.
        """
        talking = self.space.live_ms is not None and not self.space.delay
        wait = self._wait(TICKS_WAIT_S if talking else 0.0)
        self.set_back = wait > SET_BACK_S
        if self.set_back:
            await asyncio.sleep(grid.CHUNK_S)
            return
        deadline = time.monotonic() + wait
        while (left := deadline - time.monotonic()) > 0:
            if talking and self._whole.is_set():
                return
            try:
                async with asyncio.timeout(left):
                    if talking:
                        await self._whole.wait()
                    else:
                        await asyncio.sleep(left)
            except TimeoutError:
                return

    def _wait(self, patience_s: float) -> float:
        """Seconds until the chunk is due at the latest."""
        return grid.chunk_start(self.number + 1, self.space.doors_open_s) + patience_s - self._clock()

    def _keep_up(self) -> None:
        """Leaves numbers out when it is far behind; the publisher puts filler in their place."""
        now = grid.chunk_at(self._clock(), self.space.doors_open_s)
        last = self.space.last_chunk
        target = now - 1 if last is None else min(now - 1, last)
        if target - self.number > BEHIND_CHUNKS:
            self.skipped += target - self.number
            self.number = target

    def _make_all(self, taken: Sequence[_Taken]) -> list[Chunk]:
        """In a thread, so everything it reads is handed to it."""
        return [self._make(*each) for each in taken]

    def _make(self, space: Space, number: int, ticks: Sequence[Tick | None], heard: Heard) -> Chunk:
        directed, frames = self._signal.chunk(number, live=space.live_chunk, last=space.last_chunk, ticks=ticks)
        source, delay_ms, music = directed[1:] if directed else (Source.HOLD, 0, True)
        delay_ms += space.delay_ms if source is Source.STAGE else 0
        made_ms = unix_ms(self._clock())
        return Chunk(
            space.id,
            number,
            space.doors_open_ms or 0,
            source,
            made_ms,
            delay_ms,
            self._pulse(space, number, made_ms, source, heard, delay_ms, music=music),
            frames,
        )

    def _pulse(
        self,
        space: Space,
        number: int,
        at_ms: int,
        source: Source,
        heard: Heard,
        delay_ms: int = 0,
        *,
        music: bool = False,
    ) -> bytes:
        return pulse.build(
            delay.as_heard(space, unix_ms(grid.chunk_start(number, space.doors_open_s))),
            chunk=number,
            at_ms=at_ms,
            source=source,
            listeners=heard.listeners,
            seats=heard.seats,
            delay_ms=delay_ms,
            reactions=heard.reactions,
            music=music,
            witness=heard.last_hash,
        )
