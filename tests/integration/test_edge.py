"""The edge as a role: a real bus, real objects, real listeners; and the loss of the bus, which they survive."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from stentor.audio import hold
from stentor.base import grid
from stentor.base.clock import Clock
from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.base.rendition import Source
from stentor.base.units import SeatId, SpaceId
from stentor.bus.board import Board
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus, connect
from stentor.bus.status import BEATING, Statuses
from stentor.edge import role, sockets
from stentor.edge.channel import Channel
from stentor.edge.window import Window
from stentor.spaces.model import Space, State
from stentor.store.objects import Objects
from stentor.wire import adts, mp4
from stentor.wire import cue as wire_cue
from stentor.wire.chunk import Chunk
from stentor.wire.cue import Cue
from tests.support.edge import VOICE_CHUNKS, encoded, request, silent_hold, split
from tests.support.nats import NatsServer, nats_server
from tests.support.wait import PATIENCE_S, eventually

SPACE = SpaceId("friday")


class World:
    """A bus, an edge, and a programme that publishes in real time until told to stop."""

    def __init__(self, nats: NatsServer, bus: Bus, port: int, space: Space) -> None:
        self.nats = nats
        self.bus = bus
        self.port = port
        self.space = space
        self.published = 0
        self.silent = False

    async def programme(self) -> None:
        log = ChunkLog(self.bus)
        doors = self.space.doors_open_s
        while True:
            while not self.silent and self.published < grid.chunk_at(time.time(), doors):
                number = self.published
                frames = {name: chunks[number % VOICE_CHUNKS] for name, chunks in encoded().items()}
                at_ms = round(time.time() * 1000)
                chunk = Chunk(SPACE, number, self.space.doors_open_ms or 0, Source.STAGE, at_ms, 0, b"{}", frames)
                await log.publish(chunk)
                self.published += 1
            await asyncio.sleep(0.02)

    async def get(self, target: str) -> tuple[int, dict[str, str], bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request(target, "Connection: close"))
        async with asyncio.timeout(PATIENCE_S):
            found = split(await reader.read())
        writer.close()
        return found


@asynccontextmanager
async def world(folder: Path, *, age_s: float = 30.0, clock: Clock = time.time) -> AsyncIterator[World]:
    """An edge that starts when the space is ``age_s`` old, with everything published so far on the bus."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    encoded()
    async with nats_server(folder / "bus") as nats, connect(nats.url, name="test") as bus:
        settings = Settings(data=str(folder), host="127.0.0.1", audience_port=port, nats_url=nats.url)
        await Objects.open(settings.recordings_address).put("hold/default", hold.encode(silent_hold()))
        doors_ms = round((time.time() - age_s) * 1000)
        space = Space(SPACE, "Friday", State.LIVE, doors_open_ms=doors_ms, live_ms=doors_ms, version=1)
        await Board(bus).put(space)
        one = World(nats, bus, port, space)
        programme = asyncio.create_task(one.programme(), name="programme")
        await eventually(lambda: one.published >= grid.chunk_at(time.time(), space.doors_open_s) - 1, "published")
        edge = asyncio.create_task(role.run(settings, instance="edge-0", clock=clock), name="edge")
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    with contextlib.suppress(OSError):
                        if (await one.get("/s/friday/hls/aac-64.m3u8"))[0] == 200:
                            break
                    assert not edge.done()
                    await asyncio.sleep(0.05)
            yield one
        finally:
            programme.cancel()
            edge.cancel()
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(programme, edge, return_exceptions=True)


async def test_an_edge_that_starts_late_has_the_past_and_reports(tmp_path: Path) -> None:
    """The window is filled from the log, without filler; the heartbeat counts a listener."""
    async with world(tmp_path) as one:
        text = (await one.get("/s/friday/hls/aac-64.m3u8"))[2].decode()
        assert "aac-64/0.m4s" in text
        assert json.loads((await one.get("/s/friday/door.json"))[2])["state"] == "live"
        statuses = Statuses(time.time)
        await statuses.start(one.bus, *BEATING)
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        writer.write(request("/s/friday/live.aac"))
        await reader.readuntil(b"\r\n\r\n")

        def counted() -> bool:
            found = statuses.fresh(time.time(), "edge")
            return bool(found) and found[0].numbers.get("listeners_aac") == 1

        await eventually(counted, "the heartbeat counts")
        [status] = statuses.fresh(time.time(), "edge")
        assert status.spaces[SPACE].problem == ""
        past = (await one.get("/s/friday/hls/aac-64/0.m4s"))[2]
        frames = [frame for fragment in mp4.Demuxer().feed(past) for frame in fragment.frames]
        assert frames == [frame for number in range(12) for frame in encoded()["aac-64"][number % VOICE_CHUNKS]]
        writer.close()


