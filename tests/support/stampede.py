"""Servers of the fediverse that have all been told of a post: each comes once, from an address of its own.

``python -m tests.support.stampede ORDER`` (a file, or ``-`` for what comes by standard input; :class:`Order` as JSON).
Each source asks for everything on the list, one after the other, on a connection of its own each time, as servers do
that ask once in a while; they begin at chance times within the span. Says as JSON what was answered, and how fast.
It takes TLS from pyOpenSSL, whose handshakes cost less.
"""

from __future__ import annotations

import asyncio
import heapq
import os
import random
import re
import select
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from OpenSSL import SSL

from stentor.base.rsa import RsaKey
from stentor.fediverse.signatures import signed
from stentor.fediverse.writing import ACCEPT
from tests.support.flood import address
from tests.support.wait import PATIENCE_S

SIGNERS: Final = 1000
"""Signatures are made before it begins: each takes half a millisecond."""
MOST_OPEN: Final = 600
READ_BYTES: Final = 16 * 1024
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


class Wish(msgspec.Struct, frozen=True):
    """One request. ``signed``: with the key of whoever asks, and for a document of ActivityPub."""

    method: str
    path: str
    signed: bool = False


class Order(msgspec.Struct, frozen=True):
    """A stampede on ``port`` of this machine."""

    port: int
    host: str
    wishes: list[Wish]
    sources: int
    span_s: float
    tls: bool
    niceness: int = 0
    """By how much it gives way to what it asks, which in truth is another machine."""
    longest_s: float = PATIENCE_S
    """So long after the span it gives up."""


class Told(msgspec.Struct, frozen=True):
    """What came of one. Times are of whole requests, from the connection to the last byte."""

    answers: dict[str, int]
    """By status, and ``failed``; ``short`` is what broke off before its end. When the time is over ``open`` is what was
    not answered yet, and ``unasked`` how many sources had no time to ask: each goes on with the rest of its list."""
    took_s: float
    p50_ms: float
    p99_ms: float
    bytes: int
    processor_s: float = 0.0
    """Of the stampede itself."""


class _Asking:
    """One request of one source."""

    def __init__(self, sock: socket.socket, source: int, number: int, now: float) -> None:
        self.sock, self.source, self.number, self.began = sock, source, number, now
        self.line: SSL.Connection | socket.socket = sock
        """With TLS that over the socket."""
        self.connected = self.sent = False
        self.first = b""
        self.bytes = 0

    @property
    def whole(self) -> bool:
        """Whether as much came as was said; the answer to ``HEAD`` has no body."""
        head, _, _ = self.first.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        return length is not None and self.bytes in (len(head) + 4, len(head) + 4 + int(length[1]))


