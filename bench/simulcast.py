"""What a simulcast costs its process: ``python -m bench.simulcast [--seconds 20]``.

The feed of a space in which eight people are on the stage, somebody else talks every half a second and captions go on:
everything that is ever drawn. To no destination, to one and to five, each an RTMP line to nginx; and to one while
nothing changes. Kept is processor time as a part of one core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from bench.kept import head, keep
from stentor.audio import music
from stentor.base.clock import wall
from stentor.base.units import SeatId, SpaceId
from stentor.courier.simulcast.destination import Destination, Sent
from stentor.courier.simulcast.feed import Feed
from stentor.courier.simulcast.line import RtmpLine
from stentor.courier.simulcast.picture import ScenePicture
from stentor.courier.simulcast.words import SentDestination
from stentor.spaces import pulse
from stentor.spaces.model import Role, Space, State
from stentor.spaces.pulse import Pulse, PulseSeat
from stentor.spaces.simulcast import DestinationKind, DestinationSecret
from stentor.wire import rtmp
from stentor.wire.chunk import Chunk
from stentor.wire.cue import Cue
from tests.support.receivers import rtmp_server

SEATS = 8
WORDS = "What is said here stands below the faces, two lines of it at a time, and goes on as the voice does. " * 3


def chunk(space: Space, number: int, frames: dict[str, list[bytes]], *, lively: bool) -> Chunk:
    """As the programme makes it; of lively ones every second has somebody else who talks."""
    talks = number // 2 % SEATS if lively else 0
    seats = [PulseSeat(f"s{n}", f"Person {n}", Role.SPEAKER, n == talks, False, -20) for n in range(SEATS)]
    told = Pulse(1, space.id, space.title, State.LIVE, number, 0, "stage", 10, seats)
    assert space.doors_open_ms is not None
    return Chunk(space.id, number, space.doors_open_ms, "stage", 0, 0, pulse.encode(told), frames)  # type: ignore[arg-type]


async def cost(port: int, destinations: int, seconds: float, *, lively: bool) -> dict[str, Any]:
    """Of one run."""
    doors_ms = round((time.time() - 60) * 1000)
    space = Space(SpaceId("talk"), "A talk of many about what it costs", State.LIVE, doors_open_ms=doors_ms)
    loop, picture = music.default_loop(), ScenePicture("#e2a03f", {State.LIVE: "LIVE"})
    made: list[Destination] = []

    def emit(sent: Sent) -> None:
        for each in made:
            each.put(sent)

    feed = Feed(
        space, loop, picture, emit,
        clock=wall, site="Example", address="talk.example.org/s/talk",
    )  # fmt: skip
    for number in range(destinations):
        where = rtmp.address(f"rtmp://localhost:{port}/live", f"key{number}")
        told = SentDestination(number, DestinationKind.RTMP, "", DestinationSecret(""))
        made.append(Destination(told, lambda where=where: RtmpLine(where, allowed=(ip_network("127.0.0.0/8"),)),  # type: ignore[misc]
                                clock_ms=lambda: round(time.time() * 1000)))  # fmt: skip
    tasks = [asyncio.create_task(each.run()) for each in made]
    for number in range(feed.start, feed.start + 120):
        feed.hear(chunk(space, number, loop.chunk_frames(number), lively=lively))
    for number in range(40 if lively else 0):
        start = round((time.time() - 6) * 1000) - doors_ms + number * 3000
        feed.read(Cue(space.id, doors_ms, start, start + 3000, SeatId("s1"), "P", WORDS[:300], "en", 0))
    task = asyncio.create_task(feed.run())
    await asyncio.sleep(2.0)
    began, drawn, at = time.process_time(), feed.cpu_drawn_s, time.monotonic()
    pixels = picture.redrawn
    await asyncio.sleep(seconds)
    took = time.monotonic() - at
    found = {
        "core": round((time.process_time() - began) / took, 4),
        "drawing": round((feed.cpu_drawn_s - drawn) / took, 4),
        "pictures_redrawn_s": round((picture.redrawn - pixels) / took / (1280 * 720), 3),
        "kB_s": [round(each.seen.sent_bytes / 1000 / (took + 2), 1) for each in made],
        "dropped": sum(each.seen.dropped for each in made),
        "filled": feed.filled,
    }
    for each in (task, *tasks):
        each.cancel()
    await asyncio.wait([task, *tasks])
    return found


async def measure(seconds: float) -> dict[str, Any]:
    """All runs."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with rtmp_server(Path(folder, "rtmp")) as port:
            for name, count, lively in (("none", 0, True), ("one", 1, True), ("five", 5, True), ("still", 1, False)):
                found[name] = await cost(port, count, seconds, lively=lively)
                print(f"{name}: {json.dumps(found[name])}", flush=True)
    found["a destination"] = round((found["five"]["core"] - found["one"]["core"]) / 4, 4)
    print(f"a destination more: {found['a destination']:.2%} of a core")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    print(keep("simulcast", head() | asyncio.run(measure(given.seconds))))


if __name__ == "__main__":
    main()
