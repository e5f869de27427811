"""Runs pytest, and what fails once more, alone; each first failure is printed with its reason.

Tests drive servers and browsers while three other processes run tests on the same two processors, and on a machine that
is busy with other things as well. Of 7,800 some fail by chance, and one of them must not end a day's work. But no fault
may hide behind a second try. So:

* **What is wrong fails again.** A second try is of nothing but the test: for each file with failures pytest starts
  anew, one after the other, nothing runs beside it, and all waits are twice as long (``tests.support.wait``). What does
  not pass then has failed. Unit tests and stores have this try, too: what an earlier test left behind is found by a
  later one, whatever that is about. A property that Hypothesis broke breaks again, since its example is kept.
* **Chance is rare.** Where more than ten files fail that judge no seconds, or more than two whose tests drive nothing
  (they have no processes that could be slow), nothing is tried again.
* **The machine may be busy for minutes.** If at most three tests fail twice, and all of them drive processes, they have
  a last try, when half of the processors have been idle for five seconds, or after three minutes.
* **What passes later is a fault to mend all the same.** A fault that shows in half of all tries fails twice in one run
  of four, and three times in one of eight: that it passes says little. So what failed is printed as FLAKY at the end,
  with how often it was before (``.venv/flaky.tsv`` keeps that): what is seen in many runs is no chance.

A process of pytest that died is never tried again. ``python -m tests.support.twice ARGUMENTS`` takes pytest's options.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree

from tests.support.collection import ID, ONLY, REALTIME, TRIES
from tests.support.wait import VARIABLE

FAILED = 1
"""pytest's exit code when tests ran and some failed; every other one is no matter of chance."""
BY_CHANCE = 10
"""So many files, one in fifty, may fail at first that judge neither sound nor seconds. On a quiet machine it is none or
one."""
RULES_BY_CHANCE = 2
"""So many of them with tests that drive nothing."""
LAST_TRIES = 3
"""So many tests may have a third one."""
PATIENCE = {VARIABLE: "2"}
CALM_S, LONGEST_S = 5.0, 180.0
RECORD: Final = "STENTOR_FLAKY"
"""A variable with the file that keeps what was flaky."""


class Failure(NamedTuple):
    """Of one test."""

    reason: str
    """Its first line."""
    tries: int
    """How many it has."""
    id: str = ""
    """pytest's; empty when its process died."""

    @property
    def file(self) -> str:
        return self.id.partition("::")[0]


class Ran(NamedTuple):
    """What came of a run: pytest's exit code, failures by the names of tests, and the names of those that passed."""

    code: int
    failed: dict[str, Failure]
    passed: set[str]


def run(arguments: list[str]) -> int:
    """pytest's exit code; 0 also where everything that failed passed later."""
    first = _pytest(arguments)
    if first.code != FAILED:
        return first.code
    if why := _no_chance(first.failed, realtime=REALTIME in arguments):
        print(*(f"FAILED {name}: {each.reason} ({why})" for name, each in first.failed.items()), sep="\n", flush=True)
        return first.code
    print(f"Once more, alone: the {len(first.failed)} that failed", flush=True)
    left = second = _again(arguments, first.failed)
    if second and len(second) <= LAST_TRIES and all(each.tries > 2 for each in second.values()):
        print(f"A last time, when the machine is calm: the {len(second)} that failed again", flush=True)
        _calm()
        left = _again(arguments, second)
    _tell(first.failed, second, left)
    return FAILED if left else 0


def failures(report: str) -> dict[str, Failure]:
    """The tests that failed by a JUnit report."""
    found: dict[str, Failure] = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        known = {str(each.get("name")): str(each.get("value")) for each in case.iter("property")}
        for failure in [*case.findall("failure"), *case.findall("error")]:
            name = f"{case.get('classname')}::{case.get('name')}"
            reason = ((failure.get("message") or "").strip() or "no reason given").splitlines()[0]
            found.setdefault(name, Failure(reason, int(known.get(TRIES, 1)), known.get(ID, "")))
    return found


