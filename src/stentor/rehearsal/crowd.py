"""Thousands of listeners in one process: each opens the page, asks the door, plays a stream, returns when cut off.

One thread and one epoll; a listener costs a socket and a small object, sound is counted and thrown away. It runs as
``python -m stentor.rehearsal.crowd``: an :class:`Order` as JSON on standard input, a :class:`Tally` a line and a second
on standard output.
"""

from __future__ import annotations

import heapq
import random
import re
import resource
import select
import socket
import sys
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

import msgspec

from stentor.rehearsal.arrival import Visit

READ_BYTES: Final = 1 << 16
SOUND_BYTES: Final = 1000
"""More than any head: the listener hears something."""
PLAYED_S: Final = 3.0
"""Whoever played for less has no pauses worth counting."""
RETRY_S: Final = (2.0, 6.0)
REJOIN_S: Final = (0.5, 3.0)
"""After a cut, at random: as the listener's page does."""
MOST_TRIES: Final = 20
MOST_HEAD_BYTES: Final = 1 << 17
STREAMS: Final = ("live.aac", "live.aac", "live.aac", "live.opus", "live.mp4")
"""In which shares."""
_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)
_RETRY = re.compile(rb"\r\nRetry-After: *(\d+)", re.IGNORECASE)
ON_AIR: Final = ("doors_open", "live", "interrupted")


class Order(msgspec.Struct, frozen=True):
    """What one process is to do. ``at`` is when the rehearsal begins, on the wall clock."""

    host: str
    port: int
    space: str
    visits: list[Visit]
    at: float
    for_s: float
    seed: int
    source: str = ""
    """The address to come from; empty lets the system choose."""


class Tally(msgspec.Struct):
    """What has come of it so far; the lists are filled in the last one only."""

    come: int = 0
    playing: int = 0
    heard: int = 0
    """Listeners who have heard something at all."""
    refused: int = 0
    """Answers that were none: 429, 503, no connection."""
    cut: int = 0
    """Listeners whose stream broke off."""
    given_up: int = 0
    received: int = 0
    """Bytes."""
    last: bool = False
    first_s: list[float] = []
    """From the moment each listener meant to come to the first sound."""
    again_s: list[float] = []
    """From a cut to the next sound."""
    pause_s: list[float] = []
    """The longest time without new sound of each listener."""
    late_s: list[float] = []
    """How late the rehearsal itself was in sending each listener."""


class _Stage(Enum):
    PAGE = auto()
    DOOR = auto()
    HEAD = auto()
    SOUND = auto()


class _Listener:
    __slots__ = (
        "buffer",
        "cut_at",
        "due",
        "first_at",
        "heard_at",
        "leaves",
        "path",
        "pause_s",
        "socket",
        "stage",
        "tries",
    )

    def __init__(self, path: str, due: float, leaves: float) -> None:
        self.path, self.due, self.leaves = path, due, leaves
        self.socket: socket.socket | None = None
        self.stage = _Stage.PAGE
        self.buffer = b""
        self.first_at = self.heard_at = self.cut_at = 0.0
        self.pause_s = 0.0
        self.tries = 0


