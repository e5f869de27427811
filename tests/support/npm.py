"""Packages of npm that only tests and checks need: axe-core and TypeScript. They are never shipped.

``python -m tests.support.npm`` fetches them into ``web/node_modules``, checked against the lock file, and then looks at
the types of all scripts (``web/tsconfig.json``): silent when all is well.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from hatch_build import npm

WEB = Path(__file__).parents[2] / "web"
MODULES = WEB / "node_modules"


def _there() -> bool:
    """Whether every package is there in the locked version; of those for other systems none is needed."""
    packages = json.loads((WEB / "package-lock.json").read_text("utf-8"))["packages"].items()
    return all(_version(place) == wanted["version"] for place, wanted in packages if place and "optional" not in wanted)


def _version(place: str) -> str:
    about = WEB / place / "package.json"
    return str(json.loads(about.read_text("utf-8"))["version"]) if about.is_file() else ""


def install() -> int:
    """Fetches them unless they are there; returns the exit code for the shell."""
    if _there():
        return 0
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"npm could not fetch what tests need:\n{done.stderr.strip()[-2000:]}", file=sys.stderr)
    return done.returncode


def node() -> str:
    """Node.js: the one beside npm."""
    first, *script = npm()
    found = first if script else shutil.which("node")
    if found is None:
        raise RuntimeError("npm is there and node is not: install Node.js.")
    return found


def check_types() -> int:
    """TypeScript's verdict on the scripts; returns the exit code for the shell."""
    return subprocess.run([node(), MODULES / "typescript" / "bin" / "tsc", "-p", WEB], check=False).returncode


if __name__ == "__main__":
    sys.exit(install() or check_types())
