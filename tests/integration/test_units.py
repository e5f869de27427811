"""The units of ``deploy/`` as systemd itself judges them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.caches import DEPLOY, program

MOST_EXPOSED = 3.0
"""Of 10, which is a service that may do anything; what is left here is the network, which everybody needs."""


@pytest.mark.parametrize("unit", ["stentor.service", "stentor-role@.service"])
def test_a_unit_leaves_little_to_whoever_breaks_in(tmp_path: Path, unit: str) -> None:
    """systemd's own measure of what a service may do, and nothing in the unit that systemd does not know."""
    shutil.copy(DEPLOY / unit, tmp_path)
    command = [program("systemd"), "security", "--offline=true", "--no-pager", str(tmp_path / unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) < MOST_EXPOSED
    assert "Unknown" not in done.stderr
    assert "Failed to parse" not in done.stderr
