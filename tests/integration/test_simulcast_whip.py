"""What a server gets by WHIP: over real HTTP and WebRTC to GStreamer's."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from aiortc.rtp import RTCP_PSFB_FIR, RtcpPsfbPacket

from stentor.client.impairment import BadNetwork, Impairment
from stentor.courier.simulcast.destination import Destination
from stentor.courier.simulcast.video import KEY_EVERY, KEY_PAUSE, RATE
from stentor.courier.simulcast.whip import WhipLine
from stentor.spaces.simulcast import DestinationState
from stentor.wire import ingest
from stentor.wire.forwarded import Networks
from tests.integration.test_simulcast_lines import HERE, Show, met, showing, stands
from tests.support.certificates import Authority
from tests.support.federated import until
from tests.support.receivers import Recorded, tls_front, whip_server
from tests.support.wait import PATIENCE_S, eventually

TOKEN = "the-token"
THIS_MACHINE: Networks = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""WebRTC goes by the machine's own address, which is a private one."""


def publish(
    port: int, *, scheme: str = "http", path: str = "live", token: str = TOKEN, **fields: Any
) -> Callable[[], WhipLine]:
    where = ingest.address(f"{scheme}://localhost:{port}/{path}", token, "")
    return lambda: WhipLine(where, **({"allowed": THIS_MACHINE} | fields))


def opus(file: Path) -> list[bytes]:
    """The packets of the sound."""
    with av.open(str(file)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def sent(show: Show) -> list[bytes]:
    return [frame for chunk in range(120) for frame in show.loop.chunk_frames(chunk)["opus-24"]]


async def test_who_may_not_get_it_gets_nothing(tmp_path: Path) -> None:
    """A wrong token, a certificate that nobody vouches for, an address of the inner network, also one that stands in
    the answer alone, a path with no stream, a server that speaks no WHIP: each is told apart."""
    authority = Authority(tmp_path)

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, said = ("200 OK", "Hello") if head.startswith("POST /live") else ("403 Forbidden", f"No, {TOKEN}!")
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: {len(said)}\r\nContent-Type: text/plain\r\n"
            f"Connection: close\r\n\r\n{said}".encode()
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(other, "127.0.0.1", 0)
    async with (
        whip_server(tmp_path / "there", TOKEN) as (port, _),
        tls_front(port, authority.tls().context) as secure,
        showing() as show,
    ):
        plain = server.sockets[0].getsockname()[1]
        cases = [
            ("bad-key", show.add(publish(port, token="another"))),
            ("tls", show.add(publish(secure, scheme="https"))),
            ("refused-address", show.add(publish(port, allowed=()))),
            ("refused-address", show.add(publish(port, allowed=HERE))),
            ("no-stream", show.add(publish(port, path="nothing"))),
            ("no-whip", show.add(publish(plain))),
            ("bad-key", show.add(publish(plain, path="echo"), TOKEN)),
        ]
        for trouble, one in cases:
            await met(one, trouble)
        assert cases[-1][1].seen.words == "403 No, …!"  # what a server repeats is not shown (restreamer #107)
    server.close()


@pytest.mark.realtime
async def test_servers_get_picture_and_sound_however_the_line_is(tmp_path: Path) -> None:
    """One over TLS, whose endpoint sends on to another: packets of Opus in their order, and pictures that play; its
    session, which has a relative address (mediamtx #3177), is ended there at the end; asked for a picture that stands
    alone, it gets one soon, and no more than one a second however often it asks. The other loses a third of all
    packets: it gets the sound alone, and pictures again afterwards; an empty datagram of a stranger ends nothing. It is
    killed, which is noticed by its silence, and is there again."""
    authority, folder, lines = Authority(tmp_path), tmp_path / "good", list[WhipLine]()
    async with (
        whip_server(folder, TOKEN) as (good_port, process),
        tls_front(good_port, authority.tls().context) as secure,
        showing() as show,
    ):
        good = show.add(
            publish(secure, scheme="https", path="sent-on", tls=authority.trust(), want_key=show.encoder.want_key)
        )
        async with whip_server(tmp_path / "bad", TOKEN) as (port, _):

            def bad() -> WhipLine:
                lines.append(publish(port, silent_s=8.0)())
                return lines[-1]

            one = show.add(bad)
            await stands(good, DestinationState.LIVE)
            await stands(one, DestinationState.LIVE)
            await loses_and_finds_again(one, lines[0])
            await asks_for_pictures(show, f"http://127.0.0.1:{good_port}/sessions/session-0")
        await met(one, "closed")
        async with whip_server(tmp_path / "back", TOKEN, port):
            await stands(one, DestinationState.LIVE)
            assert one.seen.times == 2
        assert (good.seen.state, good.seen.times) == (DestinationState.LIVE, 1)
        await show.close()
        assert process.stdout is not None
        assert await process.stdout.readline() == b"begun session-0\n"
        assert await process.stdout.readline() == b"ended session-0\n"
    file = folder / "session-0.mkv"
    found = Recorded(file)
    assert found.codecs == {"video": "h264 1280", "audio": "opus"}
    assert found.picture is not None
    assert found.picture.std() > 10
    between = [later - earlier for earlier, later in pairwise(key_times(file))]
    assert min(between) < KEY_EVERY / RATE - 0.05, "what was asked for has arrived"
    packets, left = opus(file), iter(sent(show))
    assert len(packets) > 50
    skipped = [sum(1 for _ in iter(lambda each=each: next(left) == each, True)) for each in packets]  # type: ignore[misc]
    assert sum(skipped[1:]) <= len(packets) / 20  # none is asked for anew that was lost for long


def key_times(file: Path) -> list[float]:
    """When pictures stand alone, in seconds."""
    with av.open(str(file)) as container:
        return [
            float((each.pts or 0) * each.time_base)
            for each in container.demux(video=0)
            if each.is_keyframe and each.size
        ]


async def asks_for_pictures(show: Show, session: str) -> None:
    """As a decoder that has lost one: first once, then again and again."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S, headers=headers) as client:
        before = len(show.keys)

        async def ask() -> bool | None:
            assert (await client.post(session)).status_code == 202
            gaps = [later - earlier for earlier, later in pairwise(show.keys[before - 1 :])]
            return sum(1 for each in gaps if each < KEY_EVERY) >= 3 or None

        await until(ask, "pictures that stand alone come when they are asked for")
    assert min(later - earlier for earlier, later in pairwise(show.keys)) >= KEY_PAUSE


async def loses_and_finds_again(one: Destination, line: WhipLine) -> None:
    """Makes its line bad, and good again."""
    assert line._peer is not None
    whole_picture = RtcpPsfbPacket(RTCP_PSFB_FIR, 1, 0)
    assert line._peer.getSenders()[1] in line._peer.getSenders()[1].transport._rtp_router.route_rtcp(whole_picture)
    transport = line._peer.getSenders()[0].transport
    for open_to_all in transport.transport._connection.local_candidates:
        family = socket.AF_INET6 if ":" in open_to_all.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"", (open_to_all.host, open_to_all.port))
    whole, network = transport._send_rtp, BadNetwork(transport, Impairment(loss=0.35))
    await eventually(lambda: line.late and one.seen.dropped > 5, "it gets no pictures")
    assert network.lost
    transport._send_rtp = whole  # type: ignore[method-assign]
    await eventually(lambda: not line.late, "it is good again")
    await eventually(lambda: not one._backlog._no_pictures, "it gets pictures again")
    assert one.seen.times == 1
