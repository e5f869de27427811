"""What the edge is measured beside: Debian's Icecast and nginx, uvicorn, and a C loop that does nothing but write.

Each is a context that yields a :class:`Peer` on processor 0, with as many processes as its listeners need descriptors,
or None where it is not installed.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from math import ceil
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.hls_files import copying
from bench.program import compiled, compiler

SERVER_CORE, CROWD_CORE = "0", "1"
START_S = 30.0
STOP_S = 10.0
"""Some tell each listener first; longer nobody waits."""
A_PROCESS = 17_500
"""Listeners: its descriptors are limited to 20,000, and the kernel deals connections by chance."""
ALONE = 19_000
"""Listeners of a server that is one process."""
LISTENS = "0A"
"""A state of ``/proc/net/tcp``."""
BURST_S = 4.0
"""A source plays so long before anybody comes: what a listener gets at once needs some sound."""
WINDOW_S = 4.0
"""Until an edge that has just started has segments enough."""
LEAST_CHUNKS = 3
"""0.96 s in a write, as the other servers do; with many listeners an edge takes more."""
PART_BYTES = 6000
ICECAST = """<icecast>
<limits><clients>{clients}</clients><sources>2</sources><burst-size>19200</burst-size></limits>
<authentication><source-password>bench</source-password><admin-user>a</admin-user>
<admin-password>bench</admin-password></authentication>
<hostname>localhost</hostname><listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
<paths><logdir>{folder}</logdir><webroot>/usr/share/icecast2/web</webroot>
<adminroot>/usr/share/icecast2/admin</adminroot></paths>
<logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>1</loglevel></logging>
<security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>
</icecast>
"""
NGINX = """worker_processes {workers}; worker_rlimit_nofile 20000; daemon off; pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 19900; multi_accept on; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; types {{ }}
  open_file_cache max=100; open_file_cache_valid 1s;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port} backlog=4096 reuseport{tls}; root {folder}; }} }}
"""
"""A playlist is taken anew once a second; one worker for each 17,500 listeners, and each accepts what is its own."""


class Peer(NamedTuple):
    """A server that is up."""

    stream: str
    """What its listeners ask for."""
    processes: Sequence[psutil.Process]
    """All that work for them."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(command: list[str], port: int, *, core: str = SERVER_CORE) -> Iterator[psutil.Process]:
    """A server on its core that listens at ``port``, perhaps beside others; ended afterwards."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(["taskset", "-c", core, *command], stdout=quiet, stderr=quiet)
    try:
        deadline = time.monotonic() + START_S
        while not _listens(process.pid, port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} did not start")
            time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(pid: int, port: int) -> bool:
    """Whether that very process does: others may share the port, and some count connections.

    proc_pid_net(5): lines that listen come first, so those of the last crowd need not be read.
    """
    try:
        own = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()}
    except FileNotFoundError:  # it has just ended, or closed one
        return False
    with Path("/proc/net/tcp").open() as lines:
        next(lines)
        for _, local, _, state, *_, inode in (line.split()[:10] for line in lines):
            if state != LISTENS:
                return False
            if int(local.partition(":")[2], 16) == port and f"socket:[{inode}]" in own:
                return True
    return False


@contextmanager
def _many(command: Callable[[int], list[str]], count: int, path: str, settle_s: float) -> Iterator[Peer]:
    """As many processes as so many listeners need, which share a port."""
    port = free_port()
    with ExitStack() as stack:
        processes = [stack.enter_context(server(command(port), port)) for _ in range(ceil(count / A_PROCESS))]
        time.sleep(settle_s)
        try:
            yield Peer(f"http://127.0.0.1:{port}{path}", processes)
        finally:
            for process in processes:  # all at once: each takes its time with its listeners
                with suppress(psutil.NoSuchProcess):
                    process.terminate()


def _edge(path: str) -> Callable[[int], AbstractContextManager[Peer]]:
    def run(count: int) -> AbstractContextManager[Peer]:
        among = str(ceil(count / A_PROCESS))
        return _many(lambda port: edge_command(port, among), count, path, WINDOW_S)

    return run


def edge_command(port: int, among: str = "1") -> list[str]:
    """The edge's own worker at ``port``, one of so many on its processor."""
    return [sys.executable, "-m", "bench.edge_server", str(port), str(LEAST_CHUNKS), among]


