"""What the rows of evidence cost an edge: processor time of what it does, with the collection and without, in turn.

``python -m bench.evidence [--rounds 7]``. Measured in this process, without sockets: a connection whose transport takes
everything, on the edge's own worker, site and channel, for streams, files of HLS and writes to a thousand listeners.
Only the looks at whether listeners take their sound are at real sockets, whose other ends have taken it.
"Without" is the same code with the parts that only evidence needs taken out, except for single additions: "a count" is
one, and a request has one that cannot be taken out. Of the rounds the smallest counts, since
what others on the machine do can only add to it. Ratios travel between machines, microseconds do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import uvloop

from bench.edge_server import chunk
from bench.kept import head, state, watched
from stentor.audio.hold import HoldLoop
from stentor.base import grid, keys
from stentor.base.rendition import RENDITIONS
from stentor.base.units import SpaceId
from stentor.crowd.addresses import Addresses
from stentor.edge.channel import Channel
from stentor.edge.gate import Gate
from stentor.edge.heartbeat import heartbeat
from stentor.edge.protocol import Connection
from stentor.edge.seconds import Seconds
from stentor.edge.site import Site
from stentor.edge.taking import LOOKS_S, TOGETHER_S, Taking
from stentor.edge.worker import Worker
from stentor.evidence import plays, robots
from stentor.evidence.delays import Delays
from stentor.evidence.robots import is_robot
from stentor.evidence.row import encode
from stentor.evidence.sources import Sample
from stentor.spaces.model import Space, State
from stentor.store.objects import Objects
from stentor.wire.http import Request, RequestParser

LOOKED_AT = 400
"""Real sockets; each needs two descriptors."""
REQUESTS = 10_000
JOINS = 2_000
SOURCES = 250
AGENTS = 200
JOIN = "a join and its looks"
PLAY_OF_MANY = "a play of a busy day"
ALONE = ("a row", "a count", "a play", PLAY_OF_MANY, "a new agent", "all looks at a stream")
"""What has nothing to stand beside."""
AGENT = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Taker(asyncio.Transport):
    """Takes everything, from an address of its own."""

    def __init__(self, number: int, line: socket.socket | None = None) -> None:
        super().__init__()
        self._line = line
        self._peer = (f"192.0.2.{number % SOURCES}", number)

    def write(self, data: Any) -> None:
        """It is gone."""

    def close(self) -> None:
        """There is nothing to close."""

    def abort(self) -> None:
        """The same."""

    def is_closing(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """It has no buffer."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._peer if name == "peername" else self._line if name == "socket" else default


class Bench:
    """An edge with one space that is live."""

    def __init__(self) -> None:
        addresses = Addresses(connections=0, requests=0, proxy=lambda _: False)
        self.worker = Worker(capacity=1_000_000, clock=time.time, addresses=addresses)
        gate = Gate(keys.derived("edge", b"of this bench only"), (), self.worker)
        silence = {each.name: [[b"\0"] * each.frames_per_chunk] * grid.HOLD_CHUNKS for each in RENDITIONS}
        music = HoldLoop("", b"", silence)
        objects = Objects.open("memory://")
        site = Site(
            self.worker,
            gate,
            objects=objects,
            address="",
            metrics_token="",
            music=music,
            status=lambda: heartbeat(self.worker, site.channels, "bench"),
        )
        self.worker.turn.room = lambda: True  # type: ignore[method-assign]  # all of it is one turn of the loop here
        self._protocol = self.worker.protocol_factory(site.answer)
        self.doors_open_ms = round(time.time() * 1000) - 30_000
        space = Space(SpaceId("bench"), "Bench", State.LIVE, doors_open_ms=self.doors_open_ms)
        self.channel = site.channels["bench"] = Channel(space, music, self.worker)
        self.channel.open(time.time())
        self.seconds = Seconds(self.worker, site, "bench")
        self._came = 0
        self.site, self.segment = site, 0
        while self.window.head + 1 < grid.chunk_at(time.time(), self.window.doors_open_s):
            self.channel.add(chunk(self.window.head + 1, self.doors_open_ms), time.time())

    @property
    def window(self) -> Any:
        assert self.channel.window is not None
        return self.channel.window

    def come(self, line: socket.socket | None = None) -> Connection:
        self._came += 1
        connection = self._protocol()
        assert isinstance(connection, Connection)
        connection.connection_made(Taker(self._came, line))
        return connection

    def join(self, line: socket.socket | None = None) -> Connection:
        connection = self.come(line)
        connection.data_received(asked("/s/bench/live.aac"))
        assert connection.group is not None
        return connection


