"""The 20 ms loop of a space, with real connections on this machine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import numpy as np
import pytest

from stentor.audio import pcm
from stentor.audio.pcm import Samples
from stentor.audio.watch import Oddity
from stentor.base import grid
from stentor.base.errors import Conflict, NotAllowed, NotFound, Overloaded
from stentor.base.units import SeatId, SpaceId
from stentor.spaces.model import Role, Seat, Space, State
from stentor.spaces.tokens import Invitation
from stentor.stage import offer as sdp
from stentor.stage import room as stage_room
from stentor.stage.ice import IceSettings
from stentor.stage.peer import DtlsCertificate
from stentor.stage.room import FAREWELL_TICKS, Room
from stentor.stage.seat import (
    AFTER_ASIDE_TICKS,
    HEARD_S,
    LOST_AFTER_S,
    SPARSE_TICKS,
    VACATED_AFTER_S,
    Presence,
    SeatSession,
    presence,
)
from stentor.stage.sender import BATCH
from stentor.wire.tick import Tick
from tests.support.caller import Caller, calling, spoken
from tests.support.sound import assert_not_heard, clearest, until_heard
from tests.support.speech import voice
from tests.support.wait import eventually

SPACE = Space(id=SpaceId("talk"), title="Talk", state=State.LIVE, doors_open_ms=1_000_000)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def nobody(_: Tick) -> None:
    """Publishes to nobody."""


def room_at(clock: Clock, space: Space = SPACE, publish: Callable[[Tick], Awaitable[None]] = nobody) -> Room:
    return Room(space, publish=publish, ice=IceSettings(), certificate=DtlsCertificate(), clock=clock, monotonic=clock)


def invitation(seat: str, role: Role = Role.SPEAKER) -> Invitation:
    return Invitation(SPACE.id, SeatId(seat), seat.title(), role, 2**53)


class Running:
    """A room that ticks in real time, and what it published."""

    def __init__(self, space: Space = SPACE) -> None:
        self.ticks: list[Tick] = []
        self.room = Room(space, publish=self._keep, ice=IceSettings(), certificate=DtlsCertificate())

    async def _keep(self, tick: Tick) -> None:
        self.ticks.append(tick)

    @property
    def sound(self) -> Samples:
        return np.concatenate([pcm.from_int16(tick.samples) for tick in self.ticks])

    async def call(self, seat: str, caller: Caller, role: Role = Role.SPEAKER, *, taken_ms: int = 0) -> SeatSession:
        session, answer = await self.room.join(invitation(seat, role), sdp.read(await caller.offer()), taken_ms)
        await caller.take(answer)
        await eventually(lambda: session.connected, f"{seat} is connected")
        return session


@asynccontextmanager
async def running(space: Space = SPACE) -> AsyncIterator[Running]:
    going = Running(space)
    task = asyncio.create_task(going.room.run())
    try:
        yield going
    finally:
        task.cancel()
        await asyncio.wait([task])


READER, CARDS = voice("reader")[: 48_000 * 12], voice("cards")[: 48_000 * 12]


# --- ticks --------------------------------------------------------------------------------------------------------


def test_each_tick_is_made_once_and_numbered_by_the_clock() -> None:
    """However unevenly the loop wakes, every number comes once and none before its time."""
    clock = Clock(1000.0)
    room = room_at(clock)
    room.ticks.begin()
    made: list[int] = []
    for step in (0.0, 0.001, 0.025, 0.0, 0.09, 0.013, 0.02, 0.02):
        clock.now += step
        made += room.ticks.numbers()
        assert made[-1] == grid.tick_at(clock.now, SPACE.doors_open_s)
    assert made == list(range(made[-1] + 1))


def test_after_a_long_sleep_only_the_newest_ticks_are_made() -> None:
    """What is more than 0.2 s old is of no use to anybody; it is skipped and counted."""
    clock = Clock(1000.0)
    room = room_at(clock)
    room.ticks.begin()
    clock.now += 2.0
    assert list(room.ticks.numbers()) == list(range(91, 101))
    assert room.ticks.skipped == 91
    assert list(room.ticks.numbers()) == []


def test_ticks_that_are_made_together_end_with_the_messages_last() -> None:
    """A message of the bus does not wait for its ticks, and a late wake-up skips none that can still be used."""
    clock = Clock(1000.0)
    room = room_at(clock)
    room.ticks.begin()
    made: list[range] = []
    for late_s in (0.0, 0.003, 0.19, 0.0):
        clock.now += room.ticks.wait_s(BATCH) + late_s
        made.append(room.ticks.numbers(BATCH))
    assert made[:2] == [range(BATCH), range(BATCH, 2 * BATCH)]
    assert made[2:] == [range(2 * BATCH, 3 * BATCH + 9), range(3 * BATCH + 9, 5 * BATCH)]
    assert room.ticks.skipped == 0


def test_a_clock_that_is_set_back_does_not_stop_the_stage() -> None:
    """Numbers are counted anew from the clock, instead of waiting an hour for it."""
    clock = Clock(5000.0)
    room = room_at(clock)
    room.ticks.begin()
    room.ticks.numbers()
    clock.now -= 3600
    assert list(room.ticks.numbers()) == [grid.tick_at(clock.now, SPACE.doors_open_s)]


def test_when_the_doors_open_the_rhythm_goes_on() -> None:
    """Ticks before the grid lead into those on it: none left out, none twice, and numbers for the speakers go on."""
    clock = Clock(1_900_000_000.0)
    room = room_at(clock, Space(id=SpaceId("talk"), title="Talk"))
    room.ticks.begin()
    made, sent = [], []
    for step in range(40):
        clock.now += 0.02
        numbers = list(room.ticks.numbers())
        made += numbers
        sent += [number + room.ticks.before for number in numbers]
        if step == 20:
            room.apply(Space(id=SpaceId("talk"), title="Talk", state=State.DOORS_OPEN, doors_open_ms=1_900_000_000_391))
    assert sent == list(range(sent[0], sent[0] + len(sent)))
    assert len(sent) in (40, 41)
    assert made[-1] == grid.tick_at(clock.now, 1_900_000_000.391)


async def test_a_stage_without_sound_publishes_nothing() -> None:
    """So that the programme gives the audience the filler and not silence."""
    published: list[Tick] = []

    async def keep(tick: Tick) -> None:
        published.append(tick)

    room = room_at(Clock(1000.0), publish=keep)
    room.mix([(number, room.monotonic()) for number in range(50)])
    await room.hand_on()
    assert published == []
    assert room.silent_ticks == 50


# --- seats --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("silent_s", "what"),
    [
        (0.0, Presence.CONNECTED),
        (LOST_AFTER_S - 0.01, Presence.CONNECTED),
        (LOST_AFTER_S, Presence.LOST),
        (VACATED_AFTER_S - 0.01, Presence.LOST),
        (VACATED_AFTER_S, Presence.VACATED),
    ],
)
def test_a_seat_is_lost_after_10_seconds_and_free_after_30(silent_s: float, what: Presence) -> None:
    """The two thresholds."""
    assert presence(silent_s) is what


@pytest.mark.realtime
async def test_two_speakers_hear_each_other_and_not_themselves() -> None:
    """Mix-minus over real connections; the programme gets both voices."""
    async with running() as going, calling(spoken(READER)) as ann, calling(spoken(CARDS)) as bob:
        await going.call("ann", ann)
        await going.call("bob", bob)
        await eventually(lambda: min(ann.heard.size, bob.heard.size) > 48_000 * 7, "seven seconds came back")
        await until_heard(CARDS, lambda: ann.heard, judge=clearest)
        await until_heard(READER, lambda: bob.heard, judge=clearest)
        assert_not_heard(READER, ann.heard)
        assert_not_heard(CARDS, bob.heard)
        numbers = [tick.number for tick in going.ticks]
        assert numbers == sorted(set(numbers))
        delays = [tick.delay_ms for tick in going.ticks if tick.talking]
        assert np.median(delays) < 150


@pytest.mark.realtime
async def test_who_is_alone_gets_a_packet_now_and_then() -> None:
    """Where there is nothing to hear one packet of five is sent; who comes then is heard from the beginning."""
    async with running() as going, calling(spoken(READER)) as ann, calling(spoken(CARDS)) as bob:
        await going.call("ann", ann)
        await eventually(lambda: _steps(ann)[-5:] == [SPARSE_TICKS] * 5, "the stage sends little")
        await going.call("bob", bob)
        await eventually(lambda: _steps(ann)[-300:].count(1) > 250, "six seconds came back")
        await until_heard(CARDS, lambda: ann.heard, judge=clearest)
        assert_not_heard(READER, ann.heard)


@pytest.mark.realtime
async def test_who_is_alone_is_mixed_eight_ticks_at_a_time() -> None:
    """As nobody on the stage hears it; as soon as somebody does, each tick is made when it is due."""
    async with running() as going, calling(spoken(READER)) as ann, calling(spoken(CARDS)) as bob:
        made_at: list[int] = []

        async def keep(tick: Tick) -> None:
            going.ticks.append(tick)
            made_at.append(going.room.ticks.next)

        going.room._publish = keep
        await going.call("ann", ann)
        await eventually(lambda: len(made_at) > 60, "she is heard")
        assert len(set(made_at[-40:])) <= 6
        await going.call("bob", bob)
        count = len(made_at)
        await eventually(lambda: len(made_at) > count + 60, "both are heard")
        assert len(set(made_at[-40:])) > 10
        numbers = [tick.number for tick in going.ticks]
        assert numbers == sorted(set(numbers))


@pytest.mark.realtime
async def test_a_mute_begins_with_the_tick_that_is_due() -> None:
    """Though the ticks of who is alone are made later: not a word before is lost, not one behind is heard."""
    tone = (0.2 * np.sin(2 * np.pi * 250 * np.arange(48_000) / 48_000)).astype(np.float32)
    async with running() as going, calling(spoken(np.tile(tone, 4))) as ann:
        await going.call("ann", ann)
        await eventually(lambda: len(going.ticks) > 60, "she is heard")
        await eventually(lambda: going.room.ticks.due % BATCH in (3, 4, 5), "half of what is made together is due")
        muted_at = going.room.ticks.due
        going.room.set_muted("ann", True)
        await eventually(lambda: going.ticks[-1].number > muted_at + 2 * BATCH, "it is mixed")
        loud = {tick.number: float(np.abs(pcm.from_int16(tick.samples)).max()) > 0.05 for tick in going.ticks}
        assert all(loud[number] for number in range(muted_at - 5, muted_at))
        assert not any(loud[number] for number in range(muted_at + 3, muted_at + 12))


def _steps(caller: Caller) -> list[int]:
    """From one packet to the next, in ticks."""
    return [int(step) // grid.TICK_SAMPLES for step in np.diff(caller.timestamps)]


async def test_a_seat_that_falls_silent_is_lost_then_vacated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection is closed with it, and the sound ended long before."""
    monkeypatch.setattr("stentor.stage.seat.LOST_AFTER_S", 0.6)
    async with running() as going, calling(spoken(READER)) as ann:
        session = await going.call("ann", ann)
        seat = going.room.seats["ann"]
        await eventually(lambda: len(going.ticks) > 20, "she is heard")
        ann.go_silent()
        await eventually(lambda: seat.presence(going.room.monotonic()) is Presence.LOST, "the seat is lost")
        assert "ann" in going.room.seats
        monkeypatch.setattr("stentor.stage.seat.VACATED_AFTER_S", 0.7)
        await eventually(lambda: "ann" not in going.room.seats, "the seat is vacated")
        await eventually(lambda: session.closed, "the connection is closed")