stentor = _edge("/s/bench/live.aac")
stentor_hls = _edge("/s/bench/hls/aac-64.m3u8")


def asgi(count: int) -> AbstractContextManager[Peer]:
    """uvicorn."""
    return _many(lambda port: [sys.executable, "-m", "bench.asgi_server", str(port)], count, "/live.aac", 0.0)


def nginx_program() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def nginx(
    program: str, folder: str, workers: int, tls: str = "", *, core: str = SERVER_CORE
) -> Iterator[tuple[int, psutil.Process]]:
    """nginx with the files of ``folder``: its port and its first process. ``tls`` goes on with its line ``listen``."""
    port = free_port()
    Path(folder).chmod(0o755)
    configuration = Path(folder, "nginx.conf")
    configuration.write_text(NGINX.format(port=port, folder=folder, workers=workers, tls=tls and f" {tls}"))
    with server([program, "-c", str(configuration)], port, core=core) as process:
        yield port, process


@contextmanager
def nginx_hls(count: int) -> Iterator[Peer | None]:
    """nginx with the very files that an edge serves, copied as they come by a process on the crowd's processor."""
    program = nginx_program()
    if program is None:
        yield None
        return
    port = free_port()
    playlist = "aac-64.m3u8"
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm") as folder,
        server(edge_command(port), port, core=CROWD_CORE),
        copying(f"http://127.0.0.1:{port}/s/bench/hls/{playlist}", Path(folder)),
        nginx(program, folder, ceil(count / A_PROCESS)) as (own_port, process),
    ):
        time.sleep(WINDOW_S)
        yield Peer(f"http://127.0.0.1:{own_port}/{playlist}", [process, *process.children()])


@contextmanager
def icecast(count: int) -> Iterator[Peer | None]:
    """Icecast with a source that plays."""
    program = shutil.which("icecast2")
    if program is None:
        yield None
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        configuration = Path(folder, "icecast.xml")
        configuration.write_text(ICECAST.format(clients=count + 100, port=port, folder=folder))
        with server([program, "-c", str(configuration)], port) as process:
            stop = threading.Event()
            source = threading.Thread(target=_feed, args=(port, stop))
            source.start()
            time.sleep(BURST_S)
            try:
                yield Peer(f"http://127.0.0.1:{port}/live.aac", [process])
            finally:
                stop.set()
                source.join()


def _feed(port: int, stop: threading.Event) -> None:
    """A source client: ADTS-like bytes at 48 kbit/s."""
    with socket.create_connection(("127.0.0.1", port)) as source:
        source.sendall(
            b"SOURCE /live.aac HTTP/1.0\r\nAuthorization: Basic c291cmNlOmJlbmNo\r\nContent-Type: audio/aac\r\n\r\n"
        )
        frame = b"\xff\xf1\x4c\x40\x10\x1f\xfc" + bytes(121)
        started, sent = time.monotonic(), 0
        while not stop.is_set():
            while sent < (time.monotonic() - started) * 46.875 + 150:
                source.sendall(frame)
                sent += 1
            time.sleep(0.02)


@contextmanager
def floor(count: int) -> Iterator[Peer | None]:
    """The C loop; None without a C compiler."""
    if compiler() is None:
        yield None
        return
    port = free_port()
    with compiled("floor") as program, server([program, str(port), str(count)], port) as process:
        yield Peer(f"http://127.0.0.1:{port}/", [process])


def nginx_part_requests() -> float | None:
    """Requests a second for a file of 6 kB; None when nginx is not installed."""
    program = nginx_program()
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "part.m4s").write_bytes(bytes(PART_BYTES))
        with nginx(program, folder, 1) as (port, _):
            return requests_per_s(f"http://127.0.0.1:{port}/part.m4s")


def requests_per_s(address: str) -> float | None:
    """Requests a second over 64 kept connections (wrk); None without wrk."""
    if not shutil.which("wrk"):
        return None
    command = ["taskset", "-c", CROWD_CORE, "wrk", "-t1", "-c64", "-d5s", address]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    return float(found[1]) if found and "Non-2xx" not in output else None