def asked(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: edge\r\n{AGENT}\r\n\r\n".encode()


@contextmanager
def without() -> Iterator[None]:
    """Takes out what only evidence needs, as far as it is more than an addition."""
    with (
        patch.object(Gate, "_count", lambda *_: None),
        patch.object(Sample, "trace", lambda *_: None),
        patch.object(Delays, "add", lambda *_: None),
        patch.object(Taking, "add", lambda *_: None),
    ):
        yield


def cost_us(times: int, work: Callable[[], object]) -> float:
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times * 1e6


def measure() -> dict[str, float]:
    """Microseconds of each thing, once."""
    bench = Bench()
    found = {"a join": cost_us(JOINS, bench.join)}
    file = f"/s/bench/hls/aac-64/{bench.window.head // grid.CHUNKS_PER_SEGMENT - 1}.m4s"
    player, wanted = bench.come(), asked(file)
    player.data_received(wanted)
    assert bench.worker.failed == 0
    found["a file of HLS"] = cost_us(REQUESTS, lambda: player.data_received(wanted))
    slots = [each for stream in bench.channel.streams.values() for each in stream._slots]
    stream = next(iter(bench.channel.streams.values()))
    bench.channel.add(chunk(bench.window.head + 1, bench.doors_open_ms), time.time() + 1.0)
    begun, writes = time.process_time(), bench.worker.counters.writes
    for slot in slots:
        stream._fire(slot)
    found["a write"] = (time.process_time() - begun) / (bench.worker.counters.writes - writes) * 1e6
    bench.worker.addresses.second()
    found["a row"] = cost_us(1, lambda: encode(bench.seconds.row() or exit_without()))
    found["a count"] = cost_us(REQUESTS, lambda: count(bench.worker, 200)) - cost_us(
        REQUESTS, lambda: none(bench.worker, 200)
    )
    found["a play"] = play_us(bench, 0)
    counted = bench.site.played._plays._counted
    for device in range(plays.EXACT):
        counted.add(device * 0x9E3779B97F4A7C15 & (1 << 64) - 1)
    found[PLAY_OF_MANY] = play_us(bench, 1)
    agents = iter([f"{AGENT} {number}" for number in range(AGENTS)])
    found["a new agent"] = cost_us(AGENTS, lambda: is_robot(next(agents)))
    robots._is_robot.cache_clear()
    bench.channel.close()
    found["all looks at a stream"] = looks_us()
    return found


def play_us(bench: Bench, network: int) -> float:
    """Of a recording, by devices that nobody has seen: all segments of a play."""
    came, segment = [bench.come() for _ in range(JOINS)], range(plays.SEGMENTS)
    for number, each in enumerate(came):
        each.client = f"192.0.{2 + network}.{number}"  # a device of its own
    head = RequestParser(heads=bench.worker.heads).feed(asked("/s/bench/replay/aac-64/1.m4s"))[0]
    pairs = iter([each for each in came for _ in segment])
    return len(segment) * cost_us(len(came) * len(segment), lambda: sent(bench, next(pairs), head))


def looks_us() -> float:
    """What it costs to look whether a listener takes its sound, from its beginning to the last look."""
    bench = Bench()
    server = socket.create_server(("127.0.0.1", 0), backlog=LOOKED_AT)
    lines = [socket.create_connection(server.getsockname()) for _ in range(LOOKED_AT)]
    ends = [server.accept()[0] for _ in lines]
    for line in lines:
        bench.join(line)
    taking, now = bench.worker.taking, bench.worker.now
    begun = time.process_time()
    for look_s in LOOKS_S:
        now += look_s + TOGETHER_S
        taking.look(now)
    spent = time.process_time() - begun
    bench.channel.close()
    for each in (server, *lines, *ends):
        each.close()
    return spent / LOOKED_AT * 1e6


def sent(bench: Bench, connection: Connection, request: Request) -> None:
    """The next segment of a recording has gone out to a listener."""
    bench.segment = (bench.segment + 1) % plays.SEGMENTS
    bench.site.played.sent("bench", bench.segment, request, connection)


def count(worker: Worker, status: int) -> None:
    """What a reply adds."""
    worker.replies[status // 100] += 1


def none(worker: Worker, status: int) -> None:
    """The same call, without."""


def exit_without() -> Any:
    raise SystemExit("The edge has made no row.")


def one_round(least: dict[bool, dict[str, float]]) -> None:
    """With the collection and without."""
    for collects in (True, False):
        with nullcontext() if collects else without():
            found = measure()
        for name, cost in found.items():
            least[collects][name] = min(cost, least[collects].get(name, cost))


async def main() -> None:
    """Prints a line for each thing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, help="a file of JSON for the result, too")
    options = parser.parse_args()
    least: dict[bool, dict[str, float]] = {True: {}, False: {}}
    whole: dict[str, Any] = {}
    with watched(whole):
        for _ in range(options.rounds):
            one_round(least)
    least[True][JOIN] = least[True]["a join"] + least[True]["all looks at a stream"]
    least[False][JOIN] = least[False]["a join"] + least[False]["all looks at a stream"]
    for name, cost in least[True].items():
        bare = least[False][name]
        beside = "" if name in ALONE else f"{bare:9.2f} µs without, {cost - bare:+6.2f} µs, {cost / bare:5.3f} of it"
        print(f"{name:26} {cost:9.2f} µs {beside} {state(whole)}")
    if options.out:
        told = {name: {"with_us": cost, "without_us": least[False][name]} for name, cost in least[True].items()}
        options.out.write_text(json.dumps(head() | whole | {"rounds": options.rounds, "costs": told}, indent=1) + "\n")


if __name__ == "__main__":
    uvloop.run(main())
