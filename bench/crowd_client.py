"""A small epoll client that pretends to be thousands of listeners: it joins at a rate, reads, and measures itself.

Runs in a process of its own: ``python -m bench.crowd_client HOST PORT PATH COUNT RATE SECONDS``; prints JSON.
"""

from __future__ import annotations

import json
import resource
import select
import socket
import sys
import time

READ_BYTES = 1 << 16


class Crowd:
    """``count`` sockets to one address."""

    def __init__(self, host: str, port: int, path: str) -> None:
        self._address = (host, port)
        self._request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._joined: dict[int, float] = {}
        self.first_s: list[float] = []
        """From connecting to the first sound (more than the head)."""
        self.received = 0
        self.failed = 0
        self._buffer = bytearray(READ_BYTES)

    @property
    def playing(self) -> int:
        return len(self.first_s) - self.failed

    def join(self) -> None:
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(self._address)
        self._sockets[one.fileno()] = one
        self._joined[one.fileno()] = time.monotonic()
        self._epoll.register(one.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def poll(self, wait_s: float) -> None:
        for fileno, event in self._epoll.poll(wait_s, 4096):
            one = self._sockets[fileno]
            try:
                if event & select.EPOLLOUT:
                    one.send(self._request)
                    self._epoll.modify(fileno, select.EPOLLIN)
                if event & select.EPOLLIN:
                    size = one.recv_into(self._buffer)
                    if size == 0:
                        raise ConnectionResetError
                    self.received += size
                    if fileno in self._joined and size > 1000:
                        self.first_s.append(time.monotonic() - self._joined.pop(fileno))
            except OSError:
                self.failed += 1
                self._epoll.unregister(fileno)
                one.close()


def main(host: str, port: int, path: str, count: int, rate: float, seconds: float) -> dict[str, float]:
    """Joins ``count`` listeners at ``rate`` a second, then listens for ``seconds``."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    crowd = Crowd(host, port, path)
    started = time.monotonic()
    joined = 0
    while joined < count:
        for _ in range(min(count, int((time.monotonic() - started) * rate) + 1) - joined):
            crowd.join()
            joined += 1
        crowd.poll(0.001)
    join_s = time.monotonic() - started
    settled = time.monotonic() + 4.0
    while time.monotonic() < settled:
        crowd.poll(0.05)
    print("joined", flush=True)
    before = crowd.received
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        crowd.poll(0.05)
    first = sorted(crowd.first_s) or [0.0]
    return {
        "joins_per_s": count / join_s,
        "playing": crowd.playing,
        "failed": crowd.failed,
        "first_sound_p50_ms": first[len(first) // 2] * 1000,
        "first_sound_p99_ms": first[min(len(first) - 1, len(first) * 99 // 100)] * 1000,
        "kbit_per_s": (crowd.received - before) * 8 / 1000 / seconds / max(1, crowd.playing),
    }


if __name__ == "__main__":
    host, port, path, count, rate, seconds = sys.argv[1:]
    print(json.dumps(main(host, int(port), path, int(count), float(rate), float(seconds))))
