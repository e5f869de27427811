"""HTTP over real sockets: order, limits, time, and nothing that a peer sends does harm."""

from __future__ import annotations

import asyncio
import gzip
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stentor.crowd.addresses import Addresses
from stentor.edge import protocol
from tests.support.edge import Rig, edge, request, split
from tests.support.wait import PATIENCE_S, eventually

PART = "/s/friday/hls/aac-64/2.1.m4s"


async def exchange(rig: Rig, data: bytes, *, close: bool = True) -> bytes:
    """Everything the edge answers to ``data`` until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    writer.write(data)
    if close:
        writer.write_eof()
    async with asyncio.timeout(PATIENCE_S):
        found = await reader.read()
    writer.close()
    return found


async def test_pipelined_requests_are_answered_in_order() -> None:
    """RFC 9112, 9.3.2: also when the first of them has to wait."""
    async with edge(chunks=36) as rig:
        reader, writer = await rig.open("/s/friday/hls/aac-64.m3u8?_HLS_msn=3&_HLS_part=0")
        writer.write(request("/healthz") + request("/s/friday/hls/aac-64/9.9.m4s"))
        await eventually(lambda: rig.worker.requests == 1, "the first is held")
        rig.publish(3)
        async with asyncio.timeout(PATIENCE_S):
            first = await reader.readuntil(b"\r\n\r\n")
            length = int(first.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            assert b"aac-64/3.0.m4s" in await reader.readexactly(length)
            assert b"ready" in (await reader.readuntil(b"}"))
            assert b" 404 " in await reader.readuntil(b"\r\n")
        writer.close()


async def test_sixty_pipelined_parts_come_whole() -> None:
    """More bytes than the transport holds: the answering stops until the peer has read, and nothing is lost."""
    async with edge() as rig:
        one = await rig.get(PART)
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(request(PART) * 59 + request(PART, "Connection: close"))
        async with asyncio.timeout(PATIENCE_S):
            found = await reader.read()
        assert found.count(one[2]) == 60
        writer.close()


async def test_keep_alive_close_and_http_1_0() -> None:
    """A connection stays unless the peer speaks HTTP/1.0 or asks for its end."""
    async with edge() as rig:
        reader, writer = await rig.open("/healthz")
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(3):
                assert b"200" in await reader.readuntil(b"}")
                writer.write(request("/healthz"))
        writer.close()
        assert b"Connection: close" in await exchange(rig, request("/healthz", "Connection: close"), close=False)
        assert b"Connection: close" in await exchange(rig, b"GET /healthz HTTP/1.0\r\n\r\n", close=False)


async def test_a_body_is_asked_for_when_its_head_is_fine() -> None:
    """RFC 9110, 10.1.1: 100 before the body comes, the reason instead when it is too long, nothing without a body."""
    async with edge() as rig:
        reader, writer = await rig.open("/nowhere")
        head = "Expect: 100-Continue\r\nContent-Length: {}"
        async with asyncio.timeout(PATIENCE_S):
            await reader.readuntil(b"}")
            writer.write(request("/s/friday/react/heart", head.format(2), method="POST"))
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hi" + request("/healthz", head.format(0)))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204 ")
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
            writer.write(request("/s/friday/react/heart", head.format(5000), method="POST"))
            assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_a_fault_of_ours_is_answered_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """500 without internals; the connection goes on, and a metric says how often."""
    async with edge() as rig:
        monkeypatch.setattr(rig.site, "_health", lambda: 1 // 0)
        reader, writer = await rig.open("/healthz")
        async with asyncio.timeout(PATIENCE_S):
            found = await reader.readuntil(b"}")
            assert found.startswith(b"HTTP/1.1 500 ")
            assert b"division" not in found
            writer.write(request("/s/friday/door.json"))
            assert b" 200 " in await reader.readline()
        writer.close()
        assert rig.worker.failed == 1


async def test_a_refusal_arrives_though_the_peer_goes_on_sending() -> None:
    """RFC 9112, 9.6: the connection is not cut under the reply."""
    async with edge() as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 4_000_000)
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.read()).startswith(b"HTTP/1.1 431 ")
        writer.close()


async def test_head_has_the_length_and_no_body() -> None:
    """HEAD says what GET would send; of a stream it says everything but the length."""
    async with edge() as rig:
        got = await rig.get(PART)
        status, fields, body = await rig.get(PART, method="HEAD")
        assert (status, body, fields["content-length"]) == (200, b"", str(len(got[2])))
        status, fields, body = await rig.get("/s/friday/live.aac", method="HEAD")
        assert (status, body, fields["content-type"]) == (200, b"", "audio/aac")
        assert "content-length" not in fields


async def test_methods_and_cors() -> None:
    """OPTIONS answers a preflight; anything that would change something is 405; every reply may be read by any page."""
    async with edge() as rig:
        status, fields, _ = await rig.get(PART, method="OPTIONS")
        assert (status, fields["access-control-allow-origin"]) == (204, "*")
        status, fields, body = await rig.get(PART, method="POST")
        assert (status, fields["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert b'"code":"method-not-allowed"' in body
        for target in (PART, "/s/friday/door.json", "/s/friday/hls/aac-64.m3u8", "/nowhere"):
            assert (await rig.get(target))[1]["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (request("/" + "a" * 9000), 414),
        (request("/healthz", f"X: {'a' * 25_000}"), 431),
        (request("/healthz", *[f"X{n}: 1" for n in range(101)]), 431),
        (request("/healthz", "Transfer-Encoding: chunked"), 501),
        (request("/healthz", "Content-Length: 999999", method="POST"), 413),
    ],
)
async def test_what_breaks_the_rules_is_told_why_and_closed(data: bytes, status: int) -> None:
    """Each limit has its status, as a problem document, and the connection ends."""
    async with edge(chunks=1) as rig:
        found = split(await exchange(rig, data))
        assert found[0] == status
        assert found[1]["content-type"] == "application/problem+json"
        await eventually(lambda: rig.worker.open == 0, "it is closed")


async def test_slow_heads_and_idle_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slowloris: bytes that trickle do not extend the time a head may take; nor may a connection be idle for ever."""
    monkeypatch.setattr(protocol, "HEAD_S", 0.5)
    monkeypatch.setattr(protocol, "IDLE_S", 0.5)
    async with edge(chunks=1) as rig:
        silent, idle, slow = [await asyncio.open_connection("127.0.0.1", rig.port) for _ in range(3)]
        idle[1].write(request("/healthz"))

        async def trickle() -> None:
            try:
                for byte in request("/healthz", "X: " + "a" * 4000):
                    if slow[1].is_closing():  # to write then is a RuntimeError with uvloop
                        return
                    slow[1].write(bytes((byte,)))
                    await slow[1].drain()
                    await asyncio.sleep(0.05)
            except ConnectionError:
                return

        trickling = asyncio.create_task(trickle())
        await eventually(lambda: rig.worker.timed_out == 3, "all three are closed")
        assert rig.worker.overdue == {"first": 2, "idle": 1}
        await eventually(lambda: rig.worker.open == 0, "and gone")
        await trickling
        for _, writer in (silent, idle, slow):
            writer.close()


