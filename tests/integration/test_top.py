"""``stentor top`` in a real terminal: it draws anew in place, ends by a key, and leaves the terminal as it was."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from stentor.bus.installation import Installation, ProcessTold
from stentor.bus.status import SpaceStatus, Status
from stentor.edge import metrics
from tests.support.wait import PATIENCE_S


class Exporter(BaseHTTPRequestHandler):
    """What an edge exports, with one listener more each time."""

    times: ClassVar[list[int]] = [0]

    def do_GET(self) -> None:
        self.times[0] += 1
        numbers = {"connections": 12.0, "places_left": 90.0, "places": 100.0, "failed": 3.0}
        edge = Status("edge", "edge-0", 0, 1, {"friday": SpaceStatus(formats={"aac": 1000 + self.times[0]})}, numbers)
        house = ProcessTold("house", "house-0", {"process_memory_bytes": 5e7, "process_starts": 1.0})
        lights = {"friday": {"stage": "green", "recording": "green", "audience": "green"}}
        body = metrics.render([edge], metrics.ToldByHouses(installation=lambda: Installation([house], lights)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def watched(folder: Path, columns: int, lines: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The command, and our side of its terminal."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    token = folder / "token"
    token.write_text("token")
    command = [sys.executable, "-m", "stentor", "top", "--url", f"http://127.0.0.1:{server.server_port}"]
    command += ["--token-file", str(token), "--every", "1"]
    surroundings = {**os.environ, "TERM": "xterm-256color", "STENTOR_DATA": str(folder)}
    for name in ("COLUMNS", "LINES"):  # the terminal says how wide it is
        surroundings.pop(name, None)
    # a session's leader that opens a terminal gets its Ctrl-C
    command = ["sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(theirs), *command]
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)  # behind `&` it is ignored
    try:
        process = subprocess.Popen(command, env=surroundings, start_new_session=True)
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)
        server.shutdown()
        server.server_close()


def until(ours: int, written: bytes, sign: str) -> bytes:
    """What the terminal got, up to ``sign``."""
    end = time.monotonic() + PATIENCE_S
    while not re.search(sign.encode(), written):
        assert time.monotonic() < end, written[-2000:]
        if select.select([ours], [], [], 0.2)[0]:
            written += os.read(ours, 65536)
    return written


@pytest.mark.parametrize("ends", ["q", "\x03"])
def test_it_draws_anew_and_ends_by_a_key(tmp_path: Path, ends: str) -> None:
    """Three looks in one screen of its own, which is gone after; the terminal shows what is typed again."""
    with watched(tmp_path, 80, 24) as (process, ours):
        Exporter.times[0] = 0
        before = termios.tcgetattr(ours)
        written = until(ours, b"", r"1,001 listen[\s\S]*1,002 listen[\s\S]*1,003 listen")
        assert b"\x1b[?1049h" in written, "a screen of its own"
        assert b"\x1b[?1049l" not in written
        os.write(ours, ends.encode())
        until(ours, written, r"\x1b\[\?1049l")
        assert process.wait(PATIENCE_S) == (0 if ends == "q" else 130)
        assert termios.tcgetattr(ours) == before


def test_a_narrow_terminal_gets_lines_that_fit(tmp_path: Path) -> None:
    """40 columns: nothing wraps."""
    with watched(tmp_path, 40, 12) as (process, ours):
        Exporter.times[0] = 0
        written = until(ours, b"", r"1,002 listen[\s\S]*just now")
        plain = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", written.replace(b"\x1b[H", b"\n")).replace(b"\r", b"").decode()
        assert max(len(line) for line in plain.split("\n")) <= 40
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
