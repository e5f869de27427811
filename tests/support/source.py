"""A copy of this source as somebody gets it: without what set-up has made here, but for what npm brings."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from hatch_build import PARTS

ROOT = Path(__file__).parents[2]


def copy(target: Path) -> Path:
    """Every file that git knows or would take, and the front-end parts; returns the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    for part in PARTS:
        shutil.copytree(ROOT / part.folder, target / part.folder)
    return target