async def test_a_full_worker_says_so() -> None:
    """Beyond what the process can carry: 503 with Retry-After at once, and those inside notice nothing."""
    async with edge(capacity=2) as rig:
        inside = [await rig.open("/s/friday/live.aac") for _ in range(2)]
        await eventually(lambda: rig.worker.listeners == 2, "two listen")
        status, fields, _ = split(await exchange(rig, b"", close=False))
        assert (status, fields["retry-after"]) == (503, "5")
        assert rig.worker.refused == 1
        for _, writer in inside:
            writer.close()
        await eventually(lambda: rig.worker.open == 0, "they leave")
        assert (await rig.get("/healthz"))[0] == 200


async def test_gzip_etag_and_ranges() -> None:
    """Text is gzipped for who takes it, known text is 304, files are there in ranges."""
    async with edge() as rig:
        plain = await rig.get("/s/friday/hls/aac-64.m3u8")
        zipped = await rig.get("/s/friday/hls/aac-64.m3u8", "Accept-Encoding: gzip")
        assert zipped[1]["content-encoding"] == "gzip"
        assert gzip.decompress(zipped[2]) == plain[2]
        assert zipped[1]["vary"] == "Accept-Encoding"
        status, _, body = await rig.get("/s/friday/hls/aac-64.m3u8", f"If-None-Match: {plain[1]['etag']}")
        assert (status, body) == (304, b"")
        whole = (await rig.get("/s/friday/hold.m4a"))[2]
        status, fields, body = await rig.get("/s/friday/hold.m4a", "Range: bytes=10-19")
        assert (status, body, fields["content-range"]) == (206, whole[10:20], f"bytes 10-19/{len(whole)}")
        status, fields, _ = await rig.get("/s/friday/hold.m4a", "Range: bytes=99999999-")
        assert (status, fields["content-range"]) == (416, f"bytes */{len(whole)}")
        status, _, body = await rig.get("/s/friday/hold.m4a", "Range: bytes=10-19", 'If-Range: "other"')
        assert (status, body) == (200, whole)


FRAGMENTS = st.sampled_from(
    [
        request(PART),
        request("/s/friday/live.aac"),
        request("/s/friday/hls/aac-64.m3u8?_HLS_msn=99"),
        b"GET ",
        b"\r\n",
        b"Host: x\r\n",
        b"Content-Length: 5\r\n",
        b"/s/%00/..//friday",
        b" HTTP/1.1\r\n",
        b"\x00\xff",
    ]
)