@pytest.mark.realtime
async def test_a_second_connection_replaces_the_first_without_a_click() -> None:
    """The seat keeps its place and its sound; the first connection is closed."""
    tone = (0.2 * np.sin(2 * np.pi * 250 * np.arange(48_000) / 48_000)).astype(np.float32)
    packets = spoken(np.tile(tone, 4))
    async with running() as going, calling(packets) as first, calling(packets) as second:
        old = await going.call("ann", first, taken_ms=7)
        seat = going.room.seats["ann"]
        await eventually(lambda: len(going.ticks) > 75, "the tone is heard")
        silent = going.room.silent_ticks
        new = await going.call("ann", second, taken_ms=7)
        await eventually(lambda: old.closed and seat.current is new, "the old connection is closed")
        count = len(going.ticks)
        await eventually(lambda: len(going.ticks) > count + 50, "the tone goes on")
        assert going.room.seats["ann"] is seat
        sound = going.sound[48_000:]
        steps = np.abs(np.diff(sound))
        assert steps.max() < 4 * np.percentile(steps, 95)
        assert going.room.silent_ticks == silent  # no tick went without sound


async def displaced(room: Room, taken_ms: int) -> None:
    """Asserts that a device which took the seat then does not get it back."""
    async with calling(spoken(READER[:48_000])) as caller:
        with pytest.raises(Conflict) as refused:
            await room.join(invitation("ann"), sdp.read(await caller.offer()), taken_ms)
    assert refused.value.error_code == "displaced"


