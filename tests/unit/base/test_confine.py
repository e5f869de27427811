"""A confined process computes and answers, and can do nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

HEAD = """
import ctypes, os, socket, sys, threading
from stentor.base.confine import confine
taken = confine(memory_bytes=64 << 20, time_s={time_s})
def refused(what):
    try:
        what()
    except (OSError, RuntimeError, MemoryError):
        return "refused"
    return "done"
"""


def confined(body: str, *, time_s: int = 5) -> tuple[str, int]:
    """What a confined process says, and its exit code."""
    program = HEAD.format(time_s=time_s) + body
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, input="some", check=False)
    return done.stdout.strip() or done.stderr, done.returncode


@pytest.mark.parametrize(
    "deed",
    [
        "lambda: open('/etc/hostname')", "lambda: os.listdir('/')", "socket.socket", "lambda: socket.socketpair()",
        "os.fork", "lambda: os.execv('/bin/true', ['true'])", "lambda: os.kill(os.getppid(), 0)", "os.pipe",
        "lambda: threading.Thread(target=print).start()", "lambda: bytearray(80 << 20)",
        "lambda: os.posix_spawn('/bin/true', ['true'], {})", "lambda: os.unlink('/tmp/nothing')",
    ],
)  # fmt: skip
def test_what_it_may_not(deed: str) -> None:
    """No file, no socket, no process, no thread, no signal to others, and no more memory than it was given."""
    assert confined(f"print(refused({deed}))") == ("refused", 0)


def test_what_it_may() -> None:
    """It reads what is open, computes in the memory it was given, and writes; the kernel took the whole list."""
    body = "data = sys.stdin.read(); room = bytearray(32 << 20); print(taken, data, sum(range(1000)), len(room))"
    assert confined(body) == (f"True some 499500 {32 << 20}", 0)


def test_its_time_is_over_by_itself() -> None:
    """One that computes for ever, and one that waits for ever, are ended by the kernel; nobody has to be there."""
    assert confined("while True: pass", time_s=1)[1] in (-signal.SIGALRM, -signal.SIGXCPU, -signal.SIGKILL)
    waits = "import select\nwhile True: refused(lambda: sys.stdin.read())"
    assert confined(waits, time_s=1)[1] in (-signal.SIGALRM, -signal.SIGXCPU, -signal.SIGKILL)
