"""What the house answers, passed on: every request whose path is the house's (:mod:`stentor.base.paths`).

The edge's own parser has read the request, and what goes on is written anew: one length or one coding, no field that
is for this connection alone, and who asks as the edge knows it. So the house sees no request that the edge did not.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from stentor.base import edge_word, log, tls
from stentor.base.address import DEFAULT_PORTS
from stentor.base.config import Settings
from stentor.base.errors import Overloaded, StentorError
from stentor.base.keys import Keys
from stentor.base.secure import Secure
from stentor.crowd.addresses import ALONE
from stentor.edge.protocol import CONTINUE, Connection
from stentor.edge.reply import Reply
from stentor.edge.tunnel import FIELDS, carry, may_switch
from stentor.edge.upstream import NO_BODY, Head, HouseLost, Upstream
from stentor.edge.worker import Worker
from stentor.wire import forwarded
from stentor.wire.forwarded import Networks
from stentor.wire.head import origin_form
from stentor.wire.http import BodyStream, Request, status_line

CONNECT_S = 3.0
ANSWER_S = 120.0
"""From the request's end to the beginning of the answer: hold music of 50 MB is decoded and encoded meanwhile."""
BODY_S, LEAST_BPS = 30.0, 2000
"""A body may take so long, and as many bytes a second at least; the house refuses slower ones a little earlier."""
SILENT_S = 75.0
"""Between two pieces of an answer; event streams say something every second."""
IDLE_S = 10.0
"""A connection is kept so long without a request; the house closes it after 30 s, so that the two never cross."""
MOST_KEPT = 32
"""Connections without a request."""
MOST = 2000
"""Requests under way: so many event streams one edge carries. The house itself works on far fewer at once."""
SHARE = 8
"""And so many of the connections that the process may have."""
MOST_OF_ONE = 200
"""Of them from one address: a school has fewer, and ten of them do not take all."""
MOST_WAITING_BYTES = 256 * 1024
"""Of a body that the house does not take: then the client is not read from."""
RETRY_S = 5.0
MOST_HOPS = 3
"""Edges one behind the other: one of a region and one beside the house. More is a circle."""
REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OURS: Final = "stentor"
"""How an edge calls itself in Via."""
HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade"}
)  # fmt: skip
"""RFC 9110, 7.6.1: fields for one connection, beside those that Connection names."""
NOT_SENT: Final = HOP_BY_HOP | {
    "content-length", "forwarded", "host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip",
    edge_word.FIELD,
}  # fmt: skip
"""What a client invents there counts for nothing."""

AWAY = Overloaded("The house does not answer at the moment. Sound goes on; try again.", retry_after_s=RETRY_S,
                  code="house-away")  # fmt: skip
LOST = StentorError(
    "The house went away while it worked on this. Look whether it was done before you try again.",
    code="house-lost", status=502,
)  # fmt: skip
FULL = Overloaded("Too many wait for the house at this edge; try again in a moment.", retry_after_s=RETRY_S)
CROWDED = Overloaded(
    "Too many requests from your address are under way here; let some end.",
    retry_after_s=RETRY_S, status=429, code="too-many-at-once",
)  # fmt: skip
CIRCLE = StentorError(
    "This request goes round in a circle: STENTOR_HOUSE_URL must be the house's own address.",
    code="loop", status=508,
)  # fmt: skip
Failing = Callable[[StentorError, Request], Reply]
"""How an error is told: as a page or a problem document."""


