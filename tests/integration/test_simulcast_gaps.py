"""A line that stands for a while: what is heard at the other end afterwards is all of it. Over real lines to nginx's
RTMP module, also behind TLS, and to srt-live-transmit."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import av
import numpy as np
import pytest

from stentor.audio.encoder import ProgrammeEncoder
from stentor.base import grid
from stentor.base.rendition import BY_NAME
from stentor.courier.simulcast.destination import Destination
from stentor.courier.simulcast.srt import SrtLine
from stentor.spaces.simulcast import DestinationState
from stentor.wire import srt
from tests.integration.test_simulcast_lines import HERE, Show, line, showing, stands
from tests.support.certificates import Authority
from tests.support.receivers import Recorded, rtmp_server, srt_server, standing_udp, tls_front
from tests.support.sound import MATCHED, correlation, voice
from tests.support.wait import PATIENCE_S, eventually

STANDS_S = 35.0
"""Longer than a line is waited for that confirms nothing, and than what waits in it takes to be filled."""
SAME = 12
"""Frames that are found again only where they stand: a pause has more."""

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]


class Said:
    """What somebody says, in place of the hold music."""

    def __init__(self, seconds: float) -> None:
        once = np.concatenate([voice("reader"), voice("cards")])
        several = np.concatenate([once * gain for gain in (1.0, 0.8, 0.6, 0.5)])  # no frame is as another
        samples = several[: round(seconds * grid.SAMPLE_RATE_HZ)]
        assert samples.size == round(seconds * grid.SAMPLE_RATE_HZ)
        self.sound = samples[: samples.size // grid.CHUNK_SAMPLES * grid.CHUNK_SAMPLES]
        encoder = ProgrammeEncoder(BY_NAME["aac-64"])
        self.chunks = [encoder.encode(each) for each in np.split(self.sound, self.sound.size // grid.CHUNK_SAMPLES)]
        self.frames = [frame for chunk in self.chunks for frame in chunk]

    def chunk_frames(self, number: int) -> dict[str, list[bytes]]:
        return {"aac-64": self.chunks[number % len(self.chunks)], "opus-24": []}


def frames(file: Path) -> list[bytes]:
    """The sound of a file, without the heads of ADTS."""
    with av.open(str(file)) as container:
        found = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    return [each[7:] if each.startswith(b"\xff\xf1") else each for each in found]


def heard_until(got: Sequence[bytes], said: Sequence[bytes], begin: int | None = None) -> int:
    """Up to which frame of what was said all has come, in its order; what came twice does not count. Fails at a gap."""
    at = (
        begin
        if begin is not None
        else next(at for at in range(len(said)) if list(said[at : at + SAME]) == list(got[:SAME]))
    )
    furthest = at
    for number, frame in enumerate(got):
        if at >= len(said) or said[at] != frame:
            ahead = list(got[number : number + SAME])
            back = [each for each in range(max(0, at - 60), at) if list(said[each : each + len(ahead)]) == ahead]
            assert back, f"frame {at} is missing after {number} of {len(got)}"
            at = back[-1]
        at += 1
        furthest = max(furthest, at)
    return furthest


@asynccontextmanager
async def standing(port: int) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A line to a port (TCP) through which all goes while the event is set, and nothing else."""
    loop, flows, tasks = asyncio.get_running_loop(), asyncio.Event(), set[asyncio.Task[None]]()
    flows.set()

    async def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := await loop.sock_recv(source, 4096):
                await flows.wait()
                await loop.sock_sendall(sink, data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    async def carry(near: socket.socket) -> None:
        await flows.wait()
        far = socket.create_connection(("127.0.0.1", port))
        far.setblocking(False)
        await asyncio.gather(pump(near, far), pump(far, near))
        near.close()
        far.close()

    async def accept(server: socket.socket) -> None:
        while True:
            near, _ = await loop.sock_accept(server)
            tasks.add(asyncio.create_task(carry(near)))

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        server.setblocking(False)
        tasks.add(asyncio.create_task(accept(server)))
        yield server.getsockname()[1], flows
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def has_caught_up(one: Destination, most_ms: int) -> None:
    """It has got the part of the time in which its line stood."""
    for _ in range(400):
        if one.seen.state is DestinationState.LIVE and one.seen.behind_ms < most_ms:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"it does not get what it missed: {one.seen}")


