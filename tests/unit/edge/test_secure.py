"""TLS at the edge over real sockets: everything that holds without it holds with it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from stentor.base import secure
from stentor.edge import protocol
from tests.support.certificates import Authority
from tests.support.edge import Rig, edge, request, split
from tests.support.wait import PATIENCE_S, eventually


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_pages_parts_and_streams_come_through_tls(authority: Authority) -> None:
    """The same bytes as without, over TLS 1.3; the end of the reply is told (close_notify), not guessed."""
    async with edge() as plain:
        part = await plain.get("/s/friday/hls/aac-64/2.1.m4s")
    async with edge(tls=authority.tls(), trust=authority.trust()) as rig:
        assert (await rig.get("/s/friday/hls/aac-64/2.1.m4s"))[2] == part[2]
        reader, writer = await rig.open("/s/friday/live.aac")
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(20_000)
        heard = rig.worker.counters.writes
        rig.publish(6)
        await eventually(lambda: rig.worker.counters.writes > heard, "the listener is written to")
        await reader.readexactly(4_000)
        writer.close()


async def test_tls_1_2_is_spoken_too(authority: Authority) -> None:
    """Radios and old telephones."""
    trust = authority.trust()
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    async with edge(tls=authority.tls(), trust=trust) as rig:
        assert (await rig.get("/healthz"))[0] == 200


async def test_a_session_is_resumed_by_its_ticket_across_a_renewal(authority: Authority) -> None:
    """Who comes again pays half a handshake, also when the certificate was renewed in between."""
    tls = authority.tls()
    async with edge(tls=tls, trust=authority.trust()) as rig:
        assert rig.trust is not None

        def visit(session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bool | None]:
            with (
                socket.create_connection(("127.0.0.1", rig.port), timeout=5) as raw,
                rig.trust.wrap_socket(raw, server_hostname="localhost", session=session) as one,  # type: ignore[union-attr]
            ):
                one.sendall(request("/healthz", "Connection: close"))
                while one.recv(4096):
                    pass
                return one.session, one.session_reused

        session, reused = await asyncio.to_thread(visit, None)
        assert not reused
        authority.issue()
        tls.look()
        assert (await asyncio.to_thread(visit, session))[1]


async def test_open_connections_outlive_a_new_certificate(authority: Authority) -> None:
    """Nobody is dropped; the next one gets the new certificate."""
    tls = authority.tls()
    async with edge(tls=tls, trust=authority.trust()) as rig:
        reader, writer = await rig.open("/s/friday/live.aac")
        await reader.readuntil(b"\r\n\r\n")
        old = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        authority.issue(rsa=True)
        tls.look()
        _, second = await rig.open("/healthz")
        assert second.get_extra_info("ssl_object").getpeercert(binary_form=True) != old
        heard = rig.worker.counters.writes
        rig.publish(3)
        await eventually(lambda: rig.worker.counters.writes > heard, "the first is still written to")
        assert rig.worker.listeners == 1
        writer.close()
        second.close()


@pytest.mark.parametrize(
    "begin",
    [b"", b"\x16\x03\x01", b"\x16\x03\x01\x40\x00" + bytes(40)],
    ids=["silence", "a byte or two", "half a hello"],
)
async def test_a_handshake_that_does_not_end_is_counted_and_cut_off(
    authority: Authority, begin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow handshake has the same seconds as a slow head, and takes a place among the connections."""
    monkeypatch.setattr(protocol, "HEAD_S", 1.0)
    async with edge(tls=authority.tls(), trust=authority.trust()) as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(begin)
        await eventually(lambda: rig.worker.open == 1, "it is counted")
        await eventually(lambda: rig.worker.timed_out == 1, "it is cut off")
        with suppress(ConnectionError):  # reset or end, as it comes
            assert not await reader.read()
        writer.close()


