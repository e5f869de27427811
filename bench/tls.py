"""What TLS costs at an edge: a listener-second and a join, plain, with ECDSA and with RSA, in one run.

``python -m bench.tls [--listeners 1000] [--seconds 8]``. The server is pinned to processor 0, the crowd, which only
joins one after the other and reads, to processor 1. CPU is the server's; ratios travel, microseconds do not.
A join is the connection, the handshake without a ticket, the request and the first write; ``ticket`` is ECDSA again,
and all but the first come with a ticket of that process. nginx gives a file of as many bytes as a join's first write,
with TLS 1.3 as browsers speak it, and once with 1.2.
"""

from __future__ import annotations

import argparse
import os
import resource
import select
import socket
import ssl
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import peers
from bench.kept import head, keep, state, watched
from bench.requests import taken_s
from tests.support.certificates import Authority

REQUEST = b"GET /s/bench/live.aac HTTP/1.1\r\nHost: localhost\r\n\r\n"
JOIN_AT_ONCE = 50
FIRST_BYTES = 24_000
"""What a listener gets with its join: 3.2 s at 61 kbit/s."""


class Crowd:
    """Listeners of one edge; with a context they speak TLS."""

    def __init__(self, port: int, context: ssl.SSLContext | None, *, tickets: bool = False) -> None:
        self._port = port
        self._context = context
        self._tickets = tickets
        self._session: ssl.SSLSession | None = None
        self.resumed = 0
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self.received_bytes = 0

    def join(self) -> None:
        """One more; returns when it has been let in and has asked."""
        one = socket.create_connection(("127.0.0.1", self._port))
        if self._context is not None:
            one = self._context.wrap_socket(one, server_hostname="localhost", session=self._session)
            self.resumed += bool(one.session_reused)
        one.sendall(REQUEST)
        if self._tickets and self._session is None and isinstance(one, ssl.SSLSocket):
            self.received_bytes += len(one.recv(65536))  # in TLS 1.3 tickets come with what is read first
            self._session = one.session
        one.setblocking(False)
        self._sockets[one.fileno()] = one
        self._epoll.register(one.fileno(), select.EPOLLIN)

    def read(self, seconds: float) -> None:
        """Takes whatever comes for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for fileno, _ in self._epoll.poll(left, 1024):
                try:
                    while data := self._sockets[fileno].recv(65536):
                        self.received_bytes += len(data)
                except (BlockingIOError, ssl.SSLWantReadError):
                    pass

    def close(self) -> None:
        for one in self._sockets.values():
            one.close()


def measure(
    files: list[str], context: ssl.SSLContext | None, count: int, seconds: float, *, tickets: bool
) -> dict[str, float]:
    """CPU in microseconds of a join and of a listener-second, and memory of a listener in bytes."""
    port = peers.free_port()
    command = [sys.executable, "-m", "bench.edge_server", str(port), str(peers.LEAST_CHUNKS), "1", *files]
    with peers.server(command, port) as process:
        crowd = Crowd(port, context, tickets=tickets)
        idle_bytes, before, started = process.memory_info().rss, taken_s(process), time.monotonic()
        for number in range(count):
            crowd.join()
            if number % JOIN_AT_ONCE == 0:
                crowd.read(0.001)
        joins_s, join_cpu_s = time.monotonic() - started, taken_s(process) - before
        crowd.read(4.0)
        full_bytes, before, heard = process.memory_info().rss, taken_s(process), crowd.received_bytes
        crowd.read(seconds)
        used_s = taken_s(process) - before
        found = {
            "cpu_us_per_join": join_cpu_s * 1e6 / count,
            "joins_per_s": count / joins_s,
            "cpu_us_per_listener_second": used_s * 1e6 / seconds / count,
            "bytes_per_listener": (full_bytes - idle_bytes) / count,
            "resumed": crowd.resumed / count,
            "kbit_per_s": (crowd.received_bytes - heard) * 8 / 1000 / seconds / count,
        }
        crowd.close()
    return found


def measure_nginx(authority: Authority, context: ssl.SSLContext, count: int, *, tickets: bool, version: str) -> float:
    """CPU of nginx in microseconds of a join that gets a file."""
    program = peers.nginx_program()
    if program is None:
        raise SystemExit("This needs Debian's package nginx.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, REQUEST.split()[1].decode().lstrip("/"))
        file.parent.mkdir(parents=True)
        file.write_bytes(bytes(FIRST_BYTES))
        for each in (Path(folder), *file.parents):
            if each.is_relative_to(folder):
                each.chmod(0o755)
        tls = f"ssl; ssl_certificate {authority.chain}; ssl_certificate_key {authority.key}; ssl_protocols {version}"
        with peers.nginx(program, folder, 1, tls=tls) as (port, process):
            crowd = Crowd(port, context, tickets=tickets)
            before = taken_s(process)
            for number in range(count):
                crowd.join()
                if number % JOIN_AT_ONCE == 0:
                    crowd.read(0.001)
            crowd.read(0.5)
            found = (taken_s(process) - before) * 1e6 / count
            if tickets and crowd.resumed < count - 1:
                raise SystemExit(f"nginx resumed {crowd.resumed} of {count}")
            crowd.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    found = head() | {"openssl": ssl.OPENSSL_VERSION, "listeners": options.listeners}
    keep("tls", found | compare(options.listeners, options.seconds))


def compare(listeners: int, seconds: float) -> dict[str, dict[str, Any]]:
    """By what the lines speak: what :func:`measure` finds, and what nginx takes beside it; each shown as it ends."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(peers.CROWD_CORE)})
    found: dict[str, dict[str, Any]] = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("plain", "ecdsa", "ticket", "rsa"):
                found[name] = {}
                with watched(found[name]):
                    found[name] |= one_kind(name, Authority(Path(folder)), listeners, seconds)
                show(name, found[name], found["plain"])
    finally:
        os.sched_setaffinity(0, before)
    return found


def one_kind(name: str, authority: Authority, listeners: int, seconds: float) -> dict[str, float]:
    """Of the edge, and of nginx where the lines are encrypted."""
    context = authority.issue(rsa=name == "rsa")
    plain, tickets = name == "plain", name == "ticket"
    files = [] if plain else [str(authority.chain), str(authority.key)]
    found = measure(files, None if plain else context, listeners, seconds, tickets=tickets)
    for version in () if plain else ("TLSv1.3", *(["TLSv1.2"] if tickets else [])):
        cost = measure_nginx(authority, context, listeners, tickets=tickets, version=version)
        found[f"nginx_cpu_us_per_join_{version}"] = cost
    return found


def show(name: str, one: dict[str, Any], plain: dict[str, Any]) -> None:
    """A line for people."""
    join, second = (one[key] / plain[key] for key in ("cpu_us_per_join", "cpu_us_per_listener_second"))
    print(
        f"{name:6} {one['cpu_us_per_join']:6.0f} µs a join ({join:.1f} of plain), "
        f"{one['cpu_us_per_listener_second']:5.1f} µs a listener-second ({second:.2f} of plain), "
        f"{one['bytes_per_listener'] / 1024:.1f} kB a listener, {one['kbit_per_s']:.0f} kbit/s, "
        f"{one['resumed']:.0%} resumed"
        + "".join(f", {key[22:]} at nginx {cost:.0f} µs" for key, cost in one.items() if key.startswith("nginx"))
        + f" {state(one)}",
        flush=True,
    )


if __name__ == "__main__":
    main()