async def test_the_device_that_took_the_seat_last_keeps_it() -> None:
    """The other's connection is closed, and it does not come back with the time at which it took the seat."""
    packets = spoken(READER)
    async with running() as going, calling(packets) as laptop, calling(packets) as phone:
        old = await going.call("ann", laptop, taken_ms=1000)
        new = await going.call("ann", phone, taken_ms=2000)
        await eventually(lambda: old.closed, "the laptop's connection is closed")
        await displaced(going.room, 1000)
        assert going.room.seats["ann"].newest is new
        async with calling(packets) as again:
            await going.call("ann", again, taken_ms=3000)  # its person has pressed the button there
        await displaced(going.room, 2000)


async def test_a_laptop_that_wakes_up_does_not_come_back_when_its_person_has_left_elsewhere() -> None:
    """The stage remembers who has a seat no more; a space that has no such seat makes it forget."""
    there = {"ann": Seat(SeatId("ann"), "Ann", Role.HOST), "bob": Seat(SeatId("bob"), "Bob", Role.SPEAKER)}
    space = msgspec.structs.replace(SPACE, seats=there)
    packets = spoken(READER)
    async with running(space) as going, calling(packets) as phone, calling(packets) as laptop:
        session = await going.call("ann", phone, taken_ms=2000)
        going.room.leave(session.id, SeatId("ann"))
        assert going.room.seats == {}
        await displaced(going.room, 1000)
        going.room.apply(msgspec.structs.replace(space, seats={"bob": there["bob"]}))
        going.room.apply(space)
        await going.room.join(invitation("ann"), sdp.read(await laptop.offer()), 1000)


