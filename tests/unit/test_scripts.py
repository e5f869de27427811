"""Rules that hold for every script of the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = [*ROOT.glob("src/stentor/*/static/*.js"), *ROOT.glob("web/shared/*.js")]
UNWAITED = {"bridge.js", "player.js", "whip.js", "worker.js"}
"""Nothing else of the page waits for what these ask: it is fetched ahead, told in passing, or the browser's own."""


def calls(script: str) -> Iterator[str]:
    """Each call of ``fetch``, from its name to the bracket that closes it."""
    for found in re.finditer(r"(?<![.#\w])fetch\(", script):
        depth = 0
        for at in range(found.end() - 1, len(script)):
            depth += (script[at] == "(") - (script[at] == ")")
            if depth == 0:
                yield script[found.start() : at + 1]
                break


def test_no_page_waits_for_ever() -> None:
    """A server that takes a question and never answers stops no page: with the first of a row of looks the others
    would never come, and what somebody has pressed would never be said to have failed."""
    waits = {path.name for path in SCRIPTS for call in calls(path.read_text("utf-8")) if "signal" not in call}
    assert waits == UNWAITED, "pass a signal: AbortSignal.timeout(…)"
