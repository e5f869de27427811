"""What fails by chance is run again and named; what is wrong fails."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.support import collection, twice, wait

ONCE = """
from pathlib import Path
def test_by_chance():
    mark = Path(__file__).with_name("{mark}")
    ran = len(mark.read_text()) if mark.exists() else 0
    mark.write_text("x" * (ran + 1))
    assert ran >= {times}, "spoiled"
def test_well():
    pass
"""
ALWAYS = "def test_wrong():\n    assert 1 == 2\n"
SKIPS = ONCE.replace("    assert", "    if ran: __import__('pytest').skip('not now')\n    assert")
DIES = "import os\ndef test_dies():\n    os._exit(3)\n"
INI = "[pytest]\nmarkers =\n  realtime\n  processes\n"


class Runner:
    """Runs a folder of test files; a calm machine need not be waited for."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capture = folder, capture
        (folder / "pytest.ini").write_text(INI)

    def add(self, name: str, source: str, *, kind: str = "integration", fails: int = 1) -> None:
        """A file with a test that fails so often, if it fails by chance."""
        (self.folder / kind).mkdir(exist_ok=True)
        file = self.folder / kind / f"test_{name}.py"
        file.write_text(source.replace("{mark}", f"ran-{name}").replace("{times}", str(fails)))

    def run(self, *more: str) -> tuple[int, list[str]]:
        """The code, and what is printed."""
        options = [f"--rootdir={self.folder}", "-p", "xdist", "-p", "tests.support.collection", *more]
        code = twice.run([str(self.folder), f"--config-file={self.folder}/pytest.ini", *options])
        return code, self._capture.readouterr().out.splitlines()


@pytest.fixture
def runner(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a second of a processor less in each run
    monkeypatch.setenv("PYTHONPATH", os.getcwd())  # noqa: PTH109
    for ours in (collection.ONLY, wait.VARIABLE):  # set where this file is tried again itself
        monkeypatch.delenv(ours, raising=False)
    monkeypatch.setenv(twice.RECORD, str(tmp_path / "flaky.tsv"))
    monkeypatch.setattr(twice, "_calm", lambda: None)
    return Runner(tmp_path, capfd)


def said(lines: list[str], word: str) -> list[str]:
    """The names of tests in the lines that begin like this."""
    return [found[1] for line in lines if (found := re.match(rf"{word} (\w[\w.]*::\w+)", line))]


def test_a_first_failure_is_printed_with_its_reason(runner: Runner) -> None:
    """Green only when the second run is, and never without a word; the second is of nothing else, and alone."""
    runner.add("chance", ONCE)
    code, lines = runner.run("-n", "2", "--dist", "loadfile")
    assert (code, said(lines, "FLAKY")) == (0, ["integration.test_chance::test_by_chance"])
    assert any("spoiled" in line for line in lines if line.startswith("FLAKY"))
    second = "\n".join(lines).split("Once more, alone")[1]
    assert "1 passed, 1 deselected" in second
    assert "workers" not in second
    (runner.folder / "integration" / "ran-chance").unlink()
    with (runner.folder / "flaky.tsv").open("a") as kept:
        kept.write("2026-11-30T20:4\n")  # the run broke off
    assert "(1 times before)" in next(line for line in runner.run()[1] if line.startswith("FLAKY"))


def test_what_is_wrong_fails(runner: Runner) -> None:
    """As often as it is tried, or where it is only skipped later; and what passed later is told apart."""
    runner.add("chance", ONCE)
    runner.add("skipped", SKIPS)
    runner.add("wrong", ALWAYS)
    runner.add("rule", ONCE, kind="unit")
    code, lines = runner.run()
    assert code == 1
    assert said(lines, "FAILED")[-2:] == [
        "integration.test_skipped::test_by_chance",
        "integration.test_wrong::test_wrong",
    ]
    assert sorted(said(lines, "FAILED AT FIRST")) == [
        "integration.test_chance::test_by_chance",
        "unit.test_rule::test_by_chance",
    ]
    assert not said(lines, "FLAKY")


@pytest.mark.parametrize("kind", ["integration", "unit"])
def test_what_drives_processes_has_a_last_try(runner: Runner, kind: str) -> None:
    """And what drives none has not."""
    runner.add("busy", ONCE, kind=kind, fails=2)
    code, lines = runner.run()
    again = any(line.startswith("FLAKY") and ", and again" in line for line in lines)
    assert (code == 0, again) == (kind == "integration",) * 2, lines


@pytest.mark.parametrize(("kind", "files"), [("integration", twice.BY_CHANCE), ("unit", twice.RULES_BY_CHANCE)])
def test_many_files_do_not_fail_by_chance(
    runner: Runner, kind: str, files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second try is for what happens rarely: where it would save a whole run, the run has failed."""
    runs: list[list[str]] = []

    def passes(_: list[str], failed: dict[str, twice.Failure]) -> dict[str, twice.Failure]:
        runs.append(list(failed))
        return {}

    monkeypatch.setattr(twice, "_again", passes)
    for number in range(files):
        runner.add(f"{number}", ONCE, kind=kind)
    assert runner.run()[0] == 0
    runner.add("more", ALWAYS, kind=kind)
    for mark in (runner.folder / kind).glob("ran-*"):
        mark.unlink()
    code, lines = runner.run()
    assert code == 1
    assert [len(each) for each in runs] == [files]
    assert len([line for line in lines if line.endswith("do not fail by chance)")]) == files + 1


def test_a_failure_without_words_has_a_reason() -> None:
    """Whatever an exception says of itself."""
    for message in ("", " ", "\n"):
        [found] = twice.failures(
            f"<r><testcase classname='a' name='b'><error message='{message}'/></testcase></r>"
        ).values()
        assert found.reason == "no reason given"


def test_what_ran_no_test_is_a_failure(runner: Runner) -> None:
    """pytest's other exit codes pass through; a process that died by a test is tried no more."""
    runner.add("empty", "")
    assert runner.run()[0] == 5
    runner.add("dies", DIES)
    code, lines = runner.run("-n", "1")
    assert code == 1, lines
    assert not any("Once more" in line for line in lines)
