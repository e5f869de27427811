"""What a simulcast costs its process: ``python -m bench.simulcast [--seconds 20]``.

The feed of a space in which eight people are on the stage, somebody else talks every half a second and captions go on:
everything that is ever drawn. To no destination; to one and to five by RTMP and RTMPS (nginx), by SRT with a passphrase
(srt-live-transmit), by WHIP (GStreamer's WebRTC), and to a radio server (Icecast), plain and over TLS; and to one while
nothing changes. Kept is processor time of the process, with all its threads, as a part of one core; TLS of the servers
is another process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from bench.kept import head, keep
from stentor.audio import music
from stentor.base.clock import wall
from stentor.base.units import SeatId, SpaceId
from stentor.courier.simulcast.destination import Destination
from stentor.courier.simulcast.feed import Feed
from stentor.courier.simulcast.line import DestinationLine, IcecastLine, RtmpLine, Sent
from stentor.courier.simulcast.picture import ScenePicture
from stentor.courier.simulcast.srt import SrtLine
from stentor.courier.simulcast.whip import WhipLine
from stentor.courier.simulcast.words import SentDestination
from stentor.spaces import pulse
from stentor.spaces.model import Role, Space, State
from stentor.spaces.pulse import Pulse, PulseSeat
from stentor.spaces.simulcast import DestinationKind, DestinationSecret, DestinationState
from stentor.wire import icecast, ingest, rtmp, srt
from stentor.wire.chunk import Chunk
from stentor.wire.cue import Cue
from tests.support.certificates import Authority
from tests.support.receivers import PASSWORD, icecast_server, rtmp_server, srt_server, tls_front, whip_server

SEATS = 8
MANY: Final = 5
SETTLE_S: Final = 4.0
PASSPHRASE: Final = "a-long-passphrase"
ANY: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""WebRTC goes by the machine's own address."""
WORDS = "What is said here stands below the faces, two lines of it at a time, and goes on as the voice does. " * 3


def chunk(space: Space, number: int, frames: dict[str, list[bytes]], *, lively: bool) -> Chunk:
    """As the programme makes it; of lively ones every second has somebody else who talks."""
    talks = number // 2 % SEATS if lively else 0
    seats = [PulseSeat(f"s{n}", f"Person {n}", Role.SPEAKER, n == talks, False, -20) for n in range(SEATS)]
    told = Pulse(1, space.id, space.title, State.LIVE, number, 0, "stage", 10, seats)
    assert space.doors_open_ms is not None
    return Chunk(space.id, number, space.doors_open_ms, "stage", 0, 0, pulse.encode(told), frames)  # type: ignore[arg-type]


async def cost(lines: Sequence[Callable[[], DestinationLine]], seconds: float, *, lively: bool) -> dict[str, Any]:
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
    for number, line in enumerate(lines):
        told = SentDestination(number, DestinationKind.RTMP, "", DestinationSecret(""))
        made.append(Destination(told, line, clock_ms=lambda: round(time.time() * 1000)))
    tasks = [asyncio.create_task(each.run()) for each in made]
    for number in range(feed.start, feed.start + 120):
        feed.hear(chunk(space, number, loop.chunk_frames(number), lively=lively))
    for number in range(40 if lively else 0):
        start = round((time.time() - 6) * 1000) - doors_ms + number * 3000
        feed.read(Cue(space.id, doors_ms, start, start + 3000, SeatId("s1"), "P", WORDS[:300], "en", 0))
    task = asyncio.create_task(feed.run())
    await asyncio.sleep(SETTLE_S)
    began, drawn, at = time.process_time(), feed.cpu_drawn_s, time.monotonic()
    pixels, sent = picture.redrawn, [each.seen.sent_bytes for each in made]
    await asyncio.sleep(seconds)
    took = time.monotonic() - at
    found = {
        "core": round((time.process_time() - began) / took, 4),
        "drawing": round((feed.cpu_drawn_s - drawn) / took, 4),
        "pictures_redrawn_s": round((picture.redrawn - pixels) / took / (1280 * 720), 3),
        "kB_s": [round((each.seen.sent_bytes - had) / 1000 / took, 1) for each, had in zip(made, sent, strict=True)],
        "live": [each.seen.state for each in made].count(DestinationState.LIVE),
        "dropped": sum(each.seen.dropped for each in made),
        "filled": feed.filled,
    }
    for each in (task, *tasks):
        each.cancel()
    await asyncio.wait([task, *tasks])
    return found


