"""The captions on a real bus with real objects: a small recogniser whose words are known, and the real one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from stentor.archive.stored import RecordingStore
from stentor.audio import pcm
from stentor.audio.narrow import Narrower
from stentor.audio.pcm import SILENCE, Samples
from stentor.base import grid
from stentor.base.clock import Clock, unix_ms
from stentor.base.units import SeatId, SpaceId
from stentor.bus.board import Board
from stentor.bus.connection import Bus, connect
from stentor.bus.cues import CueLog
from stentor.bus.status import Statuses
from stentor.captions import recorded
from stentor.captions import role as captions_role
from stentor.captions import seat as captions_seat
from stentor.captions.engine import Transcription
from stentor.captions.role import Captioner
from stentor.captions.whisper import Whisper
from stentor.people import site
from stentor.people.site import SiteLook
from stentor.spaces import names, withdrawal
from stentor.spaces.delay_events import Dump
from stentor.spaces.model import Removal, Role, Seat, Space, State
from stentor.spaces.withdrawal import Withdrawal
from stentor.stage.tap import Tap
from stentor.store import withdrawals
from stentor.store.objects import Objects
from stentor.wire import cue as wire
from stentor.wire.cue import Cue
from stentor.wire.horizon import CLOCK_WRONG, LATELY
from tests.support.edge import SPACE
from tests.support.nats import NatsServer, nats_server
from tests.support.recorded import record
from tests.support.speech import voice
from tests.support.wait import eventually

SEATS = {name: Seat(SeatId(name), name.title(), Role.SPEAKER) for name in ("ada", "bob")}


class Counter:
    """A recogniser that says how many seconds it heard, and in which language."""

    name = "counter"

    def __init__(self) -> None:
        self.slow_s = 0.0
        self.fails = False

    def transcribe(self, samples: Samples, language: str) -> Transcription:
        time.sleep(self.slow_s)
        if self.fails:
            raise RuntimeError("this recogniser fails")
        return Transcription(f"{samples.size / 16_000:.1f} s.", language)


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    async with connect(nats.url, name="test") as bus:
        yield bus


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects.open((tmp_path / "objects").as_uri())


def live(**changes: object) -> Space:
    """A space that went live ten seconds ago."""
    at_ms = unix_ms(time.time()) - 10_000
    fields = {"id": SpaceId("talk"), "title": "Talk", "state": State.LIVE, "doors_open_ms": at_ms, "live_ms": at_ms}
    return Space(**(fields | {"seats": SEATS, "version": 1} | changes))  # type: ignore[arg-type]


@asynccontextmanager
async def captions(
    bus: Bus, objects: Objects, engine: Counter | Whisper, *, clock: Clock = time.time
) -> AsyncIterator[Captioner]:
    """A running process of captions."""
    running = Captioner(bus, objects, engine, instance="captions-0", clock=clock)
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def talk(bus: Bus, space: Space, speakers: dict[str, Samples], *, first: int = 40) -> int:
    """The stage's part: a chunk of silence, then these voices (48 kHz), then silence; returns the chunk behind it."""
    tap = Tap(bus, wanted=lambda: True)
    ends = {name: samples.size // grid.TICK_SAMPLES for name, samples in speakers.items()}
    ticks = (max(ends.values()) // grid.TICKS_PER_CHUNK + 3) * grid.TICKS_PER_CHUNK
    for tick in range(-grid.TICKS_PER_CHUNK, ticks + 1):
        here = {name: tick < end and tick >= 0 for name, end in ends.items()}
        start = tick * grid.TICK_SAMPLES
        blocks = {name: speakers[name][start : start + grid.TICK_SAMPLES] if here[name] else SILENCE for name in ends}
        talking = frozenset(name for name, talks in here.items() if talks)
        await tap.hear(space, (first + 1) * grid.TICKS_PER_CHUNK + tick, blocks, talking)
    return first + 1 + ticks // grid.TICKS_PER_CHUNK


def spoken(seconds: float) -> Samples:
    return voice("reader")[: round(seconds * 48_000)]


async def cues(bus: Bus, space: Space) -> list[Cue]:
    return await CueLog(bus).read(space.id, doors_open_ms=space.doors_open_ms or 0)


async def kept(objects: Objects) -> list[Cue]:
    return wire.decode_transcript(await objects.get(wire.object_key("talk"))).cues


async def listening(bus: Bus, running: Captioner, space: Space) -> None:
    await Board(bus).put(space)
    await eventually(lambda: any(each.listening for each in running.seat_captions.values()), "the captions listen")


async def test_words_come_with_their_speakers_and_times(bus: Bus, objects: Objects) -> None:
    """From a seat's sound to cues on the bus, with its name, language and place on the grid; two at once, too."""
    space = live(language="de")
    async with captions(bus, objects, Counter()) as running:
        statuses = Statuses(time.monotonic)
        await statuses.start(bus, "captions")
        await listening(bus, running, space)
        await eventually(lambda: statuses.captioned("talk", time.monotonic()), "the stage is told to send")
        assert not statuses.captioned("other", time.monotonic())
        await talk(bus, space, {"ada": spoken(3), "bob": spoken(2)})
        await eventually(lambda: len(running.seat_captions["talk"].known) == 2, "both are recognised")
        await eventually(lambda: not running.seat_captions["talk"].unsent, "both are sent")
        ada, bob = sorted(await cues(bus, space), key=lambda cue: cue.seat)
        assert (ada.name, ada.text, ada.language, ada.start_ms) == ("Ada", "3.4 s.", "de", 41 * 320 - 200)
        assert (bob.name, bob.text, bob.start_ms) == ("Bob", "2.4 s.", ada.start_ms)
        assert ada.end_ms - ada.start_ms == 3400


async def test_captions_whose_clock_is_wrong_say_so(bus: Bus, objects: Objects) -> None:
    """An hour behind all speech is far ahead: it is refused, counted and said, and taken once the clock is right."""
    wrong_s, space = [-3600.0], live()
    async with captions(bus, objects, Counter(), clock=lambda: time.time() + wrong_s[0]) as running:
        await listening(bus, running, space)
        after = await talk(bus, space, {"ada": spoken(5)})
        await eventually(lambda: running.status().problem == CLOCK_WRONG, "it says that its clock is wrong")
        assert running.status().numbers["ahead"] >= LATELY
        wrong_s[0] = 0.0
        await talk(bus, space, {"ada": spoken(5)}, first=after + 5)
        await eventually(lambda: len(running.seat_captions["talk"].known) > 0, "what comes now is recognised")
        assert running.status().problem == ""


async def test_delayed_words_come_when_they_are_heard(
    bus: Bus, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a broadcast delay no word is out before its sound is, and it stands where the audience hears it; what was
    said last is kept after the end, too."""
    monkeypatch.setattr(captions_seat, "LINGER_S", 1.0)
    now, space = [time.time()], live(delay_s=5)
    async with captions(bus, objects, Counter(), clock=lambda: now[0]) as running:
        await listening(bus, running, space)
        await talk(bus, space, {"ada": spoken(3)})
        mine = running.seat_captions["talk"]
        await eventually(lambda: not mine.done, "it is recognised and held")
        assert (mine.known, await cues(bus, space)) == ([], [])
        ended = msgspec.structs.replace(space, state=State.ENDED, ended_ms=unix_ms(now[0]), version=2)
        await Board(bus).put(ended)
        await eventually(lambda: not mine.space.on_air, "it is over on the stage")
        assert (mine.known, await cues(bus, space)) == ([], [])
        now[0] += 30
        await eventually(lambda: not running.seat_captions, "it is over for the audience")
        (cue,) = await cues(bus, space)
        assert (cue.start_ms, cue.end_ms) == (41 * 320 - 200 + space.delay_ms, 41 * 320 - 200 + space.delay_ms + 3400)
        assert [each.text for each in await kept(objects)] == ["3.4 s."]


async def test_dumped_words_are_nobodys(bus: Bus, objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was dumped is neither told nor written down, though it was recognised before; what follows is."""
    monkeypatch.setattr(captions_seat, "WRITE_EVERY_S", 0.2)
    now, space = [time.time()], live(delay_s=5)
    async with captions(bus, objects, Counter(), clock=lambda: now[0]) as running:
        await listening(bus, running, space)
        after = await talk(bus, space, {"ada": spoken(2)})
        mine = running.seat_captions["talk"]
        await eventually(lambda: not mine.done, "it is recognised and held")
        dump = Dump(41 + space.delay, after + space.delay, unix_ms(now[0]))
        await Board(bus).put(msgspec.structs.replace(space, dumps=[dump], version=2))
        await eventually(lambda: bool(mine.space.dumps), "the dump is known")
        await eventually(lambda: mine.done, "what was held is gone")
        await talk(bus, space, {"bob": spoken(1)}, first=after + 5)
        now[0] += 30
        await eventually(lambda: mine.written, "the rest is kept")
        assert [cue.seat for cue in await cues(bus, space)] == ["bob"]
        assert [cue.seat for cue in await kept(objects)] == ["bob"]


async def test_the_transcript_outlives_the_process_and_the_bus(
    bus: Bus, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept while the talk goes on; another process goes on with it; the end writes the rest."""
    monkeypatch.setattr(captions_seat, "WRITE_EVERY_S", 0.2)
    monkeypatch.setattr(captions_seat, "LINGER_S", 1.0)
    space = live()
    async with captions(bus, objects, Counter()) as running:
        await listening(bus, running, space)
        after = await talk(bus, space, {"ada": spoken(2)})
        await eventually(lambda: running.seat_captions["talk"].written, "it is kept")
        assert [cue.text for cue in await kept(objects)] == ["2.4 s."]
    await bus.js.purge_stream("CUES")
    async with captions(bus, objects, Counter()) as running:
        await listening(bus, running, space)
        await talk(bus, space, {"bob": spoken(3)}, first=after + 5)
        await eventually(lambda: len(running.seat_captions["talk"].known) == 2, "it goes on with what was kept")
        ended = msgspec.structs.replace(space, state=State.ENDED, ended_ms=unix_ms(time.time()), version=2)
        await Board(bus).put(ended)
        await eventually(lambda: not running.seat_captions, "the space is over")
        assert [(cue.seat, cue.text) for cue in await kept(objects)] == [("ada", "2.4 s."), ("bob", "3.4 s.")]


async def test_the_site_turns_captions_off_and_on(bus: Bus, objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a talk, without a restart: what was said stays, nothing is heard, then it goes on."""
    monkeypatch.setattr(captions_role, "LOOK_S", 0.1)
    monkeypatch.setattr(captions_seat, "WRITE_EVERY_S", 0.2)
    space = live()
    async with captions(bus, objects, Counter()) as running:
        await listening(bus, running, space)
        after = await talk(bus, space, {"ada": spoken(2)})
        await eventually(lambda: running.seat_captions["talk"].written, "it is kept")
        await objects.put(site.KEY, msgspec.json.encode(SiteLook(captions=False)))
        await eventually(lambda: not running.seat_captions, "nobody is heard any more")
        assert not running.status().spaces
        await Board(bus).put(msgspec.structs.replace(space, title="Another title", version=2))
        await objects.put(site.KEY, msgspec.json.encode(SiteLook()))
        await eventually(lambda: any(each.listening for each in running.seat_captions.values()), "they listen again")
        await talk(bus, space, {"bob": spoken(3)}, first=after + 5)
        await eventually(lambda: len(running.seat_captions["talk"].known) == 2, "it goes on with what was kept")


async def test_who_cannot_keep_up_skips_and_says_so(
    bus: Bus, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow recogniser leaves talk out; its heartbeat tells how much. One that fails costs one utterance."""
    monkeypatch.setattr("stentor.captions.backlog.OLDEST_S", 1.0)
    space, engine = live(), Counter()
    async with captions(bus, objects, engine) as running:
        await listening(bus, running, space)
        engine.fails = True
        after = await talk(bus, space, {"ada": spoken(1)})
        await eventually(lambda: running.failed == 1, "it failed")
        engine.fails, engine.slow_s = False, 0.6
        for _ in range(3):
            after = await talk(bus, space, {"ada": spoken(1), "bob": spoken(1)}, first=after + 10)
        await eventually(
            lambda: not running.backlog and len(running.seat_captions["talk"].known) >= 1, "it has caught up"
        )
        status = running.status()
        assert status.numbers["skipped_s"] > 1
        assert "cannot keep up" in status.problem
        assert status.numbers["failed"] == 1


async def test_a_recording_gets_its_words_afterwards(objects: Objects) -> None:
    """Out of the mix, in their places, with the speakers that the pulses name; nobody wants the words of music."""
    await record(objects, 96, {range(24, 54): "ada", range(54, 96): "bob"})
    entries = (await RecordingStore(objects, SPACE).load()).entries
    known = names.decode(await objects.get(names.key(SPACE)))
    found = [
        cue
        async for _, cues in recorded.cues(
            SPACE, entries, objects.get, Counter(), known=known, language="en", made_ms=1
        )
        for cue in cues
    ]
    assert {cue.seat for cue in found} == {"ada", "bob"}
    assert all(cue.name == cue.seat.title() for cue in found)
    assert min(cue.start_ms for cue in found) >= 24 * grid.CHUNK_MS - 200
    assert max(cue.end_ms for cue in found) <= 96 * grid.CHUNK_MS
    assert sum(cue.end_ms - cue.start_ms for cue in found) > 0.6 * 72 * grid.CHUNK_MS
    for cue in found:
        middle = (cue.start_ms + cue.end_ms) / 2
        assert cue.seat == ("ada" if middle < 54 * grid.CHUNK_MS else "bob")


async def test_nobody_writes_down_what_was_removed(objects: Objects) -> None:
    """Silence stands in the place of Bob, and the others have their words."""
    await record(objects, 96, {range(24, 54): "ada", range(54, 72): "bob", range(72, 96): "ada"})
    part = Removal(17_000, 23_400, 9, "host", "Bob asked")
    wanted = await withdrawals.withdraw(objects, Withdrawal(SPACE, removals=[part]))
    removed = await withdrawals.erase(objects, wanted)
    entries = withdrawal.left((await RecordingStore(objects, SPACE).load()).entries, removed)
    known = names.decode(await objects.get(names.key(SPACE)))
    found = [
        cue
        async for _, cues in recorded.cues(
            SPACE, entries, objects.get, Counter(), known=known, language="en", made_ms=1
        )
        for cue in cues
    ]
    assert {cue.seat for cue in found} == {"ada"}
    assert not [cue for cue in found if cue.start_ms < 23_000 and cue.end_ms > 17_300]


@pytest.mark.timeout(300)
async def test_the_real_recogniser_writes_down_a_real_voice(bus: Bus, objects: Objects) -> None:
    """A reader's sentences come out word for word, but for two in a hundred; noise has no words."""
    engine = Whisper()
    space = live()
    async with captions(bus, objects, engine) as running:
        await listening(bus, running, space)
        await talk(bus, space, {"ada": spoken(7.3)})
        await eventually(lambda: len(running.seat_captions["talk"].known) > 0, "it is recognised", within_s=100)
        words = " ".join(cue.text for cue in running.seat_captions["talk"].known).lower()
        for part in ("john dashwood had then leisure to consider", "prudently in his power to do for them"):
            assert part in words
    noise = (np.random.default_rng(1).normal(size=160_000) / 1000).astype(np.float32)
    assert engine.transcribe(noise, "en").text.strip(" .") == ""
    narrow = Narrower().narrow(pcm.from_int16(pcm.to_int16(voice("reader")[: 7 * 48_000])))
    assert engine.transcribe(narrow, "xx").language == "en"
