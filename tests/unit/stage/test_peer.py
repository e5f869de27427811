"""One connection, against aiortc's own peer connection at the other end."""

import asyncio
import importlib.metadata
import os
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest

from stentor.audio.pcm import Samples
from stentor.base.errors import BadInput, Conflict, NotSupported
from stentor.stage import offer as sdp
from stentor.stage import rtp
from stentor.stage.ice import Ice, IceSettings, guard_datagrams
from stentor.stage.peer import DtlsCertificate, Peer, PeerState
from tests.support.caller import Caller, calling, spoken
from tests.support.wait import PATIENCE_S, eventually, patiently

TONE: Samples = (0.2 * np.sin(2 * np.pi * 250 * np.arange(48_000) / 48_000)).astype(np.float32)
PACKETS = spoken(TONE)


class Talk:
    """A peer, the caller at its other end, and the packets that arrived."""

    def __init__(self, caller: Caller, offer: str, certificate: DtlsCertificate) -> None:
        self.caller = caller
        self.packets: list[rtp.Packet] = []
        self.peer = Peer(
            sdp.read(offer),
            ice=IceSettings(),
            certificate=certificate.get(),
            on_packet=lambda packet, _: self.packets.append(packet),
        )


@asynccontextmanager
async def talking(*, listens: bool = True) -> AsyncIterator[Talk]:
    async with calling(PACKETS, listens=listens) as caller:
        talk = Talk(caller, await caller.offer(), DtlsCertificate())
        answer = await talk.peer.answer()
        task = asyncio.create_task(talk.peer.run())
        try:
            await caller.take(answer)
            await eventually(lambda: talk.peer.state is PeerState.CONNECTED, "connected")
            yield talk
        finally:
            await talk.peer.close()
            await asyncio.wait_for(task, PATIENCE_S)


def test_the_adapter_was_written_for_this_aiortc() -> None:
    """`_Dtls` overrides what aiortc calls for itself: look at rtcdtlstransport.py before another version is let in."""
    assert importlib.metadata.version("aiortc").startswith("1.16.")


async def test_packets_arrive_as_they_were_sent_and_the_mix_goes_back() -> None:
    """Opus both ways, untouched, with what is needed to put it in order."""
    async with talking() as talk:
        await eventually(lambda: len(talk.packets) > 60, "a second arrived")
        assert {packet.payload for packet in talk.packets[:50]} <= set(PACKETS)
        first = talk.packets[0]
        assert [packet.sequence - first.sequence for packet in talk.packets[:50]] == list(range(50))
        for tick, packet in enumerate(PACKETS):
            await talk.peer.send(packet, tick)
            await asyncio.sleep(0)
        await eventually(lambda: talk.caller.heard.size >= 48_000, "the mix came back")
        assert np.abs(talk.caller.heard[24_000:]).max() == pytest.approx(0.2, abs=0.05)


async def test_who_does_not_listen_is_sent_nothing() -> None:
    """A send-only speaker (OBS) costs nothing on the way back."""
    async with talking(listens=False) as talk:
        await talk.peer.send(PACKETS[0], 1)
        assert talk.peer._transmission.packets == 0


async def test_reports_tell_the_speaker_what_was_lost() -> None:
    """A receiver report reaches the other side every second."""
    async with talking() as talk:
        sender = talk.caller.connection.getSenders()[0]

        async def reported() -> bool:
            return any(each.type == "remote-inbound-rtp" for each in (await sender.getStats()).values())

        async for _ in patiently():
            if await reported():
                return
            await asyncio.sleep(0.05)
        pytest.fail("no report came")


async def test_the_end_of_either_side_ends_the_connection() -> None:
    """A caller who hangs up is noticed at once."""
    async with talking() as talk:
        await talk.caller.connection.close()
        await eventually(lambda: talk.peer.state is PeerState.CLOSED, "closed")


async def test_a_fingerprint_that_is_not_the_callers_is_refused() -> None:
    """Whoever cannot show the certificate of the offer is not connected (RFC 8122, 5)."""
    async with calling(PACKETS) as caller:
        offer = sdp.read(await caller.offer())
        offer.fingerprints = [("sha-256", ":".join(["AB"] * 32))]
        peer = Peer(offer, ice=IceSettings(), certificate=DtlsCertificate().get(), on_packet=lambda *_: None)
        answer = await peer.answer()
        task = asyncio.create_task(peer.run())
        await caller.take(answer)
        await asyncio.wait_for(task, PATIENCE_S)
        assert peer.state is PeerState.CLOSED


