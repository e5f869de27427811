"""What a listener costs: Stentor's edge beside Icecast, in one run on one machine.

``python -m bench.fanout [--listeners 5000] [--seconds 10]``. The server is pinned to processor 0, the crowd to
processor 1. Measured: CPU of the server for each listener and second at 48 kbit/s (Stentor with writes of 0.96 s,
Icecast as it comes), joins a second and the time to first sound, memory a listener, and 6 kB part requests a second.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results"
SERVER_CORE, CROWD_CORE = "0", "1"
INTERVAL_CHUNKS = 3
START_S = 15.0
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(command: list[str], port: int) -> Iterator[psutil.Process]:
    """A server on its core that answers at ``port``; ended afterwards."""
    process = subprocess.Popen(["taskset", "-c", SERVER_CORE, *command])
    try:
        deadline = time.monotonic() + START_S
        while True:
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


def crowd(process: psutil.Process, port: int, path: str, count: int, rate: float, seconds: float) -> dict[str, float]:
    """A crowd's measurements, with the CPU and memory of the server while it listened."""
    empty_bytes = process.memory_info().rss
    arguments = ["127.0.0.1", str(port), path, str(count), str(rate), str(seconds)]
    command = ["taskset", "-c", CROWD_CORE, sys.executable, "-m", "bench.crowd_client", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        client.stdout.readline()
        before, started = sum(process.cpu_times()[:2]), time.monotonic()
        full_bytes = process.memory_info().rss
        found: dict[str, float] = json.loads(client.stdout.readline())
        used = sum(process.cpu_times()[:2]) - before
        elapsed = time.monotonic() - started
    found["cpu_us_per_listener_second"] = used * 1e6 / elapsed / max(1, found["playing"])
    found["bytes_per_listener"] = (full_bytes - empty_bytes) / count
    return found


def part_requests(port: int) -> float | None:
    """Requests a second for parts of 6 kB over 64 kept connections (wrk); None without wrk."""
    if not shutil.which("wrk"):
        return None
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(b"GET /s/bench/hls/aac-64.m3u8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: one.recv(65536), b"")).decode()
    part = re.findall(r'EXT-X-PART:[^\n]*URI="([^"]+)"', text)[-1]
    address = f"http://127.0.0.1:{port}/s/bench/hls/{part}"
    command = ["taskset", "-c", CROWD_CORE, "wrk", "-t1", "-c64", "-d5s", address]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    return float(found[1]) if found and "Non-2xx" not in output else None


def feed_icecast(port: int, stop: threading.Event) -> None:
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


def icecast(count: int, rate: float, seconds: float) -> dict[str, float] | None:
    """The same crowd at Debian's Icecast; None when it is not installed."""
    program = shutil.which("icecast2")
    if program is None:
        return None
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        configuration = Path(folder, "icecast.xml")
        configuration.write_text(ICECAST.format(clients=count + 100, port=port, folder=folder))
        with server([program, "-c", str(configuration)], port) as process:
            stop = threading.Event()
            source = threading.Thread(target=feed_icecast, args=(port, stop))
            source.start()
            time.sleep(4)  # its burst needs some sound first
            try:
                return crowd(process, port, "/live.aac", count, rate, seconds)
            finally:
                stop.set()
                source.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=10_000)
    options = parser.parse_args()
    port = free_port()
    with server([sys.executable, "-m", "bench.edge_server", str(port), str(INTERVAL_CHUNKS)], port) as process:
        stentor = crowd(process, port, "/s/bench/live.aac", options.listeners, options.rate, options.seconds)
        requests = part_requests(port)
    other = icecast(options.listeners, options.rate, options.seconds)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}",
        "commit": commit.stdout.strip(),
        "listeners": options.listeners,
        "load_average": os.getloadavg()[0],
        "stentor": stentor,
        "part_requests_per_s": requests,
        "icecast": other,
    }
    cost = stentor["cpu_us_per_listener_second"]
    print(
        f"Stentor  {cost:6.1f} µs per listener-second, {stentor['bytes_per_listener'] / 1024:.1f} kB a listener, "
        f"{stentor['joins_per_s']:.0f} joins/s, first sound p99 {stentor['first_sound_p99_ms']:.0f} ms, "
        f"{stentor['playing']:.0f} playing at {stentor['kbit_per_s']:.0f} kbit/s"
    )
    print(f"Parts    {requests:.0f} requests/s of 6 kB" if requests else "Parts    not measured: wrk is not installed")
    if other is None:
        print("Icecast  not measured: icecast2 is not installed")
    else:
        theirs = other["cpu_us_per_listener_second"]
        result["ratio"] = theirs / cost
        print(
            f"Icecast  {theirs:6.1f} µs per listener-second, {other['joins_per_s']:.0f} joins/s, "
            f"first sound p99 {other['first_sound_p99_ms']:.0f} ms, {other['playing']:.0f} playing"
        )
        print(f"Icecast needs {theirs / cost:.1f} times the CPU")
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"fanout-{datetime.now(UTC):%Y%m%d-%H%M}.json"
    file.write_text(json.dumps(result, indent=2) + "\n")
    print(f"written to {file}")


if __name__ == "__main__":
    main()