async def test_no_bytes_do_harm() -> None:
    """Fuzz: whatever arrives in whatever pieces, the edge answers or closes, counts right, and serves the next one."""
    async with edge(chunks=12) as rig:
        loop = asyncio.get_running_loop()
        failures: list[object] = []
        loop.set_exception_handler(lambda _, context: failures.append(context))

        async def attack(pieces: list[bytes]) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
            try:
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                writer.write_eof()
                async with asyncio.timeout(PATIENCE_S):
                    await reader.read()
            except (ConnectionError, OSError):
                pass  # closed before all of it was written
            finally:
                writer.close()

        def attacks() -> list[list[bytes]]:
            found: list[list[bytes]] = []

            @settings(max_examples=80, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(st.lists(st.one_of(FRAGMENTS, st.binary(max_size=200)), max_size=8))
            def collect(pieces: list[bytes]) -> None:
                found.append(pieces)

            collect()
            return found

        for pieces in attacks():
            await attack(pieces)
        await eventually(lambda: rig.worker.open == 0, "every connection is counted out")
        assert rig.worker.listeners == 0
        assert failures == []
        assert (await rig.get("/healthz"))[0] == 200


def limits(*, connections: int = 0, requests: int = 0) -> Addresses:
    return Addresses(connections=connections, requests=requests, proxy=lambda address: False)


async def test_an_address_with_too_many_connections_is_turned_away() -> None:
    """429 with the reason, and room again when one of its connections has gone; replies are made once a second."""
    async with edge(addresses=limits(connections=2)) as rig:
        opened = [await rig.open("/s/friday/live.aac") for _ in range(2)]
        await eventually(lambda: rig.worker.listeners == 2, "two listen")
        for _ in range(3):
            status, fields, body = await rig.get("/healthz")
            assert (status, fields["retry-after"]) == (429, "5")
            assert b"too-many-connections" in body
        assert rig.worker.listeners == 2
        opened[0][1].close()
        await eventually(lambda: rig.worker.listeners == 1, "one has gone")
        assert (await rig.get("/healthz"))[0] == 200
        opened[1][1].close()


async def test_an_address_that_asks_too_often_waits_for_the_next_second() -> None:
    """Whatever it asks beyond the limit is 429, on any of its connections; in the next second it is answered again."""
    async with edge(addresses=limits(requests=5)) as rig:
        found = await exchange(rig, request("/healthz") * 30)
        statuses = re.findall(rb"HTTP/1.1 (\d+)", found)
        assert statuses.count(b"200") <= 10, "the second may have turned once"
        assert statuses.count(b"429") >= 20
        assert b"too-often" in found
        rig.worker.tick()
        assert (await rig.get("/healthz"))[0] == 200


def behind_proxy(*, connections: int = 0, requests: int = 0) -> Addresses:
    return Addresses(connections=connections, requests=requests, proxy=lambda address: address == "127.0.0.1")


async def test_a_proxy_is_limited_by_whom_it_speaks_for() -> None:
    """One client has too many and another has room; its connections count out when they end or change hands."""
    async with edge(addresses=behind_proxy(connections=2)) as rig:
        path, ada, ben = "/s/friday/live.aac", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 192.0.2.8"
        opened = [await rig.open(path, ada) for _ in range(2)]
        await eventually(lambda: rig.worker.listeners == 2, "two listen")
        assert (await rig.get("/healthz", ada))[0] == 429
        assert (await rig.get("/healthz", ben))[0] == 200
        reader, writer = await rig.open("/healthz", ben)  # one of the proxy's own, kept for whoever comes next
        await reader.readuntil(b"}")
        for client, status in ((ada, b"429"), (ben, b"200"), (ada, b"429")):
            writer.write(request("/healthz", client))
            assert (await reader.readuntil(b"}")).split()[1] == status
        opened[0][1].close()
        await eventually(lambda: rig.worker.listeners == 1, "one has gone")
        assert (await rig.get("/healthz", ada))[0] == 200
        writer.close()
        opened[1][1].close()


@pytest.mark.parametrize("field", [[], ["X-Forwarded-For: 127.0.0.1"], ["X-Forwarded-For: unknown"]])
async def test_a_proxy_that_does_not_say_for_whom_is_limited_by_connection(field: list[str]) -> None:
    """A flood through one of its connections ends there, and nobody is locked out of the others."""
    async with edge(addresses=behind_proxy(connections=2, requests=5)) as rig:
        others = [await rig.open("/s/friday/live.aac", *field) for _ in range(4)]
        await eventually(lambda: rig.worker.listeners == 4, "all listen")
        found = await exchange(rig, request("/healthz", *field) * 30)
        assert found.count(b"too-often") >= 20
        assert (await rig.get("/healthz", *field))[0] == 200
        for _, writer in others:
            writer.close()


async def test_behind_a_proxy_the_clients_address_counts() -> None:
    """The PROXY header says whose connection it is: one client has too many, another one has room."""
    async with edge(proxied=True, addresses=limits(connections=1)) as rig:

        async def ask(client: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
            writer.write(f"PROXY TCP4 {client} 198.51.100.1 56324 443\r\n".encode() + request("/healthz"))
            return reader, writer

        found = []
        opened = [await ask(client) for client in ("192.0.2.7", "192.0.2.7", "192.0.2.8")]
        for reader, _ in opened:
            found.append((await reader.readline()).split()[1])
        assert found == [b"200", b"429", b"200"]
        for _, writer in opened:
            writer.close()
