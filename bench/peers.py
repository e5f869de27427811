"""What the edge is measured beside: Debian's Icecast and nginx, and a C loop that does nothing but write."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.program import compiled, compiler

SERVER_CORE, CROWD_CORE = "0", "1"
START_S = 15.0
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
NGINX = """worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=10;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; root {folder}; }} }}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(command: list[str], port: int, *, probe: bool = True) -> Iterator[psutil.Process]:
    """A server on its core that answers at ``port`` (unless it counts connections: no ``probe``); ended afterwards."""
    process = subprocess.Popen(["taskset", "-c", SERVER_CORE, *command], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_S
        while probe:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{command[0]} did not start") from None
                time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def icecast(port: int, clients: int) -> Iterator[psutil.Process | None]:
    """Icecast with a source that plays; None when it is not installed."""
    program = shutil.which("icecast2")
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        configuration = Path(folder, "icecast.xml")
        configuration.write_text(ICECAST.format(clients=clients + 100, port=port, folder=folder))
        with server([program, "-c", str(configuration)], port) as process:
            stop = threading.Event()
            source = threading.Thread(target=_feed, args=(port, stop))
            source.start()
            time.sleep(4)  # its burst needs some sound first
            try:
                yield process
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
def floor(port: int, count: int) -> Iterator[psutil.Process | None]:
    """The C loop; None without a C compiler."""
    if compiler() is None:
        yield None
        return
    with compiled("floor") as program, server([program, str(port), str(count)], port, probe=False) as process:
        time.sleep(0.5)
        yield process


def nginx_part_requests() -> float | None:
    """Requests a second for a file of 6 kB; None when nginx is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        return None
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Path(folder, "part.m4s").write_bytes(bytes(PART_BYTES))
        configuration = Path(folder, "nginx.conf")
        configuration.write_text(NGINX.format(port=port, folder=folder))
        with server([program, "-c", str(configuration)], port):
            return requests_per_s(f"http://127.0.0.1:{port}/part.m4s")


def requests_per_s(address: str) -> float | None:
    """Requests a second over 64 kept connections (wrk); None without wrk."""
    if not shutil.which("wrk"):
        return None
    command = ["taskset", "-c", CROWD_CORE, "wrk", "-t1", "-c64", "-d5s", address]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    return float(found[1]) if found and "Non-2xx" not in output else None
