"""What a server gets by SRT, over real lines to srt-live-transmit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from stentor.courier.simulcast.line import DestinationLine, LineBroken
from stentor.courier.simulcast.srt import SrtLine
from stentor.courier.simulcast.video import KEY_EVERY, RATE
from stentor.spaces.simulcast import DestinationState
from stentor.wire import adts, srt
from stentor.wire.forwarded import Networks
from tests.integration.test_simulcast_lines import HERE, Show, met, showing, stands
from tests.support.ports import free_ports
from tests.support.receivers import Recorded, narrow, srt_server
from tests.support.srt_listener import refusing
from tests.support.wait import eventually

PASSPHRASE = "a-long-passphrase"


def call(port: int, passphrase: str = "", allowed: Networks = HERE) -> Callable[[], DestinationLine]:
    where = srt.address(f"srt://127.0.0.1:{port}?latency=2000", "#!::r=talk,m=publish", passphrase)
    return lambda: SrtLine(where, allowed=allowed)


def frames(file: Path) -> bytes:
    """The sound of a transport stream."""
    with av.open(str(file)) as container:
        return b"".join(bytes(packet) for packet in container.demux(audio=0))


def music(show: Show) -> bytes:
    """What a show has sent, in every turn of the loop."""
    return adts.pack(frame for chunk in range(120) for frame in show.loop.chunk_frames(chunk)["aac-64"])


async def test_a_server_gets_picture_and_sound(tmp_path: Path) -> None:
    """In the clear and encrypted; every byte arrives, also the last ones, every frame of the sound is in it, and it
    plays. Who has a wrong passphrase, or
    none, is told that, and so is who calls nobody or an address of the inner network."""
    (nobody,) = free_ports(1)
    plain, sealed = tmp_path / "plain.ts", tmp_path / "sealed.ts"
    async with (
        srt_server(plain) as port,
        srt_server(sealed, passphrase=PASSPHRASE) as secret,
        showing() as show,
    ):
        late = show.add(call(nobody))
        for one in (show.add(call(secret, "another-passphrase")), show.add(call(secret))):
            await met(one, "bad-passphrase")  # before it takes another's call: it takes one at a time
        await met(show.add(call(port, allowed=())), "refused-address")
        both = [show.add(call(port)), show.add(call(secret, PASSPHRASE))]
        for one in both:
            await stands(one, DestinationState.LIVE)
        await met(late, "not-reached")
        await eventually(lambda: all(one.seen.sent_bytes > 40_000 for one in both), "something was sent")
        await show.close()
    for one, file in zip(both, (plain, sealed), strict=True):
        assert file.stat().st_size == one.seen.sent_bytes  # also what was sent last
        found = Recorded(file)
        assert found.codecs == {"video": "h264 1280", "audio": "aac"}
        assert found.picture is not None
        assert found.picture.std() > 10
        assert len(sound := frames(file)) > 10_000
        assert sound in music(show)


async def test_a_server_says_why_it_refuses() -> None:
    """It is asked for the stream whole, and its reasons are told apart."""
    (port,) = free_ports(1)
    reasons = {1401: "bad-key", 1404: "no-stream", 1407: "in-use", 1503: "refused"}
    with refusing(port, [*reasons]) as streams:
        for reason, trouble in reasons.items():
            with pytest.raises(LineBroken) as caught:
                await call(port)().open()
            assert caught.value.error_code == trouble, reason
    assert streams[: len(reasons)] == ["#!::r=talk,m=publish"] * len(reasons)
    assert "1503" in caught.value.said


async def test_a_dead_server_is_called_again_and_a_slow_line_loses_pictures(tmp_path: Path) -> None:
    """One is killed and is back: its times begin anew, and a server that goes on with the file finds none that goes
    back, nor one of before (RootEncoder #2048, strom #813). The other takes 60 kB a second of a noisy picture: pictures
    are left out, every frame of AAC arrives."""
    first, then, file = tmp_path / "first.ts", tmp_path / "then.ts", tmp_path / "slow.ts"
    async with srt_server(file) as thick, narrow(thick, 60_000) as thin, showing(noisy=True) as show:
        slow = show.add(call(thin))
        async with srt_server(first, cut=True) as port:
            one = show.add(call(port))
            await stands(one, DestinationState.LIVE)
            await stands(slow, DestinationState.LIVE)
        await eventually(lambda: one.seen.state is not DestinationState.LIVE, "the loss is seen")
        async with srt_server(then, port=port):
            await stands(one, DestinationState.LIVE)
            await eventually(lambda: then.exists() and then.stat().st_size > 50_000, "it goes on")
        await eventually(lambda: slow.seen.dropped > 20, "pictures are left out")
        assert one.seen.times == 2
        assert (slow.seen.state, slow.seen.times) == (DestinationState.LIVE, 1)
        await show.close()
    assert len(sound := frames(file)) > 10_000
    assert sound in music(show)
    with av.open(str(then)) as container:
        times = [(each.stream.type, float(each.pts * each.time_base)) for each in container.demux() if each.pts]
    for kind in ("audio", "video"):
        own = [at for each, at in times if each == kind]
        assert own == sorted(own)
        assert own[0] < 1.0 + KEY_EVERY / RATE  # sound at once, pictures from one on that stands alone
