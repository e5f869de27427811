"""The release before this one, beside it: its sources from this repository's history, with this one's packages."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = ROOT / "deploy" / "previous-release"
"""The commit that counts as the previous release."""
MADE = Path("src/stentor/edge/static/vendor")
"""Front-end parts, which are made and not kept in the history."""


def commit() -> str:
    return NAMED.read_text("ascii").split()[0]


def sources(folder: Path) -> Path:
    """Puts the previous release's sources into ``folder``; returns what belongs on ``PYTHONPATH``.

    Skips the test where the history is not there: a clone with ``--depth``, or no clone at all.
    """
    there = subprocess.run(
        ["git", "cat-file", "-e", f"{commit()}^{{tree}}"], cwd=ROOT, capture_output=True, check=False
    )
    if there.returncode:
        pytest.skip(f"the history of this clone does not have {commit()[:7]}: git fetch --unshallow")
    found = subprocess.run(["git", "archive", commit(), "src"], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(found)) as archive:
        archive.extractall(folder, filter="data")
    if not (folder / MADE).exists():
        shutil.copytree(ROOT / MADE, folder / MADE)
    return folder / "src"
