"""What a stage costs and what it hears through a bad network, beside aiortc as shipped: ``python -m bench.stage``.

A server process on core 0 holds 13 seats, 3 of them talking; a client process on core 1 is the 13 callers. Then 3
talkers over a network that loses 5 % and delays by 20 ms (half a bell curve, so packets overtake). Four runs of 8 s.
"As shipped" is an ``RTCPeerConnection`` for each seat, its tracks received and mixed with NumPy, each mix encoded by
it. Both servers run on uvloop, as the roles do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import uvloop
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from bench.kept import state, watched
from stentor.audio.pcm import Samples, level_dbfs
from stentor.base.units import SeatId, SpaceId
from stentor.spaces.model import Role, Space, State
from stentor.spaces.tokens import Invitation
from stentor.stage import offer as sdp
from stentor.stage.ice import IceSettings
from stentor.stage.peer import DtlsCertificate
from stentor.stage.room import Room
from stentor.wire.sdp import ask_for_fec
from stentor.wire.tick import Tick
from tests.support.caller import Caller, spoken
from tests.support.speech import voice
from tests.support.wait import eventually

SEATS, TALKING, MEASURED_S = 13, 3, 8.0
AUDIBLE_DBFS = -90.0
"""Digital silence, or as good as: what a buffer gives out that has run dry. All voices here have noise at -54 dBFS, of
which concealment makes less."""


class Server(ABC):
    """Counts CPU, and ticks with sound for each of the first three seats."""

    def __init__(self) -> None:
        self.audible = dict.fromkeys(range(TALKING), 0)

    def count(self, seat: int, block: Samples | None) -> None:
        if seat in self.audible and block is not None and level_dbfs(block) > AUDIBLE_DBFS:
            self.audible[seat] += 1

    @abstractmethod
    async def join(self, seat: int, offer: str) -> str:
        """The answer to the offer of a seat."""

    async def measure(self) -> dict[str, float]:
        await asyncio.sleep(2.0)  # everybody is connected and every buffer has settled
        before, began, cpu = dict(self.audible), time.monotonic(), time.process_time()
        await asyncio.sleep(MEASURED_S)
        took = time.monotonic() - began
        rates = [(self.audible[seat] - before[seat]) / took for seat in self.audible]
        return {"cpu": 100 * (time.process_time() - cpu) / took, "ticks": sum(rates) / len(rates)}


class StentorServer(Server):
    def __init__(self) -> None:
        super().__init__()
        space = Space(SpaceId("bench"), "Bench", State.LIVE, doors_open_ms=int(time.time() * 1000), max_seats=SEATS + 1)
        self.delays: list[int] = []
        self.room = Room(space, publish=self._keep, ice=IceSettings(), certificate=DtlsCertificate())
        self.task = asyncio.create_task(self.room.run())

    async def _keep(self, tick: Tick) -> None:
        if tick.talking:
            self.delays.append(tick.delay_ms)

    async def join(self, seat: int, offer: str) -> str:
        invitation = Invitation(self.room.space.id, SeatId(str(seat)), str(seat), Role.SPEAKER, 2**53)
        _, answer = await self.room.join(invitation, sdp.read(offer))
        there = self.room.seats[str(seat)]
        take = there.take

        def counted(now: float) -> Samples | None:
            block = take(now)
            self.count(seat, block)
            return block

        there.take = counted  # type: ignore[method-assign]
        return ask_for_fec(answer)

    async def measure(self) -> dict[str, float]:
        measured = await super().measure()
        return measured | {
            "delay": float(np.median(self.delays)),
            "delay95": float(np.percentile(self.delays, 95)),
            "skipped": float(self.room.ticks.skipped),
        }


class AiortcServer(Server):
    def __init__(self) -> None:
        super().__init__()
        self.newest: dict[int, Samples] = {}
        self.peers: list[RTCPeerConnection] = []
        self.tasks: set[asyncio.Task[None]] = set()

    async def join(self, seat: int, offer: str) -> str:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.peers.append(peer)
        peer.addTrack(MixMinus(self, seat))

        @peer.on("track")
        def listen(track: MediaStreamTrack) -> None:
            self.tasks.add(asyncio.create_task(self._listen(seat, track)))

        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return peer.localDescription.sdp

    async def _listen(self, seat: int, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame: Any = await track.recv()
                block = frame.to_ndarray().reshape(-1, 2)[:, 0].astype(np.float32) / 32768
                self.newest[seat] = block
                self.count(seat, block)
        except MediaStreamError:
            return


class MixMinus(MediaStreamTrack):
    """What one seat hears: everybody's newest block but its own."""

    kind = "audio"

    def __init__(self, server: AiortcServer, seat: int) -> None:
        super().__init__()
        self._server, self._seat, self._number, self._began = server, seat, 0, 0.0

    async def recv(self) -> AudioFrame:
        self._began = self._began or time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._number * 0.02 - time.monotonic()))
        mix = np.zeros(960, np.float32)
        for seat, block in self._server.newest.items():
            if seat != self._seat and block.size == 960:
                mix += block
        samples = (np.clip(mix, -1, 1) * 32767).astype(np.int16).reshape(1, -1)
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, self._number * 960
        self._number += 1
        return frame


