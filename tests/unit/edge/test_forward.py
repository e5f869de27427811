"""Requests passed on to a house that says what the test wants: what goes on, what comes back, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from stentor.base import edge_word, keys
from stentor.edge import forward
from tests.support.edge import SECRET, Rig, edge, request, split
from tests.support.wait import PATIENCE_S, eventually

Serve = Callable[["Visit"], Awaitable[None]]
WORD = edge_word.word(keys.derived("edge", SECRET).doors)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Visit:
    """One connection at the house."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def head(self) -> str:
        """The next request's; empty when the edge has closed."""
        try:
            return (await self._reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return ""

    async def read(self, size: int) -> bytes:
        return await self._reader.readexactly(size)

    async def until(self, end: bytes) -> bytes:
        return await self._reader.readuntil(end)

    async def closed(self) -> bool:
        """Waits until the edge closes; False when it says something more."""
        return await self._reader.read(1) == b""

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    def close(self) -> None:
        self._writer.close()


class House:
    """What stands behind the edge."""

    def __init__(self, serve: Serve) -> None:
        self.visits = 0
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()

    async def came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        try:
            await self._serve(Visit(reader, writer))
        finally:
            writer.close()


@asynccontextmanager
async def before(serve: Serve) -> AsyncIterator[tuple[Rig, House]]:
    """An edge before a house that serves each connection so."""
    house = House(serve)
    server = await asyncio.start_server(house.came, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with edge(chunks=1, house=f"http://127.0.0.1:{port}") as rig:
            yield rig, house
    finally:
        server.close()


def always(answer: bytes) -> Serve:
    """Gives each request without a body the same answer."""

    async def serve(visit: Visit) -> None:
        while await visit.head():
            visit.say(answer)

    return serve


async def talk(rig: Rig, data: bytes) -> bytes:
    """All that comes back until the edge closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    writer.write(data)
    async with asyncio.timeout(PATIENCE_S):
        found = await reader.read()
    writer.close()
    return found


async def test_what_a_client_says_of_itself_does_not_reach_the_house() -> None:
    """Who asks is what the edge knows; what belongs to the connection ends with it (RFC 9110, 7.6.1)."""
    heads: list[str] = []

    async def serve(visit: Visit) -> None:
        while head := await visit.head():
            heads.append(head)
            visit.say(OK)

    async with before(serve) as (rig, _):
        lines = (
            "X-Forwarded-For: 198.51.100.9, 203.0.113.7", "X-Forwarded-Proto: gopher", "X-Real-IP: 198.51.100.9",
            "X-Stentor-Edge: made-up 198.51.100.9", "Connection: close, X-Secret", "X-Secret: 1", "TE: trailers",
            "Upgrade: websocket", "Keep-Alive: 3", "Cookie: a=b", "Cookie: c=d", "X-Own: stays",
        )  # fmt: skip
        assert (await rig.get("/api/v1/spaces?a=%20b&c", *lines))[0] == 200
    first, *fields = heads[0].strip().split("\r\n")
    assert first == "GET /api/v1/spaces?a=%20b&c HTTP/1.1"
    assert sorted(fields) == sorted(
        [
            "host: edge", "cookie: a=b; c=d", "x-own: stays", "via: 1.1 stentor",
            "x-forwarded-for: 203.0.113.7",  # the one that the trusted proxy of this test vouches for
            "x-forwarded-proto: http", f"x-stentor-edge: {WORD} 203.0.113.7",
        ]
    )  # fmt: skip


async def test_events_arrive_when_they_are_said_and_the_house_hears_who_leaves() -> None:
    """Nothing of an endless answer is held back, and a client that goes takes its connection to the house along."""
    gone = asyncio.Event()

    async def serve(visit: Visit) -> None:
        await visit.head()
        visit.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        visit.say(b"9\r\ndata: 1\n\n\r\n")
        assert await visit.closed()
        gone.set()

    async with before(serve) as (rig, _), asyncio.timeout(PATIENCE_S):
        reader, writer = await rig.open("/api/v1/spaces/friday/talk")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head.lower()
        assert await reader.readuntil(b"data: 1\n\n\r\n") == b"9\r\ndata: 1\n\n\r\n"
        writer.close()
        await gone.wait()


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
)
async def test_an_answer_without_a_body_ends_with_its_head(method: str, answer: bytes) -> None:
    """Whatever it announces (RFC 9112, 6.3); both connections stay in use."""
    async with before(always(answer)) as (rig, house), asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        for _ in range(3):
            writer.write(request("/account", method=method))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert b"transfer-encoding" not in head
            assert b"connection: close" not in head
        writer.close()
        assert house.visits == 1


async def test_a_connection_that_the_house_has_closed_costs_no_answer() -> None:
    """The house restarts while a connection lies idle: who reads notices nothing; what may have been done is said."""

    async def serve(visit: Visit) -> None:
        await visit.head()
        visit.say(OK)
        if await visit.head():  # the second one on this connection: taken, and never answered
            visit.close()

    async with before(serve) as (rig, house):
        assert (await rig.get("/sign-in"))[0] == 200
        assert (await rig.get("/sign-in"))[0] == 200
        assert house.visits == 2
        status, _, body = await rig.get("/api/v1/spaces", method="POST")
        assert (status, b"house-lost" in body) == (502, True)
        assert house.visits == 2, "not sent twice"


async def test_a_refusal_before_the_body_arrives() -> None:
    """Who waits with a body for a word gets the house's own: a refusal costs no upload."""

    async def serve(visit: Visit) -> None:
        head = await visit.head()
        assert "expect: 100-continue" in head
        if "/whip/" in head:
            visit.say(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert await visit.read(5) == b"offer"
            visit.say(OK)
        else:
            visit.say(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")

    expecting = ("Expect: 100-continue", "Content-Length: 5")
    async with before(serve) as (rig, _), asyncio.timeout(PATIENCE_S):
        found = await talk(rig, request("/api/v1/spaces/friday/hold", *expecting, method="PUT"))
        assert found.startswith(b"HTTP/1.1 401 ")
        assert b"connection: close" in found.lower()
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(request("/whip/friday", *expecting, method="POST"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"offer")
        assert (await reader.readuntil(b"hi")).startswith(b"HTTP/1.1 200 ")
        writer.close()


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
async def test_a_body_goes_on_while_it_comes(chunked: bool) -> None:
    """The house has its beginning before its end is sent, framed by the edge alone."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(visit: Visit) -> None:
        head = await visit.head()
        assert ("transfer-encoding: chunked" in head) == chunked
        assert ("content-length: 10" in head) == (not chunked)
        for _ in range(2):
            heard.put_nowait(await (visit.until(b"\r\n12345\r\n") if chunked else visit.read(5)))
        if chunked:
            assert await visit.until(b"0\r\n\r\n") == b"0\r\n\r\n"
        visit.say(OK)

    framing = "Transfer-Encoding: chunked" if chunked else "Content-Length: 10"
    piece = b"0005;a=b\r\n12345\r\n" if chunked else b"12345"
    async with before(serve) as (rig, _), asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(request("/account/picture", framing, method="PUT"))
        for _ in range(2):
            writer.write(piece)
            assert await heard.get() == (b"5\r\n12345\r\n" if chunked else b"12345")
        writer.write(b"0\r\nX-Late: 1\r\n\r\n" if chunked else b"")
        await reader.readuntil(b"\r\n\r\nhi")
        writer.close()


async def test_a_house_that_takes_nothing_stops_the_client_too() -> None:
    """A body of megabytes is not kept at the edge."""
    stop = asyncio.Event()

    async def serve(visit: Visit) -> None:
        await visit.head()
        await stop.wait()

    size = 32 * 1024 * 1024
    async with before(serve) as (rig, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(request("/api/v1/x", f"Content-Length: {size}", method="PUT"))
        writer.write(bytes(size))
        [connection] = rig.worker.connections
        await eventually(lambda: connection.held is not None, "it is passed on")
        left = size
        for _ in range(100):  # until nothing goes out any more
            await asyncio.sleep(0.2)
            if left == (left := writer.transport.get_write_buffer_size()):
                break
        assert left > size / 2, "most of it is still at the client"
        assert connection.held is not None
        stream = connection.held.stream
        assert stream is not None
        assert stream.waiting_bytes <= 2 * forward.MOST_WAITING_BYTES
        writer.transport.abort()
        stop.set()
        del reader


@pytest.mark.parametrize(
    "smuggled",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: +4",
        "Content-Length: 4, 4",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "X: a\n\nGET /admin HTTP/1.1",
    ],
)
async def test_no_request_hides_in_another(smuggled: str) -> None:
    """What two servers might read differently is refused, and the house never hears of it."""
    async with before(always(OK)) as (rig, house):
        data = (
            f"POST /api/v1/x HTTP/1.1\r\nHost: a\r\n{smuggled}\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        found = await talk(rig, data.encode())
        assert split(found)[0] in (400, 501)
        assert house.visits == 0


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother",
        OK + b"more than it said",
    ],
)
async def test_bytes_after_an_answer_are_nobodys(answer: bytes) -> None:
    """They would be the next client's answer: the connection is not used again."""
    async with before(always(answer)) as (rig, house):
        for _ in range(2):
            assert (await rig.get("/sign-in"))[2] == b"hi"
        assert house.visits == 2


async def test_what_is_no_answer_is_said_and_what_breaks_off_is_seen() -> None:
    """A page in words when nothing came; a connection that ends early when something had."""
    answers = iter([b"GARBAGE\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])

    async def serve(visit: Visit) -> None:
        await visit.head()
        visit.say(next(answers))

    async with before(serve) as (rig, _):
        status, fields, body = await rig.get("/sign-in", "Accept: text/html")
        assert (status, fields["retry-after"]) == (503, "5")
        assert b"This part of the site" in body
        status, fields, body = await rig.get("/sign-in")
        assert (fields["content-length"], body) == ("9", b"half")


async def test_one_address_has_a_share_of_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own requests are refused then, not those of others; what is the edge's costs nothing of it."""
    monkeypatch.setattr(forward, "MOST_OF_ONE", 2)
    stop = asyncio.Event()

    async def serve(visit: Visit) -> None:
        await visit.head()
        await stop.wait()
        visit.say(OK)

    async with before(serve) as (rig, house):
        mine, other = "X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: 203.0.113.8"
        held = [await rig.open("/api/v1/x", mine) for _ in range(2)]
        await eventually(lambda: house.visits == 2, "both are under way")
        status, _, body = await rig.get("/api/v1/x", mine)
        assert (status, b"too-many-at-once" in body) == (429, True)
        held.append(await rig.open("/api/v1/x", other))
        await eventually(lambda: house.visits == 3, "the other's is")
        assert (await rig.get("/s/friday/door.json", mine))[0] == 200
        stop.set()
        for reader, writer in held:
            await reader.readuntil(b"hi")
            writer.close()


async def test_a_circle_is_noticed() -> None:
    """An edge whose house is an edge whose house is the first one."""
    async with before(always(OK)) as (rig, house):
        status, _, body = await rig.get("/api/v1/x", "Via: 1.1 stentor, 1.1 stentor, 1.1 stentor")
        assert (status, b"STENTOR_HOUSE_URL" in body, house.visits) == (508, True, 0)
        assert (await rig.get("/api/v1/x", "Via: 1.1 varnish, 1.1 stentor"))[0] == 200


async def test_requests_on_one_connection_are_answered_in_order() -> None:
    """Also when one is the house's and the next is not (RFC 9112, 9.3.2)."""

    async def serve(visit: Visit) -> None:
        while head := await visit.head():
            if "content-length: 3" in head:
                await visit.read(3)
            visit.say(OK)

    async with before(serve) as (rig, _):
        posts = request("/api/v1/x", "Content-Length: 3", method="POST") + b"abc"
        found = await talk(rig, posts + request("/door.pub") + posts + request("/door.pub", "Connection: close"))
        assert found.count(b"HTTP/1.1 200 OK") == 4
        bodies = [part.partition(b"\r\n\r\n")[2] for part in found.split(b"HTTP/1.1 ")[1:]]
        assert bodies[0] == bodies[2] == b"hi"
        assert bodies[1] == bodies[3] != b"hi"


async def test_the_next_request_is_read_after_a_long_body() -> None:
    """Also when the end of the body was there before the house took its beginning, and the client was not read from."""
    size = forward.MOST_WAITING_BYTES + 1000

    async def serve(visit: Visit) -> None:
        await visit.head()
        await visit.read(size)
        visit.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")

    async with before(serve) as (rig, _), asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        for _ in range(20):
            writer.write(request("/api/v1/x", f"Content-Length: {size}", method="PUT") + bytes(size))
            await reader.readuntil(b"hi")
            writer.write(request("/nowhere"))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 404 ")
            await reader.readuntil(b"}")
        writer.close()
