"""The program's end: nothing that it printed is lost, and nothing is left that could still go wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys
from stentor import cli

class Late:
    def __del__(self):
        print("taken apart", flush=True)

sys.late = Late()
atexit.register(print, "last words")
sys.argv = ["stentor", *sys.argv[1:]]
cli.run()
"""


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["--nothing"], 2), (["verify", "a b"], 1)])
def test_it_ends_with_its_code_and_is_not_taken_apart(arguments: list[str], code: int) -> None:
    """Threads of a library that nobody can stop find the interpreter whole until the process is gone."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == code, ran.stderr
    assert "last words" in ran.stdout
    assert "taken apart" not in ran.stdout


def test_a_fault_of_the_program_is_shown_and_counts() -> None:
    """An exception that nobody expects: its traceback, and code 1."""
    program = PROGRAM.replace("cli.run()", "cli.main = lambda: 1 / 0\ncli.run()")
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, "ZeroDivisionError" in ran.stderr) == (1, True)


def test_nobody_reads_what_it_says() -> None:
    """``stentor … | head -0``: no traceback of a pipe that is closed."""
    with subprocess.Popen(
        [sys.executable, "-m", "stentor", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as ran:
        assert ran.stdout is not None
        ran.stdout.close()
        _, said = ran.communicate()
    assert "Traceback" not in said
    assert ran.returncode is not None
