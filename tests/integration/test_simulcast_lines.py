"""What destinations of a simulcast get, over real lines to real servers: nginx's RTMP module, TLS, Icecast."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network
from pathlib import Path

import httpx
import numpy as np

from stentor.audio import music
from stentor.base import grid
from stentor.courier.simulcast.destination import Destination
from stentor.courier.simulcast.line import DestinationLine, IcecastLine, RtmpLine, Sent
from stentor.courier.simulcast.picture import ScenePicture
from stentor.courier.simulcast.scene import Scene, SceneFace, SceneHeader
from stentor.courier.simulcast.video import RATE, VideoEncoder
from stentor.courier.simulcast.words import SentDestination
from stentor.spaces.model import State
from stentor.spaces.simulcast import DestinationKind, DestinationSecret, DestinationState
from stentor.wire import adts, icecast, rtmp
from stentor.wire.forwarded import Networks
from tests.support.certificates import Authority
from tests.support.ports import free_ports
from tests.support.receivers import PASSWORD, Recorded, icecast_server, rtmp_server, tls_front
from tests.support.wait import PATIENCE_S, eventually

HERE: Networks = (ip_network("127.0.0.0/8"),)
SCENE = Scene(
    SceneHeader("Example", "A talk", State.LIVE), (SceneFace("a", "Ada", talking=True, muted=False, host=True),),
    ("Hello.",), ("talk.example.org", 0),
)  # fmt: skip
KEY = "the-key"


class Show:
    """A picture that stands and the hold music, to destinations, ten times a second."""

    def __init__(self, *, noisy: bool = False) -> None:
        self._noise = np.random.default_rng(1) if noisy else None
        self.destinations: list[Destination] = []
        self.encoder, self.loop = VideoEncoder(), music.default_loop()
        self.keys: list[int] = []
        """Which pictures stood alone."""
        self._picture = ScenePicture("#e2a03f", {State.LIVE: "LIVE"})
        self._picture.draw(SCENE)
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, line: Callable[[], DestinationLine], secret: str = KEY) -> Destination:
        told = SentDestination(1, DestinationKind.RTMP, "", DestinationSecret(secret))
        made = Destination(told, line, clock_ms=lambda: round(time.time() * 1000), pause=0.1)
        self.destinations.append(made)
        self._tasks.append(asyncio.create_task(made.run()))
        return made

    async def run(self) -> None:
        began, chunk, number, encoded = time.monotonic(), 0, 0, 0
        while True:
            while chunk * grid.CHUNK_S <= time.monotonic() - began:
                frames = self.loop.chunk_frames(chunk)
                self._put(Sent(chunk * grid.CHUNK_MS, frames["aac-64"], frames["opus-24"]))
                chunk += 1
            planes = self._picture.planes
            if self._noise is not None:
                planes[400:560, :320] = self._noise.integers(0, 255, (160, 320), dtype=np.uint8)
            picture = self.encoder.encode(planes)
            self.keys += [encoded] if picture.key else []
            encoded += 1
            self._put(Sent(number * 1000 // RATE, [], [], picture))
            number = max(number + 1, int((time.monotonic() - began) * RATE))
            await asyncio.sleep(began + number / RATE - time.monotonic())

    def _put(self, sent: Sent) -> None:
        for each in self.destinations:
            each.put(sent)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)


@asynccontextmanager
async def showing(*, noisy: bool = False) -> AsyncIterator[Show]:
    """A show, while it lasts."""
    show = Show(noisy=noisy)
    task = asyncio.create_task(show.run())
    try:
        yield show
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await show.close()


def line(
    port: int, *, scheme: str = "rtmp", app: str = "live", key: str = KEY, **fields: object
) -> Callable[[], DestinationLine]:
    where = rtmp.address(f"{scheme}://localhost:{port}/{app}", key)
    return lambda: RtmpLine(where, **({"allowed": HERE} | fields))  # type: ignore[arg-type]


async def stands(one: Destination, state: DestinationState, trouble: str = "") -> None:
    await eventually(
        lambda: (one.seen.state, one.seen.trouble) == (state, trouble),
        f"{state} {trouble}, not {one.seen}",
    )


async def met(one: Destination, trouble: str) -> None:
    await eventually(lambda: one.seen.trouble == trouble, f"{trouble}, not {one.seen}")


async def test_a_server_gets_picture_and_sound(tmp_path: Path) -> None:
    """Plain and over TLS; what was recorded there plays: H.264 of 1280 and AAC, as long as it lasted, as it looked."""
    authority = Authority(tmp_path)
    async with (
        rtmp_server(tmp_path / "a") as port,
        tls_front(port, authority.tls().context) as secure,
        showing() as show,
    ):
        plain = show.add(line(port))
        sealed = show.add(line(secure, scheme="rtmps", key="sealed", tls=authority.trust()))
        await stands(plain, DestinationState.LIVE)
        await stands(sealed, DestinationState.LIVE)
        await asyncio.sleep(4.0)
        assert plain.seen.dropped == 0
        await show.close()
        await asyncio.sleep(0.3)
        for key in (KEY, "sealed"):
            found = Recorded(tmp_path / "a" / f"{key}.flv")
            assert found.codecs == {"video": "h264 1280", "audio": "aac"}
            assert min(found.seconds.values()) > 2.5
            assert np.sqrt(np.mean(found.sound**2)) > 0.005
            assert found.picture is not None
            assert found.picture.std() > 10  # neither black nor grey


async def test_who_may_not_get_it_gets_nothing(tmp_path: Path) -> None:
    """A certificate that nobody vouches for, or that is another host's, an address of the inner network, a server that
    refuses, one that is none, and nobody: each is told apart, and no key was sent in the clear."""
    (tmp_path / "elsewhere").mkdir()
    authority, other_host = Authority(tmp_path), Authority(tmp_path / "elsewhere", ["other.example"])
    heard = bytearray()

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(4096))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(4000))
        await writer.drain()
        writer.close()

    (nobody,) = free_ports(1)
    server = await asyncio.start_server(other, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        rtmp_server(tmp_path / "a") as real,
        tls_front(real, authority.tls().context) as secure,
        tls_front(real, other_host.tls().context) as misnamed,
        showing() as show,
    ):
        cases = [
            ("tls", show.add(line(secure, scheme="rtmps"))),
            ("tls", show.add(line(misnamed, scheme="rtmps", tls=other_host.trust()))),
            ("refused-address", show.add(line(real, allowed=()))),
            ("hung-up", show.add(line(real, app="nothing"))),
            ("no-rtmp", show.add(line(port))),
            ("not-reached", show.add(line(nobody))),
        ]
        for trouble, one in cases:
            await met(one, trouble)
    server.close()
    assert KEY.encode() not in heard
    assert not list((tmp_path / "a").glob("*.flv"))


async def test_a_server_that_dies_is_found_again_and_another_does_not_notice(tmp_path: Path) -> None:
    """It is connected anew by itself; meanwhile the other one gets everything."""
    async with showing() as show, rtmp_server(tmp_path / "b") as steady:
        other = show.add(line(steady))
        async with rtmp_server(tmp_path / "a") as port:
            one = show.add(line(port))
            await stands(one, DestinationState.LIVE)
            await stands(other, DestinationState.LIVE)
        await eventually(lambda: one.seen.state is not DestinationState.LIVE, "the loss is seen")
        async with rtmp_server(tmp_path / "c", port):
            await stands(one, DestinationState.LIVE)
            assert one.seen.times == 2
        assert (other.seen.times, other.seen.dropped) == (1, 0)


async def test_a_slow_line_loses_pictures_and_no_sound(tmp_path: Path) -> None:
    """One that takes 40 kB a second of a noisy picture: pictures are left out, every frame of AAC arrives."""

    over, ended = asyncio.Event(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

        async def back() -> None:
            while data := await inner_reader.read(65536):
                writer.write(data)

        task = asyncio.create_task(back())
        with suppress(OSError):
            while data := await reader.read(4000):
                inner_writer.write(data)
                await asyncio.sleep(0 if over.is_set() else 0.1)
        task.cancel()
        for each in (writer, inner_writer):
            each.close()
            with suppress(OSError):
                await each.wait_closed()
        ended.set()

    async with rtmp_server(tmp_path / "a") as port, showing(noisy=True) as show:
        narrow = socket.create_server(("127.0.0.1", 0))
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        server = await asyncio.start_server(slow, sock=narrow, limit=4096)
        one = show.add(line(narrow.getsockname()[1]))
        quick = show.add(line(port, key="quick"))
        await stands(one, DestinationState.LIVE)
        await asyncio.sleep(8.0)
        assert one.seen.dropped > 20
        assert one.seen.state is DestinationState.LIVE
        assert (quick.seen.state, quick.seen.dropped) == (DestinationState.LIVE, 0)
        over.set()
        await show.close()
        async with asyncio.timeout(PATIENCE_S):
            await ended.wait()
        server.close()
    found = Recorded(tmp_path / "a" / f"{KEY}.flv")
    assert found.seconds["audio"] > 3.0
    assert found.sound.size >= (found.seconds["audio"] - 0.1) * grid.SAMPLE_RATE_HZ  # none is missing in between


async def test_a_radio_server_gets_the_sound(tmp_path: Path) -> None:
    """Icecast, plain and over TLS: who listens there gets AAC at once; a wrong password is called that, and nothing is
    sent to one whose certificate nobody vouches for."""
    authority = Authority(tmp_path)
    async with (
        icecast_server() as port,
        tls_front(port, authority.tls().context) as secure,
        showing() as show,
    ):

        def radio(mount: str, password: str = PASSWORD, *, trusted: bool | None = None) -> Destination:
            """``trusted``: over TLS, and whether its authority is."""
            scheme, at = ("icecast", port) if trusted is None else ("icecasts", secure)
            where = icecast.address(f"{scheme}://localhost:{at}{mount}", password)
            tls = authority.trust() if trusted else None
            return show.add(lambda: IcecastLine(where, "A talk", allowed=HERE, tls=tls))

        both = [radio("/live.aac"), radio("/sealed.aac", trusted=True)]
        wrong, unknown = radio("/b.aac", "no"), radio("/c.aac", trusted=False)
        for one in both:
            await stands(one, DestinationState.LIVE)
        await met(wrong, "bad-key")
        await met(unknown, "tls")
        music_sent = b"".join(frame for chunk in range(60) for frame in show.loop.chunk_frames(chunk)["aac-64"])
        for mount in ("/live.aac", "/sealed.aac"):
            heard = b""
            async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client, client.stream(
                "GET", f"http://127.0.0.1:{port}{mount}", timeout=PATIENCE_S
            ) as answer:  # fmt: skip
                assert answer.headers["content-type"] == "audio/aac"
                async for data in answer.aiter_bytes():
                    heard += data
                    if len(heard) > 20_000:
                        break
            frames = adts.split(bytearray(heard[heard.index(b"\xff\xf1\x4c") :]))
            assert b"".join(frames) in music_sent, mount
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
            assert (await client.get(f"http://127.0.0.1:{port}/c.aac")).status_code == 404
