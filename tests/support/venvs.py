"""Programs of PyPI that a test drives something with, each in a venv of its own below ``.venv``: their packages do not
go together with ours. They are never shipped.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.support.fetched import alone, run

TOOT: Final = ("toot==0.52.1",)
_ROOT = Path(__file__).parents[2] / ".venv"


def program(name: str, command: str) -> str:
    """The path of a command in the venv of this name."""
    return str(_ROOT / name / "bin" / command)


@alone
def missing(name: str, wanted: Sequence[str]) -> str:
    """Makes the venv with these packages, unless it is there; why it cannot be had, empty when it is there."""
    mark = _ROOT / name / ".done"
    if mark.exists() and mark.read_text().split() == list(wanted):
        return ""
    pip = [program(name, "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *wanted]
    for command in ([sys.executable, "-m", "venv", "--clear", str(_ROOT / name)], pip):
        done = run(command)
        if done.returncode:
            return f"`{' '.join(command[:3])}` said: {done.stderr.strip()[-300:]}"
    mark.write_text(" ".join(wanted))
    return ""