class _Stampede:
    def __init__(self, order: Order) -> None:
        self._order, self._heads = order, heads(order)
        self._context = _context() if order.tls else None
        self._epoll, self._open = select.epoll(), dict[int, _Asking]()
        self._due = [(random.uniform(0, order.span_s), source, 0) for source in range(order.sources)]
        heapq.heapify(self._due)
        self._answers, self._took, self._bytes = Counter[str](), list[float](), 0

    def run(self) -> Told:
        began = time.monotonic()
        while self._due or self._open:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now - began and len(self._open) < MOST_OPEN:
                _, source, number = heapq.heappop(self._due)
                self._begin(source, number, now)
            for fileno, _ in self._epoll.poll(0.005, 512):
                if (asking := self._open.get(fileno)) is not None:
                    self._step(asking, began)
            if now - began > self._order.span_s + self._order.longest_s:
                self._answers["open"] += len(self._open)
                self._answers["unasked"] += len(self._due)
                break
        took = [1000 * each for each in self._took] or [0.0]
        p50, p99 = np.percentile(took, [50, 99])
        passed = time.monotonic() - began
        used_s = round(time.process_time(), 2)
        return Told(
            dict(self._answers), round(passed, 1), round(float(p50), 2), round(float(p99), 2), self._bytes, used_s
        )

    def _begin(self, source: int, number: int, now: float) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.bind((address(source), 0))
        sock.connect_ex(("127.0.0.1", self._order.port))
        self._open[sock.fileno()] = _Asking(sock, source, number, now)
        self._epoll.register(sock.fileno(), select.EPOLLOUT)

    def _step(self, asking: _Asking, began: float) -> None:
        try:
            if not asking.connected:
                if asking.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    raise ConnectionError
                asking.connected = True
                if self._context is not None:
                    asking.line = self._line(asking.sock, self._context)
            if not asking.sent:
                if isinstance(asking.line, SSL.Connection):
                    asking.line.do_handshake()
                asking.line.sendall(self._heads[asking.number][asking.source % len(self._heads[asking.number])])
                asking.sent = True
                self._epoll.modify(asking.sock.fileno(), select.EPOLLIN)
            while data := asking.line.recv(READ_BYTES):
                if b"\r\n\r\n" not in asking.first:
                    asking.first += data
                asking.bytes += len(data)
        except (BlockingIOError, SSL.WantReadError):
            self._epoll.modify(asking.sock.fileno(), select.EPOLLIN)
        except SSL.WantWriteError:
            pass
        except (SSL.ZeroReturnError, SSL.SysCallError):
            self._over(asking, began)
        except (OSError, SSL.Error):
            self._end(asking, "failed", began)
        else:
            self._over(asking, began)

    def _line(self, sock: socket.socket, context: SSL.Context) -> SSL.Connection:
        line = SSL.Connection(context, sock)
        line.set_tlsext_host_name(self._order.host.partition(":")[0].encode())
        line.set_connect_state()
        return line

    def _over(self, asking: _Asking, began: float) -> None:
        answer = asking.first[9:12].decode() if asking.whole else "short"
        self._end(asking, answer if asking.first else "failed", began)

    def _end(self, asking: _Asking, answer: str, began: float) -> None:
        now = time.monotonic()
        del self._open[asking.sock.fileno()]
        asking.sock.close()
        self._answers[answer] += 1
        self._took.append(now - asking.began)
        self._bytes += asking.bytes
        if asking.number + 1 < len(self._order.wishes):
            heapq.heappush(self._due, (now - began, asking.source, asking.number + 1))


def _context() -> SSL.Context:
    """What it costs to look at certificates is the matter of those who come."""
    return SSL.Context(SSL.TLS_CLIENT_METHOD)


def heads(order: Order) -> list[list[bytes]]:
    """The heads of each wish: one for all, or where they are signed one for each of :data:`SIGNERS`."""
    key, found = RsaKey.make(), list[list[bytes]]()
    for wish in order.wishes:
        usual = {"host": order.host, "user-agent": "Elsewhere/1.0", "connection": "close"}
        heads = []
        for signer in range(min(SIGNERS, order.sources) if wish.signed else 1):
            fields = usual
            if wish.signed:
                who = f"https://server-{signer}.example/actor#main-key"
                made = signed(
                    key, who, method=wish.method, authority=order.host, target=wish.path, now=time.time()
                )  # fmt: skip
                fields = usual | made | {"accept": ACCEPT}
            lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            heads.append(f"{wish.method} {wish.path} HTTP/1.1\r\n{lines}\r\n".encode())
        found.append(heads)
    return found


async def stampede(order: Order) -> Told:
    """Runs one in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.stampede", "-", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate(msgspec.json.encode(order))
    assert process.returncode == 0, "the stampede broke off"
    return msgspec.json.decode(said, type=Told)


if __name__ == "__main__":
    given = sys.stdin.buffer.read() if sys.argv[1] == "-" else Path(sys.argv[1]).read_bytes()
    wanted = msgspec.json.decode(given, type=Order)
    os.nice(wanted.niceness)
    print(msgspec.json.encode(_Stampede(wanted).run()).decode())
