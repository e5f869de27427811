"""Writes the table of paths (``stentor.base.paths``) into the recipes of ``deploy/`` and the documents.

``python tools/paths.py`` rewrites what stands between the marks ``paths`` and ``/paths`` of each file;
``tests/unit/test_paths.py`` says when that was forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from stentor.base.paths import HOUSE

ROOT = Path(__file__).parents[1]
EXACT = [row.path for row in HOUSE if row.exact]
FIRST = [row.path.removeprefix("/") for row in HOUSE if not row.exact]


def table() -> str:
    """For the documents."""
    rows = [f"| `{row.path}`{' alone' if row.exact else ''} | {row.what} |" for row in HOUSE]
    return "\n".join(["| path | what |", "|---|---|", *rows])


WRITERS: dict[str, tuple[str, str, Callable[[], str]]] = {
    "docs/reference/http.md": ("<!-- {} -->", "", table),
}
"""Of each file: how it marks, how far the text is indented, and the text."""


def written(file: str) -> str:
    """The file as it should be."""
    mark, indent, write = WRITERS[file]
    begin, end = re.escape(mark.format("paths")), re.escape(mark.format("/paths"))
    text = (ROOT / file).read_text("utf-8")
    lines = "\n".join(f"{indent}{line}" if line else "" for line in write().splitlines())
    found, count = re.subn(rf"({begin}\n).*?(?=^ *{end}$)", lambda m: f"{m[1]}{lines}\n", text, flags=re.S | re.M)
    assert count, f"{file} has no marks"
    return found


if __name__ == "__main__":
    for name in WRITERS:
        (ROOT / name).write_text(written(name), "utf-8")
