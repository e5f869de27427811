"""What tests fetch once into ``.venv``: by one process at a time, whoever else wants it waits and finds it there."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

LONGEST_S: Final = 600.0
_ROOT = Path(__file__).parents[2] / ".venv"
P = ParamSpec("P")
R = TypeVar("R")


def alone(fetch: Callable[P, R]) -> Callable[P, R]:
    """Lets one process after the other in: apt, npm and pip do not share a folder."""

    @wraps(fetch)
    def waits(*args: P.args, **named: P.kwargs) -> R:
        _ROOT.mkdir(exist_ok=True)
        with (_ROOT / ".fetched.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return fetch(*args, **named)

    return waits


def run(command: list[str], *, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command that fetches something. One that has not ended after :data:`LONGEST_S` is ended, and has failed:
    others wait for their turn."""
    try:
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"it had no end after {LONGEST_S:.0f} s")