async def front(port: int, chain: Path) -> None:
    """TLS in front of a port, until standard input ends; says its own."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, chain.with_name("key.pem"))
    async with tls_front(port, context) as own:
        print(own, flush=True)
        await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def fronted(port: int, authority: Authority) -> AsyncIterator[int]:
    """:func:`front` in a process of its own; yields its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.simulcast", "--front", str(port), str(authority.chain),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def receivers(folder: Path) -> AsyncIterator[dict[str, Sequence[Callable[[], DestinationLine]]]]:
    """Real servers, and lines to them: of each kind as many as there are destinations at most in a run."""
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(rtmp_server(folder / "rtmp"))
        authority = Authority(folder)
        sealed = await stack.enter_async_context(fronted(port, authority))
        radio = await stack.enter_async_context(icecast_server())
        sealed_radio = await stack.enter_async_context(fronted(radio, authority))
        mounts = {
            kind: [icecast.address(f"{kind}://localhost:{at}/{kind}{number}.aac", PASSWORD) for number in range(MANY)]
            for kind, at in (("icecast", radio), ("icecasts", sealed_radio))
        }
        keys = [f"key{number}" for number in range(MANY)]
        tls = authority.trust()
        ports = [
            await stack.enter_async_context(srt_server(folder / f"{number}.ts", passphrase=PASSPHRASE))
            for number in range(MANY)
        ]
        calls = [srt.address(f"srt://127.0.0.1:{each}", "", PASSPHRASE) for each in ports]
        whip_port, _ = await stack.enter_async_context(whip_server(folder / "whip", "token"))
        endpoint = ingest.address(f"http://127.0.0.1:{whip_port}/live", "token", "")
        yield {
            "rtmp": [
                partial(RtmpLine, rtmp.address(f"rtmp://localhost:{port}/live", key), allowed=ANY) for key in keys
            ],
            "rtmps": [
                partial(RtmpLine, rtmp.address(f"rtmps://localhost:{sealed}/live", key), allowed=ANY, tls=tls)
                for key in keys
            ],
            "srt": [partial(SrtLine, each, allowed=ANY) for each in calls],
            "whip": [partial(WhipLine, endpoint, allowed=ANY)] * MANY,
            **{
                kind: [partial(IcecastLine, each, "A talk", allowed=ANY, tls=tls) for each in found]
                for kind, found in mounts.items()
            },
        }


async def measure(seconds: float) -> dict[str, Any]:
    """All runs."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as made:
        async with receivers(Path(made)) as lines:
            runs = [("none", "rtmp", 0), *((f"{kind} {count}", kind, count) for kind in lines for count in (1, MANY))]
            for name, kind, count in runs:
                found[name] = await cost(lines[kind][:count], seconds, lively=True)
                print(f"{name}: {json.dumps(found[name])}", flush=True)
            found["still"] = await cost(lines["rtmp"][:1], seconds, lively=False)
            print(f"still: {json.dumps(found['still'])}", flush=True)
    for kind in lines:
        more = (found[f"{kind} {MANY}"]["core"] - found[f"{kind} 1"]["core"]) / (MANY - 1)
        found[f"a destination by {kind}"] = round(more, 4)
        print(f"a destination more by {kind}: {more:.2%} of a core")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--front", nargs=2, metavar=("PORT", "CHAIN"), help="be TLS in front of a port")
    given = parser.parse_args()
    if given.front:
        asyncio.run(front(int(given.front[0]), Path(given.front[1])))
        return
    print(keep("simulcast", head() | asyncio.run(measure(given.seconds))))


if __name__ == "__main__":
    main()
