"""axe-core, which looks for what keeps people out of a page. It is of the tests alone and never shipped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from playwright.async_api import Frame, Page

from tests.support.npm import MODULES

PACKAGE = MODULES / "axe-core"
CONTRAST = ("color-contrast", "link-in-text-block")
"""The rules that colours decide."""
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""WCAG 2.2 at level AA, and what the makers of axe-core recommend beyond."""

_RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations.map(({ id, help, nodes }) =>
    `${id}: ${help}: ` + nodes.map(({ target, failureSummary }) => `${target} (${failureSummary})`).join("; "));
}"""


@cache
def source() -> str:
    """The script; a test that needs it fails without it, and says what to do."""
    script = PACKAGE / "axe.min.js"
    if not script.is_file():
        pytest.fail("axe-core is missing: make check")
    return script.read_text("utf-8")


async def violations(page: Page | Frame, rules: Sequence[str] = RULES) -> list[str]:
    """What axe-core finds wrong by these rules, or kinds of them, on a page as it is now, a sentence each."""
    if not await page.evaluate("Boolean(window.axe)"):
        await page.evaluate(source())
    found: list[Any] = await page.evaluate(_RUN, list(rules))
    return [str(each) for each in found]