async def test_ice_restarts_on_new_sockets_without_a_new_handshake() -> None:
    """Sound goes on over the new path; the old one is closed. The caller's half is played by a bare ICE connection."""
    async with talking() as talk:
        transport = talk.caller.connection.getSenders()[0].transport.transport
        fresh = Ice(IceSettings())
        fresh.ice_controlling = True
        await fresh.gather_candidates()
        candidates = [candidate.to_sdp() for candidate in fresh.local_candidates]
        before = talk.peer._path.ice
        ours = await talk.peer.restart(fresh.local_username, fresh.local_password, candidates, complete=True)
        assert (ours.local_username, ours.local_password) != (before.local_username, before.local_password)
        fresh.remote_username, fresh.remote_password = ours.local_username, ours.local_password
        for candidate in ours.local_candidates:
            await fresh.add(candidate.to_sdp())
        await fresh.no_more()
        await fresh.connect()
        await eventually(lambda: talk.peer._path.ice is ours, "the new path is taken")
        transport._send = fresh.send
        count = len(talk.packets)
        await eventually(lambda: len(talk.packets) > count + 25, "sound arrives over the new path")
        assert talk.peer.state is PeerState.CONNECTED
        assert before._protocols == []
        await fresh.close()


async def test_a_restart_that_fails_leaves_the_connection_as_it_was() -> None:
    """Candidates that lead nowhere do not cut off a speaker whose old path works."""
    async with talking() as talk:
        before = talk.peer._path.ice
        await talk.peer.restart("user", "p" * 22, ["1 1 udp 1 127.0.0.1 9 typ host"], complete=True)
        count = len(talk.packets)
        await eventually(lambda: len(talk.packets) > count + 25, "sound goes on")
        assert talk.peer._path.ice is before
        with pytest.raises(BadInput):
            await talk.peer.restart("user", "short", [], complete=True)


async def test_no_restart_before_the_connection_is_up() -> None:
    """There is nothing to carry on with."""
    async with calling(PACKETS) as caller:
        talk = Talk(caller, await caller.offer(), DtlsCertificate())
        with pytest.raises(Conflict):
            await talk.peer.restart("user", "p" * 22, [], complete=True)
        await talk.peer.close()


async def test_random_bytes_on_the_port_do_no_harm() -> None:
    """Whatever strangers send to a connection's UDP port, empty datagrams too, the sound goes on."""
    failures: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failures.append(context))
    undo = guard_datagrams(loop, None)
    chance = random.Random(3)
    async with talking() as talk:
        candidate = next(each for each in talk.peer._ice.local_candidates if ":" not in each.host)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for number in range(2000):
                head = chance.choice([b"", b"\x80", b"\x80\xc8", b"\x16\xfe\xfd", b"\x00\x01", b"\x15\xfe\xfd"])
                datagram = b"" if number % 50 == 0 else head + os.urandom(chance.randrange(300))
                if number % 70 == 1:  # longer than any packet
                    datagram = b"\x80" + os.urandom(1600)
                stranger.sendto(datagram, (candidate.host, candidate.port))
                if number % 20 == 0:
                    await asyncio.sleep(0)
        count = len(talk.packets)
        await eventually(lambda: len(talk.packets) > count + 50, "the sound goes on")
    undo()
    assert failures == []


async def test_offers_with_mutations_never_raise_anything_undocumented() -> None:
    """Whatever a caller writes into his offer, the peer answers or refuses in words."""
    chance = random.Random(5)
    async with calling(PACKETS) as caller:
        text = await caller.offer()
        certificate = DtlsCertificate()
        for _ in range(60):
            spoiled = list(text)
            for _ in range(chance.randrange(1, 12)):
                at = chance.randrange(len(spoiled))
                spoiled[at] = chance.choice(["", "\n", "0", "x", ":", "é", "\x00", spoiled[at] * 9])
            try:
                peer = Peer(
                    sdp.read("".join(spoiled)), ice=IceSettings(), certificate=certificate.get(), on_packet=print
                )
            except (BadInput, NotSupported):
                continue
            with suppress(BadInput):
                await peer.answer()
            await peer.close()
