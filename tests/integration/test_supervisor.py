"""The supervisor with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stentor.environment import system
from stentor.supervisor import ChildProcess, Supervisor
from tests.support.wait import eventually

FOREVER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]  # fmt: skip


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_killed_worker_is_started_again(tmp_path: Path) -> None:
    """Kill -9 is followed by a new process; stop leaves none."""
    worker = ChildProcess("sleeper", FOREVER, system(), output=tmp_path / "logs" / "sleeper.log")
    supervisor = Supervisor()
    supervisor.start([worker])
    await eventually(lambda: worker.pid is not None, "started")
    first = worker.pid or 0
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: worker.starts == 2 and worker.pid is not None, "started again")
    second = worker.pid or 0
    assert second != first
    await supervisor.stop()
    assert not alive(first)
    assert not alive(second)
    assert worker.pid is None


async def test_a_worker_that_is_restarted_ends_and_starts(tmp_path: Path) -> None:
    """Another process does the work, and the old one has ended."""
    worker = ChildProcess("sleeper", FOREVER, system(), output=tmp_path / "sleeper.log")
    supervisor = Supervisor()
    supervisor.start([worker])
    await eventually(lambda: worker.pid is not None, "started")
    first = worker.pid or 0
    worker.restart()
    await eventually(lambda: worker.starts == 2 and worker.pid is not None, "started again")
    assert worker.pid != first
    assert not alive(first)
    await supervisor.stop()


async def test_layers_end_in_reverse_and_the_stubborn_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was started last ends first; SIGINT is asked once, then SIGKILL."""
    monkeypatch.setattr("stentor.supervisor.GRACE_S", 0.5)
    lower = ChildProcess("lower", FOREVER, system(), output=tmp_path / "lower.log")
    upper = ChildProcess("upper", STUBBORN, system(), output=tmp_path / "upper.log")
    supervisor = Supervisor()
    supervisor.start([lower])
    supervisor.start([upper])
    log = tmp_path / "upper.log"
    await eventually(lambda: log.exists() and "up" in log.read_text(), "the stubborn one ignores SIGINT now")
    ended: list[list[str]] = []
    await supervisor.stop(ended.append)
    assert ended == [["upper"], ["lower"]]


def test_workers_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """Nothing is left behind even by kill -9: the kernel tells the workers."""
    program = tmp_path / "supervise.py"
    program.write_text(
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from stentor.supervisor import Supervisor, ChildProcess\n"
        "from stentor.environment import system\n"
        "async def main():\n"
        f"    worker = ChildProcess('sleeper', {FOREVER!r}, system(), output=Path({str(tmp_path / 'log')!r}))\n"
        "    Supervisor().start([worker])\n"
        "    while worker.pid is None: await asyncio.sleep(0.05)\n"
        "    print(worker.pid, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    path = os.pathsep.join([str(Path(__file__).parents[2] / "src"), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.kill()
        process.wait()
    asyncio.run(eventually(lambda: not alive(pid), "the worker ended by itself"))
