"""Keeps processes alive: starts them, starts them again when they die, and ends them in order.

Each worker is its own process group (Ctrl-C in a terminal reaches only the supervisor) and is told by the kernel to
end when the supervisor itself is killed, so that nothing is ever left behind.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import structlog

from stentor import end_with_parent
from stentor.base import log, vitals

STEADY_S = 5.0
"""A worker that lived this long died of something new: it is started again at once."""
FIRST_PAUSE_S = 0.2
"""Before the start after a short life; each further one doubles it."""
LONGEST_PAUSE_S = 5.0
GRACE_S = 5.0
"""So long may a worker take to end after SIGINT; then it is killed. (SIGTERM tells a role to hand over its work first;
when all end together there is nobody to hand it to.)"""


class ChildProcess:
    """One process that is kept alive. ``starts`` counts how often it was started, ``pid`` is the living one's."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, output: Path | None = None
    ) -> None:
        self.name = name
        self.command = list(command)
        self.environment = dict(environment)
        self.output = output
        self.starts = 0
        self.pid: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log: structlog.stdlib.BoundLogger = log.get("supervisor")

    async def run(self) -> None:
        """Keeps the process alive until cancelled; then ends it."""
        pause = FIRST_PAUSE_S
        try:
            while True:
                started = time.monotonic()
                code = await self._once()
                steady = time.monotonic() - started > STEADY_S
                wait = 0.0 if steady else pause
                pause = FIRST_PAUSE_S if steady else min(pause * 2, LONGEST_PAUSE_S)
                self._log.warning("worker-died", worker=self.name, code=code, again_in_s=round(wait, 1))
                await asyncio.sleep(wait)
        finally:
            await self._end()

    def restart(self) -> None:
        """Asks the process to end; :meth:`run` starts it again."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def reload(self) -> None:
        """Asks the process to read its configuration anew (SIGHUP)."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGHUP)

    async def _once(self) -> int:
        """Starts it and waits for its end; returns the exit code (negative: the signal that killed it)."""
        self._process = self._start()
        self.starts += 1
        self.pid = self._process.pid
        await _ended(self._process)
        self.pid = None
        return self._process.returncode

    def _start(self) -> subprocess.Popen[bytes]:
        sink = self._sink()
        try:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", end_with_parent.__file__, str(os.getpid()), *self.command],
                env={**self.environment, vitals.STARTS: str(self.starts + 1)},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                process_group=0,
            )
        finally:
            if sink is not None:
                sink.close()

    def _sink(self) -> IO[bytes] | None:
        if self.output is None:
            return None
        self.output.parent.mkdir(parents=True, exist_ok=True)
        return self.output.open("ab")

    async def _end(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(GRACE_S):
                await _ended(process)
        except TimeoutError:
            self._log.warning("worker-killed", worker=self.name, after_s=GRACE_S)
            process.kill()
            await _ended(process)
        self.pid = None


async def _ended(process: subprocess.Popen[bytes]) -> None:
    """Returns when the process has ended: its pidfd becomes readable (pidfd_open(2))."""
    descriptor = os.pidfd_open(process.pid)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    process.wait()


class Supervisor:
    """Workers in layers: a layer is started after the one before it and ended before it."""

    def __init__(self) -> None:
        self.layers: list[list[tuple[ChildProcess, asyncio.Task[None]]]] = []

    @property
    def workers(self) -> list[ChildProcess]:
        return [worker for layer in self.layers for worker, _ in layer]

    def start(self, workers: Sequence[ChildProcess]) -> None:
        """Starts a layer. :meth:`stop` ends it."""
        self.layers.append([(w, asyncio.create_task(w.run(), name=f"keep {w.name}")) for w in workers])

    async def stop(self, on_layer: Callable[[list[str]], None] | None = None) -> None:
        """Ends everything, last layer first; returns when no process is left."""
        while self.layers:
            layer = self.layers.pop()
            if on_layer:
                on_layer([worker.name for worker, _ in layer])
            for _, task in layer:
                task.cancel()
            await asyncio.gather(*(task for _, task in layer), return_exceptions=True)
