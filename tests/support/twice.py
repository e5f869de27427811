"""Runs pytest; what fails is run once more, alone, and each first failure is printed as FLAKY with its reason.

For tests that judge sound or seconds, and for those that drive many processes and browsers: other work on the same
machine can spoil a first run, and what is wrong fails again. What is printed as FLAKY is a fault to mend. A unit test
that judges no seconds has nothing that could spoil it: where one fails, nothing is tried again. Chance is rare, too:
where more than three files fail that judge no seconds, the run has failed.
``python -m tests.support.twice ARGUMENTS`` takes pytest's arguments.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

FAILED = 1
"""pytest's exit code when tests ran and some failed; every other one is no matter of chance."""
UNIT = "tests.unit."
"""How a JUnit report names the unit tests."""
BY_CHANCE = 3
"""So many files may fail at first that judge neither sound nor seconds. On a quiet machine it is none or one."""
REALTIME = "realtime"
"""What is asked for by ``-m`` where only tests that judge sound or seconds run."""


def run(arguments: list[str]) -> int:
    """pytest's exit code: of the second run where there was one."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "first.xml")
        code = _pytest([*arguments, f"--junitxml={report}"])
        if code != FAILED:
            return code
        flaky = failures(report.read_text("utf-8"))
    if REALTIME not in arguments and (why := _no_chance(list(flaky))):
        print(*(f"FAILED {name}: {reason} ({why})" for name, reason in flaky.items()), sep="\n", flush=True)
        return code
    print(f"Once more, alone: the {len(flaky)} that failed", flush=True)
    code = _pytest([*_alone(arguments), "--last-failed", "--last-failed-no-failures=none"])
    for name, reason in flaky.items():
        print(f"FLAKY {name}: {reason}" if code == 0 else f"FAILED AT FIRST {name}: {reason}", flush=True)
    return code


def failures(report: str) -> dict[str, str]:
    """The tests that failed by a JUnit report, each with the first line of its reason."""
    found: dict[str, str] = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        for failure in [*case.findall("failure"), *case.findall("error")]:
            name = f"{case.get('classname')}::{case.get('name')}"
            found.setdefault(name, (failure.get("message") or "no reason given").strip().splitlines()[0])
    return found


def _no_chance(failed: list[str]) -> str:
    """Why tests that judge no seconds are not tried again, or nothing."""
    if any(name.startswith(UNIT) for name in failed):
        return "a unit test has one try"
    if len({name.partition("::")[0] for name in failed}) > BY_CHANCE:
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
