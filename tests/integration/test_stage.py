"""The stage as a process role: real bus, real WebRTC, real voices."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from stentor.audio import pcm
from stentor.base import keys
from stentor.base.config import Settings
from stentor.base.errors import Malformed, Overloaded
from stentor.base.units import SeatId, SpaceId
from stentor.bus.board import Board
from stentor.bus.connection import Bus, connect
from stentor.bus.status import BEATING, Statuses
from stentor.house.who.claims import Claims
from stentor.spaces.claims import Purpose
from stentor.spaces.model import Role, Seat, Space, State
from stentor.spaces.tokens import Invitation
from stentor.stage import role
from stentor.wire import tick as wire_tick
from stentor.wire.whip import WhipReply, WhipRequest, decode_reply, encode
from tests.support.caller import Caller, calling, spoken
from tests.support.nats import nats_server
from tests.support.sound import assert_not_heard, clearest, until_heard, voice
from tests.support.wait import eventually

READER, CARDS = voice("reader")[: 48_000 * 10], voice("cards")[: 48_000 * 10]
SECRET = b"s" * 32


class Theatre:
    """A space on the board, its ticks, and the heartbeats of whoever holds its stage."""

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self.bus = bus
        self.settings = settings
        self.claims = Claims(keys.derived("house", SECRET).claims, time.time)
        self.statuses = Statuses(time.monotonic)
        self.ticks: list[wire_tick.Tick] = []
        self.space = Space(
            id=SpaceId("talk"), title="Talk", state=State.LIVE, doors_open_ms=int(time.time() * 1000), version=1
        )

    def hear(self, _: str, payload: bytes) -> None:
        try:
            self.ticks += wire_tick.decode(payload)
        except Malformed:
            pytest.fail("the stage published something that is no tick")

    async def ask(self, request: WhipRequest, invitation: Invitation) -> WhipReply:
        for _ in range(100):
            claim = self.claims.sign("join", self.space.id, invitation, about=request.signed())
            message = encode(msgspec.structs.replace(request, claim=claim))
            try:
                return decode_reply(await self.bus.request(f"stage.whip.{self.space.id}", message, timeout_s=6))
            except Overloaded:  # no stage yet, or between two
                await asyncio.sleep(0.05)
        raise AssertionError("no stage answers")

    async def join(self, caller: Caller, seat: str) -> str:
        invitation = Invitation(self.space.id, SeatId(seat), seat.title(), Role.SPEAKER, 2**53)
        body = (await caller.offer()).encode()
        request = WhipRequest("POST", self.space.id, None, "", "application/sdp", body, "")
        reply = await self.ask(request, invitation)
        assert reply.status == 201, reply.body
        await caller.take(reply.body.decode())
        await eventually(lambda: caller.connected, f"{seat} is connected")
        return reply.headers["Location"]

    def seats(self) -> dict[str, tuple[str, bool, bool]]:
        found = self.statuses.seats(self.space.id, time.monotonic())
        return {seat.id: (seat.state, seat.talking, seat.muted) for seat in found}

    def holds(self, instance: str) -> list[str]:
        """The spaces that a stage has a room for."""
        heard = self.statuses.fresh(time.monotonic(), "stage")
        return [space for status in heard if status.instance == instance for space in status.spaces]

    async def command(self, kind: Purpose, seat: str) -> bytes:
        """Sends an order; returns it as it travelled."""
        whose = Invitation(self.space.id, SeatId(seat), "", Role.SPEAKER, 0)
        order = self.claims.sign(kind, self.space.id, whose).encode()
        await self.bus.publish(f"stage.command.{self.space.id}", order)
        return order


@asynccontextmanager
async def stage(theatre: Theatre, instance: str = "stage-0") -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(role.run(theatre.settings, instance=instance), name=instance)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=5)


@pytest.fixture
async def theatre(tmp_path: Path) -> AsyncIterator[Theatre]:
    async with nats_server(tmp_path / "bus") as server, connect(server.url, name="test") as bus:
        file = tmp_path / "key"
        file.write_bytes(msgspec.json.encode(keys.derived("stage", SECRET)))
        here = Theatre(bus, Settings(data=str(tmp_path / "stage"), keys=str(file), nats_url=server.url))
        await here.statuses.start(bus, *BEATING)
        await bus.subscribe("tick.*", here.hear)
        await Board(bus).put(here.space)
        yield here


@pytest.mark.realtime
async def test_a_talk_reaches_the_bus_and_each_other(theatre: Theatre) -> None:
    """Two speakers hear each other and not themselves; the ticks carry both; the heartbeat says who is there."""
    async with stage(theatre), calling(spoken(READER)) as ann, calling(spoken(CARDS)) as bob:
        await theatre.join(ann, "ann")
        await theatre.join(bob, "bob")
        await eventually(lambda: min(ann.heard.size, bob.heard.size) > 48_000 * 7, "seven seconds came back")
        await until_heard(CARDS, lambda: ann.heard, judge=clearest)
        await until_heard(READER, lambda: bob.heard, judge=clearest)
        assert_not_heard(READER, ann.heard)
        assert_not_heard(CARDS, bob.heard)
        await eventually(lambda: set(theatre.seats()) == {"ann", "bob"}, "both are in the heartbeat")
        assert {seat[0] for seat in theatre.seats().values()} == {"connected"}
        numbers = [tick.number for tick in theatre.ticks]
        assert numbers == sorted(set(numbers))
        assert any(tick.talking == 2 for tick in theatre.ticks)
        assert max(pcm.peak_dbfs(pcm.from_int16(tick.samples)) for tick in theatre.ticks) > -20
    assert not list(theatre.settings.folder.glob("*secret*")), "its own key file is all a stage needs"


async def test_the_hosts_commands_are_obeyed(theatre: Theatre) -> None:
    """Mute, unmute and remove; what the house has not signed, or has said once already, is passed over."""
    async with stage(theatre), calling(spoken(READER)) as ann, calling(spoken(CARDS)) as bob:
        await theatre.join(ann, "ann")
        await theatre.join(bob, "bob")
        await eventually(lambda: set(theatre.seats()) == {"ann", "bob"}, "both are there")
        overheard = await theatre.command("mute", "ann")
        await eventually(lambda: theatre.seats()["ann"][2], "muted")
        await theatre.command("unmute", "ann")
        await eventually(lambda: not theatre.seats()["ann"][2], "not muted")
        for forged in (b"nonsense", b'{"kind":"remove","seat":"ann"}', overheard):
            await theatre.bus.publish("stage.command.talk", forged)
        await theatre.command("mute", "bob")
        await eventually(lambda: theatre.seats()["bob"][2], "what came after those is obeyed")
        assert not theatre.seats()["ann"][2]
        await theatre.command("remove", "ann")
        await eventually(lambda: set(theatre.seats()) == {"bob"}, "removed")
        await eventually(lambda: not ann.connected, "and hung up on")


async def test_the_end_of_the_space_ends_the_stage(theatre: Theatre) -> None:
    """After the last chunk the connections are closed and nobody answers any more."""
    async with stage(theatre), calling(spoken(READER)) as ann:
        await theatre.join(ann, "ann")
        await eventually(lambda: bool(theatre.ticks), "the stage is heard")
        ended = msgspec.structs.replace(
            theatre.space, state=State.ENDED, ended_ms=int(time.time() * 1000), version=theatre.space.version + 1
        )
        await Board(theatre.bus).put(ended)
        await eventually(lambda: not ann.connected, "hung up on")
        last = theatre.ticks[-1].number
        assert last // 16 <= (ended.last_chunk or 0) + 1
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await theatre.bus.request("stage.whip.talk", b"", timeout_s=1)


async def test_another_stage_takes_over(theatre: Theatre) -> None:
    """When the process that holds a space goes, the other answers and the speaker comes back to it."""
    async with stage(theatre, "stage-0") as first, calling(spoken(READER)) as ann:
        await theatre.join(ann, "ann")
        await eventually(lambda: len(theatre.ticks) > 10, "she is heard")
        async with stage(theatre, "stage-1"):
            first.cancel()
            await asyncio.wait([first], timeout=5)
            async with calling(spoken(CARDS)) as again:
                await theatre.join(again, "ann")
                count = len(theatre.ticks)
                await eventually(lambda: len(theatre.ticks) > count + 20, "she is heard again")
                numbers = np.array([tick.number for tick in theatre.ticks])
                assert (np.diff(numbers) > 0).all()


async def test_a_room_before_the_doors_is_there_for_who_wants_it(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage opens it when asked to or when somebody was in it, says nothing to a programme, and lets it go."""
    monkeypatch.setattr(role, "GREEN_S", 1.0)
    ann = Seat(SeatId("ann"), "Ann", Role.HOST)
    theatre.space = Space(SpaceId("later"), "Later", seats={"ann": ann}, version=1)
    async with stage(theatre), calling(spoken(READER)) as caller:
        await eventually(lambda: theatre.holds("stage-0") == ["talk"], "the stage is up")
        await theatre.bus.publish("stage.open.later", msgspec.json.encode(theatre.space))
        await theatre.join(caller, "ann")
        await eventually(lambda: theatre.seats().get("ann", ("", False))[1], "she is heard on the stage")
        sat = msgspec.structs.replace(ann, connected=True)
        theatre.space = msgspec.structs.replace(theatre.space, seats={"ann": sat}, version=2)
        await Board(theatre.bus).put(theatre.space)
    async with stage(theatre, "stage-1"), calling(spoken(READER)) as caller:
        await theatre.join(caller, "ann")  # the board says that somebody was here
        await Board(theatre.bus).put(msgspec.structs.replace(theatre.space, seats={"ann": ann}, version=3))
        await asyncio.sleep(1.5)
        assert theatre.seats()["ann"][0] == "connected", "who is there keeps the room"
        await theatre.command("remove", "ann")
        await eventually(lambda: theatre.holds("stage-1") == ["talk"], "the room is let go")
        assert not theatre.ticks
