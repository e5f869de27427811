"""A pytest plugin: what each test file takes of the processors, with all processes that its tests start.

``make test ARGS="-p tests.support.processor"`` prints the dearest files at the end, and writes all tests as they come
to ``.venv/processor.tsv`` (test, phase, outcome, seconds of a processor, of the clock). Seconds of a processor are much
the same on a busy machine as on a quiet one; those of the clock are not.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

TABLE = Path(".venv/processor.tsv")
SHOWN = 40
"""So many files are printed."""
_before = pytest.StashKey[float]()
_taken_s: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])


def spent_s() -> float:
    """Seconds of a processor that this process and all below it have taken, the ended ones included."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    below, alone = {os.getpid()}, False
    with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ends meanwhile: then all are looked at
        alone = not any((thread / "children").read_text("ascii") for thread in Path("/proc/self/task").iterdir())
    for process in below if alone else {int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()}:
        try:
            fields = Path("/proc", str(process), "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile: its parent has its ticks
        parents[process], ticks[process] = int(fields[1]), sum(map(int, fields[11:15]))
    while more := {process for process, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(ticks.get(process, 0) for process in below) / os.sysconf("SC_CLK_TCK")


def pytest_configure(config: pytest.Config) -> None:
    """Begins the table anew."""
    if _prints():
        TABLE.unlink(missing_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Counts from here."""
    item.stash[_before] = spent_s()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Adds what the phase took to its report, which xdist brings to the process that prints."""
    report: Any = yield
    now = spent_s()
    report.processor_s = now - item.stash[_before]
    item.stash[_before] = now
    return report  # type: ignore[no-any-return]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keeps what a phase took."""
    if not _prints():
        return
    taken_s = float(getattr(report, "processor_s", 0.0))
    total = _taken_s[report.nodeid.partition("::")[0]]
    total[0] += taken_s
    total[1] += report.duration
    with TABLE.open("a", encoding="utf-8") as table:
        table.write(f"{report.nodeid}\t{report.when}\t{report.outcome}\t{taken_s:.2f}\t{report.duration:.2f}\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the dearest files, and the sum."""
    if not _prints():
        return
    terminalreporter.section("seconds of a processor, and of the clock, by file")
    dearest = sorted(_taken_s.items(), key=lambda entry: -entry[1][0])
    for name, (processor_s, clock_s) in dearest[:SHOWN]:
        terminalreporter.write_line(f"{processor_s:8.1f} {clock_s:8.1f}  {name}")
    whole = [sum(each) for each in zip(*_taken_s.values(), strict=True)] or [0.0, 0.0]
    terminalreporter.write_line(f"{whole[0]:8.1f} {whole[1]:8.1f}  all")


def _prints() -> bool:
    """Whether this is the process that prints, and none of those that xdist starts."""
    return "PYTEST_XDIST_WORKER" not in os.environ
