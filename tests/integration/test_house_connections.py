"""What the house takes from a socket and refuses: the rules and deadlines of the edges, over real connections."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from stentor.base import config
from stentor.house import role
from stentor.house.seats import event_stream
from stentor.house.web import connection
from tests.support.house import House, running_house
from tests.support.wait import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")
UPLOAD = b"POST /api/v1/spaces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 16000\r\n\r\n"
FINE = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with running_house(tmp_path_factory.mktemp("house"), trusted_proxies="127.0.0.9") as house:
        yield house


async def exchange(house: House, *pieces: bytes, source: str = "127.0.0.1") -> bytes:
    """Everything the house answers until it ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.settings.port, local_addr=(source, 0))
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read()
    finally:
        writer.transport.abort()


def closing(target: str, *lines: str, version: str = "1.1", host: str = "Host: a", method: str = "GET") -> bytes:
    head = [f"{method} {target} HTTP/{version}", *([host] if host else []), "Connection: close", *lines, "", ""]
    return "\r\n".join(head).encode("latin-1")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (FINE + closing("/healthz"), 200),
        (closing("/healthz", host="", version="1.0"), 200),
        (b"\r\n\r\n" + closing("/healthz"), 200),
        (b"GET /healthz HTTP/1.0\nUser-Agent: old\n\n", 200),
        (closing("http://a/healthz?utm_term=50%"), 200),
        (closing("/?utm_term=50%&" + "&".join(f"a{n}=%ff" for n in range(40))), 200),
        (closing("/", "Cookie: " + "; ".join(f"c{n}={'x' * 1000}" for n in range(16))), 200),
        (closing("/healthz", host=""), 400),
        (closing("/healthz", "Host: b"), 400),
        (closing("/healthz", host="Host: a, b"), 400),
        (closing("/healthz", version="0.9"), 505),
        (b"GET /healthz\r\n\r\n", 400),
        (closing("/healthz", version="2.0"), 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (closing("/healthz", "X: a", " b"), 400),
        (b"GET /healthz HTTP/1.1\nHost: a\n\n", 400),
        (closing("/api/v1/spaces", "Content-Length: 3", "Transfer-Encoding: chunked", method="POST"), 400),
        (closing("/api/v1/spaces", "Transfer-Encoding: gzip, chunked", method="POST"), 501),
        (closing("/api/v1/spaces", "Transfer-Encoding: chunked", version="1.0", method="POST"), 400),
        (closing("/api/v1/spaces", f"Content-Length: {10**9}", method="POST"), 413),
        (closing("/" + "a" * 9000), 414),
        (closing("/", *(f"X{n}: 1" for n in range(101))), 431),
        (closing("/", "X: " + "a" * 25_000), 431),
        (closing("*"), 400),
        (closing("*", method="OPTIONS"), 204),
        (closing("/a/%2e%2e/b"), 400),
        (closing("/%00"), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
)
async def test_the_house_reads_what_the_edges_read(house: House, data: bytes, status: int) -> None:
    """RFC 9112 for Host, version, length and line ends; each limit has its status, as a problem document."""
    last = (await exchange(house, data)).rpartition(b"HTTP/1.1 ")[2]
    assert int(last[:3]) == status, last
    if status >= 400:
        assert b"content-type: application/problem+json" in last.lower()
        assert b"connection: close" in last.lower()


async def test_a_field_without_end_is_refused_while_it_comes(house: House) -> None:
    """64 MB of one field stop nobody: the house answers after 33 kB, and keeps nothing of the rest."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = await exchange(house, b"GET / HTTP/1.1\r\nHost: a\r\nX: ", *[b"a" * 1_000_000] * 64)
    assert found.startswith(b"HTTP/1.1 431 ")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "kilobytes"


async def test_a_body_with_a_length_of_its_own_is_taken_and_its_trailers_are_not_kept(house: House) -> None:
    """Chunked in HTTP/1.1; fields after the body are none of the request; without an end they are refused."""
    token = config.admin_token(house.settings)
    head = closing(
        "/api/v1/spaces",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
        method="POST",
    )
    body = b'11;x="y"\r\n{"title":"Chunk"}\r\n0\r\nContent-Type: text/plain\r\n\r\n'
    assert (await exchange(house, head, body)).startswith(b"HTTP/1.1 201 ")
    assert (await exchange(house, head, b"1\r\n{\r\n0\r\nX: ", b"a" * 1_000_000)).startswith(b"HTTP/1.1 431 ")
    assert (await exchange(house, head, b"1\n{\n0\n\n")).startswith(b"HTTP/1.1 400 ")


async def test_answers_come_in_order_before_a_refusal(house: House) -> None:
    """Two good requests and a bad one in one read: two answers, then why it ends."""
    found = await exchange(house, FINE + FINE + b"GET / HTTP/1.1\r\n\r\n")
    assert [part[:3] for part in found.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"400"]


async def test_expect_is_answered_when_the_house_reads_on(house: House) -> None:
    """RFC 9110, 10.1.1: 100 before the body; who is not let in hears that instead."""
    lines = ["Expect: 100-continue", "Content-Length: 17", "Content-Type: application/json"]
    token = f"Authorization: Bearer {config.admin_token(house.settings)}"
    reader, writer = await asyncio.open_connection("127.0.0.1", house.settings.port)
    async with asyncio.timeout(PATIENCE_S):
        writer.write(closing("/api/v1/spaces", *lines, token, method="POST"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b'{"title":"Later"}')
        assert (await reader.read()).startswith(b"HTTP/1.1 201 ")
    writer.close()
    lines[1] = f"Content-Length: {10**9}"
    assert (await exchange(house, closing("/api/v1/spaces", *lines, token, method="POST"))).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("pieces", "drip", "status"),
    [
        ([], b"", b""),
        ([b"GET / HT"], b"", b""),
        ([b"GET / HTTP/1.1\r\nHost: a\r\n"], b"X: y\r\n", b""),
        ([b"\r\n"], b"\r\n", b""),
        ([FINE, b"GET / HTTP/1.1\r\n"], b"X: y\r\n", b"200"),
        ([UPLOAD], b" ", b"408"),
    ],
    ids=["nothing", "line", "head", "blank", "second head", "body"],
)  # fmt: skip
async def test_what_is_not_finished_in_time_is_closed(
    house: House, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes], drip: bytes, status: bytes
) -> None:
    """However it is dripped: bytes that come do not put the deadline off."""
    for name in ("HEAD_S", "BODY_S"):
        monkeypatch.setattr(connection, name, 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", house.settings.port)
    for piece in pieces:
        writer.write(piece)

    async def dripping() -> None:
        while drip:
            writer.write(drip)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(dripping())
    found = b""
    async with asyncio.timeout(PATIENCE_S):
        try:
            while piece := await reader.read(1000):
                found += piece
        except ConnectionError:
            pass
    task.cancel()
    writer.transport.abort()
    assert found[9:12] == status


async def test_who_takes_no_answer_is_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that asks and does not read holds neither memory nor a connection for long."""
    monkeypatch.setattr(connection, "STALL_S", 0.3)
    _, writer = await asyncio.open_connection("127.0.0.1", house.settings.port)
    cast("asyncio.Transport", writer.transport).pause_reading()
    asked = 0
    while not writer.transport.is_closing() and asked < 1000:
        writer.write(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n")
        asked += 1
        await asyncio.sleep(0.01)
    assert asked < 1000


async def test_a_long_answer_outlives_the_pause_between_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is talking is told for a minute, also on a connection that was used before; pauses end after half of it."""
    monkeypatch.setattr(role, "KEEP_ALIVE_S", 1)
    monkeypatch.setattr(event_stream, "LASTS_S", 2.5)
    async with running_house(tmp_path) as house:
        await house.create()
        reader, writer = await asyncio.open_connection("127.0.0.1", house.settings.port)
        token = house.http.headers["authorization"]
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"}")
        writer.write(f"GET /api/v1/spaces/talk/talk HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
            await reader.readuntil(b"\r\n0\r\n\r\n")  # the last chunk (RFC 9112, 7.1): the answer is whole
        writer.close()


async def test_one_address_has_so_many_connections_and_a_proxy_as_many_as_it_needs(tmp_path: Path) -> None:
    """429 beyond the limit, room again when one is gone; wrong tokens through a proxy lock out that connection only."""
    async with running_house(tmp_path, trusted_proxies="127.0.0.9", address_connections=2) as house:
        port = house.settings.port
        await house.http.aclose()
        await house.anyone.aclose()
        kept = [await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.7", 0)) for _ in range(2)]
        for _, writer in kept:
            writer.write(FINE)
        for reader, _ in kept:
            await reader.readuntil(b"}")
        assert (await exchange(house, closing("/healthz"), source="127.0.0.7")).startswith(b"HTTP/1.1 429 ")
        assert (await exchange(house, closing("/healthz"), source="127.0.0.8")).startswith(b"HTTP/1.1 200 ")
        kept[0][1].write_eof()
        assert await kept[0][0].read() == b""
        assert (await exchange(house, closing("/healthz"), source="127.0.0.7")).startswith(b"HTTP/1.1 200 ")
        for _, writer in kept:
            writer.close()
        proxied = [await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.9", 0)) for _ in range(4)]
        for reader, writer in proxied:
            writer.write(FINE)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            writer.close()
        wrong = b"GET /api/v1/spaces HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\n\r\n"
        last = b"GET /api/v1/spaces HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer wrong\r\n\r\n"
        flood = (await exchange(house, wrong * 15 + last, source="127.0.0.9")).split(b"HTTP/1.1 ")
        assert flood[-1].startswith(b"429")
        assert (await exchange(house, last, source="127.0.0.9")).startswith(b"HTTP/1.1 401 ")