def passed(report: str) -> set[str]:
    """The tests that passed by a JUnit report; what was skipped has not."""
    cases = list(ElementTree.fromstring(report).iter("testcase"))
    names = [f"{case.get('classname')}::{case.get('name')}" for case in cases]
    ends = [any(case.find(kind) is not None for kind in ("failure", "error", "skipped")) for case in cases]
    return set(names) - {name for name, otherwise in zip(names, ends, strict=True) if otherwise}


def _no_chance(failed: dict[str, Failure], *, realtime: bool) -> str:
    """Why nothing is tried again, or nothing."""
    if not failed or not all(each.id for each in failed.values()):
        return "a process of pytest died"
    if len({each.file for each in failed.values() if each.tries == 2}) > RULES_BY_CHANCE:
        return f"more than {RULES_BY_CHANCE} files that drive nothing do not fail by chance"
    if not realtime and len({each.file for each in failed.values()}) > BY_CHANCE:
        return f"more than {BY_CHANCE} files do not fail by chance"
    return ""


def _again(arguments: list[str], failed: dict[str, Failure]) -> dict[str, Failure]:
    """Runs them alone, file by file; all but those that pass: who is skipped, or is not there any more, has failed."""
    left: dict[str, Failure] = {}
    for file in dict.fromkeys(each.file for each in failed.values()):
        those = {name: each for name, each in failed.items() if each.file == file}
        ran = _pytest(_alone(arguments), [each.id for each in those.values()])
        left |= {name: each for name, each in those.items() if name not in ran.passed} | ran.failed
    return left


def _tell(first: dict[str, Failure], second: dict[str, Failure], left: dict[str, Failure]) -> None:
    """All that failed at first, and what became of it."""
    record = Path(os.environ.get(RECORD) or Path(__file__).parents[2] / ".venv" / "flaky.tsv")
    lines = record.read_text("utf-8", "replace").splitlines() if record.exists() else []
    before = Counter(line.split("\t")[1] for line in lines if "\t" in line)  # a run may have ended within a line
    record.parent.mkdir(exist_ok=True)
    for name, failure in (first | second | left).items():
        if name in left:
            print(f"FAILED {name}: {left[name].reason}", flush=True)
            continue
        times = f"FLAKY {name}" if not left else f"FAILED AT FIRST {name}"
        times += ", and again" if name in second else ""
        times += f" ({before[name]} times before)" if before[name] else ""
        print(f"{times}: {first.get(name, failure).reason}", flush=True)
        with record.open("a", encoding="utf-8") as kept:
            kept.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M}\t{name}\t{failure.reason}\n")


def _calm() -> None:
    """Returns when half of the processors were idle for a while, or when that does not come."""
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        before = _processors()
        time.sleep(CALM_S)
        idle, spent = (after - early for after, early in zip(_processors(), before, strict=True))
        if idle >= spent:
            return


def _processors() -> tuple[int, int]:
    """Ticks in which processors were idle, and in which they were not; since the machine started."""
    with suppress(OSError):
        ticks = [int(each) for each in Path("/proc/stat").read_text("ascii").partition("\n")[0].split()[1:9]]
        return ticks[3] + ticks[4], sum(ticks) - ticks[3] - ticks[4]
    return 0, 0


def _alone(arguments: list[str]) -> list[str]:
    """The arguments without those that spread tests over processes."""
    kept = list(arguments)
    for option in ("-n", "--dist"):
        if option in kept:
            at = kept.index(option)
            del kept[at : at + 2]
    return kept


def _pytest(arguments: list[str], only: list[str] | None = None) -> Ran:
    """Runs it; ``only`` are ids of tests that are tried again."""
    with tempfile.TemporaryDirectory() as folder:
        report, ids = Path(folder, "report.xml"), Path(folder, "only.json")
        ids.write_text(json.dumps(only), "utf-8")
        variables = os.environ | PATIENCE | {ONLY: str(ids)} if only else None
        command = [sys.executable, "-m", "pytest", *arguments, f"--junitxml={report}"]
        code = subprocess.run(command, check=False, env=variables).returncode
        told = report.read_text("utf-8") if code in (0, FAILED) else "<testsuites/>"
        return Ran(code, failures(told), passed(told))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
