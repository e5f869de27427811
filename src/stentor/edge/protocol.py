"""One connection of the audience: requests in, ready replies out, or a place in the fan-out.

The connection itself is the listener: nothing else is kept for one. Replies go out in the order of the requests
(RFC 9112, 9.3.2), also when one of them is held. There is no timer a connection: :class:`stentor.edge.worker.Worker`
looks at deadlines once a second.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeAlias

from stentor.base import secure
from stentor.base.errors import StentorError
from stentor.edge.fanout import Group, Stream
from stentor.edge.players import Counting
from stentor.edge.reply import Reply
from stentor.evidence.sources import Trace
from stentor.wire.heads import Heads
from stentor.wire.http import Request, RequestParser

HEAD_S = 10.0
"""From the first byte of a request to the end of its head, and from connecting to the first request."""
IDLE_S = 60.0
"""Between requests; longer than the 3 target durations that a player may pause."""
STALL_S = 15.0
"""A peer that takes nothing for so long is gone."""
MOST_WAITING = 64
"""Requests of one connection behind one that is held; then it is not read from."""
HIGH_WATER_BYTES = 64 * 1024
"""What the transport may hold for a slow reader: 8 s of sound, after which it is skipped."""
LINGER_S = 2.0
"""After a refusal: closing while bytes still come would destroy the reply on its way (RFC 9112, 9.6)."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
FOREVER = float("inf")
CHUNK_MARK = b"{chunk}"


Answers: TypeAlias = Callable[[Request, "Connection"], Reply | None]
"""Gives the reply to a request, or None when the connection was told to wait or to stream."""


class Host(Protocol):
    """What a connection needs of its worker."""

    now: float
    """Monotonic seconds, at most one second old."""
    replied_bytes: int
    """Bytes of replies and of what listeners get at once."""
    replies: list[int]
    """How many had which first digit of their status; nobody's is 0."""
    heads: Heads
    """What this process has read of requests."""

    def opened(self, connection: Connection) -> bool:
        """Counts a connection in; False (already answered) when there is no room for it."""

    def closed(self, connection: Connection) -> None: ...
    def watch(self, connection: Connection, deadline: float) -> None:
        """Close the connection when it is still in the same state at ``deadline``."""

    def refuse(self, error: StentorError) -> Reply:
        """The reply to what could not be parsed."""

    def left(self, connection: Connection) -> None:
        """A listener has gone."""