class Quiet(Caller):
    """A caller who does not decode what it hears: the clients' core is not what is measured."""

    def _listen(self, _: MediaStreamTrack) -> None:
        async def ignore(packet: Any, arrival_time_ms: int) -> None:
            """Nothing."""

        receiver: Any = self.connection.getTransceivers()[0].receiver
        receiver._handle_rtp_packet = ignore


async def serve(kind: str) -> None:
    server: Server = StentorServer() if kind == "stentor" else AiortcServer()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            message = json.loads(line)
            if "offer" in message:
                reply: Any = {"answer": await server.join(message["seat"], message["offer"])}
            else:
                reply = await server.measure()
            writer.write(json.dumps(reply).encode() + b"\n")

    listening = await asyncio.start_server(client, "127.0.0.1", 0, limit=1 << 20)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


async def call(port: int, seats: int, loss: float, jitter_s: float) -> None:
    noise = np.random.default_rng(1).standard_normal(48_000 * 10).astype(np.float32) * np.float32(0.002)
    voices = [voice("reader")[:480_000], voice("cards")[:480_000], voice("reader")[240_000:720_000]]
    talk = [spoken(each + noise[: each.size]) for each in voices]
    silent = spoken(noise * np.float32(0.1))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    callers = [Quiet(talk[seat] if seat < TALKING else silent, loss=loss, jitter_s=jitter_s) for seat in range(seats)]
    for seat, caller in enumerate(callers):
        writer.write(json.dumps({"seat": seat, "offer": await caller.offer()}).encode() + b"\n")
        await caller.take(json.loads(await reader.readline())["answer"])
    await eventually(lambda: all(caller.connected for caller in callers), "everybody is connected")
    writer.write(b'{"measure": 1}\n')
    print((await reader.readline()).decode())


async def run(kind: str, seats: int, loss: float, jitter_s: float) -> dict[str, float]:
    """One run: both processes, each on its core."""
    me = [sys.executable, "-m", "bench.stage", "--kind", kind]
    server = await asyncio.create_subprocess_exec(*me, "--server", stdout=asyncio.subprocess.PIPE)
    try:
        assert server.stdout is not None
        port = (await server.stdout.readline()).decode().strip()
        options = ["--port", port, "--seats", str(seats), "--loss", str(loss), "--jitter", str(jitter_s)]
        clients = await asyncio.create_subprocess_exec(*me, *options, stdout=asyncio.subprocess.PIPE)
        assert clients.stdout is not None
        line = await clients.stdout.readline()
        clients.kill()
        await clients.wait()
        result: dict[str, float] = json.loads(line)
        return result
    finally:
        server.kill()
        await server.wait()


async def compare() -> dict[str, dict[str, dict[str, Any]]]:
    """By network and by kind of stage; shown at the end."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for name, seats, loss, jitter_s in (("13 seats", SEATS, 0.0, 0.0), ("bad network", TALKING, 0.05, 0.02)):
        for kind in ("stentor", "aiortc"):
            rows[name, kind] = {}
            with watched(rows[name, kind]):
                rows[name, kind] |= await run(kind, seats, loss, jitter_s)
    for (name, kind), row in rows.items():
        delay = (
            f"delay {row['delay']:.0f} ms (95 %: {row['delay95']:.0f}), {row['skipped']:.0f} ticks skipped"
            if "delay" in row
            else ""
        )
        print(
            f"{name:12} {kind:8} {row['cpu']:5.1f} % of a core  {row['ticks']:5.1f} of 50 ticks with sound  {delay} "
            f"{state(row)}"
        )
    ours, theirs = rows["13 seats", "stentor"]["cpu"], rows["13 seats", "aiortc"]["cpu"]
    print(f"CPU: aiortc as shipped takes {theirs / ours:.1f} times as much.")
    ours, theirs = rows["bad network", "stentor"]["ticks"], rows["bad network", "aiortc"]["ticks"]
    print(f"Sound at 5 % loss and 20 ms of jitter: {ours / theirs:.2f} times as many ticks.")
    return {name: {kind: row for (where, kind), row in rows.items() if where == name} for name, _ in rows}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="")
    parser.add_argument("--server", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seats", type=int, default=SEATS)
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--jitter", type=float, default=0.0)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if options.server:
        os.sched_setaffinity(0, {cores[0]})
        uvloop.run(serve(options.kind))
    elif options.port:
        os.sched_setaffinity(0, {cores[-1]})
        asyncio.run(call(options.port, options.seats, options.loss, options.jitter))
    else:
        asyncio.run(compare())


if __name__ == "__main__":
    main()
