"""axe-core, which looks for what keeps people out of a page. It is of the tests alone and never shipped.

``python -m tests.support.axe --install`` fetches it by npm into ``web/node_modules``, checked against the lock file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Frame, Page

from hatch_build import npm

WEB = Path(__file__).parents[2] / "web"
PACKAGE = WEB / "node_modules" / "axe-core"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""WCAG 2.2 at level AA, and what the makers of axe-core recommend beyond."""

_RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations.map(({ id, help, nodes }) =>
    `${id}: ${help}: ` + nodes.map(({ target, failureSummary }) => `${target} (${failureSummary})`).join("; "));
}"""


def install() -> int:
    """Fetches axe-core unless the locked version is there; returns the exit code for the shell."""
    lock = json.loads((WEB / "package-lock.json").read_text("utf-8"))
    wanted = lock["packages"]["node_modules/axe-core"]["version"]
    about = PACKAGE / "package.json"
    if about.is_file() and json.loads(about.read_text("utf-8"))["version"] == wanted:
        return 0
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"axe-core {wanted} could not be fetched by npm:\n{done.stderr.strip()[-2000:]}", file=sys.stderr)
    return done.returncode


@cache
def source() -> str:
    """The script; a test that needs it fails without it, and says what to do."""
    script = PACKAGE / "axe.min.js"
    if not script.is_file():
        pytest.fail("axe-core is missing: python -m tests.support.axe --install")
    return script.read_text("utf-8")


async def violations(page: Page | Frame) -> list[str]:
    """What axe-core finds wrong on a page as it is now, a sentence each."""
    if not await page.evaluate("Boolean(window.axe)"):
        await page.evaluate(source())
    found: list[Any] = await page.evaluate(_RUN, list(RULES))
    return [str(each) for each in found]


if __name__ == "__main__":
    sys.exit(install() if "--install" in sys.argv else 0 if PACKAGE.is_dir() else 1)