class Crowd:
    """The listeners of one process."""

    def __init__(self, order: Order) -> None:
        self.tally = Tally()
        self._order = order
        self._chance = random.Random(order.seed)
        self._epoll = select.epoll()
        self._open: dict[int, _Listener] = {}
        self._agenda: list[tuple[float, int, Callable[[_Listener, float], None], _Listener]] = []
        self._count = 0
        self._all: list[_Listener] = []
        self._buffer = bytearray(READ_BYTES)

    def run(self, told: Callable[[Tally], None]) -> None:
        """Until the time is over; calls ``told`` once a second and at the end."""
        order = self._order
        begin = time.monotonic() + order.at - time.time()
        for visit in order.visits:
            due = begin + visit.at_s
            listener = _Listener(self._chance.choice(STREAMS), due, due + visit.stays_s)
            self._plan(due, self._come, listener)
        end, tell_at = begin + order.for_s, begin
        while (now := time.monotonic()) < end:
            while self._agenda and self._agenda[0][0] <= now:
                _, _, act, listener = heapq.heappop(self._agenda)
                act(listener, now)
            next_due = self._agenda[0][0] if self._agenda else end
            self._poll(max(0.0, min(next_due, tell_at, end) - time.monotonic()))
            if now >= tell_at:
                told(self.tally)
                tell_at = now + 1.0
        told(self._final())

    def _final(self) -> Tally:
        self.tally.pause_s = [max(each.pause_s, 0.0) for each in self._all if each.heard_at - each.first_at >= PLAYED_S]
        self.tally.last = True
        return self.tally

    def _plan(self, at: float, act: Callable[[_Listener, float], None], listener: _Listener) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at, self._count, act, listener))

    def _come(self, listener: _Listener, now: float) -> None:
        """For the first time."""
        self.tally.come += 1
        self.tally.late_s.append(now - listener.due)
        self._all.append(listener)
        self._plan(listener.leaves, self._leave, listener)
        self._connect(listener, now)

    def _connect(self, listener: _Listener, now: float) -> None:
        if now >= listener.leaves:
            return
        one = socket.socket()
        one.setblocking(False)
        listener.socket, listener.stage, listener.buffer = one, _Stage.PAGE, b""
        try:
            if self._order.source:
                one.bind((self._order.source, 0))
            one.connect((self._order.host, self._order.port))
        except BlockingIOError:
            pass
        except OSError:
            self._refused(listener, now, self._chance.uniform(*RETRY_S))
            return
        self._open[one.fileno()] = listener
        self._epoll.register(one.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _leave(self, listener: _Listener, now: float) -> None:
        if listener.stage is _Stage.SOUND and listener.socket is not None:
            self.tally.playing -= 1
        self._close(listener)

    def _close(self, listener: _Listener) -> None:
        if listener.socket is not None:
            if self._open.pop(listener.socket.fileno(), None) is not None:
                self._epoll.unregister(listener.socket.fileno())
            listener.socket.close()
            listener.socket = None

    def _refused(self, listener: _Listener, now: float, wait_s: float) -> None:
        """Not now: comes again, but not for ever."""
        self._close(listener)
        self.tally.refused += 1
        listener.tries += 1
        if listener.tries >= MOST_TRIES:
            self.tally.given_up += 1
        else:
            self._plan(now + wait_s, self._connect, listener)

    def _poll(self, wait_s: float) -> None:
        events = self._epoll.poll(wait_s, 4096)
        now = time.monotonic()
        for fileno, event in events:
            listener = self._open.get(fileno)
            if listener is None or listener.socket is None:
                continue
            try:
                if event & select.EPOLLOUT:
                    self._ask(listener)
                    self._epoll.modify(fileno, select.EPOLLIN)
                if event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                    size = listener.socket.recv_into(self._buffer)
                    if size == 0:
                        raise ConnectionResetError
                    self._read(listener, size, now)
            except BlockingIOError:
                continue
            except OSError:
                self._broken(listener, now)

    def _ask(self, listener: _Listener) -> None:
        """The request of the listener's stage: a few hundred bytes, which an empty socket takes whole."""
        path = {_Stage.PAGE: "", _Stage.DOOR: "/door.json", _Stage.HEAD: f"/{listener.path}"}[listener.stage]
        request = f"GET /s/{self._order.space}{path} HTTP/1.1\r\nHost: {self._order.host}:{self._order.port}\r\n\r\n"
        if listener.socket is not None:
            listener.socket.send(request.encode())

    def _broken(self, listener: _Listener, now: float) -> None:
        if listener.stage is not _Stage.SOUND:
            self._refused(listener, now, self._chance.uniform(*RETRY_S))
            return
        self._close(listener)
        self.tally.cut += 1
        self.tally.playing -= 1
        listener.cut_at = now
        self._plan(now + self._chance.uniform(*REJOIN_S), self._connect, listener)

    def _read(self, listener: _Listener, size: int, now: float) -> None:
        self.tally.received += size
        if listener.stage is _Stage.SOUND:
            listener.pause_s = max(listener.pause_s, now - listener.heard_at)
            listener.heard_at = now
            return
        listener.buffer += self._buffer[:size]
        head, separator, body = listener.buffer.partition(b"\r\n\r\n")
        if not separator:
            if len(listener.buffer) > MOST_HEAD_BYTES:
                raise ConnectionResetError
            return
        if head[9:12] != b"200":
            wait = _RETRY.search(head)
            self._refused(listener, now, float(wait[1]) if wait else self._chance.uniform(*RETRY_S))
        elif listener.stage is _Stage.HEAD:
            if len(body) >= SOUND_BYTES:
                self._heard(listener, now)
        elif (length := _LENGTH.search(head)) is None:
            raise ConnectionResetError
        elif len(body) >= int(length[1]):
            self._next(listener, body, now)

    def _next(self, listener: _Listener, body: bytes, now: float) -> None:
        """The page has come, or the door has answered."""
        listener.buffer = b""
        if listener.stage is _Stage.PAGE:
            listener.stage = _Stage.DOOR
        else:
            door = msgspec.json.decode(body)
            if door["state"] not in ON_AIR:
                self._close(listener)
                self._plan(now + self._chance.uniform(*door["retry_s"]), self._connect, listener)
                return
            listener.stage = _Stage.HEAD
        self._ask(listener)

    def _heard(self, listener: _Listener, now: float) -> None:
        listener.stage, listener.buffer, listener.tries = _Stage.SOUND, b"", 0
        self.tally.playing += 1
        listener.heard_at = now
        if listener.cut_at:
            self.tally.again_s.append(now - listener.cut_at)
            listener.cut_at = 0.0
        else:
            self.tally.heard += 1
            listener.first_at = now
            self.tally.first_s.append(now - listener.due)


def main() -> None:
    """The process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    encoder = msgspec.json.Encoder()

    def tell(tally: Tally) -> None:
        told = tally if tally.last else msgspec.structs.replace(tally, first_s=[], again_s=[], late_s=[])
        sys.stdout.buffer.write(encoder.encode(told) + b"\n")
        sys.stdout.buffer.flush()

    Crowd(order).run(tell)


if __name__ == "__main__":
    main()