async def ended(show: Show, one: Destination) -> None:
    """Nothing comes any more, and what is there is sent."""
    show.destinations.remove(one)
    await eventually(lambda: not one.owes, "all is confirmed", within_s=PATIENCE_S)


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps"])
async def test_a_line_that_stood_brings_all_the_sound(tmp_path: Path, scheme: str) -> None:
    """It is given up after a while and connected anew. Both parts that the server has written down make all that was
    said, without a gap; it gets pictures again. The other destination notices nothing."""
    authority, said, folder = Authority(tmp_path), Said(120.0), tmp_path / "a"
    async with (
        rtmp_server(folder, unique=True) as port,
        tls_front(port, authority.tls().context) as secure,
        standing(secure if scheme == "rtmps" else port) as (thin, flows),
        showing() as show,
    ):
        show.loop = said  # type: ignore[assignment]
        one = show.add(line(thin, scheme=scheme, tls=authority.trust()))
        other = show.add(line(port, key="other"))
        await stands(one, DestinationState.LIVE)
        await stands(other, DestinationState.LIVE)
        await asyncio.sleep(4.0)
        flows.clear()
        await asyncio.sleep(STANDS_S)
        assert other.seen.behind_ms < 1000
        flows.set()
        await eventually(
            lambda: one.seen.times == 2 and one.seen.state is DestinationState.LIVE, "it is back", within_s=PATIENCE_S
        )
        assert one.seen.lost_ms == 0
        await ended(show, one)
        assert (other.seen.state, other.seen.times, other.seen.dropped) == (DestinationState.LIVE, 1, 0)
        await show.close()
        await asyncio.sleep(0.3)
    first, then = sorted(folder.glob("the-key-*.flv"), key=lambda file: file.stat().st_mtime)
    until = heard_until(frames(first), said.frames)
    begin = next(at for at in range(until + 1) if said.frames[at : at + SAME] == frames(then)[:SAME])
    assert heard_until(frames(then), said.frames, begin) - until > (STANDS_S - 10) * grid.SAMPLE_RATE_HZ / 1024
    [whole] = folder.glob("other-*.flv")
    heard_until(frames(whole), said.frames)
    joined = np.concatenate([Recorded(first).sound, Recorded(then).sound])
    match = correlation(said.sound, joined)
    assert match.score >= MATCHED, match
    assert Recorded(then).pictures > 10


@pytest.mark.parametrize("stands_s", [3.0, 9.0])
async def test_a_call_that_stood_brings_all_the_sound(tmp_path: Path, stands_s: float) -> None:
    """By SRT: for less than five seconds the call goes on, else there is another. No frame is missing."""
    said, file = Said(60.0), tmp_path / "talk.ts"
    async with srt_server(file) as port, standing_udp(port) as (thin, flows), showing() as show:
        show.loop = said  # type: ignore[assignment]
        where = srt.address(f"srt://127.0.0.1:{thin}?latency=2000", "", "")
        one = show.add(lambda: SrtLine(where, allowed=HERE))
        await stands(one, DestinationState.LIVE)
        await asyncio.sleep(4.0)
        flows.clear()
        await asyncio.sleep(stands_s)
        flows.set()
        await eventually(lambda: one.seen.state is DestinationState.LIVE, "it is back", within_s=PATIENCE_S)
        await has_caught_up(one, 2000)
        assert one.seen.times == (1 if stands_s < 5 else 2)
        await ended(show, one)
        await show.close()
    got = frames(file)
    assert heard_until(got, said.frames) > (4 + stands_s) * grid.SAMPLE_RATE_HZ / 1024