@pytest.mark.parametrize("data", [request("/healthz"), b"\x00" * 100, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"])
async def test_what_is_no_tls_is_closed(authority: Authority, data: bytes) -> None:
    """Plain HTTP and garbage get an alert at most."""
    async with edge(tls=authority.tls(), trust=authority.trust()) as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(data)
        async with asyncio.timeout(PATIENCE_S):
            assert len(await reader.read()) < 20
        await eventually(lambda: rig.worker.open == 0, "it is gone")
        assert (await rig.get("/healthz"))[0] == 200
        writer.close()


async def test_one_too_many_is_cut_off_before_its_handshake(authority: Authority) -> None:
    """A full edge spends nothing on handshakes."""
    async with edge(tls=authority.tls(), trust=authority.trust(), capacity=1) as rig:
        _, writer = await rig.open("/s/friday/live.aac")
        await eventually(lambda: rig.worker.listeners == 1, "one listens")
        with pytest.raises(OSError):  # noqa: PT011 reset or end, as it comes
            await rig.open("/healthz")
        assert rig.worker.refused == 1
        writer.close()


async def test_a_slow_listener_is_skipped_and_its_memory_bounded(authority: Authority) -> None:
    """The socket's buffer is the only one: what a slow reader leaves unsent is the same as without TLS."""
    async with edge(tls=authority.tls(), trust=authority.trust()) as rig:
        assert rig.trust is not None
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.to_thread(raw.connect, ("127.0.0.1", rig.port))
        slow = await asyncio.to_thread(rig.trust.wrap_socket, raw, server_hostname="localhost")
        slow.sendall(request("/s/friday/live.aac"))
        reader, writer = await rig.open("/s/friday/live.aac")
        await eventually(lambda: rig.worker.listeners == 2, "both listen")
        quick = asyncio.create_task(_drain(reader))
        most = 0
        while not rig.worker.counters.skipped:
            before = rig.worker.counters.writes
            rig.publish(6)
            await eventually(lambda: rig.worker.counters.writes > before, "the quick one is written to")  # noqa: B023
            most = max(most, *(_unsent(rig)))
        rig.publish(60)
        await asyncio.sleep(0.4)  # the slots of one commit fire within 0.28 s
        assert max(_unsent(rig)) <= most < protocol.HIGH_WATER_BYTES + 32_000
        slow.close()
        writer.close()
        await quick


def _unsent(rig: Rig) -> list[int]:
    return [one.transport.get_write_buffer_size() for one in rig.worker._connections]


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def test_who_makes_tls_talk_and_reads_nothing_is_cut_off(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More unsent than any reply of ours: the connection ends at the next record it sends."""
    monkeypatch.setattr(secure, "MOST_UNSENT_BYTES", 100)
    async with edge(tls=authority.tls(), trust=authority.trust()) as rig:
        assert rig.trust is not None
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.to_thread(raw.connect, ("127.0.0.1", rig.port))
        one = await asyncio.to_thread(rig.trust.wrap_socket, raw, server_hostname="localhost")
        one.settimeout(1)
        for _ in range(2000):
            with suppress(OSError):  # it is cut off while we send
                one.sendall(request("/s/friday/hls/aac-64/2.1.m4s") * 4)
            await asyncio.sleep(0.005)
            if not rig.worker.open:
                break
        assert (rig.worker.open, rig.worker.timed_out) == (0, 0)
        one.close()


async def test_a_reply_ends_with_close_notify(authority: Authority) -> None:
    """RFC 8446, 6.1: without it a cut would look like the end."""
    async with edge(tls=authority.tls(), trust=authority.trust()) as rig:
        assert rig.trust is not None
        trust = rig.trust

        def ask() -> bytes:
            with (
                socket.create_connection(("127.0.0.1", rig.port), timeout=5) as raw,
                trust.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False) as one,
            ):
                one.sendall(request("/healthz", "Connection: close"))
                return b"".join(iter(lambda: one.recv(4096), b""))

        assert split(await asyncio.to_thread(ask))[0] == 200


async def test_metrics_tell_when_the_certificate_ends(authority: Authority) -> None:
    """An alarm on one number, in seconds."""
    async with edge(tls=authority.tls(), trust=authority.trust()) as rig:
        text = await rig.metrics()
    line = next(line for line in text.splitlines() if line.startswith("stentor_edge_certificate_seconds{"))
    assert float(line.split()[-1]) == pytest.approx(90 * 86_400, abs=60)
