"""The scripts that need no browser, under Node.js: each ``*.test.js`` beside this file is a suite of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.npm import node

SUITES = sorted(Path(__file__).parent.glob("*.test.js"))


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name.partition(".")[0])
def test_scripts_without_a_browser(suite: Path) -> None:
    """Every test of the suite passes."""
    done = subprocess.run([node(), "--test", suite], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