async def test_senders_that_do_not_say_never_take_the_seat_from_somebody_who_is_heard() -> None:
    """As two encoders with one link, each of which comes again by itself; a page takes the seat from them, once."""
    packets = spoken(READER)
    async with running() as going, calling(packets) as one, calling(packets) as other, calling(packets) as page:
        first = await going.call("ann", one)
        seat = going.room.seats["ann"]
        await eventually(lambda: going.room.monotonic() - seat._media_at < HEARD_S / 4, "the first is heard")
        with pytest.raises(Overloaded) as busy:
            await going.room.join(invitation("ann"), sdp.read(await other.offer()))
        assert busy.value.error_code == "seat-in-use"
        taken = await going.call("ann", page, taken_ms=1000)
        await eventually(lambda: first.closed, "the encoder's connection is closed")
        with pytest.raises(Overloaded):
            await going.room.join(invitation("ann"), sdp.read(await other.offer()))
        assert going.room.seats["ann"].newest is taken
        page.go_silent()
        await eventually(lambda: going.room.monotonic() - seat._media_at > HEARD_S, "nobody is heard any more")
        await going.call("ann", other)


async def test_the_last_seat_is_kept_for_the_host() -> None:
    """A full stage is said as such, with when to come back; the host is never locked out."""
    space = Space(id=SPACE.id, title="Talk", state=State.LIVE, doors_open_ms=1_000_000, max_seats=3)
    async with (
        running(space) as going,
        calling(spoken(READER[:48_000])) as ann,
        calling(spoken(READER[:48_000])) as bob,
        calling(spoken(READER[:48_000])) as cat,
        calling(spoken(READER[:48_000])) as host,
    ):
        await going.call("ann", ann)
        await going.call("bob", bob)
        with pytest.raises(Overloaded) as caught:
            await going.room.join(invitation("cat"), sdp.read(await cat.offer()))
        assert caught.value.error_code == "stage-full"
        assert caught.value.retry_after_s == stage_room.FULL_RETRY_S
        await going.call("host", host, Role.HOST)
        going.room.remove("ann")
        await going.call("cat", cat)


async def test_whoever_was_removed_does_not_come_back_with_the_old_invitation() -> None:
    """The board says who has a seat; a signed token is not enough."""
    there = Seat(SeatId("ann"), "Ann", Role.HOST)
    space = Space(id=SPACE.id, title="Talk", state=State.LIVE, doors_open_ms=1_000_000, seats={"ann": there})
    room = room_at(Clock(1000.0), space)
    async with calling(spoken(READER[:48_000])) as bob:
        with pytest.raises(NotAllowed):
            await room.join(invitation("bob"), sdp.read(await bob.offer()))


