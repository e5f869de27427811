"""What fails by chance is run again and named; what is wrong fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
QUICK = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""A second of a processor less in each run: only xdist is used here."""
ONCE = """
from pathlib import Path
def test_by_chance():
    mark = Path(__file__).with_name("ran")
    seen = mark.exists()
    mark.touch()
    assert seen, "the first run was spoiled"
"""
ALWAYS = "def test_wrong():\n    assert 1 == 2\n"


INI = "[pytest]\nmarkers =\n  realtime\n  processes\n"


def twice(folder: Path, source: str, *more: str, kind: str = "integration") -> subprocess.CompletedProcess[str]:
    """The runner in a folder with one test file of some kind."""
    (folder / "pytest.ini").write_text(INI)
    (folder / kind).mkdir(exist_ok=True)
    (folder / kind / "test_it.py").write_text(source)
    command = [sys.executable, "-m", "tests.support.twice", str(folder), f"--rootdir={folder}", "-p", "xdist"]
    return subprocess.run(
        [*command, "-p", "tests.support.collection", f"--config-file={folder}/pytest.ini", *more],
        cwd=ROOT, env=QUICK, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("source", [ONCE, ALWAYS], ids=["by chance", "wrong"])
def test_a_first_failure_is_printed_with_its_reason(tmp_path: Path, source: str) -> None:
    """Green only when the second run is, and never without a word."""
    done = twice(tmp_path, source)
    by_chance = source is ONCE
    assert (done.returncode == 0) == by_chance, done.stdout
    reason = "the first run was spoiled" if by_chance else "assert 1 == 2"
    word = "FLAKY" if by_chance else "FAILED AT FIRST"
    assert any(line.startswith(word) and reason in line for line in done.stdout.splitlines()), done.stdout


@pytest.mark.parametrize("marked", [False, True], ids=["a rule", "judges seconds"])
def test_only_what_runs_in_real_time_has_a_second_try(tmp_path: Path, marked: bool) -> None:
    """What judges no seconds and drives nothing cannot fail by chance: nothing is run again, and the end says why."""
    mark = "import pytest\n@pytest.mark.realtime\n" if marked else ""
    source = ONCE.replace("def test_by", f"{mark}def test_by")
    done = twice(tmp_path, source, "-m", "realtime" if marked else "not realtime", kind="unit")
    assert (done.returncode == 0) == marked, done.stdout
    word = "FLAKY unit." if marked else "FAILED unit."
    assert any(line.startswith(word) for line in done.stdout.splitlines()), done.stdout


def test_one_that_has_one_try_leaves_none_to_others(tmp_path: Path) -> None:
    """A wrong rule is not hidden behind a flaky browser."""
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit" / "test_rule.py").write_text(ALWAYS)
    done = twice(tmp_path, ONCE)
    assert done.returncode == 1
    assert "FLAKY" not in done.stdout


def test_no_test_at_all_is_a_failure(tmp_path: Path) -> None:
    """pytest's other exit codes pass through."""
    assert twice(tmp_path, "").returncode == 5


def test_the_second_run_is_not_spread_over_processes(tmp_path: Path) -> None:
    """However the options were written: what failed beside others is tried alone."""
    done = twice(tmp_path, ONCE, "-n", "2", "--dist", "loadfile")
    assert done.returncode == 0, done.stdout
    first, second = done.stdout.split("Once more, alone")
    assert "workers" in first
    assert "workers" not in second


@pytest.mark.parametrize("files", [6, 7])
def test_many_files_do_not_fail_by_chance(tmp_path: Path, files: int) -> None:
    """A second try is for what happens rarely: where it would save a whole run, the run has failed."""
    for number in range(1, files):
        (tmp_path / "integration").mkdir(exist_ok=True)
        (tmp_path / "integration" / f"test_{number}.py").write_text(ONCE.replace('"ran"', f'"ran{number}"'))
    done = twice(tmp_path, ONCE)
    assert (done.returncode == 0) == (files <= 6), done.stdout
    assert ("FLAKY" in done.stdout) == (files <= 6), done.stdout