async def test_listeners_survive_the_loss_of_the_bus(tmp_path: Path) -> None:
    """Kill -9 of the bus: the stream goes on with filler, and with the programme once the bus is back."""
    async with world(tmp_path, age_s=10.0) as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        writer.write(request("/s/friday/live.aac"))
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first = int(head.split("X-Stentor-Chunk: ")[1].split("\r\n")[0])
        heard: list[bytes] = []
        buffer = bytearray()

        async def listen() -> None:
            while data := await reader.read(65536):
                buffer.extend(data)
                heard.extend(adts.split(buffer))

        listening = asyncio.create_task(listen(), name="listener")
        silence = silent_hold().frames["aac-64"][0]
        one.silent = True
        await one.nats.kill()
        await eventually(lambda: heard[-15:] == silence, "the filler plays")
        await one.nats.start()
        await eventually(lambda: one.bus.connected, "the bus is back")
        one.silent = False
        await eventually(lambda: heard[-1] not in silence, "the programme is heard again")
        assert not listening.done()
        listening.cancel()
        writer.close()
        whole = len(heard) // 15
        voice = encoded()["aac-64"]
        for index in range(whole):
            frames = heard[index * 15 : index * 15 + 15]
            assert frames in (voice[(first + index) % VOICE_CHUNKS], silence), "each number once and in its place"


async def test_an_edge_ends_a_space_and_takes_up_a_new_one(tmp_path: Path) -> None:
    """The board's end finishes the streams after the last chunk."""
    async with world(tmp_path, age_s=10.0) as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        writer.write(request("/s/friday/live.aac"))
        await reader.readuntil(b"\r\n\r\n")
        ended = Space(
            SPACE,
            "Friday",
            State.ENDED,
            doors_open_ms=one.space.doors_open_ms,
            live_ms=one.space.live_ms,
            ended_ms=round(time.time() * 1000),
            version=2,
        )
        await Board(one.bus).put(ended)
        async with asyncio.timeout(PATIENCE_S):
            await reader.read()
        assert (await one.get("/s/friday/hls/aac-64.m3u8"))[2].endswith(b"#EXT-X-ENDLIST\n")
        status, _, body = await one.get("/s/friday/live.aac")
        assert (status, json.loads(body)["code"]) == (404, "not-on-air-ended")
        writer.close()


async def test_a_port_in_use_is_a_sentence(tmp_path: Path) -> None:
    """SetupError says which port, and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=str(port)):
            sockets.listen_on("127.0.0.1", port)


async def test_an_edge_started_by_a_wrong_clock_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour ahead when it opens its window, and right a moment later: it is heard, not silent for an hour."""
    ahead_s, opening = [3600.0], Channel.open

    def opened(channel: Channel, now: float) -> Window:
        window = opening(channel, now)
        ahead_s[0] = 0.0
        return window

    monkeypatch.setattr(Channel, "open", opened)
    async with world(tmp_path, clock=lambda: time.time() + ahead_s[0]) as one:
        assert ahead_s == [0.0]
        status, _, playlist = await one.get("/s/friday/hls/aac-64.m3u8")
        assert (status, b"#EXTINF" in playlist) == (200, True)


async def test_a_cue_from_far_ahead_is_refused_and_counted(tmp_path: Path) -> None:
    """Its words are shown to nobody."""
    async with world(tmp_path) as one:
        statuses = Statuses(time.time)
        await statuses.start(one.bus, "edge")
        doors_ms = one.space.doors_open_ms or 0
        cue = Cue(SPACE, doors_ms, 2**40, 2**40 + 1000, SeatId("ann"), "Ann", "somewhen", "en", 0)

        def refused() -> float:
            found = statuses.fresh(time.time(), "edge")
            return found[0].numbers["ahead"] if found else 0.0

        async with asyncio.timeout(PATIENCE_S):
            while not refused():  # the edge may not listen to cues yet
                await one.bus.publish(wire_cue.subject(SPACE), wire_cue.encode(cue))
                await asyncio.sleep(0.2)
        _, _, captions = await one.get("/s/friday/captions.json")
        assert b"somewhen" not in captions