async def test_a_new_link_ends_what_came_by_an_older_one() -> None:
    """Whoever is on the stage by an older link goes, and does not come back by it; a newer one is taken at once."""
    there = Seat(SeatId("ann"), "Ann", Role.HOST)
    space = Space(id=SPACE.id, title="Talk", state=State.LIVE, doors_open_ms=1_000_000, seats={"ann": there})
    room = room_at(Clock(1000.0), space)
    newer = msgspec.structs.replace(invitation("ann"), generation=1)
    renewed = msgspec.structs.replace(space, seats={"ann": msgspec.structs.replace(there, generation=1)})
    async with calling(spoken(READER[:48_000])) as old, calling(spoken(READER[:48_000])) as new:
        session, _ = await room.join(invitation("ann"), sdp.read(await old.offer()))
        room.apply(renewed)
        assert room.seats == {}
        await eventually(lambda: session.closed, "the older link's connection is closed")
        with pytest.raises(NotAllowed) as refused:
            await room.join(invitation("ann"), sdp.read(await old.offer()))
        assert refused.value.error_code == "link-renewed"
        kept, _ = await room.join(newer, sdp.read(await new.offer()))
        room.apply(renewed)
        assert room.session(kept.id, SeatId("ann")) is kept
        room.remove("ann")
        await eventually(lambda: kept.closed, "the connection is closed")


async def test_leaving_twice_is_no_error_and_another_seat_cannot_end_a_session() -> None:
    """DELETE is idempotent, and only for one's own session."""
    async with running() as going, calling(spoken(READER)) as ann:
        session = await going.call("ann", ann)
        with pytest.raises(NotFound):
            going.room.leave(session.id, SeatId("bob"))
        going.room.leave(session.id, SeatId("ann"))
        assert going.room.seats == {}
        going.room.leave(session.id, SeatId("ann"))
        await eventually(lambda: session.closed, "the connection is closed")


async def test_who_hangs_up_and_then_leaves_has_left() -> None:
    """Browsers close the connection first: a seat whose session has ended is not kept for those who say goodbye."""
    async with running() as going, calling(spoken(READER)) as ann:
        session = await going.call("ann", ann)
        await ann.hang_up()
        await eventually(lambda: session.id not in going.room.sessions, "the stage has noticed")
        assert "ann" in going.room.seats
        going.room.leave(session.id, SeatId("ann"))
        assert going.room.seats == {}


async def test_who_leaves_while_coming_back_has_left() -> None:
    """The connection that was lost does not keep the seat of whoever leaves with a newer one."""
    async with running() as going, calling(spoken(READER)) as old, calling(spoken(READER)) as new:
        lost = await going.call("ann", old)
        back, _ = await going.room.join(invitation("ann"), sdp.read(await new.offer()), 1)
        going.room.leave(back.id, SeatId("ann"))
        assert going.room.seats == {}
        await eventually(lambda: lost.closed and back.closed, "both connections are closed")


@pytest.mark.realtime
async def test_the_stage_goes_on_a_little_after_a_goodbye() -> None:
    """So that who leaves at the end of a talk leaves no hole in its last words; then it falls silent."""
    async with running() as going, calling(spoken(READER)) as ann:
        session = await going.call("ann", ann)
        await eventually(lambda: len(going.ticks) > 10, "it ticks")
        going.room.leave(session.id, SeatId("ann"))
        count = len(going.ticks)
        await eventually(lambda: len(going.ticks) >= count + FAREWELL_TICKS, "half a second more")
        await eventually(lambda: going.room.empty, "the stage rests")
        assert len(going.ticks) <= count + FAREWELL_TICKS + 1