class Forwarder:
    """All requests to the house of one edge process."""

    def __init__(self, settings: Settings, keys: Keys, trusted: Networks, worker: Worker) -> None:
        house = urlsplit(settings.house_upstream)
        secure = house.scheme == "https"
        self._address = (house.hostname or "", house.port or DEFAULT_PORTS[house.scheme])
        own = tls.LiveTrust(settings) if settings.tls_cert and not settings.house_url else None
        usual = ssl.create_default_context() if secure else False
        self._tls = own.context if own and secure else lambda: usual
        self._word, self._trusted = edge_word.word(keys.doors), trusted
        self._most = min(MOST, worker.capacity // SHARE)
        self._kept: deque[Upstream] = deque()
        self._of: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = log.get("edge")
        self._counted = worker.forwarded

    def forward(self, request: Request, connection: Connection, failing: Failing) -> Reply | None:
        """Passes it on; the connection waits. A reply at once when there is no room. ``failing`` words errors."""
        client = connection.limited
        if self._counted.busy >= self._most:
            return failing(FULL, request)
        if self._of[client] >= MOST_OF_ONE:
            return failing(CROWDED, request)
        if [each.split()[-1:] for each in request.headers.get("via", "").split(",")].count([OURS]) >= MOST_HOPS:
            return failing(CIRCLE, request)
        self._of[client] += 1
        self._counted.count += 1
        self._counted.busy += 1
        if (body := request.stream) is not None:
            body.on_news = lambda: _bound(body, connection)
        task = asyncio.create_task(self._run(request, connection, failing), name=f"forward {request.path}")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, client))
        connection.hold(request, task.cancel)
        return None

    async def stop(self) -> None:
        """Ends what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for house in self._kept:
            house.transport.abort()
        self._kept.clear()

    # Inside.

    def _ended(self, task: asyncio.Task[None], client: str) -> None:
        self._tasks.discard(task)
        self._counted.busy -= 1
        self._of[client] -= 1
        if not self._of[client]:
            del self._of[client]

    async def _run(self, request: Request, connection: Connection, failing: Failing) -> None:
        begun = connection.sent_bytes
        try:
            stays = await self._exchange(request, connection)
        except (HouseLost, OSError) as error:  # a timeout is an OSError too
            self._counted.away += 1
            self._log.warning("house-away", path=request.path.split("/")[1], problem=type(error).__name__)
            if connection.sent_bytes != begun:  # it failed in the middle: the peer sees that it is short
                connection.transport.abort()
                return
            done = isinstance(error, HouseLost | TimeoutError) and request.method not in REPEATABLE
            connection.release(failing(LOST if done else AWAY, request))
        except Exception:  # noqa: BLE001 the outermost boundary of this task
            self._log.exception("forward-failed")
            connection.transport.abort()
        else:
            if stays or request.stream is None or request.stream.complete:
                connection.sent(keep_alive=stays)
            else:
                connection.end(b"")  # the house has answered before the end of the body, and wants no more of it

    async def _exchange(self, request: Request, connection: Connection) -> bool:
        """The whole way; whether the client's connection may stay open."""
        house = self._taken()
        if house is not None:
            try:
                return await self._through(house, request, connection)
            except HouseLost:
                # The house closed it while it lay here. Whether it saw the request nobody knows.
                if house.begun or request.method not in REPEATABLE or request.stream is not None:
                    raise
        return await self._through(await self._connected(), request, connection)

    async def _through(self, house: Upstream, request: Request, connection: Connection) -> bool:
        body, loop = request.stream, asyncio.get_running_loop()
        house.begin(
            bodyless=request.method == "HEAD",
            on_continue=lambda: self._continued(request, connection),
            switches=may_switch(request),
        )
        sending: asyncio.Task[None] | None = None
        try:
            await house.write(self._head_of(request, connection))
            limit_s = ANSWER_S
            if body is not None:
                sending = asyncio.create_task(_send(body, house, connection), name="forward a body")
                sending.add_done_callback(_heard)
                limit_s += BODY_S + (body.length or 0) / LEAST_BPS
            async with asyncio.timeout(limit_s if body is None or body.length else None):
                head = await house.head()
            if house.switched:
                uplink = BodyStream(0)
                sending = asyncio.create_task(_send(uplink, house, connection), name="forward what a client says")
                sending.add_done_callback(_heard)
                await carry(uplink, house, connection, head, _passed(head))
                return False
            stays = request.keep_alive and request.version == "1.1" and not connection.going
            stays = stays and (body is None or body.complete)
            frame = await self._answer(head, request, connection, stays=stays)
            async with asyncio.timeout(SILENT_S) as limit:
                while (piece := await house.read()) and await connection.send(frame(piece)):
                    limit.reschedule(loop.time() + SILENT_S)
            if house.complete and (end := frame(b"")):
                await connection.send(end)
            return stays and house.complete
        finally:
            sent = body is None or (body.complete and sending is not None and sending.done())
            if sending is not None:
                sending.cancel()
            self._give_back(house, reusable=sent and house.reusable)

    async def _answer(
        self, head: Head, request: Request, connection: Connection, *, stays: bool
    ) -> Callable[[bytes], bytes]:
        """Sends the head; returns how pieces of the body are framed (an empty one is the end)."""
        kept, bodyless = _passed(head), request.method == "HEAD" or head.status in NO_BODY
        chunked = not bodyless and not head.has(b"content-length") and request.version == "1.1"
        if chunked:
            kept.append(b"transfer-encoding: chunked")
        elif not bodyless and not head.has(b"content-length"):
            stays = False
        if not stays:
            kept.append(b"connection: close")
            connection.going = True
        lines = b"\r\n".join([status_line(head.status), *kept, b"", b""])
        connection.replied(head.status)
        await connection.send(lines)
        return _chunk if chunked else bytes

    def _continued(self, request: Request, connection: Connection) -> None:
        if "expect" in request.headers and request.version == "1.1" and not connection.transport.is_closing():
            connection.transport.write(CONTINUE)

    def _head_of(self, request: Request, connection: Connection) -> bytes:
        """The request line and fields for the house."""
        fields = request.headers
        named = {name.strip().lower() for name in fields.get("connection", "").split(",")}
        lines = [f"{request.method} {origin_form(request.target)} HTTP/1.1", f"host: {fields.get('host', '')}"]
        lines += [f"{name}: {value}" for name, value in fields.items() if name not in NOT_SENT and name not in named]
        told = forwarded.origin(connection.peer, fields, self._trusted)
        secure = isinstance(connection.transport, Secure)
        if address := forwarded.client(connection.peer, fields, self._trusted):
            lines.append(f"x-forwarded-for: {address}")
        one = connection.limited
        client = f"{os.getpid()}{one}" if one.startswith(ALONE) else one
        lines += [
            f"x-forwarded-proto: {'https' if secure else told.scheme or 'http'}",
            f"via: {', '.join(filter(None, [fields.get('via', ''), f'{request.version} {OURS}']))}",
            f"{edge_word.FIELD}: {self._word} {client}",
        ]
        if may_switch(request):
            lines += FIELDS
        if request.stream is not None and request.stream.length is None:
            lines.append("transfer-encoding: chunked")
        elif request.stream is not None or request.method in ("POST", "PUT", "PATCH"):
            lines.append(f"content-length: {request.stream.length if request.stream else 0}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    # Connections to the house.

    def _taken(self) -> Upstream | None:
        """A connection that is kept; the one that was used last, so that the others may end."""
        since = asyncio.get_running_loop().time() - IDLE_S
        while self._kept and (self._kept[0].idle_since < since or self._kept[0].gone):
            self._kept.popleft().transport.abort()
        while self._kept:
            house = self._kept.pop()
            if not house.gone and not house.transport.is_closing():
                return house
        return None

    async def _connected(self) -> Upstream:
        host, port = self._address
        context = self._tls()
        try:
            async with asyncio.timeout(CONNECT_S):
                _, house = await asyncio.get_running_loop().create_connection(
                    Upstream, host, port, ssl=context or None, server_hostname=host if context else None
                )
        except TimeoutError:
            raise ConnectionError("The house takes no connection.") from None
        return house

    def _give_back(self, house: Upstream, *, reusable: bool) -> None:
        if reusable and len(self._kept) < MOST_KEPT:
            house.rest(asyncio.get_running_loop().time())
            self._kept.append(house)
        else:
            house.transport.abort()


async def _send(body: BodyStream, house: Upstream, connection: Connection) -> None:
    """The body, as it comes from the client."""
    news = asyncio.Event()
    body.on_news = lambda: _came(body, news, connection)
    while True:
        news.clear()
        complete, paused = body.complete, body.waiting_bytes > MOST_WAITING_BYTES
        if data := body.take():
            await house.write(data if body.length is not None else _chunk(data))
        if paused and not connection.transport.is_closing():
            connection.transport.resume_reading()  # also after the last piece: the next request comes there
        if complete:
            break
        if not body.waiting_bytes and not body.complete:
            await news.wait()
    if body.length is None:
        await house.write(_chunk(b""))


def _came(body: BodyStream, news: asyncio.Event, connection: Connection) -> None:
    _bound(body, connection)
    news.set()


def _bound(body: BodyStream, connection: Connection) -> None:
    """Reads no more from the client until the house has taken what waits."""
    if body.waiting_bytes > MOST_WAITING_BYTES:
        connection.transport.pause_reading()


def _heard(task: asyncio.Task[None]) -> None:
    """Whoever waits for the answer hears of the house's end too: it is said there."""
    if not task.cancelled():
        with suppress(HouseLost):
            task.result()


def _chunk(data: bytes) -> bytes:
    """RFC 9112, 7.1; nothing is the last chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _passed(head: Head) -> list[bytes]:
    """The lines of a response that go on to the client."""
    named = {
        each.strip().lower()
        for name, value in head.fields
        if name.lower() == b"connection"
        for each in value.split(b",")
    }
    return [
        b"%b: %b" % (name, value)
        for name, value in head.fields
        if (low := name.lower()).decode("latin-1") not in HOP_BY_HOP and low not in named
    ]
