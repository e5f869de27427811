"""The captions as a process: one recogniser for all spaces that are live, one utterance after the other.

It is polite to everything else on its machine: its niceness is the highest that still gets on, it has one thread, and
what it cannot keep up with is left out and said. Nothing ever waits for it.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from typing import Final

import msgspec

from stentor.audio.pcm import Samples
from stentor.base import log
from stentor.base.clock import Clock, unix_ms, wall
from stentor.base.config import Settings
from stentor.base.drain import Drain, ended, until
from stentor.base.errors import NotFound, Overloaded, SetupError
from stentor.bus import drain as bus_drain
from stentor.bus.board import Board
from stentor.bus.calm import Calm
from stentor.bus.connection import Bus
from stentor.bus.cues import CueLog
from stentor.bus.documents import Gone
from stentor.bus.identity import join
from stentor.bus.lease import Lease
from stentor.bus.status import READS_DELAY, SpaceStatus, Status, beat
from stentor.captions.backlog import UtteranceBacklog
from stentor.captions.engine import Transcriber, Transcription
from stentor.captions.seat import SeatCaptions, Who
from stentor.captions.whisper import Whisper
from stentor.people import site
from stentor.people.site import SiteLook
from stentor.spaces.model import Space
from stentor.store.objects import Objects
from stentor.wire.horizon import CLOCK_WRONG, Horizon

ROLE: Final = "captions"
NICENESS: Final = 15
"""The scheduler gives a process of niceness 0 28 times as much when both want the processor."""
POLL_S: Final = 0.05
RETRY_S: Final = 1.0
HAND_S: Final = 8.0
"""So long may what was heard already take when the process is told to go."""
LOOK_S: Final = 5.0
"""How often it looks whether the site still wants captions."""
TROUBLE_S: Final = 60.0
"""So long after talk was left out the heartbeat says so."""


class Captioner:
    """The captions of all spaces of this process and the recogniser they share."""

    def __init__(self, bus: Bus, objects: Objects, engine: Transcriber, *, instance: str, clock: Clock = wall) -> None:
        self.seat_captions: dict[str, SeatCaptions] = {}
        self.backlog: UtteranceBacklog[Who] = UtteranceBacklog()
        self.busy_s = 0.0
        """Wall-clock seconds inside the recogniser, in all."""
        self.failed = 0
        self._recognising = False
        self._bus, self._objects, self._engine = bus, objects, engine
        self._instance, self._clock = instance, clock
        self._cues = CueLog(bus, clock=clock)
        self._speech = Horizon()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._known: dict[str, Space] = {}
        self._wanted = True
        self._skipped = (0.0, -TROUBLE_S)
        self.log = log.get(ROLE)

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name="board")
            group.create_task(self._heed(), name="site")
            group.create_task(self._recognise(), name="recognise")
            group.create_task(beat(self._bus, self.status), name="beat")

    async def _watch(self) -> None:
        try:
            async for space in Board(self._bus).watch():
                if not isinstance(space, Gone):
                    self._known[space.id] = space
                    self._follow(space)
                    continue
                self._known.pop(space.key, None)
                if task := self._tasks.pop(space.key, None):  # it was over while this process was cut off
                    task.cancel()
                    self.seat_captions.pop(space.key, None)
        finally:
            await ended(self._tasks.values())

    def _follow(self, space: Space) -> None:
        """Keeps captions for a space on air; those whose space is over end by themselves."""
        if space.id in self.seat_captions:
            self.seat_captions[space.id].update(space)
        elif space.on_air and self._wanted:
            calm = Calm(calm=space.waits)
            self.seat_captions[space.id] = SeatCaptions(
                space,
                self._cues,
                self._objects,
                lease=Lease(self._bus, f"{ROLE}.{space.id}", holder=self._instance, calm=calm),
                calm=calm,
                backlog=self.backlog,
                engine=self._engine.name,
                horizon=self._speech,
                clock=self._clock,
                monotonic=time.monotonic,
            )
            self._tasks[space.id] = asyncio.create_task(self._keep(space.id), name=f"captions {space.id}")

    async def _heed(self) -> None:
        """Does as the site's administrators want it: ends all captions, and begins again."""
        while True:
            with suppress(NotFound, Overloaded, msgspec.DecodeError):
                found = msgspec.json.decode(await self._objects.get(site.KEY), type=SiteLook)
                if found.captions != self._wanted:
                    self._wanted = found.captions
                    self.log.info("captions-wanted" if self._wanted else "captions-off")
                    await (self._begin() if self._wanted else self._cease())
            await asyncio.sleep(LOOK_S)

    async def _begin(self) -> None:
        for space in list(self._known.values()):
            self._follow(space)

    async def _cease(self) -> None:
        """Hears no more; what was recognised is kept."""
        for captions in self.seat_captions.values():
            captions.close()
        await self._settled()
        await ended(self._tasks.values())
        self.seat_captions.clear()
        self._tasks.clear()

    async def _keep(self, space_id: str) -> None:
        """Runs captions until their space is over; those that fail begin anew with what is kept."""
        while True:
            try:
                await self.seat_captions[space_id].run()
            except Exception:  # the outermost boundary of captions: the others go on
                self.log.exception("captions-failed", space=space_id)
                await asyncio.sleep(RETRY_S)
            else:
                del self.seat_captions[space_id], self._tasks[space_id]
                return

    async def _recognise(self) -> None:
        """One utterance after the other, in a thread."""
        while True:
            waiting = self.backlog.take(time.monotonic())
            captions = self.seat_captions.get(waiting.whose.space) if waiting else None
            if waiting is None or captions is None:
                await asyncio.sleep(POLL_S)
                continue
            started, self._recognising = time.monotonic(), True
            heard = await asyncio.to_thread(self._ask, waiting.utterance.samples, captions.space.language)
            self._recognising = False
            self.busy_s += time.monotonic() - started
            if heard is not None and heard.text:
                captions.said(waiting.whose.seat, waiting.utterance, heard)

    async def emptied(self, drain: Drain) -> None:
        """Waits until the process is told to go; then hears no more, and finishes what it has heard."""
        await drain.asked()
        for captions in self.seat_captions.values():
            captions.close()
        await self._settled()

    async def _settled(self) -> None:
        """Waits until all that was heard is recognised and kept, or for as long as that may take."""
        for _ in range(round(HAND_S / POLL_S)):
            if not (self.backlog or self._recognising) and all(
                captions.done for captions in self.seat_captions.values()
            ):
                return
            await asyncio.sleep(POLL_S)
        self.log.warning("captions-cut", waiting=len(self.backlog))

    def _ask(self, samples: Samples, language: str) -> Transcription | None:
        try:
            return self._engine.transcribe(samples, language)
        except Exception:  # the boundary to somebody else's library: one utterance is lost, not the captions
            self.failed += 1
            self.log.exception("recognition-failed")
            return None

    def status(self) -> Status:
        """The heartbeat of now; the spaces in it are those whose seats the stage is to send."""
        now = time.monotonic()
        skipped_s = self.backlog.skipped_s
        if skipped_s > self._skipped[0]:
            self._skipped = skipped_s, now
        behind = now - self._skipped[1] < TROUBLE_S
        slow = f"The captions cannot keep up; {skipped_s:.0f} s of talk have none."
        spaces: dict[str, SpaceStatus] = {
            space_id: captions.status() for space_id, captions in self.seat_captions.items() if captions.listening
        }
        return Status(
            role=ROLE,
            instance=self._instance,
            at_ms=unix_ms(self._clock()),
            pid=os.getpid(),
            spaces=spaces,
            numbers={
                READS_DELAY: 1.0,
                "waiting": float(len(self.backlog)),
                "skipped_s": round(skipped_s, 1),
                "failed": float(self.failed),
                "busy_s": round(self.busy_s, 1),
                "ahead": float(self._speech.refused + self._cues.horizon.refused),
            },
            problem=CLOCK_WRONG if self._speech.clock_wrong else slow if behind else "",
        )


async def run(settings: Settings, *, instance: str, clock: Clock = wall, drain: Drain | None = None) -> None:
    """The captions until cancelled or told to go.

    A recogniser that cannot be loaded is said in the heartbeat, not tried for ever. Raises :class:`SetupError` for a
    bus or an object store that is not there.
    """
    os.nice(NICENESS)
    drain = drain or Drain()
    objects = Objects.open(settings.recordings_address)
    async with join(settings, ROLE, name=f"{ROLE} {instance}") as bus:
        await bus_drain.heed(bus, ROLE, instance, drain)
        try:
            engine = await asyncio.to_thread(Whisper, settings.captions_model)
        except SetupError as error:
            log.get(ROLE).error("no-recogniser", reason=error.detail)
            problem, numbers = error.detail, {READS_DELAY: 1.0}
            dumb = beat(bus, lambda: Status(ROLE, instance, unix_ms(clock()), os.getpid(), {}, numbers, problem))
            await until(drain.asked(), dumb)
            return
        log.get(ROLE).info("captions-ready", model=engine.name)
        captions = Captioner(bus, objects, engine, instance=instance, clock=clock)
        await until(captions.emptied(drain), captions.run())
