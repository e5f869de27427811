"""Runs pytest; of what is marked as running in real time, what fails is run once more, alone, and each first failure is
printed as FLAKY with its reason.

The marks are ``realtime``, for tests that judge sound or seconds, and ``processes``, for those that drive servers and
browsers (``tests.support.collection``): other work on the same machine can spoil a first run, and what is wrong fails
again. What is printed as FLAKY is a fault to mend. All others have one try. Chance is rare, too: where more than six
files fail that judge no seconds, nothing is tried again.
``python -m tests.support.twice ARGUMENTS`` takes pytest's arguments.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tests.support.collection import REALTIME, TRIES

FAILED = 1
"""pytest's exit code when tests ran and some failed; every other one is no matter of chance."""
BY_CHANCE = 6
"""So many files, about one in a hundred, may fail at first that judge neither sound nor seconds. On a quiet machine it
is none or one."""


def run(arguments: list[str]) -> int:
    """pytest's exit code: of the second run where there was one."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "first.xml")
        code = _pytest([*arguments, f"--junitxml={report}"])
        if code != FAILED:
            return code
        found = failures(report.read_text("utf-8"))
    flaky = {name: failure.reason for name, failure in found.items()}
    if why := _no_chance(found, realtime=REALTIME in arguments):
        print(*(f"FAILED {name}: {reason} ({why})" for name, reason in flaky.items()), sep="\n", flush=True)
        return code
    print(f"Once more, alone: the {len(flaky)} that failed", flush=True)
    code = _pytest([*_alone(arguments), "--last-failed", "--last-failed-no-failures=none"])
    for name, reason in flaky.items():
        print(f"FLAKY {name}: {reason}" if code == 0 else f"FAILED AT FIRST {name}: {reason}", flush=True)
    return code


class Failure(NamedTuple):
    """Of one test."""

    reason: str
    """Its first line."""
    again: bool
    """Whether it has a second try."""


def failures(report: str) -> dict[str, Failure]:
    """The tests that failed by a JUnit report."""
    found: dict[str, Failure] = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        again = any(each.get("name") == TRIES for each in case.iter("property"))
        for failure in [*case.findall("failure"), *case.findall("error")]:
            name = f"{case.get('classname')}::{case.get('name')}"
            reason = (failure.get("message") or "no reason given").strip().splitlines()[0]
            found.setdefault(name, Failure(reason, again))
    return found


def _no_chance(failed: dict[str, Failure], *, realtime: bool) -> str:
    """Why nothing is tried again, or nothing."""
    if not all(each.again for each in failed.values()):
        return "what does not run in real time has one try"
    if not realtime and len({name.partition("::")[0] for name in failed}) > BY_CHANCE:
        return f"more than {BY_CHANCE} files do not fail by chance"
    return ""


def _alone(arguments: list[str]) -> list[str]:
    """The arguments without those that spread tests over processes."""
    kept = list(arguments)
    for option in ("-n", "--dist"):
        if option in kept:
            at = kept.index(option)
            del kept[at : at + 2]
    return kept


def _pytest(arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
