"""A wall clock that a test can set, for all roles of a whole Stentor: each is started here with a clock of its own.

``python -m tests.support.clock ROLE INSTANCE`` is what runs then. The nats-server keeps the true time, as a bus on
another machine would.
"""

from __future__ import annotations

import importlib
import mmap
import os
import struct
import sys
import time
from pathlib import Path

import pytest
import uvloop

from stentor import app
from stentor.base.config import Settings
from stentor.cli import options
from stentor.cli.role import YIELDING
from stentor.supervisor import ChildProcess

FILE = "STENTOR_TEST_CLOCK"
_AHEAD = struct.Struct("<d")


class WallClock:
    """The clock that the file stands for. Processes that have it open see at once what another sets."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_AHEAD.pack(0.0))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), _AHEAD.size)

    def __call__(self) -> float:
        """Wall-clock seconds as the test wants them."""
        ahead_s: float = _AHEAD.unpack_from(self._shared)[0]
        return time.time() + ahead_s

    def set(self, ahead_s: float) -> None:
        """It shows ``ahead_s`` more than the true time from now on."""
        _AHEAD.pack_into(self._shared, 0, ahead_s)


def give_clock(patch: pytest.MonkeyPatch, file: Path) -> WallClock:
    """Lets all roles that are started from now on go by one clock, and returns it."""
    workers = app.workers

    def with_clock(settings: Settings, logs: Path | None) -> list[ChildProcess]:
        found = workers(settings, logs)
        for worker in found:
            *_, role, _, instance = worker.command  # python -m stentor role ROLE --instance INSTANCE
            worker.command = [sys.executable, "-m", "tests.support.clock", role, instance]
            worker.environment |= {FILE: str(file), "PYTHONPATH": str(Path(__file__).parents[2])}
        return found

    patch.setattr(app, "workers", with_clock)
    return WallClock(file)


def main(role: str, instance: str) -> None:
    """One role, as ``stentor role`` runs it, by the test's clock."""
    os.nice(YIELDING.get(role, 0))
    clock = WallClock(Path(os.environ.pop(FILE)))
    run = importlib.import_module(f"stentor.{role}.role").run
    uvloop.run(options.until_told(run(options.settings(), instance=instance, clock=clock)))


if __name__ == "__main__":
    main(*sys.argv[1:])