class Connection(asyncio.Protocol):
    """States: reading (``parser`` set, nothing ``held``), holding one reply back, streaming, closed."""

    __slots__ = (
        "_answers",
        "_drained",
        "_forget",
        "_host",
        "_parser",
        "_takes",
        "_waiting",
        "alone",
        "asks",
        "began",
        "bucket",
        "choked",
        "client",
        "deadline",
        "going",
        "group",
        "held",
        "holder",
        "index",
        "late",
        "limited",
        "number",
        "paused",
        "plays",
        "sent_bytes",
        "source",
        "told",
        "trace",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, host: Host, answers: Answers) -> None:
        self._host, self._answers = host, answers
        self._parser: RequestParser | None = None
        self._waiting: deque[Request] | None = None
        self._forget: Callable[[], object] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._takes: Callable[[bytes], None] | None = None
        self.held: Request | None = None
        """The request whose reply is being held back."""
        self.late: Answers | None = None
        """Who answers that, when it was put off."""
        self.client = ""
        """Where it comes from, or whom its request is from, as the worker counts it."""
        self.limited = ""
        """What its limits count by: the same, or the connection itself where its peer names nobody."""
        self.trace: Trace | None = None
        """What is counted of its client, when that is in the sample."""
        self.began = 0.0
        """When it was made, until its first reply (monotonic seconds); then 0."""
        self.asks: Counting | None = None
        """Where it is counted as one that asks for playlists."""
        self.number = ""
        """A source of its own when its peer may name others; else empty."""
        self.alone = ""
        """The same; empty when the peer is a client itself (``edge.peers``)."""
        self.source = ""
        """The client's address by the PROXY protocol; empty without it."""
        self.plays: tuple[tuple[str, int, str], int] | None = None
        """Which recording it plays today and for whom, and its device (``edge.played``); None before."""
        self.holder: tuple[str, bytes, int] | None = None
        """Whose pass it brought to a private space: space, holder, when it was given (ms)."""
        self.paused = False
        self.choked = False
        """It hears a stream and takes nothing of it (``edge.taking``)."""
        self.told = False
        """It was told to wait, and has not been let in since."""
        self.going = False
        """It ends with the reply that is next or under way: whoever is at the other end comes to another edge."""
        self.sent_bytes = 0
        """Bytes of a long reply that went out through :meth:`send`."""
        self.group: Group | None = None
        self.index = 0
        self.deadline = FOREVER
        self.bucket = -1
        """Where it stands among the worker's deadlines."""

    @property
    def peer(self) -> str:
        """The address of the other side, or of whom its proxy speaks for; empty when nobody knows."""
        return self.source or (self.transport.get_extra_info("peername") or ("",))[0]

    @property
    def overdue(self) -> str:
        """What it is too slow for, when its deadline has passed."""
        if self.paused:
            return "stall"
        if self._parser is None:
            return "end"
        if self.began:
            return "handshake" if self.transport.get_extra_info("handshake") else "first"
        return "idle" if self._parser.idle else "head"

    def replied(self, status: int) -> None:
        """A reply begins."""
        self._host.replies[status // 100] += 1
        self.began = 0.0

    def came_from(self, address: str) -> None:
        """What the PROXY protocol says."""
        self.source = address

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's have the methods, not the base class
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        if self._host.opened(self):
            self._parser = RequestParser(heads=self._host.heads)
            self._host.watch(self, self._host.now + HEAD_S)

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            if self._takes is not None:
                self._takes(data)
            return  # a listener has nothing to say
        try:
            requests = self._parser.feed(data)
        except StentorError as error:
            self._fail(error)
            return
        if self._parser.expects and self.held is None:
            self.transport.write(CONTINUE)
        if not requests:
            if self._host.now + HEAD_S < self.deadline and not self._parser.idle and self.held is None:
                self._host.watch(self, self._host.now + HEAD_S)
            return
        if self._waiting is None and self.held is None and len(requests) == 1 and not self.paused:
            self._answer(requests[0])
        else:
            self._waiting = self._waiting or deque()
            self._waiting.extend(requests)
            # a body that is passed on waits for its turn at the other end
            if len(self._waiting) > MOST_WAITING or _comes(requests[-1]):
                self.transport.pause_reading()
            self._next()

    def pause_writing(self) -> None:
        self.paused = True
        self._host.watch(self, self._host.now + STALL_S)

    def resume_writing(self) -> None:
        self.paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        if self.group is not None or self.held is not None:
            self._host.watch(self, FOREVER)
        else:
            self._host.watch(self, self._host.now + IDLE_S)
            self._next()

    def eof_received(self) -> None:
        """Nothing more is asked: what was put off is answered now, before the transport closes."""
        while self.late is not None and self.held is not None and not self.transport.is_closing():
            self.resume(self.held)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.group is not None:
            self.group.leave(self)
            self._host.left(self)
        if self._forget is not None:
            self._forget()
            self._forget = None
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._parser = self._waiting = self._takes = None
        self._host.closed(self)

    # What the worker says.

    def go(self) -> None:
        """Ends the connection without a loss: a stream between two chunks, anything else after the reply under way."""
        self.going = True
        if self.group is not None:
            self.group.leave(self)  # a slow reader gets what waits for it, and nothing more
            self._host.left(self)
            self._host.watch(self, self._host.now + STALL_S)
            self.transport.close()
        elif self.held is None and not self._waiting and (self._parser is None or self._parser.idle):
            self.transport.close()

    def hold(self, request: Request, forget: Callable[[], object]) -> None:
        """The reply comes later through :meth:`release`; ``forget`` is called when the peer goes before."""
        self.held = request
        self._forget = forget
        self._host.watch(self, FOREVER)

    def release(self, reply: Reply) -> None:
        """Sends the reply that was held back, and goes on."""
        request, self.held, self._forget = self.held, None, None
        if request is None or self.transport.is_closing():
            return
        self._send(request, reply)
        self._next()

    def put_off(self, request: Request, answers: Answers) -> None:
        """Holds a request that waits for a later turn (:class:`stentor.edge.turn.LoopTurn`)."""
        self.held, self.late = request, answers

    def resume(self, request: Request) -> None:
        """Answers what was put off, and goes on; unless the peer has gone meanwhile."""
        answers = self.late
        if answers is None or self.held is not request or self.transport.is_closing():
            return
        self.held = self.late = None
        if (reply := answers(request, self)) is not None:
            self._send(request, reply)
            self._next()

    async def send(self, data: bytes) -> bool:
        """Writes a piece of a long held reply and waits for room for the next; False when the peer is gone."""
        self.sent_bytes += len(data)
        self._host.replied_bytes += len(data)
        if not self.transport.is_closing():
            self.transport.write(data)
        if self.paused and not self.transport.is_closing():
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained
            self._drained = None
        return not self.transport.is_closing()

    def listen(self, takes: Callable[[bytes], None]) -> None:
        """From now on the held request is another protocol (``edge.tunnel``): ``takes`` gets what comes, unread."""
        self._parser = self._waiting = None
        self._takes, self.going = takes, True

    def sent(self, *, keep_alive: bool) -> None:
        """A long reply that went out through :meth:`send` is complete (or not, then ``keep_alive`` is False)."""
        self.held = self._forget = None
        if not keep_alive or self.going:
            self.transport.close()
        elif not self.transport.is_closing():
            self._host.watch(self, self._host.now + (STALL_S if self.paused else IDLE_S))
            self._next()

    def end(self, data: bytes) -> None:
        """Last words: nothing more is read, and what still comes is thrown away for a while, so that they arrive."""
        self._parser = self._waiting = None
        self.held = self._forget = None
        if data:
            self.transport.write(data)
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.transport.resume_reading()
            self._host.watch(self, self._host.now + LINGER_S)
        else:
            self.transport.close()

    def stream(self, head: bytes, stream: Stream, burst: int) -> None:
        """From now on the connection is a listener of ``stream``.

        :data:`CHUNK_MARK` in ``head`` becomes the number of the first chunk it gets.
        """
        self._parser = None
        self._waiting = None
        self.held = self._forget = None
        payload, first = stream.join(self, burst)
        self._host.watch(self, FOREVER)
        self.replied(200)
        data = head.replace(CHUNK_MARK, str(first).encode()) + payload
        self._host.replied_bytes += len(data)
        self.transport.write(data)

    # Inside.

    def _answer(self, request: Request) -> None:
        reply = self._answers(request, self)
        if reply is not None:
            self._send(request, reply)

    def _send(self, request: Request, reply: Reply) -> None:
        # A peer that speaks HTTP/1.0 gets its reply and the end of the connection: none of them needs more.
        stays = request.keep_alive and request.version == "1.1" and not self.going
        if unread := request.stream is not None and _comes(request):
            stays = False  # the answer came before the body's end: nobody takes the rest
        data = reply.render(head_only=request.method == "HEAD", keep_alive=stays)
        self._host.replies[reply.status // 100] += 1  # as in replied, without a call
        self.began = 0.0
        self._host.replied_bytes += len(data)
        if unread:
            self.end(data)
            return
        if not stays:
            self._parser = None
            self._waiting = None
            secure.end(self.transport, data)
            return
        self.transport.write(data)
        if not self.paused:
            parser = self._parser
            deadline = self._host.now + (IDLE_S if parser is None or parser.idle else HEAD_S)
            if deadline != self.deadline:  # many in one second need it once
                self._host.watch(self, deadline)

    def _next(self) -> None:
        """Answers what waits, until one is held or the peer does not read."""
        while self._waiting and self.held is None and not self.paused:
            self._answer(self._waiting.popleft())
        if self._waiting is not None and not self._waiting:
            self._waiting = None
            self.transport.resume_reading()

    def _fail(self, error: StentorError) -> None:
        """Says why and closes: after bytes that do not parse nobody knows where the next request begins."""
        if self.held is None:
            reply = self._host.refuse(error)
            self.replied(reply.status)
            self.end(reply.render(head_only=False, keep_alive=False))
        else:
            self._parser = None
            self.transport.close()


def _comes(request: Request) -> bool:
    """Whether the end of its body has not come yet."""
    return request.stream is not None and not request.stream.complete