async def test_a_clock_set_for_a_moment_and_a_false_number_silence_nobody(tmp_path: Path) -> None:
    """An hour ahead for a tenth of a second, then a chunk numbered 2^40: what is published is heard a moment later."""
    ahead_s = [0.0]
    async with world(tmp_path, clock=lambda: time.time() + ahead_s[0]) as one:
        statuses = Statuses(time.time)
        await statuses.start(one.bus, "edge")
        ahead_s[0] = 3600.0
        await asyncio.sleep(0.1)
        ahead_s[0] = 0.0
        log, doors_ms = ChunkLog(one.bus), one.space.doors_open_ms or 0
        frames = {name: chunks[0] for name, chunks in encoded().items()}
        false = Chunk(SPACE, 2**40, doors_ms, Source.STAGE, 0, 0, b"{}", frames)
        await log.announce(false)
        await log.publish(false)
        wanted = one.published + 20

        def heard() -> bool:
            found = statuses.fresh(time.time(), "edge")
            return bool(found) and SPACE in found[0].spaces and found[0].spaces[SPACE].chunk >= wanted

        await eventually(heard, "the edge goes on")
        [status] = statuses.fresh(time.time(), "edge")
        assert status.spaces[SPACE].source == Source.STAGE
        assert status.spaces[SPACE].chunk < grid.chunk_at(time.time(), one.space.doors_open_s) + 2
        assert status.numbers["ahead"] == 2
        assert (await one.get("/healthz"))[2] == b'{"ready":true}'


async def counts(one: World, folder: Path, what: str = SPACE) -> dict[str, dict[str, float]]:
    """What ``stentor evidence counts`` prints for programs."""
    return json.loads(await evidence(one, folder, "counts", what, "--json"))  # type: ignore[no-any-return]


async def evidence(one: World, folder: Path, *arguments: str) -> bytes:
    environment = os.environ | {"STENTOR_NATS_URL": one.nats.url, "STENTOR_DATA": str(folder / "operator")}
    ran = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stentor", "evidence", *arguments, env=environment, stdout=subprocess.PIPE
    )
    output, _ = await ran.communicate()
    assert ran.returncode == 0
    return output


async def hear_to_the_end(reader: asyncio.StreamReader) -> int:
    """How many chunks a listener gets."""
    await reader.readuntil(b"\r\n\r\n")
    heard = bytearray(await reader.read(-1))
    return len(list(adts.split(heard))) // 15


async def test_the_numbers_of_a_talk_are_those_of_who_was_there(tmp_path: Path) -> None:
    """While it is on and after it, from the bus and from a file: three streams of two clients, to the last chunk."""
    async with world(tmp_path, age_s=10.0) as one:
        opened = [await asyncio.open_connection("127.0.0.1", one.port) for _ in range(3)]
        for (_, writer), client in zip(opened, (1, 2, 2), strict=True):
            writer.write(request("/s/friday/live.aac", f"X-Forwarded-For: 192.0.2.{client}", "User-Agent: player"))
        hearing = [asyncio.create_task(hear_to_the_end(reader)) for reader, _ in opened]
        await asyncio.sleep(2.2)  # until a second with all three has passed
        found = await counts(one, tmp_path)
        # for a segment or two also whoever asked for a playlist to see whether the edge is there
        assert found["hearing"]["value"] in (3, 4)
        peak = found["peak"]["value"]
        assert peak in (3, 4)
        assert [found[name]["value"] for name in ("joins", "unique", "refused")] == [3, 2, 0]
        assert found["minutes"]["value"] > 3 * 10 * 0.32 / 60
        space = msgspec.structs.replace(one.space, state=State.ENDED, ended_ms=round(time.time() * 1000), version=2)
        await Board(one.bus).put(space)
        async with asyncio.timeout(PATIENCE_S):
            chunks = sum(await asyncio.gather(*hearing))
        await asyncio.sleep(1.2)  # until the row of the last second
        found = await counts(one, tmp_path)
        assert [found[name]["value"] for name in ("hearing", "peak", "joins", "unique", "skipped")] == [
            0,
            peak,
            3,
            2,
            0,
        ]
        assert found["minutes"]["value"] == round(chunks * grid.CHUNK_S / 60, 2)
        assert not found["hearing"]["at_least"]
        file = tmp_path / "rows.jsonl"
        file.write_bytes(await evidence(one, tmp_path, "rows", SPACE))
        assert b"192.0.2" not in file.read_bytes()
        again = await counts(one, tmp_path, str(file))
        assert {name: again[name] for name in ("peak", "minutes", "unique")} == {
            name: found[name] for name in ("peak", "minutes", "unique")
        }
        for _, writer in opened:
            writer.close()