@pytest.mark.realtime
async def test_a_goodbye_does_not_hide_that_another_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage falls silent at once when the one who is left is not heard: the recording marks the hole."""
    monkeypatch.setattr("stentor.stage.seat.LOST_AFTER_S", 0.6)
    async with running() as going, calling(spoken(READER)) as ann, calling(spoken(CARDS)) as bob:
        session = await going.call("ann", ann)
        await going.call("bob", bob)
        await eventually(lambda: len(going.ticks) > 10, "it ticks")
        bob.go_silent()
        his = going.room.seats["bob"]
        await eventually(lambda: his.presence(going.room.monotonic()) is Presence.LOST, "he is lost")
        count = len(going.ticks)
        going.room.leave(session.id, SeatId("ann"))
        silent = going.room.silent_ticks
        await eventually(lambda: going.room.silent_ticks > silent + 10, "silence")
        assert len(going.ticks) <= count + 2


async def test_a_late_goodbye_to_an_older_connection_takes_nothing() -> None:
    """As of a page that was loaded again: the newer connection keeps the seat."""
    async with running() as going, calling(spoken(READER)) as old, calling(spoken(READER)) as new:
        before = await going.call("ann", old)
        kept, _ = await going.room.join(invitation("ann"), sdp.read(await new.offer()), 1)
        going.room.leave(before.id, SeatId("ann"))
        assert going.room.seats["ann"].newest is kept


async def test_who_has_muted_themselves_is_shown_so_until_they_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their silence is no oddity; a page that cannot say that its microphone is on again is believed by its sound."""
    monkeypatch.setattr("stentor.audio.watch.SILENT_S", 0.3)
    async with running() as going, calling(spoken(np.zeros(48_000, np.float32))) as off, calling(spoken(READER)) as on:
        await going.call("ann", off)
        seat = going.room.seats["ann"]
        await eventually(lambda: seat.watch.oddities == [Oddity.OFF], "no sound comes")
        going.room.set_self_muted("ann", True)
        await eventually(lambda: seat.watch.oddities == [], "that is no wonder")
        await going.call("ann", on, taken_ms=1)
        await eventually(lambda: seat.talking, "the voice is heard")
        await eventually(lambda: not seat.self_muted, "the microphone is on")


async def test_a_muted_seat_is_not_heard() -> None:
    """The host's mute takes the voice out of the mix, and gives it back."""
    async with running() as going, calling(spoken(READER)) as ann:
        await going.call("ann", ann)
        going.room.set_muted("ann", True)
        await eventually(lambda: len(going.ticks) > 100, "two seconds were mixed")
        assert pcm.peak_dbfs(going.sound[48_000:]) < -60
        going.room.set_muted("ann", False)
        count = len(going.ticks)
        await eventually(lambda: len(going.ticks) > count + 150, "three more")
        assert pcm.peak_dbfs(going.sound[(count + 10) * 960 :]) > -30


async def test_a_seat_that_is_turned_down_is_softer() -> None:
    """As the board says it: for who is there, and for who comes back."""
    async with running() as going, calling(spoken(READER)) as ann:
        there = going.room.space
        seat = Seat(SeatId("ann"), "Ann", Role.SPEAKER, volume=0)
        going.room.apply(msgspec.structs.replace(there, seats={"ann": seat}))
        await going.call("ann", ann)
        await eventually(lambda: len(going.ticks) > 100, "two seconds were mixed")
        assert pcm.peak_dbfs(going.sound[48_000:]) < -60
        going.room.apply(msgspec.structs.replace(there, seats={"ann": msgspec.structs.replace(seat, volume=100)}))
        count = len(going.ticks)
        await eventually(lambda: len(going.ticks) > count + 150, "three more")
        assert pcm.peak_dbfs(going.sound[(count + 10) * 960 :]) > -30


@pytest.mark.realtime
async def test_what_is_said_aside_is_heard_on_the_stage_alone() -> None:
    """Nothing of it is for the audience, and nothing of the last words when it has ended; then one is heard again."""
    async with running() as going, calling(spoken(READER)) as ann, calling(spoken(CARDS)) as bob:
        await going.call("ann", ann)
        going.room.seats["ann"].speak_aside(True)
        await going.call("bob", bob)
        await eventually(lambda: bob.heard.size > 48_000 * 6, "six seconds came back")
        await until_heard(READER, lambda: bob.heard, judge=clearest)
        going.room.seats["ann"].speak_aside(False)
        ended = len(going.ticks)
        assert_not_heard(READER, ann.heard)
        assert_not_heard(READER, going.sound[48_000:])
        await eventually(lambda: len(going.ticks) > ended + AFTER_ASIDE_TICKS + 250, "five more seconds were mixed")
        assert_not_heard(READER, going.sound[(ended - 200) * 960 : (ended + AFTER_ASIDE_TICKS) * 960])
        after = (ended + AFTER_ASIDE_TICKS) * 960
        await until_heard(READER, lambda: going.sound[after:], judge=clearest, least=0.5)
